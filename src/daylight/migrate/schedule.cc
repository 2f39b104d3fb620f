// RuleType and StartTime of kesl-control as an expression of systemd.time(7).
//
//   StartTime=[yyyy/mm/dd] hh:mm:ss; [day of the month | of the week]; [period]
#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdio>

#include "daylight/migrate/products.h"

namespace dl::migrate {

namespace {

constexpr std::array<std::string_view, 9> kRules = {"Once",     "Monthly", "Weekly", "Daily", "Hourly",
                                                    "Minutely", "Manual",  "PS",     "BR"};
constexpr std::array<std::string_view, 7> kDays = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
constexpr std::array<std::string_view, 7> kLongDays = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                                       "Friday", "Saturday", "Sunday"};
constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

struct Start {
  bool has_date = false;
  unsigned year = 0, month = 0, day = 0;
  unsigned hour = 0, minute = 0, second = 0;
  std::string_view which;  // Day of the month or of the week.
  unsigned period = 1;
};

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '[')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == ']')) text.remove_suffix(1);
  return text;
}

std::string_view TakeUpTo(std::string_view& text, char mark) {
  const std::size_t end = std::min(text.find(mark), text.size());
  const std::string_view taken = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return taken;
}

bool TakeNumber(std::string_view text, unsigned most, unsigned& number) {
  const auto value = NumberOf(text);
  if (!value || *value > most) return false;
  number = static_cast<unsigned>(*value);
  return true;
}

bool TakeDate(std::string_view text, Start& start) {
  const std::string_view year = TakeUpTo(text, '/');
  const std::string_view month = TakeUpTo(text, '/');
  if (!TakeNumber(year, 9999, start.year) || start.year < 1970 || !TakeNumber(text, 31, start.day)) return false;
  const auto named = std::find_if(kMonths.begin(), kMonths.end(), [&](auto name) { return SameWord(name, month); });
  if (named != kMonths.end()) {
    start.month = static_cast<unsigned>(named - kMonths.begin()) + 1;
  } else if (!TakeNumber(month, 12, start.month)) {
    return false;
  }
  start.has_date = true;
  return start.month >= 1 && start.day >= 1;
}

bool TakeStart(std::string_view text, Start& start) {
  std::string_view rest = text;
  std::string_view time = Trimmed(TakeUpTo(rest, ';'));
  start.which = Trimmed(TakeUpTo(rest, ';'));
  const std::string_view period = Trimmed(rest);
  const std::size_t space = time.rfind(' ');
  if (space != std::string_view::npos) {
    if (!TakeDate(Trimmed(time.substr(0, space)), start)) return false;
    time = Trimmed(time.substr(space + 1));
  }
  const std::string_view hour = Trimmed(TakeUpTo(time, ':'));
  const std::string_view minute = Trimmed(TakeUpTo(time, ':'));
  const std::string_view second = Trimmed(time);
  return TakeNumber(hour, 23, start.hour) && TakeNumber(minute, 59, start.minute) &&
         (second.empty() || TakeNumber(second, 59, start.second)) &&
         (period.empty() || TakeNumber(period, 1'000'000, start.period));
}

[[gnu::format(printf, 1, 2)]] std::string Format(const char* format, ...) {
  char text[96];
  std::va_list values;
  va_start(values, format);
  std::vsnprintf(text, sizeof text, format, values);
  va_end(values);
  return text;
}

std::string TimeText(const Start& start) { return Format("%02u:%02u:%02u", start.hour, start.minute, start.second); }

When Weekly(const Start& start) {
  When when;
  std::string days;
  std::string_view rest = start.which;
  while (!rest.empty()) {
    const std::string_view day = Trimmed(TakeUpTo(rest, ','));
    std::size_t i = 0;
    while (i < kDays.size() && !SameWord(day, kDays[i]) && !SameWord(day, kLongDays[i])) ++i;
    if (i == kDays.size()) return {{}, "a day of the week that is not understood"};
    if (!days.empty()) days += ',';
    days += kDays[i];
  }
  if (days.empty()) return {{}, "no day of the week"};
  when.calendar = days + " *-*-* " + TimeText(start);
  if (start.period > 1) when.why = Format("every week, there every %u weeks", start.period);
  return when;
}

When Monthly(const Start& start) {
  unsigned day = start.day;
  if (!start.which.empty() && !TakeNumber(start.which, 31, day)) return {{}, "a day that is not understood"};
  if (day == 0) return {{}, "no day of the month"};
  When when{Format("*-*-%02u ", day) + TimeText(start), {}};
  if (start.period > 1) when.why = Format("every month, there every %u months", start.period);
  if (day > 28 && when.why.empty()) when.why = "not in months without such a day";
  return when;
}

When Hourly(const Start& start) {
  const unsigned n = start.period;
  if (n == 0) return {{}, "every 0 hours"};
  const std::string rest = Format(":%02u:%02u", start.minute, start.second);
  if (n == 1) return {"*-*-* *" + rest, {}};
  if (n < 24) {
    When when{Format("*-*-* %02u/%u", start.hour % n, n) + rest, {}};
    if (24 % n != 0) when.why = "counted anew each day";
    return when;
  }
  return {"*-*-* " + TimeText(start), n == 24 ? std::string() : Format("every day, there every %u hours", n)};
}

When Minutely(const Start& start) {
  const unsigned n = start.period;
  if (n == 0) return {{}, "every 0 minutes"};
  const std::string second = Format(":%02u", start.second);
  if (n == 1) return {"*-*-* *:*" + second, {}};
  if (n < 60) {
    When when{Format("*-*-* *:%02u/%u", start.minute % n, n) + second, {}};
    if (60 % n != 0) when.why = "counted anew each hour";
    return when;
  }
  Start hours = start;
  hours.period = n / 60;
  When when = Hourly(hours);
  if (n % 60 != 0) when.why = Format("there every %u minutes", n);
  return when;
}

}  // namespace

When WhenOf(std::string_view rule_type, std::string_view start_time) {
  // Exports of 11.1 have the place in this list instead of its name.
  std::string_view rule = rule_type;
  if (const auto number = NumberOf(rule_type); number && *number < kRules.size()) rule = kRules[*number];
  const auto is = [&](std::string_view name) { return SameWord(rule, name); };
  if (is("Manual")) return {{}, "it is started by hand"};
  if (is("PS")) return {{}, "it runs when the product starts; schedules go by the calendar"};
  if (is("BR")) return {{}, "it runs after updates; schedules go by the calendar"};
  Start start;
  if (!TakeStart(start_time, start)) return {{}, "its start time is not understood"};
  if (is("Daily")) {
    return {"*-*-* " + TimeText(start),
            start.period > 1 ? Format("every day, there every %u days", start.period) : std::string()};
  }
  if (is("Weekly")) return Weekly(start);
  if (is("Monthly")) return Monthly(start);
  if (is("Hourly")) return Hourly(start);
  if (is("Minutely")) return Minutely(start);
  if (is("Once")) {
    if (!start.has_date) return {{}, "it runs once, and has no date"};
    return {Format("%04u-%02u-%02u ", start.year, start.month, start.day) + TimeText(start), {}};
  }
  return {{}, "a kind of schedule that is not known"};
}

}  // namespace dl::migrate
