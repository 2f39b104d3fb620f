// What is known of a file that a stranger has opened, without asking whoever serves
// it: a FUSE daemon may be the stranger himself, and let every question hang.
//
//   const std::optional<os::OpenFile> file = os::LookAtOpen(fd);
//   if (file && file->is_regular && file->is_prompt) Read(fd);    // Nobody can make that wait.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

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
// waits. In a thread of its own, which is all that hangs then.
class PatientCloser {
 public:
  PatientCloser();
  ~PatientCloser();
  PatientCloser(const PatientCloser&) = delete;
  PatientCloser& operator=(const PatientCloser&) = delete;
  void Close(Fd fd);
  // How many are not closed yet: what may be given more should look.
  std::size_t waiting() const;

 private:
  struct State;
  std::shared_ptr<State> state_;  // Also the thread's, which may outlive us.
};

}  // namespace dl::os
