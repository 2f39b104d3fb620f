// EventLog takes events and gives them to every sink that is configured: the store, files
// of JSON Lines, syslog.
//
//   DL_TRY(EventLog log, EventLog::Open(std::move(options)));
//   log.Write(event);     // From anywhere in the owner's thread.
//   log.Flush();          // By a timer, each second or so.
//   log.Reopen();         // On SIGHUP.
//
// Open() fails only for options that make no sense. Nothing that happens to a sink later
// (a full disk, a store that is corrupt or newer, a syslog server that is gone) stops the
// owner, throws or blocks: it is told once, through `options.tell`, again when it is over,
// and what is lost is counted. A detection, and all else that is more than a notice, is in the store
// when Write() returns.
//
// By design nothing leaves the machine but what a syslog target by UDP or TCP names.
// Owned and used by one thread.
#pragma once

#include <poll.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daylight/base/error.h"
#include "daylight/events/event.h"
#include "daylight/events/format.h"
#include "daylight/events/json_lines.h"
#include "daylight/events/store.h"
#include "daylight/events/syslog_format.h"

namespace dl::events {

struct SyslogOptions {
  std::string target = "unix:/dev/log";  // syslog_sink.h
  int facility = 3;
  std::string app_name = "daylightd";
  std::string sd_id = "daylight@32473";
  Format format = Format::kText;  // kText, kJson, kEcs, kOcsf or kCef.
  std::size_t max_bytes = 0;      // Of one message; 0: 2048 by UDP, else 8192.
  std::size_t max_waiting_bytes = 1u << 20;
};

struct EventLogOptions {
  std::optional<StoreOptions> store;
  std::vector<JsonLinesOptions> files;
  std::vector<SyslogOptions> syslog;
  Source source;  // Host name and version.
  // For the owner's own log; the text is for people and not escaped. May be null.
  std::function<void(const std::string&)> tell;
};

// The state of one sink.
struct SinkState {
  std::string name;  // "store /var/lib/daylight/events.db", "syslog udp:192.0.2.1:514"
  std::uint64_t written = 0;
  std::uint64_t lost = 0;
  std::uint64_t waiting = 0;
  std::string trouble;
};

class EventLog {
 public:
  static Result<EventLog> Open(EventLogOptions options);
  ~EventLog();  // Flushes.
  EventLog(EventLog&&) noexcept;
  EventLog& operator=(EventLog&&) noexcept;

  // Gives it a time and an id where it has none, and cuts what is too long. Returns the id.
  std::string Write(Event event) noexcept;
  void Flush() noexcept;
  void Reopen() noexcept;

  // Of the store: when somebody last ran with it, and whether he ended well; for kGap. While a
  // log is open it is noted each minute that its owner is there.
  std::optional<PreviousRun> previous() const;

  // For poll(): sockets that have to write more. Call Flush() when one is ready; doing so
  // each second is enough, if slower.
  void PollFds(std::vector<pollfd>& fds) const;

  std::vector<SinkState> states() const;
  // Events that could not even be copied (no memory).
  std::uint64_t failures() const;

 private:
  struct Impl;
  explicit EventLog(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace dl::events
