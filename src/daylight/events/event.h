// Event is one thing that happened and that somebody may ask about later: a
// detection, a file that was blocked, a scan that ended, the daemon's own comings
// and goings.
//
//   Event event = EventOf(path, report);      // Verdict, detections, size, digest.
//   event.protocol = "clamd";
//   event.client.address = "192.0.2.7:50312";
//   event.action = Action::kBlocked;
//   log.Write(event);                         // event_log.h: gives it a time and an id.
//
// Plain values, owned; nothing here does I/O. Paths and names are the exact bytes
// that strangers chose; each format escapes them (format.h). What they are called in
// each format is in docs/events.md.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daylight/report/report.h"

namespace dl::events {

enum class EventKind : std::uint8_t {
  kDetection,
  kIncomplete,
  kFailed,
  kBlocked,  // On access: the open or the start of a program was refused.
  kAllowed,  // On access: let through although something was said of it.
  kQuarantined,
  kRestored,
  kDeleted,  // From quarantine.
  kStarted,  // The daemon.
  kStopped,
  kReloaded,
  kQueueFull,
  kDefaultDecision,  // No answer in the bounded wait: the administrator's choice was applied.
  kGap,              // The daemon was away: `from` to `until`.
  kScanStarted,
  kScanFinished,
  kScanPaused,
  kScanResumed,
  kAllowListed,  // An entry of an allow list was used.
  kTrouble,      // Of Daylight itself.
  kDifference,   // Another scanner, asked about the same bytes, says something else: `theirs`.
};
inline constexpr std::size_t kEventKinds = 21;
// "detection", "queue-full": stable.
std::string_view KindName(EventKind kind);
std::optional<EventKind> KindOf(std::string_view name);

enum class Severity : std::uint8_t { kInfo, kNotice, kWarning, kHigh, kCritical };
std::string_view SeverityName(Severity severity);
std::optional<Severity> SeverityOf(std::string_view name);
// What an event of this kind is, when nobody says otherwise.
Severity UsualSeverity(EventKind kind);

enum class Action : std::uint8_t { kNone, kBlocked, kQuarantined, kAllowed };
std::string_view ActionName(Action action);
std::optional<Action> ActionOf(std::string_view name);

std::optional<report::Verdict> VerdictOf(std::string_view name);

struct EventDetection {
  std::string engine;  // "yara", "clamav"
  std::string name;
  std::string source;
  std::string licence;  // May be empty.
  std::string object;   // The way to the object, "a.zip//b.doc".
};

// Who asked; what is not known stays empty.
struct Client {
  std::string address;  // "192.0.2.7:50312", "[2001:db8::1]:50312"
  std::optional<std::uint32_t> uid;
  std::optional<std::int32_t> pid;
  std::string exe;

  bool known() const { return !address.empty() || uid || pid || !exe.empty(); }
};

// What another scanner said of the same bytes (side_by_side in docs/daemon.md).
struct OtherVerdict {
  std::string scanner;  // "clamd", "kav", "command"
  report::Verdict verdict = report::Verdict::kFailed;
  std::vector<std::string> names;
};

// What a scan came to.
struct ScanTotals {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  std::uint64_t detected = 0;
  std::uint64_t incomplete = 0;
  std::uint64_t failed = 0;
};

struct Event {
  std::int64_t time_ns = 0;  // Since 1970. 0: EventLog fills it in.
  std::string id;            // Empty: EventLog fills it in.
  EventKind kind = EventKind::kDetection;
  std::optional<Severity> severity;  // Without: as usual for the kind.
  std::optional<report::Verdict> verdict;
  std::string path;    // Of the file, absolute where there is one; else how the client named it.
  std::string object;  // The way to the object that mattered, when it is not the file itself.
  std::optional<std::array<std::uint8_t, 32>> sha256;
  std::optional<std::uint64_t> size;  // In bytes.
  std::vector<EventDetection> detections;
  std::vector<report::Incomplete> incomplete;
  std::string protocol;  // "clamd", "icap", "http", "kav", "on-access", "schedule"
  Client client;
  Action action = Action::kNone;
  std::string why;       // Of the action: e.g. the allow list's entry, by whom and for what reason.
  std::string database;  // The version of the content.
  std::string schedule;  // The scheduled scan's name.
  std::optional<ScanTotals> totals;
  std::optional<OtherVerdict> theirs;   // kDifference; `verdict` and `detections` are ours.
  std::optional<std::int64_t> from_ns;  // kGap
  std::optional<std::int64_t> until_ns;
  std::string text;  // For people; may be empty.

  // What Cut() left out.
  std::string cut;  // Names of the fields that are not whole, "path,why".
  std::uint32_t more_detections = 0;
  std::uint32_t more_incomplete = 0;

  Severity effective_severity() const { return severity ? *severity : UsualSeverity(kind); }
};

// kDetection, kIncomplete or kFailed by the verdict, with what the report says. Of a clean one kScanFinished
// would make no sense: the kind is then kAllowed.
Event EventOf(std::string path, const report::ObjectReport& report);

// How long the parts of an event may be. Names that strangers chose have no bound of
// their own, and everything that keeps events has.
struct EventLimits {
  std::size_t path_bytes = 8192;  // Twice PATH_MAX; also for `object` and `exe`.
  std::size_t name_bytes = 1024;  // Of detections: names, sources, ways.
  std::size_t text_bytes = 4096;  // `why`, `text`.
  std::size_t entries = 32;       // Detections, incomplete, and their names.
};
// For receivers of short messages, and for those of the shortest.
inline constexpr EventLimits kShortLimits{512, 128, 256, 4};
inline constexpr EventLimits kShortestLimits{96, 48, 48, 1};

// Takes off what is longer, and says so in `cut`. Never in the middle of a UTF-8 character.
void Cut(Event& event, const EventLimits& limits = {});

// One line that says the same to people, not escaped: "Eicar-Test found in /a/b (blocked)".
std::string Headline(const Event& event);

// UUIDs of version 7 (RFC 9562): unique, and those of one maker sort in the order they
// were made, whatever the clock does.
class EventIds {
 public:
  std::string Next(std::int64_t time_ns);

 private:
  std::uint64_t last_ = 0;  // Milliseconds and the 12 bits below, as in the id.
};

}  // namespace dl::events
