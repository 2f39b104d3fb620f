#include "daylight/unpack/ole/names.h"

#include <cstdint>

#include "daylight/bytes/utf16.h"
#include "daylight/bytes/utf8.h"

namespace dl::unpack {

namespace {

// Windows Installer's names of streams: two characters of this alphabet in each.
constexpr std::string_view kPacked = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._";
constexpr std::uint32_t kPackedPairs = 0x3800;
constexpr std::uint32_t kPackedSingles = 0x4800;
constexpr std::uint32_t kTableMark = 0x4840;

void AppendPrintable(std::uint32_t c, std::string& out) {
  static constexpr std::string_view kHex = "0123456789abcdef";
  if (c < 0x20 || c == 0x7f) {
    out += {'_', kHex[c >> 4], kHex[c & 15], '_'};
  } else if (c == '/' || c == '\\') {
    out.push_back('_');
  } else if (c >= kPackedPairs && c < kPackedSingles) {
    out.push_back(kPacked[(c - kPackedPairs) & 63]);
    out.push_back(kPacked[(c - kPackedPairs) >> 6]);
  } else if (c >= kPackedSingles && c < kTableMark) {
    out.push_back(kPacked[c - kPackedSingles]);
  } else if (c == kTableMark) {
    out.push_back('!');
  } else {
    AppendUtf8(c, out);
  }
}

}  // namespace

std::string PrintableName(Bytes utf16le) {
  std::string out;
  ForEachUtf16(utf16le, false, [&](std::uint32_t c) { AppendPrintable(c, out); });
  return out;
}

bool IsSameName(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  const auto folded = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; };
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (folded(a[i]) != folded(b[i])) return false;
  }
  return true;
}

}  // namespace dl::unpack
