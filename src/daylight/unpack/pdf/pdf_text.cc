#include "daylight/unpack/pdf/pdf_text.h"

#include <cstddef>
#include <cstdint>

#include "daylight/bytes/utf8.h"

namespace dl::unpack::pdf {

std::string ToUtf8(std::string_view text) {
  const bool is_big = text.starts_with("\xfe\xff");
  if (!is_big && !text.starts_with("\xff\xfe")) return std::string(text);
  const auto unit = [&](std::size_t at) {
    const auto first = static_cast<std::uint8_t>(text[at]);
    const auto second = static_cast<std::uint8_t>(text[at + 1]);
    return std::uint32_t{is_big ? first : second} << 8 | (is_big ? second : first);
  };
  std::string out;
  out.reserve(text.size() / 2);
  for (std::size_t at = 2; at + 1 < text.size(); at += 2) {
    std::uint32_t c = unit(at);
    if (c >= 0xd800 && c < 0xdc00 && at + 3 < text.size()) {
      const std::uint32_t low = unit(at + 2);
      if (low >= 0xdc00 && low < 0xe000) {
        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
        at += 2;
      }
    }
    AppendUtf8(c, out);
  }
  return out;
}

}  // namespace dl::unpack::pdf
