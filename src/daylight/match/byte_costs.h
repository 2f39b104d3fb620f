// How common short byte sequences are in files that are scanned: what makes
// one atom cheaper to look for than another.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

namespace dl::match {

// Windows are compared with bit 5 of each byte set: both cases of a letter
// look the same, and so do a zero and a space.
inline constexpr std::uint8_t Fold(std::uint8_t byte) { return byte | 0x20; }

// -log2 of shares, in eighths of a bit, measured over 36 MB of ELF programs,
// sources, web pages and text. By folded byte; unfolded ones never occur and
// read as 0.
extern const std::array<std::uint8_t, 256> kFoldedByteBits;   // Of the byte among all bytes...
extern const std::array<std::uint8_t, 256> kBitsAfterZero;    // ...among those behind a zero or space.
extern const std::array<std::uint8_t, 256> kBitsOfZeroAfter;  // Of a zero or space behind the byte.
extern const std::array<std::uint8_t, 256> kBitsOfSameAfter;  // Of the same byte again.

// The same for a folded sequence, byte after byte: runs of one byte, letters
// after letters and wide characters are far more common than their bytes alone.
inline std::uint32_t FoldedSequenceBits(std::span<const std::uint8_t> bytes) {
  const auto is_letter = [](std::uint8_t b) { return b >= 'a' && b <= 'z'; };
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const std::uint8_t byte = bytes[i];
    std::uint32_t bits = kFoldedByteBits[byte];
    if (i > 0) {
      const std::uint8_t previous = bytes[i - 1];
      if (previous == byte) {
        bits = kBitsOfSameAfter[byte];
      } else if (byte == Fold(0)) {
        bits = kBitsOfZeroAfter[previous];
      } else if (previous == Fold(0)) {
        bits = kBitsAfterZero[byte];
      } else if (is_letter(previous) && is_letter(byte)) {
        bits -= 5;
      }
      // Where every other byte is zero, the next one most likely is.
      if (i > 1 && byte == Fold(0) && bytes[i - 2] == byte) bits = std::min<std::uint32_t>(bits, 6);
      if (i > 1 && bytes[i - 2] == byte) bits = std::min<std::uint32_t>(bits, 32);
    }
    sum += bits;
  }
  return sum;
}

// Single bytes say little about words: the windows of four folded bytes that
// are most common, the most common first, and how common they are.
inline constexpr std::size_t kCommonWindows = 4096;
inline constexpr std::size_t kCommonWindowSteps = 24;
struct CommonWindowStep {
  std::uint32_t count;  // So many windows of the list...
  std::uint32_t bits;   // ...have at least this share, in eighths of a bit.
};
extern const std::array<std::uint32_t, kCommonWindows> kCommonWindowList;
extern const std::array<CommonWindowStep, kCommonWindowSteps> kCommonWindowStepList;

// -log2 of the share of a folded window of four bytes, in eighths of a bit.
std::uint32_t FoldedWindowBits(std::uint32_t window);

}  // namespace dl::match
