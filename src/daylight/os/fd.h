// Fd owns a descriptor and closes it.
//
//   os::Fd fd(::open(path, O_RDONLY | O_CLOEXEC));
//   if (!fd.valid()) return Fail(ErrorCode::kIo, "cannot open", errno);
//
// Move-only; one thread at a time.
#pragma once

#include <unistd.h>

#include <utility>

namespace dl::os {

class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) {
      Close();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { Close(); }

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  // Gives the descriptor up to the caller.
  int Release() { return std::exchange(fd_, -1); }
  void Close() {
    // Linux frees the number even when close() fails, so it is never repeated.
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

 private:
  int fd_ = -1;
};

}  // namespace dl::os
