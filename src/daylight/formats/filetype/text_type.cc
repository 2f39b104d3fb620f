// What a head is that no magic matches. The classes of characters and the
// tests are those of file(1)'s ascmagic, with clamscan's changes: UTF-16 may
// lack a byte-order mark (it is big-endian then), and high bytes that are not
// UTF-8 still make ASCII.
#include <array>

#include "daylight/formats/filetype/filetype.h"

namespace dl::filetype {
namespace {

enum CharClass : std::uint8_t { kNever, kPlain, kHigh };

constexpr std::array<CharClass, 256> MakeClasses() {
  std::array<CharClass, 256> classes{};
  for (const unsigned c : {0x07U, 0x08U, 0x09U, 0x0aU, 0x0cU, 0x0dU, 0x1bU, 0x85U}) classes[c] = kPlain;
  for (unsigned c = 0x20; c < 0x7f; ++c) classes[c] = kPlain;
  for (unsigned c = 0x80; c < 0x100; ++c) {
    if (c != 0x85) classes[c] = kHigh;
  }
  return classes;
}
constexpr std::array<CharClass, 256> kClasses = MakeClasses();

unsigned At(Bytes bytes, std::size_t i) { return std::to_integer<unsigned>(bytes[i]); }

bool IsAscii(Bytes head) {
  for (const std::byte b : head) {
    if (kClasses[std::to_integer<unsigned>(b)] == kNever) return false;
  }
  return true;
}

bool IsUtf8(Bytes head) {
  bool multi = false;
  for (std::size_t i = 0; i < head.size(); ++i) {
    const unsigned c = At(head, i);
    if (c < 0x80) {
      if (kClasses[c] != kPlain) return false;
      continue;
    }
    // Sequences of up to six bytes, as UTF-8 once had.
    std::size_t following = 0;
    if (c < 0xc0 || c >= 0xfe) return false;
    if (c < 0xe0) {
      following = 1;
    } else if (c < 0xf0) {
      following = 2;
    } else if (c < 0xf8) {
      following = 3;
    } else {
      following = c < 0xfc ? 4 : 5;
    }
    for (; following > 0; --following) {
      if (++i >= head.size()) return multi;
      if ((At(head, i) & 0xc0) != 0x80) return false;
    }
    multi = true;
  }
  return multi;
}

ClamType Utf16TypeOf(Bytes head) {
  if (head.size() < 2) return ClamType::kBinaryData;
  const unsigned mark = At(head, 0) << 8 | At(head, 1);
  const bool little = mark == 0xfffe;
  const bool marked = little || mark == 0xfeff;
  std::size_t bad = 0;
  for (std::size_t i = 2; i + 1 < head.size(); i += 2) {
    const unsigned unit = little ? At(head, i) | At(head, i + 1) << 8 : At(head, i + 1) | At(head, i) << 8;
    if (unit == 0xfffe) return ClamType::kBinaryData;
    if (unit < 0x80 && kClasses[unit] != kPlain) {
      if (!marked) return ClamType::kBinaryData;
      ++bad;
    }
  }
  if (marked && bad >= head.size() / 2) return ClamType::kBinaryData;
  return little ? ClamType::kTextUtf16Le : ClamType::kTextUtf16Be;
}

}  // namespace

ClamType TextTypeOf(Bytes head) {
  if (IsAscii(head)) return ClamType::kTextAscii;
  if (IsUtf8(head)) return ClamType::kTextUtf8;
  return Utf16TypeOf(head);
}

}  // namespace dl::filetype
