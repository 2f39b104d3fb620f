#include "daylight/events/calendar.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>

namespace dl::events {

namespace {

constexpr int kFirstYear = 1970;
constexpr int kLastYear = 2199;  // systemd ends there, too.
constexpr std::size_t kLongestText = 512;

using Range = Calendar::Range;
using Ranges = Calendar::Ranges;

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string Lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) { return Lower(c); });
  return out;
}

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == text.npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::optional<int> Number(std::string_view text) {
  int value = 0;
  if (text.empty() || text.size() > 4 || text.front() == '-') return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// `descending`: days from the month's end go from the larger number to the smaller.
std::optional<Range> ParseRange(std::string_view text, int least, int most, bool descending) {
  Range range;
  if (const std::size_t slash = text.find('/'); slash != text.npos) {
    const auto step = Number(text.substr(slash + 1));
    if (!step || *step < 1) return std::nullopt;
    range.step = *step;
    text = text.substr(0, slash);
  }
  const std::size_t dots = text.find("..");
  const auto start = Number(text.substr(0, dots));
  if (!start || *start < least || *start > most) return std::nullopt;
  range.start = *start;
  if (dots == text.npos) return range;
  const auto stop = Number(text.substr(dots + 2));
  if (!stop || *stop < least || *stop > most) return std::nullopt;
  if (descending ? *stop > *start : *stop < *start) return std::nullopt;
  range.stop = *stop;
  return range;
}

std::optional<Ranges> ParseRanges(std::string_view text, int least, int most, bool descending = false) {
  Ranges ranges;
  if (text == "*") return ranges;
  for (const std::string_view part : Split(text, ',')) {
    const auto range = ParseRange(part, least, most, descending);
    if (!range) return std::nullopt;
    ranges.push_back(*range);
  }
  return ranges;
}

bool Contains(const Ranges& ranges, int value) {
  return ranges.empty() || std::any_of(ranges.begin(), ranges.end(), [&](const Range& r) { return r.Contains(value); });
}

std::optional<int> Weekday(std::string_view text) {
  constexpr std::array<std::string_view, 7> kNames = {"monday", "tuesday",  "wednesday", "thursday",
                                                      "friday", "saturday", "sunday"};
  const std::string name = Lower(text);
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (name == kNames[i] || name == kNames[i].substr(0, 3)) return static_cast<int>(i);
  }
  return std::nullopt;
}

std::optional<unsigned> ParseWeekdays(std::string_view text) {
  unsigned bits = 0;
  for (const std::string_view part : Split(text, ',')) {
    std::size_t gap = 2;
    std::size_t between = part.find("..");
    if (between == part.npos) {  // The older way to write it.
      between = part.find('-');
      gap = 1;
    }
    const auto first = Weekday(part.substr(0, between));
    const auto last = between == part.npos ? first : Weekday(part.substr(between + gap));
    if (!first || !last || *first > *last) return std::nullopt;
    for (int day = *first; day <= *last; ++day) bits |= 1u << day;
  }
  return bits;
}

constexpr int DaysOf(int year, int month) {
  constexpr std::array<int, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && leap ? 29 : kDays[static_cast<std::size_t>(month - 1)];
}

std::int64_t AsIfUtc(int year, int month, int day, int second_of_day) {
  tm time{};
  time.tm_year = year - 1900;
  time.tm_mon = month - 1;
  time.tm_mday = day;
  time.tm_sec = second_of_day;
  return ::timegm(&time);
}

// Whole days since 1970; that one was a Thursday.
int WeekdayOf(int year, int month, int day) { return static_cast<int>((AsIfUtc(year, month, day, 0) / 86400 + 3) % 7); }

std::string_view Longhand(std::string_view shorthand) {
  struct Known {
    std::string_view name;
    std::string_view expression;
  };
  constexpr std::array<Known, 12> kKnown = {{{"minutely", "*-*-* *:*:00"},
                                             {"hourly", "*-*-* *:00:00"},
                                             {"daily", "*-*-* 00:00:00"},
                                             {"weekly", "Mon *-*-* 00:00:00"},
                                             {"monthly", "*-*-01 00:00:00"},
                                             {"quarterly", "*-01,04,07,10-01 00:00:00"},
                                             {"semiannually", "*-01,07-01 00:00:00"},
                                             {"semi-annually", "*-01,07-01 00:00:00"},
                                             {"bi-annually", "*-01,07-01 00:00:00"},
                                             {"biannually", "*-01,07-01 00:00:00"},
                                             {"yearly", "*-01-01 00:00:00"},
                                             {"annually", "*-01-01 00:00:00"}}};
  for (const Known& known : kKnown) {
    if (known.name == shorthand) return known.expression;
  }
  return {};
}

}  // namespace

bool Calendar::Range::Contains(int value) const {
  if (value < start) return false;
  if (stop < 0 && step == 0) return value == start;
  if (stop >= 0 && value > stop) return false;
  return step == 0 || (value - start) % step == 0;
}

Result<Calendar> Calendar::Parse(std::string_view text) {
  const auto invalid = [](std::string_view what) { return Fail(ErrorCode::kMalformed, what); };
  if (text.size() > kLongestText) return invalid("a calendar expression is longer than anybody needs");
  std::vector<std::string_view> words;
  for (const std::string_view word : Split(text, ' ')) {
    if (!word.empty()) words.push_back(word);
  }
  if (words.empty()) return invalid("a calendar expression is empty");
  Calendar calendar;
  if (words.size() > 1 && Lower(words.back()) == "utc") {
    calendar.utc_ = true;
    words.pop_back();
  }
  const std::string first = Lower(words.front());
  if (const std::string_view longhand = Longhand(first); !longhand.empty()) {
    if (words.size() > 1) return invalid("nothing may stand behind a word such as daily but UTC");
    words.clear();
    for (const std::string_view word : Split(longhand, ' ')) words.push_back(word);
  }
  auto word = words.begin();
  if (Lower(word->front()) >= 'a' && Lower(word->front()) <= 'z') {
    const auto weekdays = ParseWeekdays(*word++);
    if (!weekdays) return invalid("a calendar expression has a word that is neither a weekday nor such as daily");
    calendar.weekdays_ = *weekdays;
  }
  if (word != words.end() && word->find_first_of("-~") != word->npos) {
    std::string_view date = *word++;
    std::string_view days;
    if (const std::size_t tilde = date.find('~'); tilde != date.npos) {
      calendar.from_month_end_ = true;
      days = date.substr(tilde + 1);
      date = date.substr(0, tilde);
    } else {
      const std::size_t dash = date.rfind('-');
      days = date.substr(dash + 1);
      date = date.substr(0, dash);
    }
    const std::size_t dash = date.find('-');
    const auto years = dash == date.npos ? Ranges{} : ParseRanges(date.substr(0, dash), kFirstYear, kLastYear);
    const auto months = ParseRanges(dash == date.npos ? date : date.substr(dash + 1), 1, 12);
    const auto parsed_days = ParseRanges(days, 1, 31, calendar.from_month_end_);
    if (!years || !months || !parsed_days) return invalid("a calendar expression has a date that is none");
    calendar.years_ = *years;
    calendar.months_ = *months;
    calendar.days_ = *parsed_days;
  }
  std::string_view time = "00:00:00";
  if (word != words.end()) time = *word++;
  if (word != words.end()) return invalid("a calendar expression is weekdays, a date and a time, in this order");
  const auto parts = Split(time, ':');
  if (parts.size() < 2 || parts.size() > 3) return invalid("a calendar expression has a time that is none");
  const auto hours = ParseRanges(parts[0], 0, 23);
  const auto minutes = ParseRanges(parts[1], 0, 59);
  const auto seconds = ParseRanges(parts.size() == 3 ? parts[2] : "0", 0, 59);
  if (!hours || !minutes || !seconds) return invalid("a calendar expression has a time that is none");
  calendar.hours_ = *hours;
  calendar.minutes_ = *minutes;
  calendar.seconds_ = *seconds;
  return calendar;
}

bool Calendar::MatchesDay(int year, int month, int day) const {
  if ((weekdays_ >> WeekdayOf(year, month, day) & 1) == 0) return false;
  if (!from_month_end_) return Contains(days_, day);
  const int past = DaysOf(year, month) + 1;
  return days_.empty() || std::any_of(days_.begin(), days_.end(), [&](Range range) {
           range.start = past - range.start;
           if (range.stop >= 0) range.stop = past - range.stop;
           return range.Contains(day);
         });
}

std::optional<std::int64_t> Calendar::Instant(int year, int month, int day, int second_of_day) const {
  const std::int64_t as_if_utc = AsIfUtc(year, month, day, second_of_day);
  if (utc_) return as_if_utc;
  // mktime() would choose one of two moments of the same name by what it was asked before, and
  // make up one for a name without. So: the offsets that hold around, and which of them fit.
  std::optional<std::int64_t> first;
  for (const std::int64_t probe : {as_if_utc - 86400, as_if_utc, as_if_utc + 86400}) {
    tm around{};
    const std::time_t when = probe;
    if (::localtime_r(&when, &around) == nullptr) continue;
    const std::time_t candidate = as_if_utc - around.tm_gmtoff;
    tm local{};
    if (::localtime_r(&candidate, &local) == nullptr || candidate + local.tm_gmtoff != as_if_utc) continue;
    if (!first || candidate < *first) first = candidate;
  }
  return first;
}

std::optional<std::int64_t> Calendar::FirstOfDay(int year, int month, int day, int from_s, std::int64_t after_s) const {
  for (int hour = from_s / 3600; hour < 24; ++hour) {
    if (!Contains(hours_, hour)) continue;
    for (int minute = 0; minute < 60; ++minute) {
      if (!Contains(minutes_, minute) || hour * 3600 + minute * 60 + 59 < from_s) continue;
      for (int second = 0; second < 60; ++second) {
        const int at = hour * 3600 + minute * 60 + second;
        if (at < from_s || !Contains(seconds_, second)) continue;
        const auto instant = Instant(year, month, day, at);
        if (instant && *instant > after_s) return instant;
      }
    }
  }
  return std::nullopt;
}

std::optional<std::int64_t> Calendar::Next(std::int64_t after_s) const {
  const std::time_t after = std::max<std::int64_t>(0, after_s);
  tm start{};
  if ((utc_ ? ::gmtime_r(&after, &start) : ::localtime_r(&after, &start)) == nullptr) return std::nullopt;
  int year = start.tm_year + 1900;
  int month = start.tm_mon + 1;
  int day = start.tm_mday;
  int from_s = start.tm_hour * 3600 + start.tm_min * 60 + std::min(start.tm_sec, 59);
  for (; year <= kLastYear; ++year, month = 1, day = 1, from_s = 0) {
    if (!Contains(years_, year)) continue;
    for (; month <= 12; ++month, day = 1, from_s = 0) {
      if (!Contains(months_, month)) continue;
      for (; day <= DaysOf(year, month); ++day, from_s = 0) {
        if (!MatchesDay(year, month, day)) continue;
        if (const auto instant = FirstOfDay(year, month, day, from_s, after_s)) return instant;
      }
    }
  }
  return std::nullopt;
}

}  // namespace dl::events
