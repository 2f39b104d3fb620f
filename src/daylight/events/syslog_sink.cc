#include "daylight/events/syslog_sink.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

namespace dl::events {

namespace {

constexpr std::chrono::milliseconds kFirstPause{250};
constexpr std::chrono::milliseconds kLongestPause{30'000};

std::optional<std::uint16_t> ParsePort(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

template <typename T>
void SetAddress(const T& address, SyslogTarget& target) {
  std::memcpy(&target.address, &address, sizeof address);
  target.address_bytes = sizeof address;
}

bool ParseIp(std::string_view text, std::uint16_t usual_port, SyslogTarget& target) {
  std::string host;
  std::string_view port;
  bool v6 = false;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == text.npos) return false;
    host = text.substr(1, end - 1);
    text.remove_prefix(end + 1);
    if (!text.empty() && !text.starts_with(':')) return false;
    port = text.empty() ? text : text.substr(1);
    if (!text.empty() && port.empty()) return false;
    v6 = true;
  } else {
    const std::size_t colon = text.find(':');
    host = text.substr(0, colon);
    if (colon != text.npos && (port = text.substr(colon + 1)).empty()) return false;
  }
  const auto number = port.empty() ? usual_port : ParsePort(port);
  if (!number) return false;
  if (v6) {
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(*number);
    if (::inet_pton(AF_INET6, host.c_str(), &address.sin6_addr) != 1) return false;
    SetAddress(address, target);
    return true;
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(*number);
  if (::inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1) return false;
  SetAddress(address, target);
  return true;
}

bool ParseUnix(std::string_view path, SyslogTarget& target) {
  sockaddr_un address{};
  if (!path.starts_with('/') || path.size() >= sizeof address.sun_path || path.find('\0') != path.npos) return false;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  SetAddress(address, target);
  return true;
}

}  // namespace

std::optional<SyslogTarget> ParseSyslogTarget(std::string_view text) {
  SyslogTarget target;
  target.name = text;
  bool good = false;
  if (text.starts_with("unix:")) {
    target.transport = SyslogTransport::kUnix;
    good = ParseUnix(text.substr(5), target);
  } else if (text.starts_with("udp:")) {
    target.transport = SyslogTransport::kUdp;
    good = ParseIp(text.substr(4), 514, target);
  } else if (text.starts_with("tcp:")) {
    target.transport = SyslogTransport::kTcp;
    good = ParseIp(text.substr(4), 601, target);
  }
  if (!good) return std::nullopt;
  return target;
}

SyslogSink::SyslogSink(SyslogTarget target, std::size_t max_waiting_bytes)
    : target_(std::move(target)), max_waiting_bytes_(max_waiting_bytes) {}

void SyslogSink::Send(std::string message, Clock::time_point now) {
  // RFC 6587, 3.4.1: the length of the message in bytes, a space, the message.
  if (target_.transport == SyslogTransport::kTcp) message.insert(0, std::to_string(message.size()) + " ");
  if (message.size() > max_waiting_bytes_ - waiting_bytes_) {
    Drain(now);
    if (message.size() > max_waiting_bytes_ - waiting_bytes_) {
      // The new one, not an old one: of that the other side may have the first half.
      ++lost_;
      if (trouble_.empty()) trouble_ = "it takes messages too slowly, and some are dropped";
      return;
    }
  }
  waiting_bytes_ += message.size();
  waiting_.push_back(std::move(message));
  Drain(now);
}

void SyslogSink::Tick(Clock::time_point now) { Drain(now); }

void SyslogSink::Reopen() {
  socket_.Close();
  connecting_ = false;
  front_sent_ = 0;
  not_before_ = {};
}

bool SyslogSink::Connect(Clock::time_point now) {
  if (now < not_before_) return false;
  const int type = target_.transport == SyslogTransport::kTcp ? SOCK_STREAM : SOCK_DGRAM;
  socket_ = os::Fd(::socket(target_.address.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket_.valid()) {
    Disconnect("cannot make a socket", errno, now);
    return false;
  }
  connecting_ = false;
  if (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&target_.address), target_.address_bytes) == 0)
    return true;
  if (errno == EINPROGRESS) {
    connecting_ = true;
    return true;
  }
  Disconnect("cannot connect", errno, now);
  return false;
}

void SyslogSink::Disconnect(const char* what, int error, Clock::time_point now) {
  socket_.Close();
  connecting_ = false;
  // A message that the other side has half of is sent whole to the next.
  front_sent_ = 0;
  pause_ = pause_.count() == 0 ? kFirstPause : std::min(kLongestPause, pause_ * 2);
  not_before_ = now + pause_;
  trouble_ = std::string(what) + ": " + std::strerror(error);
}

void SyslogSink::DropFront() {
  waiting_bytes_ -= waiting_.front().size();
  waiting_.pop_front();
  front_sent_ = 0;
}

// Nobody answers by syslog, so anything to read is the end, or noise.
bool SyslogSink::PeerIsGone() {
  char noise[512];
  // So many and no more: a peer that sends without end is not listened to without end.
  for (int round = 0; round < 8; ++round) {
    const ssize_t n = ::recv(socket_.get(), noise, sizeof noise, MSG_DONTWAIT);
    if (n == 0) return true;
    if (n < 0) return errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR;
  }
  return false;
}

void SyslogSink::Drain(Clock::time_point now) {
  if (waiting_.empty()) return;
  if (!socket_.valid() && !Connect(now)) return;
  if (connecting_) {
    int error = 0;
    socklen_t bytes = sizeof error;
    if (::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &bytes) != 0) error = errno;
    if (error != 0) return Disconnect("cannot connect", error, now);
  }
  const bool stream = target_.transport == SyslogTransport::kTcp;
  // What was written into a connection that the other side has closed would be lost without a word.
  if (stream && !connecting_ && PeerIsGone()) {
    Disconnect("the other side closed the connection", ECONNRESET, now);
    return;
  }
  while (!waiting_.empty()) {
    const std::string& message = waiting_.front();
    const ssize_t n =
        ::send(socket_.get(), message.data() + front_sent_, message.size() - front_sent_, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n >= 0) {
      connecting_ = false;
      front_sent_ += static_cast<std::size_t>(n);
      if (stream && front_sent_ < message.size()) return;
      DropFront();
      ++sent_;
      trouble_.clear();
      pause_ = std::chrono::milliseconds{0};
      continue;
    }
    if (errno == EINTR) continue;
    // ENOTCONN: still connecting.
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS || (connecting_ && errno == ENOTCONN)) return;
    if (errno == EMSGSIZE) {
      // Larger than this socket takes: the next one may pass.
      DropFront();
      ++lost_;
      trouble_ = "a message is longer than the socket takes";
      continue;
    }
    return Disconnect("cannot send", errno, now);
  }
}

}  // namespace dl::events
