// Session is a protocol's side of one connection, without the connection: bytes go
// in, bytes go out. So it runs the same on a socket, in a test and in a fuzzer.
//
//   class PingSession : public Session {
//     std::size_t OnBytes(std::string_view bytes) override { connection_.Send("PONG\n"); return bytes.size(); }
//   };
//
// The driver (net/server.h) owns the socket, the session and every limit that does
// not depend on the protocol: idle and slow clients, too many of them, too much
// unsent. One thread.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "daylight/daemon/service/scanning.h"
#include "daylight/os/fd.h"
#include "daylight/os/open_file.h"

namespace dl::daemon {

// What a session may do with its connection. Outlives the session.
class Connection {
 public:
  virtual ~Connection() = default;
  virtual const PeerInfo& peer() const = 0;
  // Queued, and sent when the peer takes it. While much is unsent, no more bytes are
  // given to the session; a peer that takes nothing for long is dropped.
  virtual void Send(std::string bytes) = 0;
  // No more bytes are given to the session; the connection ends when all is sent.
  virtual void Close() = 0;
  // Has OnBytes() called again with what it left, soon, not from within this call.
  virtual void Resume() = 0;
};

// What a peer may take its time with, and what not.
enum class Waiting : std::uint8_t {
  kForCommand,  // Nothing is under way: the idle limit counts.
  kForBytes,    // It is in the middle of saying something: the shorter limit for slow ones counts.
  kForUs,       // A scan is under way: no limit on the peer.
};

class Session {
 public:
  virtual ~Session() = default;
  // `bytes`: what came and was not yet consumed. Returns how many of them it is done
  // with; the rest comes again when there is more, or after Connection::Resume(). A
  // session never leaves more than kMaxPendingBytes.
  virtual std::size_t OnBytes(std::string_view bytes) = 0;
  // Whether a descriptor that comes now is of any use; else the kernel drops it.
  virtual bool takes_descriptors() const { return false; }
  // One came with the bytes that are given next (SCM_RIGHTS; Unix sockets), the first
  // if there were more. To be closed by os::ClosePatiently().
  virtual void OnDescriptor(os::Fd fd) { os::ClosePatiently(std::move(fd)); }
  // All that was queued has been sent: a session that has much to send queues a piece,
  // and the next one here. Never from within Connection::Send().
  virtual void OnSendReady() {}
  // The peer will send no more, and all was consumed that will be. It may still read.
  // The session calls Close(), now or when its work is done.
  virtual void OnEnd() = 0;
  virtual Waiting waiting() const = 0;
  // The peer was too slow or silent for too long, or the daemon is stopping: the
  // session may Send() a last word; it is closed afterwards.
  virtual void OnTimeout() {}
  // There are too many connections already: the session may Send() a word of it, and
  // is closed afterwards.
  virtual void OnRefused() {}
};

// How many bytes a session may leave in OnBytes(): the longest line or header.
inline constexpr std::size_t kMaxPendingBytes = 64u << 10;

using SessionFactory = std::function<std::unique_ptr<Session>(Connection& connection)>;

}  // namespace dl::daemon
