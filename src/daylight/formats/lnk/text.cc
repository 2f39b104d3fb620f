#include "daylight/formats/lnk/text.h"

#include <algorithm>
#include <string_view>

namespace dl::formats {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";

struct Sequence {
  std::size_t size;  // Bytes that belong together.
  bool valid;        // Or only the beginning of a valid sequence.
};

// Unicode 15, table 3-7, "Well-Formed UTF-8 Byte Sequences".
Sequence NextSequence(Bytes bytes) {
  const auto at = [bytes](std::size_t i) { return std::to_integer<unsigned>(bytes[i]); };
  const unsigned lead = at(0);
  if (lead < 0x80) return {1, true};
  if (lead < 0xc2 || lead > 0xf4) return {1, false};
  const std::size_t size = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  unsigned low = 0x80, high = 0xbf;  // Of the second byte; the others have no exceptions.
  if (lead == 0xe0) low = 0xa0;
  if (lead == 0xed) high = 0x9f;
  if (lead == 0xf0) low = 0x90;
  if (lead == 0xf4) high = 0x8f;
  for (std::size_t i = 1; i < size; ++i) {
    if (i >= bytes.size() || at(i) < low || at(i) > high) return {i, false};
    low = 0x80;
    high = 0xbf;
  }
  return {size, true};
}

}  // namespace

std::string ReplaceInvalidUtf8(Bytes bytes) {
  std::string out;
  out.reserve(bytes.size());
  while (!bytes.empty()) {
    const Sequence sequence = NextSequence(bytes);
    out += sequence.valid ? AsText(bytes.first(sequence.size)) : kReplacement;
    bytes = bytes.subspan(sequence.size);
  }
  return out;
}

Bytes BeforeNul(Bytes bytes) {
  const auto nul = std::find(bytes.begin(), bytes.end(), std::byte{0});
  return bytes.first(static_cast<std::size_t>(nul - bytes.begin()));
}

}  // namespace dl::formats
