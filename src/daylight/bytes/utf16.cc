#include "daylight/bytes/utf16.h"

#include "daylight/bytes/utf8.h"

namespace dl {

std::string Utf8FromUtf16(Bytes bytes, bool is_big_endian) {
  std::string out;
  out.reserve(bytes.size() / 2);
  ForEachUtf16(bytes, is_big_endian, [&](std::uint32_t c) { AppendUtf8(c, out); });
  return out;
}

Bytes BeforeNul16(Bytes bytes) {
  std::size_t n = 0;
  while (bytes.size() - n >= 2 && (bytes[n] != std::byte{0} || bytes[n + 1] != std::byte{0})) n += 2;
  return bytes.first(n);
}

}  // namespace dl
