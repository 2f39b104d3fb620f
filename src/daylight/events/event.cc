#include "daylight/events/event.h"

#include <sys/random.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <span>

namespace dl::events {

namespace {

constexpr std::array<std::string_view, kEventKinds> kKindNames = {
    "detection",    "incomplete",    "failed",      "blocked",      "allowed",      "quarantined",      "restored",
    "deleted",      "started",       "stopped",     "reloaded",     "queue-full",   "default-decision", "gap",
    "scan-started", "scan-finished", "scan-paused", "scan-resumed", "allow-listed", "trouble",          "difference"};
constexpr std::array<std::string_view, 5> kSeverityNames = {"info", "notice", "warning", "high", "critical"};
constexpr std::array<std::string_view, 4> kActionNames = {"none", "blocked", "quarantined", "allowed"};

template <typename Enum, std::size_t N>
std::optional<Enum> ByName(const std::array<std::string_view, N>& names, std::string_view name) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Enum>(found - names.begin());
}

template <typename Enum, std::size_t N>
std::string_view NameOf(const std::array<std::string_view, N>& names, Enum value) {
  const auto index = static_cast<std::size_t>(value);
  return index < N ? names[index] : "unknown";
}

void NoteCut(Event& event, std::string_view field) {
  // Once each, as cuts may follow cuts.
  const std::string_view whole = event.cut;
  for (std::size_t at = 0; at < whole.size();) {
    const std::size_t comma = std::min(whole.find(',', at), whole.size());
    if (whole.substr(at, comma - at) == field) return;
    at = comma + 1;
  }
  if (!event.cut.empty()) event.cut += ',';
  event.cut += field;
}

bool CutText(std::string& text, std::size_t most) {
  if (text.size() <= most) return false;
  std::size_t end = most;
  const auto continues = [&](std::size_t i) { return (static_cast<unsigned char>(text[i]) & 0xc0) == 0x80; };
  for (int step = 0; step < 3 && end > 0 && continues(end); ++step) --end;
  if (continues(end)) end = most;  // No UTF-8 anyway.
  text.resize(end);
  text.shrink_to_fit();
  return true;
}

void CutField(Event& event, std::string& text, std::size_t most, std::string_view field) {
  if (CutText(text, most)) NoteCut(event, field);
}

template <typename T>
std::uint32_t CutList(std::vector<T>& list, std::size_t most) {
  if (list.size() <= most) return 0;
  const std::size_t more = list.size() - most;
  list.resize(most);
  return static_cast<std::uint32_t>(std::min<std::size_t>(more, UINT32_MAX));
}

std::int64_t NowNs() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

std::string_view KindName(EventKind kind) { return NameOf(kKindNames, kind); }
std::optional<EventKind> KindOf(std::string_view name) { return ByName<EventKind>(kKindNames, name); }
std::string_view SeverityName(Severity severity) { return NameOf(kSeverityNames, severity); }
std::optional<Severity> SeverityOf(std::string_view name) { return ByName<Severity>(kSeverityNames, name); }
std::string_view ActionName(Action action) { return NameOf(kActionNames, action); }
std::optional<Action> ActionOf(std::string_view name) { return ByName<Action>(kActionNames, name); }

std::optional<report::Verdict> VerdictOf(std::string_view name) {
  for (const auto verdict :
       {report::Verdict::kClean, report::Verdict::kDetected, report::Verdict::kIncomplete, report::Verdict::kFailed}) {
    if (report::VerdictName(verdict) == name) return verdict;
  }
  return std::nullopt;
}

Severity UsualSeverity(EventKind kind) {
  switch (kind) {
    case EventKind::kDetection:
    case EventKind::kBlocked:
    case EventKind::kQuarantined: return Severity::kHigh;
    case EventKind::kFailed:
    case EventKind::kRestored:
    case EventKind::kQueueFull:
    case EventKind::kDefaultDecision:
    case EventKind::kGap:
    case EventKind::kTrouble: return Severity::kWarning;
    case EventKind::kIncomplete:
    case EventKind::kAllowed:
    case EventKind::kDeleted:
    case EventKind::kStopped:
    case EventKind::kAllowListed:
    case EventKind::kDifference: return Severity::kNotice;
    case EventKind::kStarted:
    case EventKind::kReloaded:
    case EventKind::kScanStarted:
    case EventKind::kScanFinished:
    case EventKind::kScanPaused:
    case EventKind::kScanResumed: return Severity::kInfo;
  }
  return Severity::kInfo;
}

Event EventOf(std::string path, const report::ObjectReport& report) {
  Event event;
  event.path = std::move(path);
  event.verdict = report.verdict;
  event.size = report.size;
  event.sha256 = report.sha256;
  switch (report.verdict) {
    case report::Verdict::kClean: event.kind = EventKind::kAllowed; break;
    case report::Verdict::kDetected: event.kind = EventKind::kDetection; break;
    case report::Verdict::kIncomplete: event.kind = EventKind::kIncomplete; break;
    case report::Verdict::kFailed: event.kind = EventKind::kFailed; break;
  }
  // Not more than Cut() would leave, so that a report of a million detections is not copied first.
  const std::size_t most = EventLimits{}.entries;
  for (const report::Detection& detection :
       std::span(report.detections).first(std::min(most, report.detections.size())))
    event.detections.push_back(
        {detection.engine, detection.rule, detection.source, detection.licence, detection.object});
  event.incomplete.assign(report.incomplete.begin(), report.incomplete.begin() + static_cast<std::ptrdiff_t>(std::min(
                                                                                     most, report.incomplete.size())));
  const auto more = [&](std::size_t all) {
    return static_cast<std::uint32_t>(std::min<std::size_t>(all > most ? all - most : 0, UINT32_MAX));
  };
  event.more_detections = more(report.detections.size());
  event.more_incomplete = more(report.incomplete.size());
  if (event.more_detections > 0) NoteCut(event, "detections");
  if (event.more_incomplete > 0) NoteCut(event, "incomplete");
  if (!event.detections.empty()) event.object = event.detections.front().object;
  event.text = report.failure;
  return event;
}

void Cut(Event& event, const EventLimits& limits) {
  CutField(event, event.path, limits.path_bytes, "path");
  CutField(event, event.object, limits.path_bytes, "object");
  CutField(event, event.client.exe, limits.path_bytes, "client.exe");
  CutField(event, event.client.address, limits.name_bytes, "client.address");
  CutField(event, event.protocol, limits.name_bytes, "protocol");
  CutField(event, event.database, limits.name_bytes, "database");
  CutField(event, event.schedule, limits.name_bytes, "schedule");
  CutField(event, event.why, limits.text_bytes, "why");
  CutField(event, event.text, limits.text_bytes, "text");
  // 36 characters when we make it.
  CutField(event, event.id, 64, "id");
  if (const std::uint32_t more = CutList(event.detections, limits.entries); more > 0) {
    event.more_detections += more;
    NoteCut(event, "detections");
  }
  if (const std::uint32_t more = CutList(event.incomplete, limits.entries); more > 0) {
    event.more_incomplete += more;
    NoteCut(event, "incomplete");
  }
  if (event.theirs) {
    CutField(event, event.theirs->scanner, limits.name_bytes, "their_scanner");
    if (CutList(event.theirs->names, limits.entries) > 0) NoteCut(event, "their_names");
    for (std::string& name : event.theirs->names) CutField(event, name, limits.name_bytes, "their_names");
  }
  for (EventDetection& detection : event.detections) {
    for (std::string* text :
         {&detection.engine, &detection.name, &detection.source, &detection.licence, &detection.object})
      CutField(event, *text, limits.name_bytes, "detections");
  }
  for (report::Incomplete& incomplete : event.incomplete) {
    for (std::string* text : {&incomplete.object, &incomplete.reason, &incomplete.detail})
      CutField(event, *text, limits.name_bytes, "incomplete");
  }
}

namespace {

std::string WithPath(std::string_view what, const Event& event) {
  std::string out(what);
  if (!event.path.empty()) out += (out.empty() ? "" : " ") + event.path;
  return out;
}

// "Eicar-Test and 2 more"
std::string Names(const Event& event) {
  std::string out = event.detections.front().name;
  const std::size_t more = event.detections.size() - 1 + event.more_detections;
  if (more > 0) out += " and " + std::to_string(more) + " more";
  return out;
}

std::string Found(const Event& event, std::string_view preposition) {
  if (event.detections.empty()) return {};
  return " " + std::string(preposition) + " " + Names(event);
}

std::string Reasons(const Event& event) {
  if (event.incomplete.empty()) return {};
  const std::size_t more = event.incomplete.size() - 1 + event.more_incomplete;
  return ": " + event.incomplete.front().reason + (more > 0 ? " and " + std::to_string(more) + " more" : "");
}

// "/a: clean, but clamd says detected (Eicar-Test)"
std::string Difference(const Event& event) {
  if (!event.theirs) return WithPath("scanners differ:", event);
  std::string out = event.path.empty() ? "" : event.path + ": ";
  out += event.verdict ? report::VerdictName(*event.verdict) : std::string_view("unknown");
  if (!event.detections.empty()) out += " (" + Names(event) + ")";
  out += ", but " + event.theirs->scanner + " says " + std::string(report::VerdictName(event.theirs->verdict));
  if (!event.theirs->names.empty()) out += " (" + event.theirs->names.front() + ")";
  return out;
}

std::string What(const Event& event) {
  const std::string named = event.schedule.empty() ? "" : " " + event.schedule;
  switch (event.kind) {
    case EventKind::kDetection:
      if (event.detections.empty()) return WithPath("detected", event);
      return Names(event) + (event.path.empty() ? " found" : " found in " + event.path);
    case EventKind::kIncomplete: return WithPath("not fully read:", event) + Reasons(event);
    case EventKind::kFailed: return WithPath("could not be scanned:", event);
    case EventKind::kBlocked: return WithPath("blocked", event) + Found(event, "for");
    case EventKind::kAllowed: return WithPath("allowed", event) + Found(event, "in spite of");
    case EventKind::kQuarantined: return WithPath("quarantined", event) + Found(event, "for");
    case EventKind::kRestored: return WithPath("restored from quarantine:", event);
    case EventKind::kDeleted: return WithPath("deleted from quarantine:", event);
    case EventKind::kStarted: return "the daemon started";
    case EventKind::kStopped: return "the daemon stopped";
    case EventKind::kReloaded: return "the daemon reloaded its content";
    case EventKind::kQueueFull: return WithPath("a queue is full", event);
    case EventKind::kDefaultDecision: return WithPath("no answer in time, decided by default:", event);
    case EventKind::kGap: return "the daemon was away: nothing was looked at meanwhile";
    case EventKind::kScanStarted: return "scan" + named + " started";
    case EventKind::kScanFinished: return "scan" + named + " finished";
    case EventKind::kScanPaused: return "scan" + named + " paused";
    case EventKind::kScanResumed: return "scan" + named + " resumed";
    case EventKind::kAllowListed: return WithPath("on an allow list:", event) + Found(event, "in spite of");
    case EventKind::kTrouble: return WithPath("trouble", event);
    case EventKind::kDifference: return Difference(event);
  }
  return {};
}

}  // namespace

std::string Headline(const Event& event) {
  std::string out = What(event);
  const bool says_so = event.kind == EventKind::kBlocked || event.kind == EventKind::kAllowed ||
                       event.kind == EventKind::kQuarantined || event.action == Action::kNone;
  if (!says_so) out += " (" + std::string(ActionName(event.action)) + ")";
  if (event.totals) {
    out += ": " + std::to_string(event.totals->files) + " files, " + std::to_string(event.totals->detected) +
           " detected, " + std::to_string(event.totals->incomplete) + " incomplete, " +
           std::to_string(event.totals->failed) + " failed";
  }
  if (!event.why.empty()) out += " [" + event.why + "]";
  if (!event.text.empty()) out += ": " + event.text;
  return out;
}

std::string EventIds::Next(std::int64_t time_ns) {
  if (time_ns <= 0) time_ns = NowNs();
  const auto ns = static_cast<std::uint64_t>(time_ns);
  // RFC 9562, 5.7 and 6.2 method 3: 48 bits of milliseconds, and behind the version 12
  // bits of what is below a millisecond. One more than the last where the clock stands.
  std::uint64_t stamp = (ns / 1'000'000) << 12 | (ns % 1'000'000) * 4096 / 1'000'000;
  if (stamp <= last_) stamp = last_ + 1;
  last_ = stamp;
  std::array<std::uint8_t, 16> bytes{};
  // Never waits once the machine has booted, and is whole for less than 256 bytes (getrandom(2)).
  if (::getrandom(bytes.data() + 8, 8, 0) != 8) {
    const std::int64_t now = NowNs();
    std::memcpy(bytes.data() + 8, &now, 8);
  }
  const std::uint64_t ms = stamp >> 12;
  for (std::size_t i = 0; i < 6; ++i) bytes[i] = static_cast<std::uint8_t>(ms >> (40 - 8 * i));
  bytes[6] = static_cast<std::uint8_t>(0x70 | (stamp >> 8 & 0x0f));
  bytes[7] = static_cast<std::uint8_t>(stamp);
  bytes[8] = static_cast<std::uint8_t>(0x80 | (bytes[8] & 0x3f));
  constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  out.reserve(36);
  for (std::size_t i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
    out += kHex[bytes[i] >> 4];
    out += kHex[bytes[i] & 15];
  }
  return out;
}

}  // namespace dl::events
