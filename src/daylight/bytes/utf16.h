// Characters from UTF-16.
//
//   std::string utf8 = Utf8FromUtf16(bytes, /*is_big_endian=*/false);
//
// Lone halves of pairs become U+FFFD; an odd last byte is left out.
#pragma once

#include <cstdint>
#include <string>

#include "daylight/bytes/bytes.h"

namespace dl {

// Calls take(code) for each code point.
template <typename Take>
void ForEachUtf16(Bytes bytes, bool is_big_endian, const Take& take) {
  const auto unit = [&](std::size_t at) {
    const auto first = std::to_integer<std::uint32_t>(bytes[at]);
    const auto second = std::to_integer<std::uint32_t>(bytes[at + 1]);
    return is_big_endian ? first << 8 | second : second << 8 | first;
  };
  for (std::size_t at = 0; at + 1 < bytes.size(); at += 2) {
    std::uint32_t c = unit(at);
    if (c >= 0xd800 && c < 0xe000) {
      const std::uint32_t low = at + 3 < bytes.size() ? unit(at + 2) : 0;
      if (c < 0xdc00 && low >= 0xdc00 && low < 0xe000) {
        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
        at += 2;
      } else {
        c = 0xfffd;
      }
    }
    take(c);
  }
}

std::string Utf8FromUtf16(Bytes bytes, bool is_big_endian);

// The units before the first NUL unit, or all of them.
Bytes BeforeNul16(Bytes bytes);
// These of text as Windows keeps it, the least significant byte first.
inline std::string Utf8FromWide(Bytes bytes) { return Utf8FromUtf16(BeforeNul16(bytes), /*is_big_endian=*/false); }

}  // namespace dl
