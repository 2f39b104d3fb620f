#include "daylight/formats/text/text.h"

#include <algorithm>
#include <array>

namespace dl::text {
namespace {

constexpr unsigned char kSkip = 0;

// What each byte becomes: itself, a lower-case letter, a blank or nothing.
constexpr std::array<unsigned char, 256> MakeTable() {
  std::array<unsigned char, 256> table{};
  for (unsigned c = 0x21; c < 0x80; ++c) {
    table[c] = static_cast<unsigned char>(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
  }
  for (const unsigned c : {0x09U, 0x0aU, 0x0bU, 0x0cU, 0x0dU, 0x20U}) table[c] = ' ';
  return table;
}
constexpr std::array<unsigned char, 256> kTable = MakeTable();

}  // namespace

std::string NormaliseText(Bytes text, std::size_t longest_pattern) {
  constexpr std::size_t kBuffer = 131072;
  constexpr std::size_t kPage = 4096;
  std::string out;
  out.reserve(text.size());
  bool blank = false;
  std::size_t filled = 0;  // Of the buffer of kBuffer + longest_pattern bytes.
  for (std::size_t at = 0; at < text.size(); at += kPage) {
    const Bytes page = text.subspan(at, std::min(kPage, text.size() - at));
    if (filled + page.size() > kBuffer + longest_pattern) {
      filled = longest_pattern;
      blank = false;
    }
    const std::size_t before = out.size();
    for (const std::byte b : page) {
      const unsigned char c = kTable[std::to_integer<unsigned>(b)];
      if (c == kSkip || (c == ' ' && blank)) continue;
      blank = c == ' ';
      out.push_back(static_cast<char>(c));
    }
    filled += out.size() - before;
  }
  return out;
}

}  // namespace dl::text
