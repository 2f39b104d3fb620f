// EventKeeper keeps what happens where the configuration wants it, and tells hooks.
//
//   keeper.Open(config);
//   keeper.Write(std::move(event));
//   keeper.Tick(now);               // A few times a second.
#pragma once

#include <chrono>
#include <optional>
#include <vector>

#include "daylight/daemon/config/daemon_config.h"
#include "daylight/daemon/service/scanning.h"
#include "daylight/events/event.h"
#include "daylight/events/event_log.h"
#include "daylight/events/hook.h"
#include "daylight/opener/messages.h"

namespace dl::daemon {

class EventKeeper {
 public:
  // Again after a reload. What does not make sense is said.
  void Open(const DaemonConfig& config);
  void Write(events::Event event);
  void Tick(std::chrono::steady_clock::time_point now);
  void Flush();
  void Reopen();

 private:
  events::EventIds ids_;
  std::optional<events::EventLog> log_;
  std::vector<events::Hook> hooks_;
};

// What a scan came to, asked for by whom.
events::Event EventOfOutcome(const ScanRequest& request, const ScanOutcome& outcome);
// Nothing for a notice that is only worth a line.
std::optional<events::Event> EventOfNotice(const opener::Notice& notice);

}  // namespace dl::daemon
