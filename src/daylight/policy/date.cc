#include "daylight/policy/date.h"

#include <algorithm>
#include <array>

namespace dl::policy {

namespace {

bool IsLeap(int year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }

int DaysOfMonth(int year, int month) {
  constexpr std::array<int, 12> kDays{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && IsLeap(year) ? 29 : kDays.at(static_cast<std::size_t>(month - 1));
}

constexpr int kDaysBefore1970 = 719162;  // From 0001-01-01.

int DaysBeforeYear(int year) {
  const int before = year - 1;
  return before * 365 + before / 4 - before / 100 + before / 400;
}

}  // namespace

std::optional<Date> MakeDate(int year, int month, int day) {
  if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 || day > DaysOfMonth(year, month)) {
    return std::nullopt;
  }
  int days = DaysBeforeYear(year) - kDaysBefore1970;
  for (int i = 1; i < month; ++i) days += DaysOfMonth(year, i);
  return Date{days + day - 1};
}

std::optional<Date> ParseDate(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto number = [&](std::size_t from, std::size_t digits) {
    int value = 0;
    for (std::size_t i = from; i < from + digits; ++i) {
      if (text[i] < '0' || text[i] > '9') return -1;
      value = value * 10 + (text[i] - '0');
    }
    return value;
  };
  return MakeDate(number(0, 4), number(5, 2), number(8, 2));
}

std::string Text(Date date) {
  const std::int64_t last = DaysBeforeYear(10000) - 1 - kDaysBefore1970;
  int days = static_cast<int>(std::clamp<std::int64_t>(date.days, -kDaysBefore1970, last)) + kDaysBefore1970;
  int year = days / 366 + 1;  // At most a few years early.
  while (DaysBeforeYear(year + 1) <= days) ++year;
  days -= DaysBeforeYear(year);
  int month = 1;
  while (days >= DaysOfMonth(year, month)) days -= DaysOfMonth(year, month++);
  const auto padded = [](int value, std::size_t digits) {
    std::string text = std::to_string(value);
    return std::string(digits - std::min(digits, text.size()), '0') + text;
  };
  return padded(year, 4) + "-" + padded(month, 2) + "-" + padded(days + 1, 2);
}

Date DayOf(std::int64_t seconds) {
  const std::int64_t days = seconds / 86400 - (seconds % 86400 < 0 ? 1 : 0);
  return Date{static_cast<std::int32_t>(std::clamp<std::int64_t>(days, -kDaysBefore1970, 3'000'000))};
}

}  // namespace dl::policy
