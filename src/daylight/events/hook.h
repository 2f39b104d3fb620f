// Hook runs an administrator's command when something happens, with the event as one
// JSON object on its standard input.
//
//   DL_TRY(Hook hook, Hook::Create({.argv = {"/usr/local/bin/page", "--team", "mail"}}));
//   hook.Offer(event);        // Starts it, or lets it wait for its turn.
//   hook.Tick(now);           // Now and then, and when a descriptor of PollFds() is ready.
//
// The command is a list of arguments from the configuration, never a line for a shell,
// and nothing of an event is in its arguments or environment. It gets a session of its own, no
// descriptor but standard input (a sealed memory file), output (/dev/null) and error (whose
// end is kept for a message), no signal blocked or ignored, `/` as its folder, and PATH and
// LANG as its environment. After `timeout` it is killed, and so is, when it ends, what is left
// of its process group. It runs as the user of its owner.
//
// Nothing blocks. Used by one thread, in a process that does not ignore SIGCHLD and does
// not wait for any child but its own.
#pragma once

#include <poll.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "daylight/base/error.h"
#include "daylight/events/event.h"

namespace dl::events {

struct HookOptions {
  std::vector<std::string> argv;  // The first is an absolute path.
  std::vector<EventKind> kinds;   // Empty: detections.
  std::chrono::milliseconds timeout{30'000};
  std::size_t max_running = 4;
  std::size_t max_waiting = 64;
  // What went wrong, for the owner's log; the text is for people and not escaped. May be null.
  std::function<void(const std::string&)> tell;
};

class Hook {
 public:
  using Clock = std::chrono::steady_clock;

  // An error for options that make no sense; whether the command is there shows when it starts.
  static Result<Hook> Create(HookOptions options);
  ~Hook();  // Kills what runs.
  Hook(Hook&&) noexcept;
  Hook& operator=(Hook&&) noexcept;

  void Offer(const Event& event, Clock::time_point now = Clock::now());
  void Tick(Clock::time_point now = Clock::now());
  void PollFds(std::vector<pollfd>& fds) const;

  std::size_t running() const { return running_.size(); }
  std::size_t waiting() const { return waiting_.size(); }
  std::uint64_t finished() const { return finished_; }  // With exit code 0.
  std::uint64_t failed() const { return failed_; }      // Otherwise, or could not start.
  std::uint64_t dropped() const { return dropped_; }    // Never started: too many waited.

 private:
  struct Process;
  explicit Hook(HookOptions options);
  void Start(const std::string& json, Clock::time_point now);
  void StartWaiting(Clock::time_point now);
  // Whether it has ended.
  bool Look(Process& process, Clock::time_point now);
  void Failed(const std::string& what);

  HookOptions options_;
  std::deque<std::string> waiting_;  // JSON.
  std::vector<std::unique_ptr<Process>> running_;
  std::uint64_t finished_ = 0;
  std::uint64_t failed_ = 0;
  std::uint64_t dropped_ = 0;
  bool told_dropped_ = false;
};

}  // namespace dl::events
