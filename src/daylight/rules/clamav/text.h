// What signature files are made of, read the way that clamscan reads it: hex
// digits, fields between delimiters, numbers with the leniency of C's scanf.
// Internal to this room.
//
//   std::array<std::string_view, 5> fields;
//   const std::size_t count = Split(line, ':', fields);
//   if (!IsNumber(fields[3])) return Fail(ErrorCode::kMalformed, "not a number");
//
// Pure functions; views into what they are given.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace dl::clamav {

// The value of a hexadecimal digit, or -1.
inline constexpr std::array<std::int8_t, 256> kHexValues = [] {
  std::array<std::int8_t, 256> values{};
  values.fill(-1);
  for (int i = 0; i < 10; ++i) values[static_cast<std::size_t>('0' + i)] = static_cast<std::int8_t>(i);
  for (int i = 0; i < 6; ++i) {
    values[static_cast<std::size_t>('a' + i)] = static_cast<std::int8_t>(10 + i);
    values[static_cast<std::size_t>('A' + i)] = static_cast<std::int8_t>(10 + i);
  }
  return values;
}();
inline int HexValue(char c) { return kHexValues[static_cast<unsigned char>(c)]; }

inline bool IsDigit(char c) { return c >= '0' && c <= '9'; }
inline bool IsLetter(std::uint8_t b) { return (b | 0x20) >= 'a' && (b | 0x20) <= 'z'; }
// isspace() of the C locale.
inline bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// Exactly out.size() bytes of two digits each.
inline bool DecodeHex(std::string_view text, std::span<std::uint8_t> out) {
  if (text.size() != out.size() * 2) return false;
  int bad = 0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const int high = HexValue(text[2 * i]);
    const int low = HexValue(text[2 * i + 1]);
    bad |= high | low;
    out[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return bad >= 0;
}
// Pairs of hexadecimal digits, none included.
bool IsHexText(std::string_view text);

// Writes the fields between delimiters and returns how many there are, at most
// fields.size(); what stands behind the last of these is dropped, so that one
// more field than allowed shows that there are too many.
inline std::size_t Split(std::string_view text, char delimiter, std::span<std::string_view> fields) {
  std::size_t count = 0;
  while (count < fields.size()) {
    const void* const end = text.empty() ? nullptr : std::memchr(text.data(), delimiter, text.size());
    if (end == nullptr) {
      fields[count++] = text;
      return count;
    }
    const auto length = static_cast<std::size_t>(static_cast<const char*>(end) - text.data());
    fields[count++] = text.substr(0, length);
    text.remove_prefix(length + 1);
  }
  return count;
}

// Nothing but digits, and also nothing at all: an empty field reads as 0.
inline bool IsNumber(std::string_view text) {
  for (const char c : text) {
    if (!IsDigit(c)) return false;
  }
  return true;
}

// atoi(): blanks, a sign, digits, then anything; a value beyond an int is cut
// as a conversion from long cuts it.
std::int32_t Atoi(std::string_view text);
inline std::uint32_t AtoiUnsigned(std::string_view text) { return static_cast<std::uint32_t>(Atoi(text)); }

// scanf("%u"): takes blanks, a sign and digits off `text`. False without digits.
bool ScanUnsigned(std::string_view& text, std::uint32_t& value);
bool ScanUnsigned64(std::string_view& text, std::uint64_t& value);

// strtol() and strtoll(), base 0 (0x1f, 017, 9) or 10: takes the number off
// `text`; without digits `text` stays and the value is 0.
std::int64_t ScanInteger(std::string_view& text, int base);

// A signature's name without what follows " (Clam)".
inline std::string_view StripName(std::string_view name) { return name.substr(0, name.find(" (Clam)")); }

}  // namespace dl::clamav
