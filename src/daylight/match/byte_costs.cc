#include "daylight/match/byte_costs.h"

#include <algorithm>
#include <vector>

namespace dl::match {

const std::array<std::uint8_t, 256> kFoldedByteBits = {
    16, 48, 56, 57, 57, 60, 65, 71, 60, 66, 53, 72, 74, 75, 65, 59,  //
    66, 76, 77, 76, 75, 78, 82, 81, 71, 81, 84, 83, 80, 84, 84, 73,  //
    31, 81, 72, 76, 56, 74, 82, 70, 61, 63, 64, 81, 64, 64, 62, 65,  //
    62, 64, 70, 73, 73, 73, 76, 79, 71, 72, 65, 65, 72, 68, 73, 65,  //
    65, 43, 57, 49, 47, 38, 53, 56, 46, 43, 71, 65, 47, 54, 45, 46,  //
    50, 72, 45, 44, 41, 53, 62, 65, 62, 61, 70, 68, 69, 68, 76, 50,  //
    0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,   //
    0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,   //
    72, 82, 85, 67, 71, 70, 85, 87, 79, 57, 90, 62, 84, 65, 89, 88,  //
    72, 85, 92, 88, 85, 89, 90, 89, 82, 91, 92, 92, 87, 90, 91, 82,  //
    81, 90, 92, 91, 88, 92, 91, 91, 86, 91, 90, 89, 88, 92, 92, 91,  //
    82, 90, 92, 92, 88, 89, 83, 87, 81, 87, 83, 89, 86, 86, 83, 86,  //
    65, 73, 77, 72, 75, 78, 77, 73, 63, 70, 81, 77, 76, 80, 79, 78,  //
    70, 78, 77, 76, 81, 81, 76, 79, 72, 78, 77, 77, 75, 76, 71, 48,  //
    0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,   //
    0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,   //
};

const std::array<std::uint8_t, 256> kBitsAfterZero = {
    3,  48,  54,  55,  56, 71,  69, 72,  59, 65, 71,  79,  74, 82,  73,  66,   //
    66, 78,  73,  83,  77, 86,  88, 88,  73, 85, 88,  82,  82, 87,  87,  88,   //
    64, 84,  87,  91,  81, 81,  86, 84,  77, 85, 86,  88,  87, 87,  67,  90,   //
    73, 72,  89,  90,  84, 89,  89, 89,  79, 90, 91,  92,  84, 91,  90,  91,   //
    66, 65,  75,  75,  67, 68,  70, 75,  48, 66, 82,  84,  64, 76,  76,  77,   //
    65, 81,  66,  68,  69, 73,  78, 83,  74, 83, 65,  83,  78, 85,  88,  77,   //
    0,  0,   0,   0,   0,  0,   0,  0,   0,  0,  0,   0,   0,  0,   0,   0,    //
    0,  0,   0,   0,   0,  0,   0,  0,   0,  0,  0,   0,   0,  0,   0,   0,    //
    72, 92,  97,  82,  89, 84,  97, 98,  85, 78, 100, 79,  94, 93,  102, 100,  //
    76, 87,  101, 98,  95, 99,  97, 94,  88, 99, 101, 101, 95, 101, 99,  89,   //
    79, 101, 101, 100, 95, 100, 97, 100, 86, 99, 91,  91,  93, 101, 102, 100,  //
    80, 101, 100, 101, 95, 101, 99, 101, 84, 91, 84,  99,  94, 94,  84,  89,   //
    71, 74,  93,  80,  84, 87,  83, 81,  64, 72, 92,  84,  86, 91,  92,  93,   //
    72, 91,  89,  76,  88, 92,  87, 92,  80, 92, 86,  93,  73, 93,  88,  72,   //
    0,  0,   0,   0,   0,  0,   0,  0,   0,  0,  0,   0,   0,  0,   0,   0,    //
    0,  0,   0,   0,   0,  0,   0,  0,   0,  0,  0,   0,   0,  0,   0,   0,    //
};

const std::array<std::uint8_t, 256> kBitsOfZeroAfter = {
    3,  7,  9,  9,  13, 16, 15, 10, 14, 15, 30, 15, 14, 16, 28, 34,  //
    17, 15, 9,  14, 15, 19, 14, 16, 17, 15, 16, 17, 17, 17, 17, 21,  //
    49, 20, 30, 29, 39, 26, 17, 27, 31, 38, 39, 24, 39, 39, 35, 38,  //
    32, 37, 28, 30, 23, 30, 29, 26, 27, 35, 42, 43, 31, 35, 34, 41,  //
    21, 45, 38, 43, 35, 40, 44, 38, 45, 49, 29, 32, 42, 40, 43, 45,  //
    39, 28, 41, 39, 40, 42, 34, 35, 34, 34, 12, 33, 28, 32, 28, 51,  //
    0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,   //
    0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,   //
    16, 32, 22, 45, 17, 43, 29, 27, 24, 58, 26, 42, 28, 50, 28, 27,  //
    28, 26, 25, 27, 28, 26, 25, 19, 13, 24, 24, 24, 26, 27, 26, 15,  //
    22, 28, 25, 26, 26, 27, 26, 25, 21, 25, 17, 25, 28, 25, 26, 28,  //
    24, 27, 26, 27, 27, 29, 33, 31, 25, 29, 31, 29, 30, 33, 33, 32,  //
    31, 34, 32, 26, 34, 32, 33, 34, 28, 38, 33, 37, 35, 31, 34, 35,  //
    23, 31, 34, 35, 28, 31, 36, 34, 28, 34, 34, 35, 36, 35, 40, 44,  //
    0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,   //
    0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,   //
};

const std::array<std::uint8_t, 256> kBitsOfSameAfter = {
    3,  40, 49, 56, 43, 33, 52, 57, 52, 25, 26, 44, 49, 38, 76, 69,  //
    52, 60, 68, 46, 56, 65, 61, 64, 70, 70, 64, 65, 59, 62, 64, 74,  //
    8,  49, 40, 39, 33, 52, 32, 46, 47, 32, 13, 42, 89, 8,  41, 21,  //
    22, 37, 42, 42, 42, 45, 46, 45, 45, 45, 30, 81, 50, 23, 53, 2,   //
    43, 54, 58, 49, 44, 50, 36, 58, 60, 50, 66, 69, 33, 38, 53, 42,  //
    42, 52, 39, 29, 42, 70, 72, 52, 51, 67, 60, 40, 40, 51, 24, 30,  //
    0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,   //
    0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,   //
    56, 71, 66, 58, 70, 74, 70, 67, 52, 99, 68, 67, 52, 77, 64, 61,  //
    14, 65, 64, 66, 61, 65, 65, 67, 68, 49, 68, 65, 69, 67, 66, 68,  //
    68, 65, 66, 62, 66, 67, 66, 65, 69, 63, 40, 65, 62, 62, 63, 65,  //
    60, 72, 60, 64, 63, 65, 72, 69, 63, 69, 66, 65, 71, 71, 74, 72,  //
    70, 48, 67, 67, 68, 61, 65, 66, 57, 55, 64, 58, 44, 62, 62, 63,  //
    66, 52, 64, 65, 62, 61, 61, 58, 60, 53, 63, 60, 58, 57, 55, 8,   //
    0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,   //
    0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,   //
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

// Where one byte is repeated, it is mostly repeated often: base64 of zeros, rulers, padding. What was measured has
// little of some of them, and a text of the kind is one that has much.
constexpr std::uint32_t kRunBits = 80;

// Byte after byte: runs of one byte, letters after letters and wide characters
// are far more common than their bytes alone.
std::uint32_t SequenceBits(std::span<const std::uint8_t> bytes) {
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
  if (std::all_of(bytes.begin(), bytes.end(), [&](std::uint8_t byte) { return byte == bytes[0]; })) {
    sum = std::min(sum, kRunBits);
  }
  if (bytes.size() == 4 && bytes[1] == 0 && bytes[3] == 0 && bytes[0] != 0) {
    sum = std::min(sum, WideBits(bytes[0], bytes[2]));
  }
  if (bytes.size() == 4 && bytes[0] == 0 && bytes[2] == 0 && bytes[1] != 0) {
    sum = std::min(sum, WideBits(bytes[1], bytes[3]));
  }
  return sum;
}

// The windows of one length that are listed, sorted for looking them up.
class Listed {
 public:
  explicit Listed(std::size_t length) {
    const CommonWindows common = CommonWindowsOf(length);
    least_bits_ = common.steps.back().bits;
    std::size_t step = 0;
    for (std::size_t i = 0; i < common.windows.size(); ++i) {
      while (step + 1 < common.steps.size() && i >= common.steps[step].count) ++step;
      list_.push_back({common.windows[i], common.steps[step].bits});
    }
    std::sort(list_.begin(), list_.end(), [](const Item& a, const Item& b) { return a.window < b.window; });
  }

  std::uint32_t least_bits() const { return least_bits_; }
  // 0: not listed.
  std::uint32_t Find(std::uint32_t window) const {
    const auto found = std::lower_bound(list_.begin(), list_.end(), window,
                                        [](const Item& item, std::uint32_t value) { return item.window < value; });
    return found != list_.end() && found->window == window ? found->bits : 0;
  }

 private:
  struct Item {
    std::uint32_t window;
    std::uint32_t bits;
  };
  std::vector<Item> list_;
  std::uint32_t least_bits_ = 0;
};

}  // namespace

std::uint32_t FoldedWindowBits(std::uint32_t window, std::size_t length) {
  if (length == 1) return kFoldedByteBits[window & 0xff];
  static const std::array<Listed, 3> lists = {Listed(2), Listed(3), Listed(4)};
  const Listed& listed = lists[length - 2];
  if (const std::uint32_t bits = listed.Find(window); bits != 0) return bits;
  const std::array<std::uint8_t, 4> bytes = {static_cast<std::uint8_t>(window), static_cast<std::uint8_t>(window >> 8),
                                             static_cast<std::uint8_t>(window >> 16),
                                             static_cast<std::uint8_t>(window >> 24)};
  // Not in the list, so rarer than those that are; how much rarer the bytes
  // tell only roughly.
  const std::uint32_t least = listed.least_bits();
  const std::uint32_t bits = SequenceBits(std::span(bytes).first(length));
  return bits <= least ? least : least + (bits - least) / 2;
}

}  // namespace dl::match
