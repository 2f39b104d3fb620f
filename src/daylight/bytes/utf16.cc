#include "daylight/bytes/utf16.h"

#include "daylight/bytes/utf8.h"

namespace dl {

std::string Utf8FromUtf16(Bytes bytes, bool is_big_endian) {
  std::string out;
  out.reserve(bytes.size() / 2);
  ForEachUtf16(bytes, is_big_endian, [&](std::uint32_t c) { AppendUtf8(c, out); });
  return out;
}

}  // namespace dl
