#include "daylight/unpack/encoded/decode.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace dl::unpack {

namespace {

using namespace std::literals;

constexpr std::size_t kMinBytes = 64;
constexpr std::size_t kManyBytes = 512;

constexpr std::array<std::int8_t, 256> MakeBase64() {
  std::array<std::int8_t, 256> digits{};
  digits.fill(-1);
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < kDigits.size(); ++i) {
    digits[static_cast<unsigned char>(kDigits[i])] = static_cast<std::int8_t>(i);
  }
  digits[static_cast<unsigned char>('-')] = 62;
  digits[static_cast<unsigned char>('_')] = 63;
  return digits;
}
constexpr auto kBase64 = MakeBase64();

constexpr std::string_view kMagics[] = {
    "MZ"sv,
    "\x7f\x45LF"sv,
    "PK\x03\x04"sv,
    "%PDF-"sv,
    "\xd0\xcf\x11\xe0"sv,
    "Rar!"sv,
    "7z\xbc\xaf"sv,
    "\x1f\x8b\x08"sv,
    "{\\rt"sv,
    "MSCF"sv,
    "\xca\xfe\xba\xbe"sv,
    "BZh"sv,
    "\xfd"
    "7zXZ"sv,
    "\xcf\xfa\xed\xfe"sv,
    "L\0\0\0\x01\x14\x02"sv,
    "ITSF"sv,
    "\x89PNG"sv,
    "GIF8"sv,
    "\xff\xd8\xff"sv,
    "\xff\xfe"sv,
    "\xfe\xff"sv,
};

// Appends `count` digits at text[at]; false when they are not there.
bool ReadHex(std::string_view text, std::size_t at, std::size_t count, unsigned& value) {
  if (text.size() < at || text.size() - at < count) return false;
  value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const int digit = HexDigit(text[at + i]);
    if (digit < 0) return false;
    value = value * 16 + static_cast<unsigned>(digit);
  }
  return true;
}

void PutUnit(unsigned value, std::string& out) {
  out.push_back(static_cast<char>(value));
  out.push_back(static_cast<char>(value >> 8));
}

}  // namespace

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string DecodeBase64(std::string_view text) {
  std::string out;
  out.reserve(text.size() / 4 * 3 + 3);
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char c : text) {
    const int digit = kBase64[static_cast<unsigned char>(c)];
    if (digit < 0) {
      if (c == '=') break;
      continue;
    }
    bits = bits << 6 | static_cast<unsigned>(digit);
    count += 6;
    if (count >= 8) {
      count -= 8;
      out.push_back(static_cast<char>(bits >> count));
    }
  }
  return out;
}

std::string DecodeHex(std::string_view text) {
  std::string out;
  out.reserve(text.size() / 2);
  int high = -1;
  for (const char c : text) {
    const int digit = HexDigit(c);
    if (digit < 0) continue;
    if (high >= 0) out.push_back(static_cast<char>(high * 16 + digit));
    high = high >= 0 ? -1 : digit;
  }
  return out;
}

std::string DecodePercent(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    unsigned value = 0;
    if (text[at] == '%' && ReadHex(text, at + 1, 2, value)) {
      out.push_back(static_cast<char>(value));
      at += 2;
    } else if (text[at] == '%' && at + 1 < text.size() && (text[at + 1] == 'u' || text[at + 1] == 'U') &&
               ReadHex(text, at + 2, 4, value)) {
      PutUnit(value, out);
      at += 5;
    } else {
      out.push_back(text[at]);
    }
  }
  return out;
}

std::string DecodeBackslash(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    unsigned value = 0;
    const char next = text[at] == '\\' && at + 1 < text.size() ? text[at + 1] : '\0';
    if (next == 'x' && ReadHex(text, at + 2, 2, value)) {
      out.push_back(static_cast<char>(value));
      at += 3;
    } else if (next == 'u' && ReadHex(text, at + 2, 4, value)) {
      if (value < 256) {
        out.push_back(static_cast<char>(value));
      } else {
        PutUnit(value, out);
      }
      at += 5;
    } else if (next >= '0' && next <= '7') {
      std::size_t n = 0;
      while (n < 3 && at + 1 + n < text.size() && text[at + 1 + n] >= '0' && text[at + 1 + n] <= '7') {
        value = value * 8 + static_cast<unsigned>(text[at + 1 + n] - '0');
        ++n;
      }
      out.push_back(static_cast<char>(value));
      at += n;
    } else {
      out.push_back(text[at]);
    }
  }
  return out;
}

bool IsWorthOpening(std::string_view bytes, bool counts_size) {
  if (bytes.size() < kMinBytes) return false;
  if (counts_size && bytes.size() >= kManyBytes) return true;
  for (const std::string_view magic : kMagics) {
    if (bytes.starts_with(magic)) return true;
  }
  std::size_t printable = 0;
  std::size_t zeros_in_odd = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const char c = bytes[i];
    if ((c >= ' ' && c <= '~') || c == '\n' || c == '\r' || c == '\t') ++printable;
    if (i % 2 == 1 && c == 0) ++zeros_in_odd;
  }
  // Text, or text of two bytes a character.
  return printable * 10 >= bytes.size() * 9 || (printable + zeros_in_odd) * 10 >= bytes.size() * 9;
}

}  // namespace dl::unpack
