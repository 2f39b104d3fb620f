// Server accepts connections, gives each a session, and holds clients to limits.
//
//   Server server(loop, limits, metrics);
//   server.Listen(std::move(socket), Protocol::kClamd, [&](Connection& c) { return ...; });
//   ...
//   server.StopListening();   // What there is goes on.
//
// Memory is bounded: of each connection at most kMaxPendingBytes that no session has
// taken yet and about as much that its peer has not taken; of these there are at most
// `max_connections`. A client that is over a limit is told so and closed. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "daylight/daemon/net/event_loop.h"
#include "daylight/daemon/net/session.h"
#include "daylight/daemon/service/metrics.h"
#include "daylight/os/fd.h"

namespace dl::daemon {

struct ServerLimits {
  std::size_t max_connections = 1024;
  std::size_t max_per_client = 256;                    // By PeerInfo::limit_key.
  std::chrono::milliseconds idle_timeout{30'000};      // Without a request.
  std::chrono::milliseconds read_timeout{120'000};     // Without a byte, in the middle of one.
  std::chrono::milliseconds request_timeout{600'000};  // For all bytes of one.
  std::chrono::milliseconds send_timeout{60'000};      // Without taking a byte of an answer.
  bool operator==(const ServerLimits&) const = default;
};

class Server {
 public:
  // All are borrowed.
  Server(EventLoop& loop, const ServerLimits& limits, Metrics& metrics);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // `socket`: listening.
  void Listen(os::Fd socket, Protocol protocol, SessionFactory factory);
  void StopListening();
  // Those without work in hand are closed, the others when they are through.
  void Drain();
  // Limits from now on, also for connections that there are.
  void Configure(const ServerLimits& limits) { limits_ = limits; }
  std::size_t connections() const { return connections_.size(); }

 private:
  class Client;
  struct Listener {
    os::Fd socket;
    Protocol protocol;
    SessionFactory factory;
    std::unique_ptr<EventLoop::Watch> watch;
  };
  void Accept(Listener& listener);
  void Add(os::Fd socket, Listener& listener, PeerInfo peer);
  void Remove(Client& client);
  void Sweep();
  void Tick();

  EventLoop& loop_;
  ServerLimits limits_;
  Metrics& metrics_;
  std::list<Listener> listeners_;
  std::list<std::unique_ptr<Client>> connections_;
  std::unordered_map<std::string, std::size_t> per_client_;
  std::unique_ptr<EventLoop::Handle> tick_;
  std::size_t refused_ = 0;  // Connections that are only told that there are too many.
  bool sweep_posted_ = false;
  bool draining_ = false;
};

// Listening sockets; kIo with errno. A Unix socket's path is taken over from a server
// that is gone, never from one that answers; `mode` are its access bits, `group` who
// owns it (-1: as it is). Without a mode nobody but its owner may connect yet.
Result<os::Fd> ListenUnix(const std::string& path, std::optional<unsigned> mode, int group);
// "127.0.0.1:3310", "[::1]:3310".
Result<os::Fd> ListenTcp(const std::string& address);

}  // namespace dl::daemon
