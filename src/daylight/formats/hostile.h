// Every way in which a small file is likely to break a parser.
//
//   testing::ForEachHostileVariant(sample, [](Bytes bytes) { (void)ParseElf(bytes); });
//
// Each prefix of the sample, then the sample with each aligned 16-, 32- and
// 64-bit number replaced by extreme ones. Every variant lies in an allocation
// of exactly its size, so that a sanitizer sees each byte read past it.
#pragma once

#include <algorithm>
#include <cstring>
#include <functional>
#include <memory>
#include <string_view>

#include "daylight/bytes/bytes.h"

namespace dl::testing {

inline void ForEachHostileVariant(std::string_view sample, const std::function<void(Bytes)>& parse) {
  const auto run = [&parse](std::string_view bytes) {
    const std::unique_ptr<std::byte[]> exact(new std::byte[bytes.size()]);
    if (!bytes.empty()) std::memcpy(exact.get(), bytes.data(), bytes.size());
    parse(Bytes(exact.get(), bytes.size()));
  };
  for (std::size_t n = 0; n <= sample.size(); ++n) run(sample.substr(0, n));

  // 0, 1, all ones, the largest signed, the smallest signed, and numbers that
  // bring a small offset or a product with a record's size over the top.
  constexpr std::uint64_t kMax = ~std::uint64_t{0};
  const std::uint64_t extremes[] = {0, 1, kMax, kMax >> 1, ~(kMax >> 1), kMax - 15, kMax / 24 + 1, kMax / 40 + 1};
  std::string variant(sample);
  for (const std::size_t width : {2u, 4u, 8u}) {
    for (std::size_t offset = 0; offset + width <= sample.size(); offset += width) {
      for (const std::uint64_t extreme : extremes) {
        // The high bytes of a wide extreme are that of a narrow one.
        const std::uint64_t value = extreme > 1 ? extreme >> (64 - 8 * width) : extreme;
        for (const bool big_endian : {false, true}) {
          for (std::size_t i = 0; i < width; ++i) {
            const std::size_t at = big_endian ? offset + width - 1 - i : offset + i;
            variant[at] = static_cast<char>(value >> (8 * i) & 0xff);
          }
          run(variant);
        }
      }
      std::copy_n(sample.begin() + static_cast<std::ptrdiff_t>(offset), width,
                  variant.begin() + static_cast<std::ptrdiff_t>(offset));
    }
  }
}

}  // namespace dl::testing
