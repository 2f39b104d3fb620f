#include "daylight/os/socket.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <cerrno>
#include <cstring>

#include "daylight/base/check.h"

namespace dl::os {

Result<SocketPair> CreateSocketPair() {
  int fds[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0) {
    return Fail(ErrorCode::kIo, "cannot create a socket pair", static_cast<std::uint64_t>(errno));
  }
  SocketPair pair{Fd(fds[0]), Fd(fds[1])};
  if (::fcntl(fds[0], F_SETFL, O_NONBLOCK) != 0) {
    return Fail(ErrorCode::kIo, "cannot set a socket non-blocking", static_cast<std::uint64_t>(errno));
  }
  return pair;
}

Result<std::size_t> Send(int socket, std::span<const std::byte> bytes, std::span<const int> fds) {
  DL_CHECK(!bytes.empty() && fds.size() <= kMaxFdsPerSend);
  // sendmsg() never writes through iov_base.
  iovec part{const_cast<std::byte*>(bytes.data()), bytes.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * kMaxFdsPerSend)];
  if (!fds.empty()) {
    std::memset(control, 0, sizeof control);
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(fds.size_bytes());
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(fds.size_bytes());
    std::memcpy(CMSG_DATA(header), fds.data(), fds.size_bytes());
  }
  for (;;) {
    // Not sendmsg() without need, which a worker's walls forbid: it could pass descriptors.
    const ssize_t n = fds.empty() ? ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL)
                                  : ::sendmsg(socket, &message, MSG_NOSIGNAL);
    if (n >= 0) return static_cast<std::size_t>(n);
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return std::size_t{0};
    return Fail(ErrorCode::kIo, "cannot write to the other side", static_cast<std::uint64_t>(errno));
  }
}

namespace {

Result<Received> FromCount(ssize_t n) {
  if (n > 0) return Received{static_cast<std::size_t>(n)};
  if (n == 0) return Received{.ended = true};
  if (errno == EAGAIN || errno == EWOULDBLOCK) return Received{};
  if (errno == ECONNRESET) return Received{.ended = true};
  return Fail(ErrorCode::kIo, "cannot read from the other side", static_cast<std::uint64_t>(errno));
}

}  // namespace

Result<Received> Receive(int socket, std::span<std::byte> out) {
  for (;;) {
    // No room for control data: descriptors sent to us are dropped unopened.
    iovec part{out.data(), out.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    const ssize_t n = ::recvmsg(socket, &message, 0);
    if (n < 0 && errno == EINTR) continue;
    DL_TRY(Received received, FromCount(n));
    received.dropped_fds = n > 0 && (message.msg_flags & MSG_CTRUNC) != 0;
    return received;
  }
}

Result<Received> ReceiveWithFds(int socket, std::span<std::byte> out, std::vector<Fd>& fds) {
  iovec part{out.data(), out.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * kMaxFdsPerSend)];
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t n = 0;
  do {
    n = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  } while (n < 0 && errno == EINTR);
  if (n >= 0) {
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
      if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
      const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
      for (std::size_t i = 0; i < count; ++i) {
        int fd = -1;
        std::memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof fd);
        fds.emplace_back(fd);
      }
    }
    if ((message.msg_flags & MSG_CTRUNC) != 0) return Fail(ErrorCode::kIo, "descriptors were lost on the way");
  }
  return FromCount(n);
}

Result<Received> ReceiveWithFd(int socket, std::span<std::byte> out, Fd& fd) {
  iovec part{out.data(), out.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
  msghdr message{};
  ssize_t n = 0;
  do {
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    // Not CMSG_SPACE(), which rounds up to room for a second one.
    message.msg_controllen = CMSG_LEN(sizeof(int));
    n = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  } while (n < 0 && errno == EINTR);
  if (n >= 0) {
    const cmsghdr* header = CMSG_FIRSTHDR(&message);
    if (header != nullptr && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS &&
        header->cmsg_len >= CMSG_LEN(sizeof(int))) {
      int first = -1;
      std::memcpy(&first, CMSG_DATA(header), sizeof first);
      fd = Fd(first);
    }
  }
  DL_TRY(Received received, FromCount(n));
  received.dropped_fds = n > 0 && (message.msg_flags & MSG_CTRUNC) != 0;
  return received;
}

}  // namespace dl::os
