#include "daylight/match/byte_costs.h"

#include <algorithm>
#include <vector>

namespace dl::match {

const std::array<std::uint8_t, 256> kFoldedByteBits = {
    22, 51, 61,  65,  65, 65, 71, 73, 62, 62, 48, 75, 71, 75, 69,  56,  //
    68, 77, 76,  80,  78, 80, 82, 84, 73, 83, 85, 86, 83, 86, 85,  71,  //
    27, 82, 59,  69,  63, 77, 86, 62, 61, 60, 66, 81, 61, 63, 56,  54,  //
    57, 59, 63,  66,  66, 67, 67, 69, 66, 66, 62, 81, 61, 62, 60,  87,  //
    63, 41, 55,  46,  44, 36, 51, 55, 44, 42, 66, 64, 44, 50, 43,  43,  //
    50, 78, 42,  42,  39, 51, 63, 64, 62, 62, 70, 65, 61, 63, 80,  56,  //
    0,  0,  0,   0,   0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,   0,   //
    0,  0,  0,   0,   0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,   0,   //
    73, 87, 92,  68,  70, 70, 91, 93, 75, 58, 94, 62, 84, 67, 94,  92,  //
    74, 94, 97,  85,  88, 94, 97, 87, 82, 97, 99, 98, 92, 96, 102, 94,  //
    75, 98, 100, 100, 94, 97, 79, 99, 85, 95, 98, 79, 94, 99, 101, 95,  //
    85, 98, 99,  98,  94, 95, 83, 94, 82, 92, 87, 95, 91, 93, 86,  90,  //
    67, 76, 75,  76,  80, 83, 81, 76, 65, 71, 85, 82, 83, 86, 84,  81,  //
    58, 72, 76,  79,  75, 86, 80, 80, 69, 84, 69, 81, 82, 76, 73,  50,  //
    0,  0,  0,   0,   0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,   0,   //
    0,  0,  0,   0,   0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,   0,   //
};

const std::array<std::uint8_t, 256> kBitsAfterZero = {
    4,  52,  64,  66,  70,  68,  73,  69,  56, 71,  83,  86,  70,  78,  82,  62,   //
    68, 85,  64,  88,  86,  90,  89,  92,  80, 90,  94,  93,  89,  96,  95,  95,   //
    67, 93,  92,  90,  87,  94,  95,  96,  82, 66,  98,  99,  93,  98,  86,  97,   //
    78, 70,  99,  95,  92,  97,  95,  100, 83, 92,  95,  99,  90,  95,  100, 99,   //
    68, 64,  79,  72,  56,  70,  67,  70,  43, 63,  65,  85,  63,  77,  79,  87,   //
    67, 90,  49,  61,  66,  74,  82,  82,  73, 87,  65,  80,  58,  68,  90,  72,   //
    0,  0,   0,   0,   0,   0,   0,   0,   0,  0,   0,   0,   0,   0,   0,   0,    //
    0,  0,   0,   0,   0,   0,   0,   0,   0,  0,   0,   0,   0,   0,   0,   0,    //
    63, 92,  87,  77,  92,  80,  100, 98,  84, 75,  100, 73,  88,  92,  104, 105,  //
    75, 93,  106, 85,  100, 97,  101, 72,  87, 104, 105, 97,  99,  102, 107, 105,  //
    69, 104, 107, 104, 98,  107, 67,  106, 86, 90,  105, 59,  96,  107, 107, 105,  //
    80, 106, 105, 107, 100, 106, 101, 107, 81, 92,  78,  100, 100, 101, 80,  89,   //
    70, 91,  93,  84,  92,  95,  86,  81,  61, 64,  97,  84,  93,  99,  98,  98,   //
    67, 98,  86,  68,  93,  90,  88,  96,  74, 98,  65,  97,  92,  90,  95,  73,   //
    0,  0,   0,   0,   0,   0,   0,   0,   0,  0,   0,   0,   0,   0,   0,   0,    //
    0,  0,   0,   0,   0,   0,   0,   0,   0,  0,   0,   0,   0,   0,   0,   0,    //
};

const std::array<std::uint8_t, 256> kBitsOfZeroAfter = {
    4,  7,  9,  10, 14, 18, 13, 10, 12, 28, 40, 16, 14, 17, 26, 40,  //
    20, 18, 7,  20, 22, 20, 14, 20, 25, 14, 19, 18, 21, 22, 18, 19,  //
    69, 25, 47, 35, 37, 29, 21, 49, 33, 49, 46, 33, 45, 47, 54, 58,  //
    46, 50, 47, 44, 42, 45, 45, 46, 41, 46, 52, 35, 47, 48, 46, 25,  //
    28, 66, 54, 54, 37, 54, 57, 46, 60, 61, 34, 41, 59, 56, 62, 64,  //
    54, 33, 62, 47, 59, 55, 40, 43, 46, 39, 33, 48, 24, 42, 30, 51,  //
    0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,   //
    0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,   //
    11, 26, 29, 48, 14, 49, 29, 25, 31, 59, 28, 46, 35, 54, 26, 31,  //
    31, 20, 25, 35, 32, 27, 24, 6,  26, 27, 24, 19, 29, 27, 23, 30,  //
    28, 25, 24, 22, 25, 26, 18, 15, 25, 20, 22, 19, 29, 23, 23, 29,  //
    26, 28, 26, 27, 28, 28, 39, 31, 27, 24, 31, 28, 30, 31, 32, 30,  //
    35, 41, 39, 37, 36, 32, 34, 35, 38, 41, 34, 38, 33, 31, 32, 36,  //
    13, 29, 43, 35, 25, 31, 38, 38, 33, 35, 47, 35, 36, 38, 40, 44,  //
    0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,   //
    0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,   //
};

const std::array<std::uint8_t, 256> kBitsOfSameAfter = {
    4,  45, 54, 62, 63, 49, 74, 78, 71, 16,  24, 81, 79,  53, 71, 71,  //
    72, 87, 87, 83, 75, 75, 88, 83, 83, 76,  84, 82, 84,  85, 87, 89,  //
    9,  26, 27, 31, 59, 73, 47, 54, 60, 40,  15, 46, 100, 23, 43, 25,  //
    19, 30, 36, 35, 35, 35, 34, 35, 38, 36,  48, 56, 65,  21, 46, 60,  //
    32, 66, 53, 51, 44, 47, 34, 51, 62, 74,  73, 67, 29,  28, 52, 47,  //
    41, 66, 40, 33, 34, 74, 78, 51, 52, 74,  62, 24, 46,  55, 23, 30,  //
    0,  0,  0,  0,  0,  0,  0,  0,  0,  0,   0,  0,  0,   0,  0,  0,   //
    0,  0,  0,  0,  0,  0,  0,  0,  0,  0,   0,  0,  0,   0,  0,  0,   //
    49, 95, 72, 66, 71, 78, 74, 73, 46, 107, 67, 69, 69,  75, 70, 75,  //
    52, 76, 81, 56, 66, 72, 63, 91, 86, 44,  75, 69, 78,  73, 74, 75,  //
    76, 65, 78, 70, 78, 69, 89, 71, 81, 78,  22, 94, 78,  70, 66, 75,  //
    70, 70, 74, 71, 73, 76, 89, 74, 70, 74,  71, 71, 78,  76, 75, 74,  //
    68, 42, 78, 68, 74, 71, 71, 64, 56, 53,  73, 54, 54,  61, 70, 75,  //
    80, 78, 63, 70, 80, 68, 67, 63, 35, 62,  75, 66, 60,  60, 55, 9,   //
    0,  0,  0,  0,  0,  0,  0,  0,  0,  0,   0,  0,  0,   0,  0,  0,   //
    0,  0,  0,  0,  0,  0,  0,  0,  0,  0,   0,  0,  0,   0,  0,  0,   //
};

namespace {

bool IsFoldedLetter(std::uint8_t byte) { return byte >= 'A' && byte <= 'Z'; }

// Two wide characters: how common wide text is (rarer in what was measured
// than in what is scanned, so this is a guess), and then the characters in it.
constexpr std::uint32_t kWideTextBits = 24;
constexpr std::uint32_t kWideRunBits = 80;
std::uint32_t WideBits(std::uint8_t first, std::uint8_t second) {
  if (first == second) return kWideRunBits;
  return kWideTextBits + kFoldedByteBits[first] + kFoldedByteBits[second] -
         (IsFoldedLetter(first) && IsFoldedLetter(second) ? 6 : 0);
}

}  // namespace

std::uint32_t FoldedSequenceBits(std::span<const std::uint8_t> bytes) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const std::uint8_t byte = bytes[i];
    std::uint32_t bits = kFoldedByteBits[byte];
    if (i > 0) {
      const std::uint8_t previous = bytes[i - 1];
      if (previous == byte) {
        bits = kBitsOfSameAfter[byte];
      } else if (byte == 0) {
        bits = kBitsOfZeroAfter[previous];
      } else if (previous == 0) {
        bits = kBitsAfterZero[byte];
      } else if (IsFoldedLetter(previous) && IsFoldedLetter(byte)) {
        bits -= 6;
      }
    }
    sum += bits;
  }
  if (bytes.size() == 4 && bytes[1] == 0 && bytes[3] == 0 && bytes[0] != 0) {
    sum = std::min(sum, WideBits(bytes[0], bytes[2]));
  }
  if (bytes.size() == 4 && bytes[0] == 0 && bytes[2] == 0 && bytes[1] != 0) {
    sum = std::min(sum, WideBits(bytes[1], bytes[3]));
  }
  return sum;
}

std::uint32_t FoldedWindowBits(std::uint32_t window) {
  struct Common {
    std::uint32_t window;
    std::uint32_t bits;
  };
  static const std::vector<Common> common = [] {
    std::vector<Common> list(kCommonWindows);
    std::size_t step = 0;
    for (std::size_t i = 0; i < kCommonWindows; ++i) {
      while (step + 1 < kCommonWindowSteps && i >= kCommonWindowStepList[step].count) ++step;
      list[i] = {kCommonWindowList[i], kCommonWindowStepList[step].bits};
    }
    std::sort(list.begin(), list.end(), [](const Common& a, const Common& b) { return a.window < b.window; });
    return list;
  }();
  const auto found = std::lower_bound(common.begin(), common.end(), window,
                                      [](const Common& item, std::uint32_t value) { return item.window < value; });
  if (found != common.end() && found->window == window) return found->bits;
  const std::array<std::uint8_t, 4> bytes = {static_cast<std::uint8_t>(window), static_cast<std::uint8_t>(window >> 8),
                                             static_cast<std::uint8_t>(window >> 16),
                                             static_cast<std::uint8_t>(window >> 24)};
  // Not in the list, so rarer than those that are; how much rarer the bytes
  // tell only roughly.
  const std::uint32_t listed = kCommonWindowStepList.back().bits;
  const std::uint32_t bits = FoldedSequenceBits(bytes);
  return bits <= listed ? listed : listed + (bits - listed) / 2;
}

}  // namespace dl::match
