#include "output.h"

#include <unistd.h>

#include "daylight/os/io.h"

namespace dl::cli {

Result<Output> Output::Open(const std::string& path) {
  Output output;
  if (path.empty()) {
    output.fd_ = STDOUT_FILENO;
    output.terminal_ = ::isatty(STDOUT_FILENO) == 1;
    return output;
  }
  DL_TRY(output.file_, os::CreateFile(path));
  output.fd_ = output.file_.get();
  return output;
}

void Output::Offer() {
  if (terminal_ || text_.size() >= 64 * 1024) Flush();
}

void Output::Flush() {
  if (text_.empty()) return;
  if (status_) status_ = os::WriteAll(fd_, text_);
  text_.clear();
}

}  // namespace dl::cli
