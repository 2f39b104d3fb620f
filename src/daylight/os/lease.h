// ReadLease proves that nobody could write to a file between two moments.
//
//   os::GiveWayToWriters();                        // Once, before the first.
//   os::ReadLease lease = os::ReadLease::Take(fd); // Before the first byte is read.
//   ...
//   if (lease.held()) ...                          // Nobody had it open for writing.
//
// The kernel (fcntl(2), F_SETLEASE) refuses a read lease while the file is open
// for writing, or is mapped so that it can be written, by anyone; whoever opens it
// for writing later waits until the lease is given up. That is done by a signal's
// handler at once, so a writer loses no more time than a signal takes. Only the
// file's owner and root get one (CAP_LEASE). On an overlay file system a lease
// proves nothing: a mapping of the file below does not count there. One thread.
#pragma once

#include <utility>

namespace dl::os {

// Has leases that are in somebody's way given up, instead of the signal ending
// the process. Takes SIGIO and one real-time signal.
void GiveWayToWriters();

class ReadLease {
 public:
  ReadLease() = default;
  // `fd`: borrowed, open for reading only, and open for as long as the lease is
  // wanted. Not held() when the kernel refuses.
  static ReadLease Take(int fd);
  ReadLease(ReadLease&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  ReadLease& operator=(ReadLease&& other) noexcept {
    if (this != &other) {
      Release();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  ReadLease(const ReadLease&) = delete;
  ReadLease& operator=(const ReadLease&) = delete;
  ~ReadLease() { Release(); }

  // Whether it has been held ever since Take(), and nobody waits for its end.
  bool held() const;
  void Release();

 private:
  explicit ReadLease(int fd) : fd_(fd) {}
  int fd_ = -1;
};

}  // namespace dl::os
