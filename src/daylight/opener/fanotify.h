// Fanotify is the two groups of fanotify(7) that the opener holds, and their marks.
//
//   DL_TRY(Fanotify fanotify, Fanotify::Open({.on_open = true, .on_written = true}));
//   fanotify.Mark("/home", true);
//   for (KernelEvent& event : fanotify.ReadPermission()) fanotify.Answer(event.fd.get(), true);
//
// One group for permission (its queue has no limit: past a limit the kernel lets an
// open through unasked, and each event there is a thread that waits), another for
// what was written (its queue is limited, and says when it overflowed). So a flood
// of writes cannot push a permission event out. Nothing here waits. One thread.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "daylight/base/error.h"
#include "daylight/opener/messages.h"
#include "daylight/os/fd.h"

namespace dl::opener {

struct KernelEvent {
  AccessKind kind = AccessKind::kOpen;
  os::Fd fd;  // For reading. Of a permission event: keep it open until it is answered.
  pid_t pid = 0;
  bool overflow = false;  // Of the written ones: some were lost; the rest means nothing.
};

class Fanotify {
 public:
  struct Events {
    bool on_open = true;
    bool on_exec = false;
    bool on_written = false;
  };
  static Result<Fanotify> Open(const Events& events);

  int permission_fd() const { return permission_.get(); }  // -1: none.
  int written_fd() const { return written_.get(); }
  // One mount, or its whole file system. Again does no harm.
  Status Mark(const std::string& path, bool file_system) const;

  // What is there, a bounded number at a time. `refused` counts events that the
  // kernel could not hand over, and denied.
  std::vector<KernelEvent> ReadPermission(unsigned& refused);
  std::vector<KernelEvent> ReadWritten(unsigned& refused);
  void Answer(int event_fd, bool allow) const;

  // No more permission events for this file (an ignore mark on its inode, whatever
  // its name), or again. False when the kernel will not.
  bool Ignore(int file) const;
  bool StopIgnoring(int file) const;
  // All ignore marks, and nothing else: the others are on mounts and file systems.
  void StopIgnoringAll() const;

 private:
  std::vector<KernelEvent> Read(int group, unsigned& refused);

  os::Fd permission_;
  os::Fd written_;
  std::uint64_t permission_mask_ = 0;
  std::vector<char> buffer_;
};

}  // namespace dl::opener
