// The network, and sockets of any kind.
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

#include "attempts.h"
#include "daylight/report/frame.h"

namespace dl::worker {

namespace {

constexpr int kMptcp = 262;                         // IPPROTO_MPTCP
constexpr int kSctp = 132;                          // IPPROTO_SCTP
constexpr unsigned long kNetworkOfSocket = 0x894c;  // SIOCGSKNS

template <int kFamily, int kType, int kProtocol>
AttemptAnswer Socket(const Target&) {
  return JudgeFd(::syscall(SYS_socket, kFamily, kType | SOCK_CLOEXEC, kProtocol));
}

// The call's answer on a new socket, which is closed.
template <typename Call>
AttemptAnswer OnSocket(int family, int type, Call&& call) {
  const int fd = static_cast<int>(::syscall(SYS_socket, family, type | SOCK_CLOEXEC, 0));
  if (fd < 0) return Judge(fd);
  AttemptAnswer answer = Judge(call(fd));
  ::close(fd);
  return answer;
}

sockaddr_in Loopback(std::uint32_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

struct UnixAddress {
  sockaddr_un address{};
  socklen_t size = 0;
  // An abstract name begins with a zero byte.
  UnixAddress(std::string_view name, bool abstract) {
    address.sun_family = AF_UNIX;
    const std::size_t skip = abstract ? 1 : 0;
    if (name.size() + skip >= sizeof address.sun_path) return;
    std::memcpy(address.sun_path + skip, name.data(), name.size());
    size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + skip + name.size() + (abstract ? 0 : 1));
  }
};

AttemptAnswer ConnectUnix(std::string_view name, bool abstract) {
  const UnixAddress to(name, abstract);
  return OnSocket(AF_UNIX, SOCK_STREAM, [&](int fd) { return ::syscall(SYS_connect, fd, &to.address, to.size); });
}

AttemptAnswer ConnectTcp(const Target& target) {
  const sockaddr_in to = Loopback(target.where.tcp_port);
  return OnSocket(AF_INET, SOCK_STREAM, [&](int fd) { return ::syscall(SYS_connect, fd, &to, sizeof to); });
}

AttemptAnswer SendUdp(const Target& target) {
  const sockaddr_in to = Loopback(target.where.tcp_port);
  return OnSocket(AF_INET, SOCK_DGRAM, [&](int fd) { return ::syscall(SYS_sendto, fd, "x", 1, 0, &to, sizeof to); });
}

AttemptAnswer ListenTcp(const Target&) {
  const sockaddr_in at = Loopback(0);
  return OnSocket(AF_INET, SOCK_STREAM, [&](int fd) {
    const long bound = ::syscall(SYS_bind, fd, &at, sizeof at);
    return bound < 0 ? bound : ::syscall(SYS_listen, fd, 1);
  });
}

AttemptAnswer ListenAbstract(const Target&) {
  // The family alone: the kernel chooses an abstract name.
  const sockaddr_un at{AF_UNIX, {}};
  return OnSocket(AF_UNIX, SOCK_STREAM, [&](int fd) {
    const long bound = ::syscall(SYS_bind, fd, &at, sizeof at.sun_family);
    return bound < 0 ? bound : ::syscall(SYS_listen, fd, 1);
  });
}

AttemptAnswer SocketPair(const Target&) {
  int fds[2] = {-1, -1};
  const AttemptAnswer answer = Judge(::syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds));
  for (const int fd : fds) {
    if (fd >= 0) ::close(fd);
  }
  return answer;
}

// A socket belongs to the network in which it was made: the trusted side's.
AttemptAnswer ListInterfaces(const Target& target) {
  ifreq buffer[32] = {};
  ifconf request{};
  request.ifc_len = sizeof buffer;
  request.ifc_req = buffer;
  return Judge(::syscall(SYS_ioctl, target.socket, SIOCGIFCONF, &request));
}

AttemptAnswer NetworkOfSocket(const Target& target) {
  const int fd = static_cast<int>(::syscall(SYS_ioctl, target.socket, kNetworkOfSocket, 0));
  if (fd < 0) return Judge(fd);
  const AttemptAnswer answer = Judge(::syscall(SYS_setns, fd, CLONE_NEWNET));
  ::close(fd);
  return answer;
}

AttemptAnswer SendDescriptor(const Target& target) {
  // A message that says nothing, and a descriptor with it.
  std::string frame = report::MakeFrame(report::MessageType::kReady, 0, 0, report::Encode(report::ReadyMessage{}));
  const int fd = 0;
  iovec part{frame.data(), frame.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof fd)] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof fd);
  std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
  return Judge(::syscall(SYS_sendmsg, target.socket, &message, MSG_NOSIGNAL));
}

constexpr Attempt kList[] = {
    {"socket_tcp", Socket<AF_INET, SOCK_STREAM, 0>},
    {"socket_tcp6", Socket<AF_INET6, SOCK_STREAM, 0>},
    {"socket_udp", Socket<AF_INET, SOCK_DGRAM, 0>},
    {"socket_udp6", Socket<AF_INET6, SOCK_DGRAM, 0>},
    {"socket_mptcp", Socket<AF_INET, SOCK_STREAM, kMptcp>},
    {"socket_sctp", Socket<AF_INET, SOCK_STREAM, kSctp>},
    {"socket_raw", Socket<AF_INET, SOCK_RAW, IPPROTO_ICMP>},
    {"socket_raw6", Socket<AF_INET6, SOCK_RAW, IPPROTO_ICMPV6>},
    {"socket_ping", Socket<AF_INET, SOCK_DGRAM, IPPROTO_ICMP>},
    {"socket_packet", Socket<AF_PACKET, SOCK_RAW, 0>},
    {"socket_unix", Socket<AF_UNIX, SOCK_STREAM, 0>},
    {"socket_unix_datagram", Socket<AF_UNIX, SOCK_DGRAM, 0>},
    {"socketpair", SocketPair},
    {"socket_netlink", Socket<AF_NETLINK, SOCK_RAW, 0>},
    {"socket_audit", Socket<AF_NETLINK, SOCK_RAW, 9>},
    {"socket_vsock", Socket<AF_VSOCK, SOCK_STREAM, 0>},
    {"socket_alg", Socket<AF_ALG, SOCK_SEQPACKET, 0>},
    {"socket_xdp", Socket<AF_XDP, SOCK_RAW, 0>},
    {"socket_bluetooth", Socket<AF_BLUETOOTH, SOCK_SEQPACKET, 0>},
    {"socket_can", Socket<AF_CAN, SOCK_RAW, 1>},
    {"socket_tipc", Socket<AF_TIPC, SOCK_SEQPACKET, 0>},
    {"connect_tcp", ConnectTcp},
    {"send_udp", SendUdp},
    {"listen_tcp", ListenTcp},
    {"connect_abstract", [](const Target& target) { return ConnectUnix(target.where.abstract_socket, true); }},
    {"connect_path", [](const Target& target) { return ConnectUnix(target.where.socket_path, false); }},
    {"listen_abstract", ListenAbstract},
    {"list_interfaces", ListInterfaces},
    {"network_of_socket", NetworkOfSocket},
    {"send_descriptor", SendDescriptor},
};

}  // namespace

std::span<const Attempt> NetworkAttempts() { return kList; }

}  // namespace dl::worker
