// LeasedFiles holds the files that the kernel no longer asks about: each with a read
// lease that was there before its first byte was scanned, and an ignore mark.
//
//   LeasedFiles files(200'000, {.ignore = ..., .stop_ignoring = ...});
//   Lease lease = LeasedFiles::TakeLease(fd);    // Before it is read.
//   files.Keep(key, std::move(fd), generation);  // It is clean, and the lease still held.
//   files.OnBreak(si_fd);                        // By LeasedFiles::signal_fd().
//
// An ignore mark alone would be unsound: a write through a mapping is no event. With
// the lease, whoever wants to open the file for writing waits in the kernel until we
// have taken the mark away first (OnBreak). docs/on-access.md has the whole reasoning.
// Signals must be blocked, see BlockSignals(). One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <random>
#include <unordered_map>
#include <vector>

#include "daylight/os/fd.h"

namespace dl::opener {

struct FileKey {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  bool operator==(const FileKey&) const = default;
};
struct FileKeyHash {
  std::size_t operator()(const FileKey& key) const {
    return static_cast<std::size_t>((key.inode ^ (key.device << 40)) * 0x9e3779b97f4a7c15);
  }
};

class LeasedFiles {
 public:
  struct Actions {
    std::function<bool(int fd)> ignore;
    std::function<bool(int fd)> stop_ignoring;
    std::function<void(int fd)> evicted;  // For room, its lease still held.
  };
  LeasedFiles(std::size_t capacity, Actions actions);

  // A signal number for broken leases, and SIGIO, which comes when that queue is full.
  static int break_signal();
  // For this process; children get their own by BecomeChild().
  static void BlockSignals();

  // False when somebody has the file open for writing, or the kernel has no leases for it.
  static bool TakeLease(int fd);
  // Still there, and nobody waits for its end.
  static bool IsHeld(int fd);
  static void GiveUp(int fd);

  bool Has(const FileKey& key) const { return places_.contains(key); }
  // Of a file that Has() says is here: its generation, and whether its lease holds.
  bool IsClean(const FileKey& key, std::uint64_t generation) const;
  // `fd` has a lease by TakeLease(), and takes the place of another of the same file.
  // Gives the lease up when there is no room at all or the kernel takes no mark.
  void Keep(const FileKey& key, os::Fd fd, std::uint64_t generation);

  // Somebody waits to write to the file of this descriptor. True when it was one of ours.
  bool OnBreak(int fd);
  // Signals were lost: looks at every lease.
  void CheckAll();
  // Lets go of everything.
  void Clear();
  std::size_t size() const { return files_.size(); }

 private:
  struct File {
    FileKey key;
    os::Fd fd;
    std::uint64_t generation = 0;
  };
  void Drop(std::size_t place);

  std::size_t capacity_;
  Actions actions_;
  std::vector<File> files_;
  std::unordered_map<FileKey, std::size_t, FileKeyHash> places_;
  std::unordered_map<int, FileKey> by_fd_;
  std::minstd_rand random_;  // The kernel does not tell which are in use, so any may go.
};

}  // namespace dl::opener
