// What is known of a file that a stranger has opened, without asking whoever serves
// it: a FUSE daemon may be the stranger himself, and let every question hang.
//
//   const std::optional<os::OpenFile> file = os::LookAtOpen(fd);
//   if (file && file->is_regular && file->is_prompt) Read(fd);    // Nobody can make that wait.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "daylight/os/fd.h"

namespace dl::os {

struct OpenFile {
  bool is_regular = false;
  bool is_read_only = false;     // The descriptor.
  bool is_prompt = false;        // On a disk of this machine, or in memory: calls on it end.
  std::uint64_t size = 0;        // In bytes, as far as is known.
  std::int64_t modified_ns = 0;  // Since 1970, the same.
};

// Nothing for what cannot be looked at at all.
std::optional<OpenFile> LookAtOpen(int fd);

// Closes what may not let itself be closed: close() asks a FUSE daemon to flush, and
// waits. In threads of its own, which are all that hangs then.
class PatientCloser {
 public:
  PatientCloser();
  ~PatientCloser();
  PatientCloser(const PatientCloser&) = delete;
  PatientCloser& operator=(const PatientCloser&) = delete;
  // `whose`: by whom it is counted.
  void Close(Fd fd, const std::string& whose = {});
  // How many are not closed yet: who may be given more should look.
  std::size_t waiting() const;
  std::size_t waiting_of(const std::string& whose) const;

 private:
  struct State;
  std::shared_ptr<State> state_;  // Also the thread's, which may outlive us.
};

// Closes what a stranger has handed over: here where that takes no time, else by a
// closer that all share.
void ClosePatiently(Fd fd, const std::string& whose = {});
// Whether so many of his wait to be closed, or of all, that no more should be taken.
bool HasManyUnclosed(const std::string& whose);

// A stranger's descriptor, which is closed so.
class PatientFd {
 public:
  PatientFd() = default;
  explicit PatientFd(Fd fd) : fd_(std::move(fd)) {}
  PatientFd(PatientFd&&) noexcept = default;
  PatientFd& operator=(PatientFd&& other) noexcept {
    std::swap(fd_, other.fd_);  // The other one closes what was ours.
    return *this;
  }
  PatientFd(const PatientFd&) = delete;
  PatientFd& operator=(const PatientFd&) = delete;
  ~PatientFd() {
    if (fd_.valid()) ClosePatiently(std::move(fd_));
  }
  int get() const { return fd_.get(); }
  bool valid() const { return fd_.valid(); }
  Fd Take() { return std::move(fd_); }

 private:
  Fd fd_;
};

}  // namespace dl::os
