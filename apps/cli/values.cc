#include "values.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "daylight/sandbox/compiler.h"

namespace dl::cli {

namespace {

template <typename T>
std::optional<T> WholeNumber(std::string_view text) {
  T value{};
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || stop != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

bool IsDigits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string_view WithoutSign(std::string_view text) { return text.starts_with('-') ? text.substr(1) : text; }

bool IsFloat(std::string_view text) {
  const std::string_view digits = WithoutSign(text);
  const std::size_t dot = digits.find('.');
  if (dot == digits.npos) return false;
  const std::string_view before = digits.substr(0, dot);
  const std::string_view after = digits.substr(dot + 1);
  return (before.empty() || IsDigits(before)) && (after.empty() || IsDigits(after)) && digits.size() > 1;
}

bool IsIdentifier(std::string_view text) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !text.empty() && is_letter(text[0]) &&
         std::all_of(text.begin(), text.end(), [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

std::string OneDecimal(double value) {
  std::array<char, 32> text;
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed, 1);
  return std::string(text.data(), end);
}

}  // namespace

std::optional<std::uint64_t> ParseSize(std::string_view text) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto number = WholeNumber<std::uint64_t>(text.substr(0, digits));
  if (!number) return std::nullopt;
  std::string unit(text.substr(digits));
  std::transform(unit.begin(), unit.end(), unit.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  if (unit.empty() || unit == "B") return number;
  const std::size_t power = std::string_view("KMGT").find(unit[0]);
  const std::string_view rest = std::string_view(unit).substr(1);
  if (power == std::string_view::npos || !(rest.empty() || rest == "B" || rest == "IB")) return std::nullopt;
  const auto shift = static_cast<unsigned>(10 * (power + 1));
  if (*number > (~std::uint64_t{0} >> shift)) return std::nullopt;
  return *number << shift;
}

std::optional<std::uint32_t> ParseDuration(std::string_view text) {
  double unit = 1000;
  if (text.ends_with("ms")) {
    unit = 1;
    text.remove_suffix(2);
  } else if (text.ends_with("s")) {
    text.remove_suffix(1);
  } else if (text.ends_with("m")) {
    unit = 60000;
    text.remove_suffix(1);
  } else if (text.ends_with("h")) {
    unit = 3600000;
    text.remove_suffix(1);
  }
  if (!IsDigits(text) && !IsFloat(text)) return std::nullopt;
  const auto number = WholeNumber<double>(text);
  if (!number || *number < 0 || *number * unit > 4e9) return std::nullopt;
  // Never rounded down to 0, which would be no limit.
  return static_cast<std::uint32_t>(std::ceil(*number * unit));
}

std::optional<report::ExternalValue> ParseDefine(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == text.npos || !IsIdentifier(text.substr(0, equals))) return std::nullopt;
  report::ExternalValue value;
  value.name = text.substr(0, equals);
  value.text = text.substr(equals + 1);
  value.kind = report::ExternalValue::Kind::kString;
  if (sandbox::IsObjectVariable(value.name)) return value;
  if (IsFloat(value.text)) {
    const auto number = WholeNumber<double>(value.text);
    if (!number) return std::nullopt;
    value.kind = report::ExternalValue::Kind::kFloat;
    value.real = *number;
  } else if (IsDigits(WithoutSign(value.text))) {
    const auto number = WholeNumber<std::int64_t>(value.text);
    if (!number) return std::nullopt;  // Does not fit in 64 bits.
    value.kind = report::ExternalValue::Kind::kInteger;
    value.integer = *number;
  } else if (value.text == "true" || value.text == "false") {
    value.kind = report::ExternalValue::Kind::kBoolean;
    value.integer = value.text == "true" ? 1 : 0;
  }
  if (value.kind != report::ExternalValue::Kind::kString) value.text.clear();
  return value;
}

std::optional<std::pair<std::string, std::string>> ParseModuleData(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == text.npos || equals == 0 || equals + 1 == text.size()) return std::nullopt;
  return std::pair(std::string(text.substr(0, equals)), std::string(text.substr(equals + 1)));
}

std::string SizeText(std::uint64_t bytes) {
  constexpr const char* kUnits[] = {"KB", "MB", "GB", "TB"};
  if (bytes < 1024) return std::to_string(bytes) + " B";
  double value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < std::size(kUnits)) {
    value /= 1024;
    ++unit;
  }
  return OneDecimal(value) + " " + kUnits[unit];
}

std::string TimeText(double seconds) {
  if (seconds < 60) return OneDecimal(seconds) + " s";
  const auto whole = static_cast<std::uint64_t>(seconds);
  if (whole < 3600) return std::to_string(whole / 60) + " min " + std::to_string(whole % 60) + " s";
  return std::to_string(whole / 3600) + " h " + std::to_string(whole % 3600 / 60) + " min";
}

}  // namespace dl::cli
