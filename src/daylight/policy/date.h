// Days of the calendar as texts: "2024-07-20".
//
//   const std::optional<policy::Date> on = policy::ParseDate("2024-07-20");
//   policy::Text(*on);  // "2024-07-20"
//
// The Gregorian calendar, years 1 to 9999. Functions of their arguments; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "daylight/policy/assessment.h"

namespace dl::policy {

// Nothing for a day that the calendar does not have.
std::optional<Date> MakeDate(int year, int month, int day);
// YYYY-MM-DD and nothing else.
std::optional<Date> ParseDate(std::string_view text);
std::string Text(Date date);
// The day, in UTC, of seconds since 1970.
Date DayOf(std::int64_t seconds);

}  // namespace dl::policy
