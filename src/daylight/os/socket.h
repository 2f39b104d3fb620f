// The pair of connected sockets between the trusted side and a worker, with
// descriptors travelling beside the bytes.
//
//   DL_TRY(os::SocketPair pair, os::CreateSocketPair());
//   DL_TRY(const std::size_t sent, os::Send(pair.ours.get(), bytes, fds));
//
// Descriptors go one way only: Receive() has the kernel drop any that come, and
// says so; ReceiveWithFds() keeps them.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "daylight/base/error.h"
#include "daylight/os/fd.h"

namespace dl::os {

// The kernel's own limit (SCM_MAX_FD).
inline constexpr std::size_t kMaxFdsPerSend = 253;

struct SocketPair {
  Fd ours;    // Non-blocking.
  Fd theirs;  // Blocking.
};
// Both close on exec.
Result<SocketPair> CreateSocketPair();

// Sends some of `bytes`, and all `fds` with the first of them. 0 when the
// socket is full. `bytes` must not be empty.
Result<std::size_t> Send(int socket, std::span<const std::byte> bytes, std::span<const int> fds);

struct Received {
  std::size_t bytes = 0;
  bool ended = false;        // The other side is gone.
  bool dropped_fds = false;  // By Receive(): descriptors came, and none was opened.
};
// `bytes` 0 and not `ended`: nothing there now.
Result<Received> Receive(int socket, std::span<std::byte> out);
// The same, and appends the descriptors that came along.
Result<Received> ReceiveWithFds(int socket, std::span<std::byte> out, std::vector<Fd>& fds);
// The same with the first descriptor only. The others are dropped by the kernel, as by
// Receive(): nobody has to close them, and close() may ask a stranger's file system.
Result<Received> ReceiveWithFd(int socket, std::span<std::byte> out, Fd& fd);

}  // namespace dl::os
