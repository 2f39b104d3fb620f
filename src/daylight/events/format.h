// Events as lines of text: our own JSON, the Elastic Common Schema, OCSF, CEF, and
// for people.
//
//   AppendEvent(Format::kEcs, event, {.host = "mail1", .version = "0.1.0"}, out);
//
// One line each, without its end: whatever strangers put into names, no format holds a
// newline or another control character, and JSON is always valid UTF-8. docs/events.md
// has every field of each.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "daylight/events/event.h"
#include "daylight/report/json_text.h"

namespace dl::events {

enum class Format : std::uint8_t { kText, kJson, kEcs, kOcsf, kCef };
// "text", "jsonl", "ecs", "ocsf", "cef".
std::optional<Format> FormatOf(std::string_view name);

// Who says it.
struct Source {
  std::string host;     // Its name.
  std::string version;  // Of Daylight.
};

void AppendEvent(Format format, const Event& event, const Source& source, std::string& out);

// The members of our own JSON.
void AppendJson(const Event& event, report::JsonText& json);

// What the formats share.
struct Address {
  std::string text;  // As it was.
  std::string ip;    // Empty when it is none.
  std::uint16_t port = 0;
  bool is_v6 = false;
};
// "192.0.2.7:80", "[::1]:80", "::1", "unix"
Address SplitAddress(std::string_view text);
// "Malware detected": of the kind, so the same for all events of it.
std::string_view KindTitle(EventKind kind);
// Reached over a network, which "on-access" and "schedule" are not.
bool IsNetworkProtocol(std::string_view protocol);

// "key": "readable", and "key_b64" beside it with the exact bytes where they are not UTF-8.
void AppendBytes(std::string_view key, std::string_view bytes, report::JsonText& json);
void AppendDetections(const Event& event, report::JsonText& json);
void AppendIncomplete(const Event& event, report::JsonText& json);
void AppendTotals(const ScanTotals& totals, report::JsonText& json);
// What the schemas of others have no place for, under the names of our own JSON.
void AppendRest(const Event& event, report::JsonText& json);

}  // namespace dl::events
