#include "daylight/os/lease.h"

#include <fcntl.h>
#include <signal.h>

#include <cerrno>

namespace dl::os {

namespace {

int BreakSignal() { return SIGRTMIN + 4; }

// The number may be another file's by now; at worst that one loses its lease, and
// its verdict is not kept.
extern "C" void OnBreak(int, siginfo_t* info, void*) {
  const int saved = errno;
  ::fcntl(info->si_fd, F_SETLEASE, F_UNLCK);
  errno = saved;
}

}  // namespace

void GiveWayToWriters() {
  struct sigaction action {};
  action.sa_sigaction = OnBreak;
  action.sa_flags = static_cast<int>(SA_SIGINFO | SA_RESTART);
  ::sigaction(BreakSignal(), &action, nullptr);
  // What comes when the queue of signals is full, which names no descriptor: that
  // writer waits until the file is done.
  // Not SIG_IGN, which programs that are started would inherit.
  struct sigaction nothing {};
  nothing.sa_handler = [](int) {};
  nothing.sa_flags = static_cast<int>(SA_RESTART);
  ::sigaction(SIGIO, &nothing, nullptr);
}

ReadLease ReadLease::Take(int fd) {
  if (::fcntl(fd, F_SETSIG, BreakSignal()) != 0 || ::fcntl(fd, F_SETLEASE, F_RDLCK) != 0) return {};
  return ReadLease(fd);
}

// While a lease is being broken the kernel tells what it is to become.
bool ReadLease::held() const { return fd_ >= 0 && ::fcntl(fd_, F_GETLEASE) == F_RDLCK; }

void ReadLease::Release() {
  if (fd_ >= 0) ::fcntl(std::exchange(fd_, -1), F_SETLEASE, F_UNLCK);
}

}  // namespace dl::os
