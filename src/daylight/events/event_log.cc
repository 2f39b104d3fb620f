#include "daylight/events/event_log.h"

#include <unistd.h>

#include <chrono>
#include <exception>
#include <map>

#include "daylight/events/syslog_sink.h"

namespace dl::events {

namespace {

std::int64_t NowNs() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kQuiet{30};
constexpr std::chrono::seconds kNote{60};

struct Syslog {
  SyslogForm form;
  SyslogSink sink;
};

// In the store at once: what somebody must not be able to make undone by killing the daemon.
bool IsUrgent(const Event& event) {
  return event.kind == EventKind::kDetection || event.effective_severity() >= Severity::kWarning ||
         event.kind == EventKind::kStopped;
}

}  // namespace

struct EventLog::Impl {
  explicit Impl(EventLogOptions all) : options(std::move(all)) {}

  EventLogOptions options;
  EventIds ids;
  std::optional<Store> store;
  std::vector<JsonLines> files;
  std::vector<Syslog> syslog;
  // By sink: the trouble that was told, and since when it has been gone.
  std::map<std::string, std::optional<Clock::time_point>> told;
  std::uint64_t failures = 0;
  Clock::time_point noted{};

  template <typename Visit>
  void ForEachState(Visit visit) const {
    if (store) {
      visit(SinkState{"store " + options.store->path, store->written(), store->lost(), store->waiting(),
                      store->trouble()});
    }
    for (const JsonLines& file : files)
      visit(SinkState{"file " + file.options().path, file.written(), file.lost(), 0, file.trouble()});
    for (const Syslog& one : syslog) {
      visit(SinkState{"syslog " + one.sink.target().name, one.sink.sent(), one.sink.lost(), one.sink.waiting(),
                      one.sink.trouble()});
    }
  }

  void NoteAlive() {
    noted = Clock::now();
    store->NoteAlive(NowNs(), false);
  }

  void Say(const std::string& text) {
    try {
      if (options.tell) options.tell(text);
    } catch (const std::exception&) {  // The owner's log, or a library's.
      ++failures;
    }
  }

  // Each trouble once, however its words change while it lasts, and its end. It has not ended
  // before half a minute without it: a UDP port with nobody behind takes every other message.
  void Tell() {
    ForEachState([this](const SinkState& state) {
      const auto known = told.find(state.name);
      if (!state.trouble.empty()) {
        if (known == told.end()) Say("events: " + state.name + ": " + state.trouble);
        told[state.name] = std::nullopt;
      } else if (known != told.end()) {
        if (!known->second) known->second = Clock::now();
        if (Clock::now() - *known->second < kQuiet) return;
        told.erase(known);
        Say("events: " + state.name + ": works again, " + std::to_string(state.lost) + " lost so far");
      }
    });
  }
};

EventLog::EventLog(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
EventLog::EventLog(EventLog&&) noexcept = default;
EventLog& EventLog::operator=(EventLog&&) noexcept = default;

EventLog::~EventLog() {
  if (impl_ == nullptr) return;
  try {
    if (impl_->store) {
      impl_->store->FlushNow();
      impl_->store->NoteAlive(NowNs(), true);
    }
    for (Syslog& one : impl_->syslog) one.sink.Tick();
  } catch (const std::exception&) {
    ++impl_->failures;
  }
}

Result<EventLog> EventLog::Open(EventLogOptions options) {
  const auto invalid = [](std::string_view what) { return Fail(ErrorCode::kMalformed, what); };
  auto impl = std::make_unique<Impl>(std::move(options));
  if (impl->options.store) {
    const StoreOptions& store = *impl->options.store;
    if (!store.path.starts_with('/')) return invalid("the store of events needs an absolute path");
    if (store.max_rows == 0 || store.max_waiting == 0) return invalid("the store of events may hold nothing");
    impl->store.emplace(store);
  }
  for (const JsonLinesOptions& file : impl->options.files) {
    if (!file.path.starts_with('/')) return invalid("a file of events needs an absolute path");
    if (file.format == Format::kCef || file.format == Format::kText)
      return invalid("a file of events is jsonl, ecs or ocsf");
    impl->files.emplace_back(file);
  }
  for (const SyslogOptions& one : impl->options.syslog) {
    const auto target = ParseSyslogTarget(one.target);
    if (!target)
      return invalid("a syslog target is unix:/PATH, udp:ADDRESS:PORT or tcp:ADDRESS:PORT, and an address is a number");
    SyslogForm form;
    form.facility = one.facility;
    form.app_name = one.app_name;
    form.proc_id = std::to_string(::getpid());
    form.sd_id = one.sd_id;
    form.format = one.format;
    // RFC 5426, 3.2: short enough not to be cut or torn on the way.
    form.max_bytes = one.max_bytes != 0 ? one.max_bytes : target->transport == SyslogTransport::kUdp ? 2048 : 8192;
    if (one.facility < 0 || one.facility > 23) return invalid("a syslog facility is 0 to 23");
    if (form.max_bytes < 480) return invalid("a syslog message may be no shorter than 480 bytes");
    if (one.max_waiting_bytes < form.max_bytes + 16) return invalid("the buffer of syslog is shorter than a message");
    if (!IsSdName(one.sd_id) || one.sd_id.find('@') == std::string::npos)
      return invalid("an SD-ID is NAME@NUMBER (RFC 5424, 6.3.2)");
    impl->syslog.push_back({std::move(form), SyslogSink(*target, one.max_waiting_bytes)});
  }
  if (impl->store) {
    impl->store->Flush();
    impl->NoteAlive();
  }
  impl->Tell();
  return EventLog(std::move(impl));
}

std::string EventLog::Write(Event event) noexcept {
  try {
    if (event.time_ns == 0) event.time_ns = NowNs();
    if (event.id.empty()) event.id = impl_->ids.Next(event.time_ns);
    Cut(event);
    std::string id = event.id;
    for (Syslog& one : impl_->syslog) one.sink.Send(SyslogMessage(event, impl_->options.source, one.form));
    for (JsonLines& file : impl_->files) {
      std::string line;
      AppendEvent(file.options().format, event, impl_->options.source, line);
      file.Write(std::move(line));
    }
    if (impl_->store) {
      const bool urgent = IsUrgent(event);
      impl_->store->Add(std::move(event));
      if (urgent) impl_->store->Flush();
    }
    impl_->Tell();
    return id;
  } catch (const std::exception&) {  // No memory, or the owner's `tell`.
    ++impl_->failures;
    return {};
  }
}

void EventLog::Flush() noexcept {
  try {
    if (impl_->store) {
      impl_->store->Flush();
      if (Clock::now() - impl_->noted >= kNote) impl_->NoteAlive();
    }
    for (Syslog& one : impl_->syslog) one.sink.Tick();
    impl_->Tell();
  } catch (const std::exception&) {
    ++impl_->failures;
  }
}

void EventLog::Reopen() noexcept {
  try {
    if (impl_->store) {
      impl_->store->FlushNow();
      impl_->store->Reopen();
    }
    for (JsonLines& file : impl_->files) file.Reopen();
    for (Syslog& one : impl_->syslog) one.sink.Reopen();
    Flush();
  } catch (const std::exception&) {
    ++impl_->failures;
  }
}

std::optional<PreviousRun> EventLog::previous() const { return impl_->store ? impl_->store->previous() : std::nullopt; }

void EventLog::PollFds(std::vector<pollfd>& fds) const {
  for (const Syslog& one : impl_->syslog) {
    if (one.sink.wants_write()) fds.push_back({one.sink.fd(), POLLOUT, 0});
  }
}

std::vector<SinkState> EventLog::states() const {
  std::vector<SinkState> all;
  impl_->ForEachState([&](SinkState state) { all.push_back(std::move(state)); });
  return all;
}

std::uint64_t EventLog::failures() const { return impl_->failures; }

}  // namespace dl::events
