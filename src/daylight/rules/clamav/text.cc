#include "daylight/rules/clamav/text.h"

#include <limits>

namespace dl::clamav {
namespace {

// Digits of the base after blanks and a sign; saturates. False without digits,
// when `text` stays as it is.
bool ScanMagnitude(std::string_view& text, int base, bool& is_negative, std::uint64_t& value, bool& overflowed) {
  std::size_t at = 0;
  while (at < text.size() && IsSpace(text[at])) ++at;
  is_negative = at < text.size() && text[at] == '-';
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
  if (base == 0) {
    base = 10;
    if (at < text.size() && text[at] == '0') {
      base = 8;
      if (at + 2 < text.size() && (text[at + 1] | 0x20) == 'x' && HexValue(text[at + 2]) >= 0) {
        base = 16;
        at += 2;
      }
    }
  }
  const std::size_t first = at;
  value = 0;
  overflowed = false;
  for (; at < text.size(); ++at) {
    const int digit = HexValue(text[at]);
    if (digit < 0 || digit >= base) break;
    const auto wide_base = static_cast<std::uint64_t>(base);
    if (value > (std::numeric_limits<std::uint64_t>::max() - static_cast<std::uint64_t>(digit)) / wide_base) {
      overflowed = true;
      continue;
    }
    value = value * wide_base + static_cast<std::uint64_t>(digit);
  }
  if (at == first) return false;
  text.remove_prefix(at);
  return true;
}

}  // namespace

bool IsHexText(std::string_view text) {
  if (text.size() % 2 != 0) return false;
  for (const char c : text) {
    if (HexValue(c) < 0) return false;
  }
  return true;
}

std::int64_t ScanInteger(std::string_view& text, int base) {
  constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  bool is_negative = false;
  bool overflowed = false;
  std::uint64_t value = 0;
  if (!ScanMagnitude(text, base, is_negative, value, overflowed)) return 0;
  if (overflowed || value > kMax) {
    return is_negative ? std::numeric_limits<std::int64_t>::min() : std::numeric_limits<std::int64_t>::max();
  }
  return is_negative ? -static_cast<std::int64_t>(value) : static_cast<std::int64_t>(value);
}

std::int32_t Atoi(std::string_view text) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(ScanInteger(text, 10)));
}

bool ScanUnsigned64(std::string_view& text, std::uint64_t& value) {
  bool is_negative = false;
  bool overflowed = false;
  if (!ScanMagnitude(text, 10, is_negative, value, overflowed)) return false;
  if (overflowed) {
    value = std::numeric_limits<std::uint64_t>::max();
  } else if (is_negative) {
    value = 0 - value;
  }
  return true;
}

bool ScanUnsigned(std::string_view& text, std::uint32_t& value) {
  std::uint64_t wide = 0;
  if (!ScanUnsigned64(text, wide)) return false;
  value = static_cast<std::uint32_t>(wide);
  return true;
}

}  // namespace dl::clamav
