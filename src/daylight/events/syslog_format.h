// One event as a syslog message of RFC 5424.
//
//   <27>1 2026-11-30T13:00:05.123456Z mail1 daylightd 812 detection [daylight@32473 id="…" path="/a"] detected /a
//
// What strangers chose is one printable line (report/escape.h) and then escaped by 6.3.3,
// so `]`, `"`, `\` and newlines in names end nothing.
#pragma once

#include <cstddef>
#include <string>

#include "daylight/events/event.h"
#include "daylight/events/format.h"

namespace dl::events {

struct SyslogForm {
  int facility = 3;  // 0 to 23; 3 is "daemon".
  std::string app_name = "daylightd";
  std::string proc_id;                   // Empty: "-".
  std::string sd_id = "daylight@32473";  // NAME@ENTERPRISE; 32473 is the number for examples (RFC 5612).
  Format format = Format::kText;         // Of the message behind the structured data.
  std::size_t max_bytes = 8192;          // Receivers take at least 480 (6.1).
};

// Never longer than max_bytes: parts are cut (and `cut` says so), at last the message itself.
std::string SyslogMessage(const Event& event, const Source& source, const SyslogForm& form);

// A name as the header and SD-IDs have it: printable ASCII without spaces, `"`, `=` and `]`.
bool IsSdName(std::string_view name);

}  // namespace dl::events
