#include "daylight/events/time_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>

namespace dl::events {

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kFirst = -62'135'596'800;  // 0001-01-01
constexpr std::int64_t kLast = 253'402'300'799;   // 9999-12-31T23:59:59

std::string Padded(std::int64_t value, std::size_t width) {
  std::string digits = std::to_string(value);
  if (digits.size() < width) digits.insert(0, width - digits.size(), '0');
  return digits;
}

std::string Clock(const tm& time, char between) {
  return Padded(time.tm_year + 1900, 4) + "-" + Padded(time.tm_mon + 1, 2) + "-" + Padded(time.tm_mday, 2) + between +
         Padded(time.tm_hour, 2) + ":" + Padded(time.tm_min, 2) + ":" + Padded(time.tm_sec, 2);
}

// Whole seconds, towards the past.
std::int64_t Seconds(std::int64_t time_ns) {
  const std::int64_t seconds = time_ns / kSecond - (time_ns % kSecond < 0 ? 1 : 0);
  return std::clamp(seconds, kFirst, kLast);
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}
  bool AtEnd() const { return text_.empty(); }
  bool Take(char c) {
    if (!text_.starts_with(c)) return false;
    text_.remove_prefix(1);
    return true;
  }
  void Spaces() {
    while (Take(' ')) {
    }
  }
  // `least` to `most` digits.
  std::optional<int> Number(std::size_t least, std::size_t most) {
    std::size_t n = 0;
    int value = 0;
    while (n < most && n < text_.size() && text_[n] >= '0' && text_[n] <= '9') value = value * 10 + (text_[n++] - '0');
    if (n < least) return std::nullopt;
    text_.remove_prefix(n);
    return value;
  }
  std::string_view rest() const { return text_; }

 private:
  std::string_view text_;
};

std::optional<std::int64_t> Unit(std::string_view name) {
  struct Known {
    std::string_view name;
    std::int64_t seconds;
  };
  constexpr std::array<Known, 21> kUnits = {
      {{"s", 1},           {"sec", 1},          {"second", 1},      {"seconds", 1}, {"min", 60},      {"m", 60},
       {"minute", 60},     {"minutes", 60},     {"h", 3600},        {"hour", 3600}, {"hours", 3600},  {"hr", 3600},
       {"d", 86400},       {"day", 86400},      {"days", 86400},    {"w", 604800},  {"week", 604800}, {"weeks", 604800},
       {"month", 2629800}, {"months", 2629800}, {"years", 31557600}}};
  const auto found = std::find_if(kUnits.begin(), kUnits.end(), [&](const Known& unit) { return unit.name == name; });
  if (found == kUnits.end()) return std::nullopt;
  return found->seconds;
}

// "2h", "3 days"; seconds.
std::optional<std::int64_t> Span(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || number < 0 || number > 100'000'000) return std::nullopt;
  std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  while (unit.starts_with(' ')) unit.remove_prefix(1);
  const auto seconds = Unit(unit);
  if (!seconds) return std::nullopt;
  return number * *seconds;
}

std::optional<std::int64_t> StartOfDay(std::int64_t now_ns, int days) {
  const std::time_t seconds = Seconds(now_ns);
  tm local{};
  if (::localtime_r(&seconds, &local) == nullptr) return std::nullopt;
  local.tm_hour = local.tm_min = local.tm_sec = 0;
  local.tm_mday += days;
  local.tm_isdst = -1;
  return static_cast<std::int64_t>(::mktime(&local)) * kSecond;
}

std::optional<std::int64_t> Date(std::string_view text) {
  Reader reader(text);
  tm time{};
  const auto year = reader.Number(4, 4);
  if (!year || *year < 1970 || *year > 2200 || !reader.Take('-')) return std::nullopt;
  const auto month = reader.Number(1, 2);
  if (!month || *month < 1 || *month > 12 || !reader.Take('-')) return std::nullopt;
  const auto day = reader.Number(1, 2);
  if (!day || *day < 1 || *day > 31) return std::nullopt;
  time.tm_year = *year - 1900;
  time.tm_mon = *month - 1;
  time.tm_mday = *day;
  std::int64_t fraction = 0;
  if (reader.Take('T') || reader.Take(' ')) {
    reader.Spaces();
    const auto hour = reader.Number(1, 2);
    if (!hour || *hour > 23 || !reader.Take(':')) return std::nullopt;
    const auto minute = reader.Number(2, 2);
    if (!minute || *minute > 59) return std::nullopt;
    time.tm_hour = *hour;
    time.tm_min = *minute;
    if (reader.Take(':')) {
      const auto second = reader.Number(2, 2);
      if (!second || *second > 60) return std::nullopt;
      time.tm_sec = *second;
      if (reader.Take('.')) {
        std::int64_t weight = kSecond / 10;
        int digits = 0;
        while (const auto digit = reader.Number(1, 1)) {
          fraction += weight * *digit;
          weight /= 10;
          ++digits;
        }
        if (digits == 0) return std::nullopt;
      }
    }
  }
  reader.Spaces();
  std::optional<std::int64_t> offset;
  if (reader.Take('Z') || reader.rest() == "UTC") {
    if (reader.rest() == "UTC") reader = Reader("");
    offset = 0;
  } else if (!reader.AtEnd()) {
    const bool minus = reader.Take('-');
    if (!minus && !reader.Take('+')) return std::nullopt;
    const auto hours = reader.Number(2, 2);
    reader.Take(':');
    const auto minutes = reader.Number(2, 2);
    if (!hours || !minutes || *hours > 23 || *minutes > 59) return std::nullopt;
    offset = (*hours * 3600 + *minutes * 60) * (minus ? -1 : 1);
  }
  if (!reader.AtEnd()) return std::nullopt;
  const tm asked = time;
  time.tm_isdst = -1;
  const std::int64_t seconds = offset ? ::timegm(&time) - *offset : ::mktime(&time);
  if (time.tm_mon != asked.tm_mon && asked.tm_mday > 28) return std::nullopt;  // The 30th of February.
  return seconds * kSecond + fraction;
}

}  // namespace

std::string Rfc3339(std::int64_t time_ns, int digits) {
  const std::time_t seconds = Seconds(time_ns);
  tm utc{};
  ::gmtime_r(&seconds, &utc);
  std::string out = Clock(utc, 'T');
  if (digits > 0) {
    const std::int64_t below = (time_ns % kSecond + kSecond) % kSecond;
    out += "." + Padded(below, 9).substr(0, static_cast<std::size_t>(std::min(digits, 9)));
  }
  return out + "Z";
}

std::string LocalTime(std::int64_t time_ns) {
  const std::time_t seconds = Seconds(time_ns);
  tm local{};
  if (::localtime_r(&seconds, &local) == nullptr) return Rfc3339(time_ns, 0);
  return Clock(local, ' ');
}

std::optional<std::int64_t> ParseTime(std::string_view text, std::int64_t now_ns) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  if (text == "now") return now_ns;
  if (text == "today") return StartOfDay(now_ns, 0);
  if (text == "yesterday") return StartOfDay(now_ns, -1);
  constexpr std::string_view kAgo = " ago";
  std::optional<std::int64_t> back;
  if (text.ends_with(kAgo)) {
    back = Span(text.substr(0, text.size() - kAgo.size()));
  } else if (text.starts_with('-')) {
    back = Span(text.substr(1));
  } else if (text.starts_with('@')) {
    std::int64_t seconds = 0;
    const auto [end, error] = std::from_chars(text.data() + 1, text.data() + text.size(), seconds);
    if (error != std::errc() || end != text.data() + text.size() || seconds < 0 || seconds > kLast / 30)
      return std::nullopt;
    return seconds * kSecond;
  } else {
    return Date(text);
  }
  // What is further back than 1970 is all there is.
  if (!back) return std::nullopt;
  return *back > now_ns / kSecond ? 0 : now_ns - *back * kSecond;
}

}  // namespace dl::events
