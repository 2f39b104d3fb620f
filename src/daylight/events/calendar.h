// Calendar says when something that is planned by the calendar comes next: "daily",
// "Mon..Fri 02:30", "*-*-01 03:00".
//
//   DL_TRY(const Calendar calendar, Calendar::Parse("Sat,Sun 4:00"));
//   calendar.Next(now_s);     // The first such second after now, in local time.
//
// The expressions are those of systemd.time(7), "CALENDAR EVENTS", and mean the same:
//
//   [WEEKDAYS] [[YEAR-]MONTH-DAY] [HOUR:MINUTE[:SECOND]] [UTC]
//   minutely hourly daily weekly monthly quarterly semiannually yearly
//
// Each part is `*` or a list of numbers, ranges `A..B`, and either with `/STEP` behind; `~`
// in front of the days counts them from the month's end. Left out: fractions of seconds,
// years of two digits, and other time zones than the local one and UTC.
//
// When the clocks go forward, times that do not exist do not come; when they go back, what
// comes twice counts once, the first time. A value; any thread, but for tzset(3).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daylight/base/error.h"

namespace dl::events {

class Calendar {
 public:
  static Result<Calendar> Parse(std::string_view text);
  // Seconds since 1970; none when it never comes again (before the year 2200).
  std::optional<std::int64_t> Next(std::int64_t after_s) const;

  // One of a list: START, START..STOP, START/STEP or START..STOP/STEP.
  struct Range {
    int start = 0;
    int stop = -1;  // Without: the start alone, or for ever with a step.
    int step = 0;   // 0: no step.
    bool Contains(int value) const;
  };
  using Ranges = std::vector<Range>;  // Empty: all.

 private:
  bool MatchesDay(int year, int month, int day) const;
  std::optional<std::int64_t> FirstOfDay(int year, int month, int day, int from_s, std::int64_t after_s) const;
  std::optional<std::int64_t> Instant(int year, int month, int day, int second_of_day) const;

  unsigned weekdays_ = 0x7f;  // Bit 0: Monday.
  Ranges years_;
  Ranges months_;
  Ranges days_;
  bool from_month_end_ = false;
  Ranges hours_;
  Ranges minutes_;
  Ranges seconds_;
  bool utc_ = false;
};

}  // namespace dl::events
