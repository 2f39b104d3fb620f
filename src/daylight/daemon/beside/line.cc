#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "daylight/daemon/beside/asking.h"

namespace dl::daemon {

bool MayHaveAnswer(int error) { return error == 0 || error == ECANCELED || error == EPIPE || error == ECONNRESET; }

int Line::Connect(const sockaddr_storage& address, socklen_t bytes, const Patience& patience) {
  fd_ = os::Fd(::socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd_.valid()) return errno;
  if (::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), bytes) == 0) return 0;
  // A Unix socket whose queue is full says EAGAIN and cannot be waited for (connect(2)).
  if (errno != EINPROGRESS) return errno;
  if (!patience.WaitFor(fd_.get(), POLLOUT)) return ETIMEDOUT;
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) return errno;
  return error;
}

int Line::Send(std::string_view bytes, const Patience& patience) const {
  while (!bytes.empty()) {
    const ssize_t n = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(n));
      // One that takes everything at once must not hold us past our time either.
      if (!bytes.empty() && patience.is_over()) return ETIMEDOUT;
      continue;
    }
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno != EAGAIN) return errno;
    if (!patience.WaitFor(fd_.get(), POLLIN | POLLOUT)) return ETIMEDOUT;
    // It may have said all it will, and listen no more.
    if (HasAnswer()) return ECANCELED;
  }
  return 0;
}

int Line::SendWithFd(std::string_view bytes, int fd, const Patience& patience) const {
  iovec part{const_cast<char*>(bytes.data()), bytes.size()};  // sendmsg() changes none of them.
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof fd)] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* const head = CMSG_FIRSTHDR(&message);
  head->cmsg_level = SOL_SOCKET;
  head->cmsg_type = SCM_RIGHTS;
  head->cmsg_len = CMSG_LEN(sizeof fd);
  std::memcpy(CMSG_DATA(head), &fd, sizeof fd);
  for (;;) {
    const ssize_t n = ::sendmsg(fd_.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n > 0) return Send(bytes.substr(static_cast<std::size_t>(n)), patience);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno != EAGAIN) return errno;
    if (!patience.WaitFor(fd_.get(), POLLOUT)) return ETIMEDOUT;
  }
}

int Line::Receive(std::string& text, std::size_t most, const Patience& patience) const {
  char chunk[4096];
  for (;;) {
    if (!patience.WaitFor(fd_.get(), POLLIN)) return ETIMEDOUT;
    const ssize_t n = ::recv(fd_.get(), chunk, sizeof chunk, MSG_DONTWAIT);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (n < 0) return errno;
    if (n == 0) return ENODATA;
    if (static_cast<std::size_t>(n) > most - std::min(most, text.size())) return EPROTO;
    text.append(chunk, static_cast<std::size_t>(n));
    return 0;
  }
}

bool Line::HasAnswer() const {
  pollfd one{fd_.get(), POLLIN, 0};
  return ::poll(&one, 1, 0) > 0;
}

}  // namespace dl::daemon
