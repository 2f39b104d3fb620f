#include "daylight/opener/packet.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <cerrno>
#include <cstring>

#include "daylight/base/check.h"

namespace dl::opener {

namespace {

tl::unexpected<Error> Refused(std::string_view what) {
  return Fail(ErrorCode::kIo, what, static_cast<std::uint64_t>(errno));
}

}  // namespace

Result<PacketPair> CreatePacketPair() {
  int fds[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0) return Refused("cannot create a socket pair");
  PacketPair pair{os::Fd(fds[0]), os::Fd(fds[1])};
  if (::fcntl(fds[0], F_SETFL, O_NONBLOCK) != 0) return Refused("cannot set a socket non-blocking");
  return pair;
}

Result<bool> SendPacket(int socket, std::string_view bytes, int fd) {
  DL_CHECK(!bytes.empty() && bytes.size() <= kMaxPacketBytes);
  // sendmsg() never writes through iov_base.
  iovec part{const_cast<char*>(bytes.data()), bytes.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  if (fd >= 0) {
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
  }
  for (;;) {
    if (::sendmsg(socket, &message, MSG_NOSIGNAL) >= 0) return true;
    if (errno == EINTR) continue;
    // ETOOMANYREFS: as many descriptors are under way as unix(7) lets a process have there.
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ETOOMANYREFS || errno == ENOBUFS) return false;
    return Refused("cannot write to the other side");
  }
}

Result<Packet> ReceivePacket(int socket, std::span<char> buffer) {
  DL_CHECK(buffer.size() >= kMaxPacketBytes);
  iovec part{buffer.data(), buffer.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  // Room for exactly one: the kernel closes the rest and says so (MSG_CTRUNC). CMSG_SPACE rounds up, which leaves
  // room for a second one, so what comes is counted.
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t n = 0;
  do {
    n = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  } while (n < 0 && errno == EINTR);
  Packet packet;
  if (n < 0) {
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
      packet.none = true;
      return packet;
    }
    if (errno != ECONNRESET) return Refused("cannot read from the other side");
    n = 0;
  }
  int fds = 0;
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i, ++fds) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(header) + i * sizeof fd, sizeof fd);
      packet.fd = os::Fd(fd);  // Closes the one before.
    }
  }
  if (fds > 1 || (message.msg_flags & MSG_CTRUNC) != 0) {
    return Fail(ErrorCode::kMalformed, "a packet with more than one descriptor");
  }
  if ((message.msg_flags & MSG_TRUNC) != 0) return Fail(ErrorCode::kMalformed, "a packet that is too long");
  // Nobody sends empty packets, which cannot be told from the end.
  packet.ended = n == 0;
  packet.bytes = std::string_view(buffer.data(), static_cast<std::size_t>(n));
  return packet;
}

}  // namespace dl::opener
