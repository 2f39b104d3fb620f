// OpenerLink is the daemon's connection to daylight-opener, which comes back by itself
// when it breaks.
//
//   OpenerLink link(loop, {.socket_path = "/run/...", .on_connected = ...});
//   if (link.connected()) link.StartWalk(request, [](os::Fd socket, const std::string& problem) { ... });
//
// Where there is no opener, connected() stays false and nothing else changes: clients
// are served, but nothing is watched, and paths are opened with the daemon's own rights.
// Functions are called from the loop. One thread.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "daylight/daemon/net/event_loop.h"
#include "daylight/opener/client.h"
#include "daylight/os/fd.h"

namespace dl::daemon {

struct OpenerLinkOptions {
  std::string socket_path;  // To connect to, again and again; or empty:
  os::Fd connected;         // a child's, which is not replaced. Or invalid: none.
  std::function<void(const opener::Hello& hello)> on_connected;
  std::function<void(const std::string& why)> on_lost;
  std::function<void(std::uint64_t id, const opener::AccessEvent& event, os::Fd file)> on_access;
  std::function<void(const opener::Notice& notice)> on_notice;
};

class OpenerLink {
 public:
  OpenerLink(EventLoop& loop, OpenerLinkOptions options);
  ~OpenerLink();
  OpenerLink(const OpenerLink&) = delete;
  OpenerLink& operator=(const OpenerLink&) = delete;

  bool connected() const { return is_up_; }
  using WalkStarted = std::function<void(os::Fd socket, const std::string& problem)>;
  using TakeDone = std::function<void(const opener::Taken& taken)>;
  // The function is called once, also when the connection breaks before.
  void StartWalk(const opener::WalkRequest& request, WalkStarted started);
  void Take(const opener::TakeRequest& request, int file, TakeDone done);
  void Answer(std::uint64_t id, const opener::Verdict& verdict);
  // Verdicts count by other content or choices from now on. Gives its number.
  std::uint64_t NextGeneration();
  std::uint64_t generation() const { return generation_; }
  // Once the opener has forgotten what it knew by older generations than the one that
  // there is now; at once, or when it is lost, if there is none that could know anything.
  void WhenCounting(std::function<void()> function);

 private:
  void Connect();
  void Use(os::Fd socket);
  void Lost(const std::string& why);
  void Read();
  void Rearm();

  EventLoop& loop_;
  OpenerLinkOptions options_;
  std::unique_ptr<opener::Client> client_;
  std::unique_ptr<EventLoop::Watch> watch_;
  std::unique_ptr<EventLoop::Handle> retry_;
  std::map<std::uint64_t, WalkStarted> walks_;
  std::map<std::uint64_t, TakeDone> takes_;
  struct Counting {
    std::uint64_t generation;
    std::function<void()> function;
  };
  std::vector<Counting> counting_;
  std::uint64_t generation_ = 1;
  bool is_up_ = false;
  bool told_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace dl::daemon
