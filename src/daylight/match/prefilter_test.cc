#include "daylight/match/prefilter.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <vector>

namespace dl::match {
namespace {

// Position by position.
std::vector<std::uint32_t> ScanSlowly(const std::vector<std::uint32_t>& bitmap, const std::uint8_t* bytes,
                                      std::size_t count, std::size_t kind) {
  std::vector<std::uint32_t> out;
  for (std::size_t at = 0; at < count; ++at) {
    std::uint32_t window = 0;
    for (std::size_t i = 0; i < 4; ++i) window |= std::uint32_t{Fold(bytes[at + i])} << (8 * i);
    const std::uint32_t bit = BitOf(window, kind, kHashFactors[0]);
    if ((bitmap[bit >> 5] >> (bit & 31) & 1) != 0) out.push_back(static_cast<std::uint32_t>(at));
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
    for (const std::size_t kind : {kBitmap4, kBitmapShort}) {
      std::vector<std::uint32_t> bitmap(kBitmapWords[kind]);
      const unsigned density = rng() % 4;
      for (std::uint32_t& word : bitmap) {
        word = static_cast<std::uint32_t>(rng());
        for (unsigned i = 0; i < density; ++i) word &= static_cast<std::uint32_t>(rng());
      }
      const std::vector<std::uint32_t> slow = ScanSlowly(bitmap, bytes.get(), count, kind);
      found += slow.size();
      for (const KernelInfo& kernel : kernels) {
        std::vector<std::uint32_t> out(count + 16);
        out.resize(kernel.kernel(bitmap.data(), bytes.get(), count, kind, kHashFactors[0], out.data()));
        ASSERT_EQ(out, slow) << kernel.name << " count " << count;
      }
    }
  }
  EXPECT_GT(found, 1000u);
}

}  // namespace
}  // namespace dl::match
