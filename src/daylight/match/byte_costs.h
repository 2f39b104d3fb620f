// How common short byte sequences are in files that are scanned: what makes
// one atom cheaper to look for than another.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace dl::match {

// Windows are compared with bit 5 of each byte cleared where bit 6 is set: both
// cases of a letter look the same, and little else does.
inline constexpr std::uint8_t Fold(std::uint8_t byte) {
  return static_cast<std::uint8_t>(byte & ~((byte >> 1) & 0x20));
}
inline constexpr std::uint32_t FoldWindow(std::uint32_t window) { return window & ~((window >> 1) & 0x20202020); }
// Whether the bytes b with (b & mask) == value are one when folded.
inline constexpr bool IsOneFolded(std::uint8_t value, std::uint8_t mask) {
  return mask == 0xff || (mask == 0xdf && (value & 0x40) != 0);
}

// -log2 of shares, in eighths of a bit, measured over programs, sources, web
// pages and text. By folded byte; others never occur and read as 0.
extern const std::array<std::uint8_t, 256> kFoldedByteBits;   // Of the byte among all bytes...
extern const std::array<std::uint8_t, 256> kBitsAfterZero;    // ...among those behind a zero.
extern const std::array<std::uint8_t, 256> kBitsOfZeroAfter;  // Of a zero behind the byte.
extern const std::array<std::uint8_t, 256> kBitsOfSameAfter;  // Of the same byte again.

// Single bytes say little about words and code: the windows of two to four
// folded bytes that are most common, the most common first, and how common.
struct CommonWindowStep {
  std::uint32_t count;  // So many windows of the list...
  std::uint32_t bits;   // ...have at least this share, in eighths of a bit.
};
struct CommonWindows {
  std::span<const std::uint32_t> windows;
  std::span<const CommonWindowStep> steps;
};
CommonWindows CommonWindowsOf(std::size_t length);

// -log2 of the share of one to four folded bytes, in eighths of a bit.
std::uint32_t FoldedWindowBits(std::uint32_t window, std::size_t length);

}  // namespace dl::match
