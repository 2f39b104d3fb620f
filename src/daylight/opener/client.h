// Client is the daemon's end of the connection to the opener.
//
//   opener::Client client(std::move(socket), {.access = [&](auto id, auto event, auto fd) { ... }});
//   ... when poll(client.fd()) says readable: ...
//   if (const Status status = client.OnReadable(); !status) Reconnect(status.error());
//   client.Answer(id, {.allow = true, .cacheable = true, .generation = 7});
//   if (client.wants_write()) ...   // Flush() once it is writable.
//
// Nothing here blocks, and handlers are called from OnReadable() only; they may
// call anything here but destroy the client. After a failure it is of no more use.
// One thread. Descriptors of events share their file with the opener: who gets one
// must not take leases on it or set what fcntl(2) F_SETFL, F_SETSIG and F_SETOWN set.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>

#include "daylight/base/error.h"
#include "daylight/opener/messages.h"
#include "daylight/os/fd.h"

namespace dl::opener {

struct ClientHandlers {
  std::function<void(const Hello&)> hello;  // Once, first.
  // Of StartWalk(): the socket for a WalkReader, or why there is none.
  std::function<void(std::uint64_t id, os::Fd socket, const std::string& reason)> walk_started;
  // Somebody waits (or has written): scan `file`, then Answer(id, ...). Always answer, late is better than never.
  std::function<void(std::uint64_t id, const AccessEvent& event, os::Fd file)> access;
  std::function<void(std::uint64_t generation)> generation_done;
  std::function<void(std::uint64_t id, const Taken& taken)> taken;
  std::function<void(const Notice& notice)> notice;
};

class Client {
 public:
  // A connected SOCK_SEQPACKET socket; made non-blocking.
  Client(os::Fd socket, ClientHandlers handlers);

  int fd() const { return socket_.get(); }
  // Takes in all that is there.
  Status OnReadable();
  // Whether something waits for the socket to become writable.
  bool wants_write() const { return !out_.empty(); }
  Status Flush();

  // These return the request's number, and are sent by themselves or by Flush().
  Result<std::uint64_t> StartWalk(const WalkRequest& request);
  // `file`: what was scanned; stays the caller's.
  Result<std::uint64_t> Take(const TakeRequest& request, int file);
  void Answer(std::uint64_t id, const Verdict& verdict);
  void SetGeneration(std::uint64_t generation);

 private:
  struct Outgoing {
    std::string bytes;
    os::Fd fd;
  };
  void Send(std::string bytes, os::Fd fd = {});
  Status Handle(const Header& header, std::string_view packet, os::Fd fd);

  os::Fd socket_;
  ClientHandlers handlers_;
  std::deque<Outgoing> out_;
  std::string buffer_;
  std::uint64_t next_id_ = 1;
};

// Connects to the socket that the opener listens on.
Result<os::Fd> ConnectToOpener(const std::string& path);

}  // namespace dl::opener
