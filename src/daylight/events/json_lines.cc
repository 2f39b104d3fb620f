#include "daylight/events/json_lines.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

namespace dl::events {

bool JsonLines::Open() {
  if (file_.valid()) return true;
  // Not waiting for the other end of a FIFO, which it must not be; reading is for the
  // look at the last byte.
  os::Fd fd(
      ::open(options_.path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, options_.mode));
  struct stat info {};
  if (!fd.valid() || ::fstat(fd.get(), &info) != 0) {
    trouble_ = std::string("cannot open it: ") + std::strerror(errno);
    return false;
  }
  if (!S_ISREG(info.st_mode)) {
    trouble_ = "it is not a regular file";
    return false;
  }
  char last = '\n';
  torn_ = info.st_size > 0 && ::pread(fd.get(), &last, 1, info.st_size - 1) == 1 && last != '\n';
  file_ = std::move(fd);
  return true;
}

bool JsonLines::Write(std::string line) {
  line += '\n';
  if (!Open()) {
    ++lost_;
    return false;
  }
  // A line that a full disk cut short ends before the next one begins.
  if (torn_) line.insert(line.begin(), '\n');
  ssize_t n = 0;
  do {
    n = ::write(file_.get(), line.data(), line.size());
  } while (n < 0 && errno == EINTR);
  if (n == static_cast<ssize_t>(line.size())) {
    torn_ = false;
    trouble_.clear();
    ++written_;
    return true;
  }
  const std::string why = n < 0 ? std::strerror(errno) : "no space left for a whole line";
  torn_ = n > 0 ? line[static_cast<std::size_t>(n) - 1] != '\n' : torn_;
  trouble_ = "cannot write to it: " + why;
  ++lost_;
  return false;
}

}  // namespace dl::events
