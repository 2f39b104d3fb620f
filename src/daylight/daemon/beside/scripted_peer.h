// For tests: a server whose every connection is a function's.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <functional>
#include <list>
#include <string>
#include <string_view>
#include <thread>

#include "daylight/os/fd.h"

namespace dl::daemon {

// What a function sees of a client. Its calls end when the test does.
class PeerConnection {
 public:
  PeerConnection(int fd, int stop) : fd_(fd), stop_(stop) {}
  // Up to `most` bytes; empty at the end.
  std::string Receive(std::size_t most = 65536) {
    std::string text(most, '\0');
    if (!Wait(POLLIN)) return {};
    const ssize_t n = ::recv(fd_, text.data(), text.size(), 0);
    text.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return text;
  }
  // Until `text` holds `end`.
  std::string ReceiveUntil(std::string_view end) {
    std::string text;
    while (text.find(end) == std::string::npos) {
      const std::string more = Receive(1);
      if (more.empty()) break;
      text += more;
    }
    return text;
  }
  std::string ReceiveExactly(std::size_t bytes) {
    std::string text;
    while (text.size() < bytes) {
      const std::string more = Receive(bytes - text.size());
      if (more.empty()) break;
      text += more;
    }
    return text;
  }
  // One byte and the descriptor with it.
  os::Fd ReceiveFd() {
    char byte = 0;
    iovec part{&byte, 1};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    if (!Wait(POLLIN) || ::recvmsg(fd_, &message, MSG_CMSG_CLOEXEC) <= 0) return os::Fd();
    const cmsghdr* head = CMSG_FIRSTHDR(&message);
    if (head == nullptr || head->cmsg_type != SCM_RIGHTS) return os::Fd();
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(head), sizeof fd);
    return os::Fd(fd);
  }
  // A stream as INSTREAM has it.
  std::string ReceiveStream() {
    std::string all;
    for (;;) {
      const std::string head = ReceiveExactly(4);
      if (head.size() < 4) return all;
      std::uint32_t length = 0;
      std::memcpy(&length, head.data(), 4);
      if (length == 0) return all;
      all += ReceiveExactly(ntohl(length));
    }
  }
  bool Send(std::string_view bytes) {
    while (!bytes.empty()) {
      if (!Wait(POLLOUT)) return false;
      const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (n <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }
  // Does nothing until the client goes or the test ends.
  void BeSilent() { Wait(POLLRDHUP); }
  bool Wait(short events) {
    pollfd fds[2] = {{fd_, events, 0}, {stop_, POLLIN, 0}};
    return ::poll(fds, 2, -1) > 0 && fds[1].revents == 0;
  }

 private:
  int fd_;
  int stop_;
};

class ScriptedPeer {
 public:
  enum class Where : std::uint8_t { kUnix, kTcp };
  using Script = std::function<void(PeerConnection&)>;

  ScriptedPeer(Where where, Script script) : script_(std::move(script)), stop_(::eventfd(0, EFD_CLOEXEC)) {
    if (where == Where::kUnix) {
      char folder[] = "/tmp/daylight-peer-XXXXXX";
      folder_ = ::mkdtemp(folder);
      address_ = folder_ + "/socket";
      sockaddr_un address{};
      address.sun_family = AF_UNIX;
      address_.copy(address.sun_path, sizeof address.sun_path - 1);
      listener_ = os::Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
      static_cast<void>(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address));
    } else {
      sockaddr_in address{};
      address.sin_family = AF_INET;
      address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      listener_ = os::Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
      static_cast<void>(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address));
      socklen_t bytes = sizeof address;
      ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &bytes);
      address_ = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    }
    ::listen(listener_.get(), 128);
    accepter_ = std::thread([this] { Accept(); });
  }
  ~ScriptedPeer() {
    ::eventfd_write(stop_.get(), 1);
    accepter_.join();
    for (std::thread& thread : threads_) thread.join();
    if (folder_.empty()) return;
    ::unlink(address_.c_str());
    ::rmdir(folder_.c_str());
  }
  const std::string& address() const { return address_; }
  std::size_t connections() const { return connections_; }

 private:
  void Accept() {
    for (;;) {
      pollfd fds[2] = {{listener_.get(), POLLIN, 0}, {stop_.get(), POLLIN, 0}};
      ::poll(fds, 2, -1);
      if (fds[1].revents != 0) return;
      const int fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) continue;
      ++connections_;
      threads_.emplace_back([this, fd] {
        const os::Fd held(fd);
        PeerConnection connection(fd, stop_.get());
        script_(connection);
      });
    }
  }

  Script script_;
  os::Fd stop_;
  std::string folder_;
  std::string address_;
  os::Fd listener_;
  std::atomic<std::size_t> connections_ = 0;
  std::list<std::thread> threads_;
  std::thread accepter_;
};

}  // namespace dl::daemon
