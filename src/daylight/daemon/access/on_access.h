// OnAccess has files that somebody opens, starts or has written scanned, and answers
// the opener.
//
//   OnAccess on_access(scanning, link, options);
//   on_access.Handle(id, event, std::move(file));
//   on_access.SetContent(generation_is_cacheable);
//
// One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>

#include "daylight/daemon/access/opener_link.h"
#include "daylight/daemon/service/scanning.h"
#include "daylight/os/file_state.h"
#include "daylight/os/open_file.h"

namespace dl::daemon {

struct OnAccessChoices {
  bool quarantine = false;       // What is detected, by itself.
  bool allow_on_failure = true;  // What could not be scanned at all.
};

class OnAccess {
 public:
  // How it ended, with what was done.
  using Done = std::function<void(const opener::AccessEvent& event, const ScanOutcome& outcome, bool allowed)>;
  using Taken = std::function<void(const std::string& path, const ScanOutcome& outcome, const opener::Taken& taken)>;
  // Both are borrowed.
  OnAccess(Scanning& scanning, OpenerLink& link) : scanning_(scanning), link_(link) {}
  void Configure(const OnAccessChoices& choices) { choices_ = choices; }
  void OnDone(Done done) { done_ = std::move(done); }
  void OnTaken(Taken taken) { taken_ = std::move(taken); }

  void Handle(std::uint64_t id, const opener::AccessEvent& event, os::Fd file);
  // Moves what was found into quarantine. `file` is what was scanned, `state` what it
  // was then.
  void Quarantine(const std::string& path, const ScanOutcome& outcome, int file,
                  const std::optional<os::FileState>& state, const std::string& requester);
  // Whether clean verdicts depend on nothing but bytes, with the content of this
  // generation. Nothing is kept before that is known.
  void SetCacheable(std::uint64_t generation, bool cacheable) {
    generation_ = generation;
    cacheable_ = cacheable;
  }
  // What the opener's choice is when a file cannot be scanned in time: it counts for what
  // has no room in our queue, too.
  void SetAllowOnTimeout(bool allow) { allow_on_timeout_ = allow; }
  // The connection is lost: nobody waits for what is under way.
  void Forget() { pending_.clear(); }
  std::size_t pending() const { return pending_.size(); }

 private:
  struct Pending {
    opener::AccessEvent event;
    os::PatientFd file;
    std::optional<os::FileState> state;
    ScanTicket ticket;
  };
  Scanning& scanning_;
  OpenerLink& link_;
  OnAccessChoices choices_;
  Done done_;
  Taken taken_;
  std::map<std::uint64_t, Pending> pending_;
  std::uint64_t generation_ = 0;
  bool cacheable_ = false;
  bool allow_on_timeout_ = true;
};

}  // namespace dl::daemon
