#include "event_keeper.h"

#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "daylight/os/host.h"
#include "daylight/os/paths.h"
#include "log.h"

namespace dl::daemon {

void EventKeeper::Open(const DaemonConfig& config) {
  events::EventLogOptions options;
  options.source = {os::HostName(), DAYLIGHT_VERSION};
  options.tell = [](const std::string& text) { Log(Level::kWarning, text); };
  if (config.events.store) {
    events::StoreOptions store;
    store.path = os::Join(config.state_folder, "events.db");
    store.max_rows = config.events.max_rows;
    store.max_age_s = std::chrono::duration_cast<std::chrono::seconds>(config.events.keep).count();
    struct stat info {};
    // Without a folder of ours there is no store, as for a daemon that somebody tries out.
    if (::stat(config.state_folder.c_str(), &info) == 0 && ::access(config.state_folder.c_str(), W_OK) == 0) {
      options.store = std::move(store);
    }
  }
  const auto format = [](const std::string& name) {
    return events::FormatOf(name == "daylight" || name == "json" ? "jsonl" : name).value_or(events::Format::kText);
  };
  for (const FileLogConfig& file : config.events.files) {
    events::JsonLinesOptions lines;
    lines.path = file.path;
    lines.format = format(file.format);
    options.files.push_back(std::move(lines));
  }
  for (const SyslogConfig& syslog : config.events.syslog) {
    events::SyslogOptions target;
    target.target = syslog.target;
    target.format = format(syslog.format);
    target.facility = static_cast<int>(syslog.facility);
    options.syslog.push_back(std::move(target));
  }
  auto opened = events::EventLog::Open(std::move(options));
  if (opened) {
    log_.emplace(std::move(*opened));
  } else {
    Log(Level::kError, "events: " + std::string(opened.error().what));
  }
  hooks_.clear();
  for (const HookConfig& hook : config.hooks) {
    events::HookOptions wanted;
    wanted.argv = hook.command;
    wanted.timeout = hook.timeout;
    wanted.tell = [](const std::string& text) { Log(Level::kWarning, text); };
    for (const std::string& name : hook.events) {
      const auto kind = events::KindOf(name);
      if (kind) {
        wanted.kinds.push_back(*kind);
      } else {
        Log(Level::kError, "hook: there is no kind of event " + name);
      }
    }
    auto made = events::Hook::Create(std::move(wanted));
    if (made) {
      hooks_.push_back(std::move(*made));
    } else {
      Log(Level::kError, "hook: " + std::string(made.error().what));
    }
  }
}

void EventKeeper::Write(events::Event event) {
  using std::chrono::nanoseconds;
  // The log's own would not be known to hooks, which are told of the same event.
  if (event.time_ns == 0) {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    event.time_ns = std::chrono::duration_cast<nanoseconds>(now).count();
  }
  if (event.id.empty()) event.id = ids_.Next(event.time_ns);
  if (log_) log_->Write(event);
  for (events::Hook& hook : hooks_) hook.Offer(event);
}

void EventKeeper::Tick(std::chrono::steady_clock::time_point now) {
  for (events::Hook& hook : hooks_) hook.Tick(now);
}

void EventKeeper::Flush() {
  if (log_) log_->Flush();
}

void EventKeeper::Reopen() {
  if (log_) log_->Reopen();
}

events::Event EventOfOutcome(const ScanRequest& request, const ScanOutcome& outcome) {
  events::Event event = events::EventOf(request.path, outcome.report);
  event.protocol = ProtocolName(request.protocol);
  if (request.protocol == Protocol::kSchedule) {
    event.schedule = request.peer.name;
  } else if (request.peer.is_local) {
    event.client.uid = request.peer.uid;
    event.client.pid = request.peer.pid;
    event.client.exe = request.peer.program;
  } else {
    event.client.address = request.peer.name;
  }
  // Of a scan that nobody waits for, nothing is blocked.
  event.action =
      outcome.blocks && request.protocol != Protocol::kSchedule ? events::Action::kBlocked : events::Action::kNone;
  event.why = outcome.allowed_by;
  if (!outcome.allowed_by.empty()) {
    event.kind = events::EventKind::kAllowListed;
    event.action = events::Action::kAllowed;
  }
  return event;
}

std::optional<events::Event> EventOfNotice(const opener::Notice& notice) {
  events::Event event;
  event.path = notice.path;
  event.text = notice.text;
  event.protocol = "on-access";
  if (notice.pid != 0) event.client.pid = static_cast<std::int32_t>(notice.pid);
  event.action = notice.allowed ? events::Action::kAllowed : events::Action::kBlocked;
  const std::string count = notice.count > 1 ? " (" + std::to_string(notice.count) + " times)" : "";
  switch (notice.kind) {
    case opener::NoticeKind::kTimedOut:
      event.kind = events::EventKind::kDefaultDecision;
      event.why = "no verdict in time" + count;
      break;
    case opener::NoticeKind::kDaemonDown:
      event.kind = events::EventKind::kDefaultDecision;
      event.why = "the daemon was not there" + count;
      break;
    case opener::NoticeKind::kQueueFull:
      event.kind = events::EventKind::kQueueFull;
      event.why = "too many files waited" + count;
      break;
    case opener::NoticeKind::kGap:
      event.kind = events::EventKind::kGap;
      event.action = events::Action::kNone;  // Nobody asked; the kernel let everything through.
      event.from_ns = notice.from_s * 1'000'000'000;
      event.until_ns = notice.until_s * 1'000'000'000;
      break;
    case opener::NoticeKind::kWritesLost:
      if (event.text.empty()) event.text = "written files were not looked at";
      [[fallthrough]];
    case opener::NoticeKind::kMarkFailed:
    case opener::NoticeKind::kKernelRefused:
      event.kind = events::EventKind::kTrouble;
      event.action = events::Action::kNone;
      event.text += count;
      break;
    case opener::NoticeKind::kWatching: return std::nullopt;
  }
  return event;
}

}  // namespace dl::daemon
