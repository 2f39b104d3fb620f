#include "daylight/match/prefilter.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <vector>

namespace dl::match {
namespace {

// Position by position, from the description in prefilter.h.
std::vector<std::uint32_t> ScanSlowly(const PrefilterTable& table, const std::uint8_t* bytes, std::size_t count) {
  std::vector<std::uint32_t> out;
  const auto is_set = [&](std::uint32_t word, std::uint32_t bit) { return (table.words[word] >> bit & 1) != 0; };
  for (std::size_t at = 0; at < count; ++at) {
    std::uint32_t window = 0;
    std::uint32_t next = 0;
    for (std::size_t i = 0; i < 4; ++i) window |= std::uint32_t{Fold(bytes[at + i])} << (8 * i);
    for (std::size_t i = 0; i < 4; ++i) next |= std::uint32_t{Fold(bytes[at + 4 + i])} << (8 * i);
    bool passes = false;
    if (table.kind == kBitmapShort) {
      const std::uint32_t bit = BitOf(window, kBitmapShort, table.factor);
      passes = is_set(bit / 32, bit % 32);
    } else {
      const std::uint32_t hash = window * table.factor;
      const std::uint32_t two = (next & 0xffff) * table.factor;
      const std::uint32_t word = hash >> (32 - table.filter_log2);
      passes = is_set(word, hash >> 12 & 7) && is_set(word, 8 + (two >> 13 & 7)) &&
               is_set(word, 16 + (next * table.factor >> 28));
    }
    if (passes) out.push_back(static_cast<std::uint32_t>(at));
  }
  return out;
}

TEST(PrefilterTest, AllKernelsGiveTheSameAnswer) {
  const std::span<const KernelInfo> kernels = AvailableKernels();
  ASSERT_GE(kernels.size(), 1u);
  EXPECT_STREQ(kernels[0].name, "portable");
  std::mt19937 rng(1);
  std::size_t found = 0;
  for (int round = 0; round < 300; ++round) {
    const std::size_t count = static_cast<std::size_t>(round) < 100 ? static_cast<std::size_t>(round) : rng() % 5000;
    // Exactly as many bytes as a kernel may read, so that a sanitizer sees more.
    const std::size_t size = count + kKernelSlack;
    const std::unique_ptr<std::uint8_t[]> bytes(new std::uint8_t[size]);
    for (std::size_t i = 0; i < size; ++i) {
      bytes[i] = static_cast<std::uint8_t>(rng());
      if (round % 2 == 0) bytes[i] = static_cast<std::uint8_t>("aAbB\0 "[bytes[i] % 6]);
    }
    const auto log2 = kMinFilterLog2 + static_cast<unsigned>(rng()) % (kMaxFilterLog2 - kMinFilterLog2 + 1);
    for (const std::size_t kind : {kFilter, kBitmapShort}) {
      std::vector<std::uint32_t> words(kind == kFilter ? std::size_t{1} << log2 : kBitmapWords);
      const auto density = static_cast<unsigned>(rng() % 4);
      for (std::uint32_t& word : words) {
        word = static_cast<std::uint32_t>(rng());
        for (unsigned i = 0; i < density; ++i) word &= static_cast<std::uint32_t>(rng());
      }
      const PrefilterTable table = {words.data(), kHashFactors[rng() % std::size(kHashFactors)], log2, kind};
      const std::vector<std::uint32_t> slow = ScanSlowly(table, bytes.get(), count);
      found += slow.size();
      for (const KernelInfo& kernel : kernels) {
        std::vector<std::uint32_t> out(count + 16);
        out.resize(kernel.kernel(table, bytes.get(), count, out.data()));
        ASSERT_EQ(out, slow) << kernel.name << " count " << count;
      }
    }
  }
  EXPECT_GT(found, 1000u);
}

TEST(PrefilterTest, WhatIsInTheFilterPassesWhateverTheUnknownBytes) {
  std::mt19937 rng(2);
  for (unsigned log2 = kMinFilterLog2; log2 <= kMaxFilterLog2; ++log2) {
    for (std::size_t known = 0; known <= 4; ++known) {
      std::vector<std::uint32_t> words(std::size_t{1} << log2);
      const std::uint32_t factor = kHashFactors[rng() % std::size(kHashFactors)];
      std::uint8_t bytes[1 + kKernelSlack] = {};
      for (std::size_t i = 0; i < 8; ++i) bytes[i] = static_cast<std::uint8_t>(rng());
      std::uint32_t window = 0;
      std::uint32_t next = 0;
      for (unsigned i = 0; i < 4; ++i) window |= std::uint32_t{Fold(bytes[i])} << (8 * i);
      for (unsigned i = 0; i < known; ++i) next |= std::uint32_t{Fold(bytes[4 + i])} << (8 * i);
      AddToFilter(FilterKey(window, next, known, factor), log2, words.data());
      for (int round = 0; round < 1000; ++round) {
        for (std::size_t i = 4 + known; i < 8; ++i) bytes[i] = static_cast<std::uint8_t>(rng());
        std::uint32_t out[17];
        ASSERT_EQ(PortableKernel({words.data(), factor, log2, kFilter}, bytes, 1, out), 1u) << known;
      }
    }
  }
}

TEST(PrefilterTest, AnAtomOfEightBytesLetsFewPass) {
  std::mt19937 rng(3);
  std::vector<std::uint32_t> words(std::size_t{1} << kMinFilterLog2);
  AddToFilter(FilterKey(0x11223344, 0x01020304, 4, kHashFactors[0]), kMinFilterLog2, words.data());
  std::uint8_t bytes[1 + kKernelSlack] = {0x44, 0x33, 0x22, 0x11};
  std::size_t passed = 0;
  for (int round = 0; round < 100'000; ++round) {
    for (std::size_t i = 4; i < 8; ++i) bytes[i] = static_cast<std::uint8_t>(rng());
    std::uint32_t out[17];
    passed += PortableKernel({words.data(), kHashFactors[0], kMinFilterLog2, kFilter}, bytes, 1, out);
  }
  // One in 8 * 16.
  EXPECT_GT(passed, 600u);
  EXPECT_LT(passed, 1000u);
}

TEST(PrefilterTest, FiltersGrowWithTheirKeys) {
  EXPECT_EQ(FilterLog2(0), kMinFilterLog2);
  EXPECT_EQ(FilterLog2(40'000), 16u);
  EXPECT_EQ(FilterLog2(std::size_t{1} << 40), kMaxFilterLog2);
}

}  // namespace
}  // namespace dl::match
