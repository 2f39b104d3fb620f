#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <vector>

#include "daylight/match/prefilter_testing.h"

namespace dl::match {
namespace {

// Exactly as many bytes as a kernel may read, so that a sanitizer sees more.
std::unique_ptr<std::uint8_t[]> RandomBytes(std::size_t count, bool is_text, std::mt19937& rng) {
  std::unique_ptr<std::uint8_t[]> bytes(new std::uint8_t[count + kKernelSlack]);
  for (std::size_t i = 0; i < count + kKernelSlack; ++i) {
    bytes[i] = static_cast<std::uint8_t>(rng());
    if (is_text) bytes[i] = static_cast<std::uint8_t>("aAbB\0\0\0\0\0\0\0 "[bytes[i] % 12]);
  }
  return bytes;
}

std::vector<std::uint32_t> RandomWords(std::size_t count, std::mt19937& rng) {
  std::vector<std::uint32_t> words(count);
  const auto density = static_cast<unsigned>(rng() % 5);
  for (std::uint32_t& word : words) {
    word = static_cast<std::uint32_t>(rng());
    for (unsigned i = 0; i < density; ++i) word &= static_cast<std::uint32_t>(rng());
  }
  return words;
}

std::vector<ShortWindow> RandomWindows(std::size_t count, std::mt19937& rng) {
  std::vector<ShortWindow> windows(count);
  for (ShortWindow& window : windows) {
    window.length = 1 + static_cast<std::uint32_t>(rng()) % 3;
    std::uint8_t bytes[3];
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(rng());
    window.bytes = FoldedBytes(bytes, window.length);
  }
  return windows;
}

TEST(PrefilterTest, AllKernelsGiveTheSameAnswer) {
  const std::span<const KernelInfo> kernels = AvailableKernels();
  ASSERT_GE(kernels.size(), 1u);
  EXPECT_STREQ(kernels[0].name, "portable");
  std::mt19937 rng(1);
  std::size_t found = 0;
  for (int round = 0; round < 300; ++round) {
    const std::size_t count = static_cast<std::size_t>(round) < 150 ? static_cast<std::size_t>(round) : rng() % 9000;
    const std::unique_ptr<std::uint8_t[]> bytes = RandomBytes(count, round % 2 == 0, rng);
    const auto log2 = kMinFilterLog2 + static_cast<unsigned>(rng()) % (kMaxFilterLog2 - kMinFilterLog2 + 1);
    const std::vector<std::uint32_t> words = RandomWords(std::size_t{1} << log2, rng);
    const FilterTable filter = {words.data(), log2, kHashFactors[rng() % std::size(kHashFactors)],
                                1 + static_cast<std::uint32_t>(rng()) % kMaxStride, rng() % 2 == 0};
    const std::vector<std::uint32_t> bitmap = RandomWords(kBitmapWords, rng);
    NibbleTables nibbles;
    MakeNibbleTables(RandomWindows(rng() % 3 == 0 ? 100 : rng() % 30, rng), nibbles);
    const ShortTable shorts = {bitmap.data(), rng() % 3 == 0 ? nullptr : &nibbles};
    ASSERT_EQ(CompareKernels(filter, shorts, bytes.get(), count, &found), "");
  }
  EXPECT_GT(found, 1000u);
}

TEST(PrefilterTest, WhatIsInTheFilterPassesWhateverTheUnknownBytes) {
  std::mt19937 rng(2);
  for (std::uint32_t stride = 1; stride <= kMaxStride; ++stride) {
    const std::size_t hashed = WindowBytes(stride);
    for (std::size_t known = 0; known <= 4; ++known) {
      const unsigned log2 = kMinFilterLog2 + static_cast<unsigned>(known);
      std::vector<std::uint32_t> words(std::size_t{1} << log2);
      const std::uint32_t factor = kHashFactors[rng() % std::size(kHashFactors)];
      std::uint8_t bytes[1 + kKernelSlack] = {};
      for (std::size_t i = 0; i < 8; ++i) bytes[i] = static_cast<std::uint8_t>(rng());
      const std::uint32_t window = FoldedBytes(bytes, hashed);
      const std::uint32_t next = FoldedBytes(bytes + hashed, known);
      AddToFilter(FilterKey(window, next, known, factor, stride), log2, words.data());
      const std::uint32_t key = ConfirmKey(window, next, known);
      for (int round = 0; round < 1000; ++round) {
        for (std::size_t i = hashed + known; i < 8; ++i) bytes[i] = static_cast<std::uint8_t>(rng());
        std::uint32_t out[17];
        ASSERT_EQ(AvailableKernels()[0].filter({words.data(), log2, factor, stride, false}, bytes, 1, out), 1u)
            << known;
        const ConfirmHashes hashes = HashesOf(window, FoldedBytes(bytes + hashed, 4));
        ASSERT_TRUE(key == hashes.all || key == hashes.first || key == hashes.window);
      }
    }
  }
}

TEST(PrefilterTest, AnAtomOfEightBytesLetsFewPass) {
  std::mt19937 rng(3);
  std::vector<std::uint32_t> words(std::size_t{1} << kMinFilterLog2);
  AddToFilter(FilterKey(0x11223344, 0x01020304, 4, kHashFactors[0], 1), kMinFilterLog2, words.data());
  std::uint8_t bytes[1 + kKernelSlack] = {0x44, 0x33, 0x22, 0x11};
  std::size_t passed = 0;
  for (int round = 0; round < 100'000; ++round) {
    for (std::size_t i = 4; i < 8; ++i) bytes[i] = static_cast<std::uint8_t>(rng());
    std::uint32_t out[17];
    passed += AvailableKernels()[0].filter({words.data(), kMinFilterLog2, kHashFactors[0], 1, false}, bytes, 1, out);
  }
  // One in 8 * 16.
  EXPECT_GT(passed, 600u);
  EXPECT_LT(passed, 1000u);
}

TEST(PrefilterTest, NibbleTablesNeverMissAWindow) {
  std::mt19937 rng(4);
  for (int round = 0; round < 100; ++round) {
    const std::vector<ShortWindow> windows = RandomWindows(1 + rng() % 200, rng);
    NibbleTables nibbles;
    MakeNibbleTables(windows, nibbles);
    const std::vector<std::uint32_t> bitmap(kBitmapWords, 0xffffffff);
    for (const ShortWindow& window : windows) {
      const std::unique_ptr<std::uint8_t[]> bytes = RandomBytes(1, false, rng);
      for (std::size_t i = 0; i < window.length; ++i) bytes[i] = static_cast<std::uint8_t>(window.bytes >> (8 * i));
      std::uint32_t out[17];
      ASSERT_EQ(AvailableKernels()[0].shorts({bitmap.data(), &nibbles}, bytes.get(), 1, out), 1u);
    }
  }
}

TEST(PrefilterTest, NibbleTablesAreOfNoUseForManyWindows) {
  NibbleTables nibbles;
  std::vector<ShortWindow> windows;
  EXPECT_TRUE(MakeNibbleTables(windows, nibbles));
  for (std::uint32_t byte = 0; byte < 0x60; ++byte) windows.push_back({byte, 1});
  EXPECT_FALSE(MakeNibbleTables(windows, nibbles));
}

TEST(PrefilterTest, FiltersGrowWithTheirKeys) {
  EXPECT_EQ(FilterLog2(0), kMinFilterLog2);
  EXPECT_EQ(FilterLog2(40'000), 16u);
  EXPECT_EQ(FilterLog2(std::size_t{1} << 40), kMaxFilterLog2);
  EXPECT_EQ(ConfirmLog2(0), kBitmapLog2);
  EXPECT_EQ(ConfirmLog2(std::size_t{1} << 40), 24u);
}

}  // namespace
}  // namespace dl::match
