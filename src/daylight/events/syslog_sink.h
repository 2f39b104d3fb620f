// Sends syslog messages: to the machine's own socket, by UDP (RFC 5426) or by TCP with
// octet counting (RFC 6587, 3.4.1).
//
//   SyslogSink sink(*ParseSyslogTarget("unix:/dev/log"), 1 << 20);
//   sink.Send(message);
//   sink.Tick(now);          // Now and then: what waits, and a new connection after a loss.
//
// Never blocks: what the other side does not take waits, up to a bound, and what is over it is
// dropped and counted. Addresses are numbers: looking up a name would block, and tell
// somebody. Used by one thread.
#pragma once

#include <sys/socket.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "daylight/os/fd.h"

namespace dl::events {

enum class SyslogTransport : std::uint8_t { kUnix, kUdp, kTcp };

struct SyslogTarget {
  SyslogTransport transport = SyslogTransport::kUnix;
  std::string name;  // As it was written.
  sockaddr_storage address{};
  socklen_t address_bytes = 0;
};
// "unix:/dev/log", "udp:192.0.2.1:514", "tcp:[2001:db8::1]:601"; the port may be left out (514; 601 for TCP).
std::optional<SyslogTarget> ParseSyslogTarget(std::string_view text);

class SyslogSink {
 public:
  using Clock = std::chrono::steady_clock;

  SyslogSink(SyslogTarget target, std::size_t max_waiting_bytes);

  void Send(std::string message, Clock::time_point now = Clock::now());
  void Tick(Clock::time_point now = Clock::now());
  void Reopen();

  // For poll(): when wants_write(), Tick() is worth calling once it is writable.
  int fd() const { return socket_.get(); }
  bool wants_write() const { return socket_.valid() && (connecting_ || !waiting_.empty()); }

  const SyslogTarget& target() const { return target_; }
  std::size_t waiting() const { return waiting_.size(); }
  // Taken by the kernel; what became of it then, syslog does not say.
  std::uint64_t sent() const { return sent_; }
  std::uint64_t lost() const { return lost_; }
  // What is wrong now; empty when nothing is.
  const std::string& trouble() const { return trouble_; }

 private:
  bool Connect(Clock::time_point now);
  void Disconnect(const char* what, int error, Clock::time_point now);
  void Drain(Clock::time_point now);
  bool PeerIsGone();
  void DropFront();

  SyslogTarget target_;
  std::size_t max_waiting_bytes_;
  os::Fd socket_;
  bool connecting_ = false;
  std::deque<std::string> waiting_;
  std::size_t waiting_bytes_ = 0;
  std::size_t front_sent_ = 0;  // Of the first, by TCP.
  std::uint64_t sent_ = 0;
  std::uint64_t lost_ = 0;
  std::string trouble_;
  Clock::time_point not_before_{};
  std::chrono::milliseconds pause_{0};
};

}  // namespace dl::events
