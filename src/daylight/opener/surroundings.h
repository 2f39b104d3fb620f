// Surroundings knows what is mounted, where a file is, and whose event it is.
//
//   Surroundings around(options);
//   around.Refresh(fanotify, problems);           // At first, and when mounts change.
//   const auto event = around.Describe(kernel_event, own);
//
// All of it from /proc and from what is open already, on local file systems. One
// thread.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "daylight/opener/fanotify.h"
#include "daylight/opener/gate.h"
#include "daylight/opener/mount_table.h"
#include "daylight/opener/scope.h"
#include "daylight/os/disks.h"
#include "daylight/os/fd.h"

namespace dl::opener {

class Surroundings {
 public:
  explicit Surroundings(const OnAccessOptions& options);

  // Ready (EPOLLPRI) when mounts have changed; proc(5). Invalid without /proc.
  int mounts_fd() const { return mountinfo_.get(); }
  // Reads what is mounted and marks what of it is to be watched, again: a mark goes
  // with its mount, and numbers of mounts are given out anew.
  void Refresh(const Fanotify& fanotify, std::vector<std::string>& problems);
  std::size_t watched() const { return watched_; }

  // Nothing when the event does not count, or comes from `own` or their descendants.
  std::optional<AccessEvent> Describe(const KernelEvent& event, std::span<const pid_t> own) const;
  FilePlace PlaceOf(const os::FileState& state, int file);
  // By its path, whoever's that is.
  bool IsRemovable(int file) const;

 private:
  FilePlace Examine(const os::FileState& state, int file);

  OnAccessOptions options_;
  Scope scope_;
  os::Fd mountinfo_;
  MountTable table_;
  os::Disks disks_;
  std::unordered_map<std::uint64_t, FilePlace> places_;  // By device.
  std::unordered_set<std::uint64_t> stable_devices_;
  std::size_t watched_ = 0;
};

}  // namespace dl::opener
