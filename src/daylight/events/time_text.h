// Times as text.
//
//   Rfc3339(0)                            // "1970-01-01T00:00:00.000000000Z"
//   ParseTime("2026-11-30 13:00", now)    // In local time.
//   ParseTime("2 hours ago", now)
//
// Nanoseconds since 1970 throughout.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dl::events {

// RFC 3339 in UTC with `digits` (0 to 9) behind the second. Times that need another
// number of digits for the year than four are the nearest that do not.
std::string Rfc3339(std::int64_t time_ns, int digits = 9);
// "2026-11-30 13:00:05" in local time.
std::string LocalTime(std::int64_t time_ns);

// What users write: "2026-11-30", "2026-11-30 13:00[:05]", the same with "T" and "Z" or
// "+01:00" behind, "now", "today", "yesterday", "@SECONDS", and "90s ago", "2h ago",
// "3 days ago", "-15min".
std::optional<std::int64_t> ParseTime(std::string_view text, std::int64_t now_ns);

}  // namespace dl::events
