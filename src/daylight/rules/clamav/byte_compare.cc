#include "daylight/rules/clamav/byte_compare.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <string>

namespace dl::clamav {

namespace {

bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool IsHexDigit(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool HasHexPrefix(std::string_view text) {
  return text.size() >= 3 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
}

struct Number {
  std::int64_t value = 0;
  std::size_t used = 0;  // Characters.
};

// As strtoll() reads a text that ends after its size: spaces, a sign, a prefix
// 0x with base 16. Nothing for a number that does not fit.
std::optional<Number> ReadNumber(std::string_view text, unsigned base) {
  std::size_t i = 0;
  while (i < text.size() && IsSpace(text[i])) ++i;
  bool is_negative = false;
  if (i < text.size() && (text[i] == '-' || text[i] == '+')) is_negative = text[i++] == '-';
  if (base == 16 && HasHexPrefix(text.substr(i)) && IsHexDigit(text[i + 2])) i += 2;
  std::uint64_t value = 0;
  const std::size_t first = i;
  for (; i < text.size(); ++i) {
    const char c = text[i];
    unsigned digit = 16;
    if (c >= '0' && c <= '9') digit = static_cast<unsigned>(c - '0');
    if (c >= 'a' && c <= 'f') digit = static_cast<unsigned>(c - 'a') + 10;
    if (c >= 'A' && c <= 'F') digit = static_cast<unsigned>(c - 'A') + 10;
    if (digit >= base) break;
    if (value > (static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) - digit) / base) {
      return std::nullopt;
    }
    value = value * base + digit;
  }
  Number number;
  if (i == first) return number;  // No digits: 0, and nothing was used.
  number.value = is_negative ? -static_cast<std::int64_t>(value) : static_cast<std::int64_t>(value);
  number.used = i;
  return number;
}

// Digits of little-endian hexadecimal, its pairs in reverse. What is no
// hexadecimal digit zeroes all that was taken before it.
std::string ReversePairs(std::string_view digits) {
  if (digits.size() == 1) return std::string(digits);
  std::string padded;
  if (digits.size() % 2 != 0) {
    padded = HasHexPrefix(digits) ? "x00" + std::string(digits.substr(2)) : "0" + std::string(digits);
  } else {
    padded = std::string(digits);
    if (HasHexPrefix(digits)) padded[0] = 'x';
  }
  const auto is_good = [](char c) { return IsHexDigit(c) || c == 'x' || c == 'X'; };
  std::string out(padded.size(), '0');
  for (std::size_t i = 0; i + 1 < padded.size(); i += 2) {
    const char high = padded[padded.size() - i - 2];
    const char low = padded[padded.size() - i - 1];
    if (!is_good(high)) {
      out.assign(padded.size(), '0');
      continue;
    }
    out[i] = high;
    if (is_good(low)) {
      out[i + 1] = low;
    } else {
      out.assign(padded.size(), '0');
    }
  }
  return out;
}

template <typename T>
bool Compare(char op, T value, T wanted) {
  switch (op) {
    case '=': return value == wanted;
    case '<': return value < wanted;
    case '>': return value > wanted;
    default: return false;
  }
}

std::optional<std::int64_t> ReadText(const ByteCompare& compare, Bytes field) {
  std::string_view text = AsText(field);
  const std::size_t all = text.size();
  while (!text.empty() && IsSpace(text.front())) text.remove_prefix(1);
  const bool was_padded = text.size() != all;
  // clamscan decides between the bases by a prefix, and not at all for less than three characters.
  if (compare.base == ByteCompare::Base::kAuto && text.size() < 3) return std::nullopt;
  unsigned base = 10;
  if (compare.base == ByteCompare::Base::kHex || (compare.base == ByteCompare::Base::kAuto && HasHexPrefix(text))) {
    base = 16;
  }
  if (compare.is_little_endian && base == 10) return std::nullopt;  // There is no such thing.
  const std::string reversed = compare.is_little_endian ? ReversePairs(text) : std::string();
  const auto number = ReadNumber(compare.is_little_endian ? std::string_view(reversed) : text, base);
  if (!number) return std::nullopt;
  if (compare.is_exact && (number->used != text.size() || was_padded)) return std::nullopt;
  return number->value;
}

std::optional<std::uint64_t> ReadRaw(const ByteCompare& compare, Bytes field) {
  if (field.size() != 1 && field.size() != 2 && field.size() != 4 && field.size() != 8) return std::nullopt;
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < field.size(); ++i) {
    const std::size_t at = compare.is_little_endian ? field.size() - 1 - i : i;
    value = value << 8 | std::to_integer<std::uint64_t>(field[at]);
  }
  return value;
}

}  // namespace

bool Holds(const ByteCompare& compare, Bytes bytes, std::uint64_t reference) {
  constexpr std::uint64_t kFarthest = std::uint64_t{1} << 40;
  if (reference > kFarthest || compare.offset > static_cast<std::int64_t>(kFarthest) ||
      compare.offset < -static_cast<std::int64_t>(kFarthest)) {
    return false;
  }
  const std::int64_t at = static_cast<std::int64_t>(reference) + compare.offset;
  // At the very beginning only what is written with >> and more than 0 is read.
  if (at < 0 || (compare.offset <= 0 && at == 0)) return false;
  const auto begin = static_cast<std::uint64_t>(at);
  if (begin > bytes.size() || compare.bytes > bytes.size() - begin) return false;
  const Bytes field = bytes.subspan(static_cast<std::size_t>(begin), compare.bytes);
  if (compare.base == ByteCompare::Base::kRaw) {
    const auto value = ReadRaw(compare, field);
    return value && std::all_of(compare.comparisons.begin(), compare.comparisons.end(), [&](const auto& comparison) {
             return Compare(comparison.op, *value, static_cast<std::uint64_t>(comparison.value));
           });
  }
  const auto value = ReadText(compare, field);
  return value && std::all_of(compare.comparisons.begin(), compare.comparisons.end(),
                              [&](const auto& comparison) { return Compare(comparison.op, *value, comparison.value); });
}

}  // namespace dl::clamav
