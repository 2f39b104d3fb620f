// Output collects text for standard output or a file. On a terminal it goes out
// at once, elsewhere in larger pieces.
#pragma once

#include <string>

#include "daylight/base/error.h"
#include "daylight/os/fd.h"

namespace dl::cli {

class Output {
 public:
  // `path` empty: standard output.
  static Result<Output> Open(const std::string& path);
  // To append to; call Offer() afterwards.
  std::string& text() { return text_; }
  // Writes when it is time to.
  void Offer();
  void Flush();
  bool terminal() const { return terminal_; }
  // The first error, after which nothing is written any more.
  const Status& status() const { return status_; }

 private:
  os::Fd file_;
  int fd_ = -1;
  bool terminal_ = false;
  std::string text_;
  Status status_;
};

}  // namespace dl::cli
