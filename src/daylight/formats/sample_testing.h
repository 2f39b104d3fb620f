// Samples and goldens for tests of format parsers.
//
//   const auto bytes = ReadHexSample("lnk/standard.hex");          // below tests/golden
//   EXPECT_EQ(Dump(bytes), ReadGolden("lnk/standard.facts", Dump(bytes)));
//   ForEachHostileVariant(bytes, [](Bytes variant) { Parse(variant); });
//
// A sample is text: hexadecimal digits in any grouping, N*XX for N times a byte,
// 'characters' in single quotes for themselves, and comments from # to the end
// of the line. So no file in the tree is what it describes.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "daylight/base/check.h"
#include "daylight/bytes/bytes.h"

namespace dl::formats {

inline std::string ReadTextFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  DL_CHECK(file.good());
  return {std::istreambuf_iterator<char>(file), {}};
}

inline std::vector<std::byte> ParseHexSample(std::string_view text) {
  std::vector<std::byte> bytes;
  int high = -1;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '#') {
      i = std::min(text.find('\n', i), text.size());
    } else if (c == '\'') {
      for (++i; i < text.size() && text[i] != '\''; ++i) bytes.push_back(static_cast<std::byte>(text[i]));
    } else if (const std::size_t star = text.find_first_not_of("0123456789", i);
               high < 0 && star != i && star != std::string_view::npos && text[star] == '*') {
      std::size_t times = 0;
      for (; i < star; ++i) times = times * 10 + static_cast<std::size_t>(text[i] - '0');
      DL_CHECK(times > 0 && times <= (1u << 20));
      const std::vector<std::byte> byte = ParseHexSample(text.substr(star + 1, 2));
      DL_CHECK(byte.size() == 1);
      bytes.insert(bytes.end(), times, byte[0]);
      i = star + 2;
    } else if (c != ' ' && c != '\n' && c != '\t') {
      constexpr std::string_view kDigits = "0123456789abcdef";
      const std::size_t digit = kDigits.find(c);
      DL_CHECK(digit != std::string_view::npos);
      if (high < 0) {
        high = static_cast<int>(digit);
      } else {
        bytes.push_back(static_cast<std::byte>(high * 16 + static_cast<int>(digit)));
        high = -1;
      }
    }
  }
  DL_CHECK(high < 0);
  return bytes;
}

inline std::string GoldenPath(const std::string& name) {
  return std::string(DAYLIGHT_SOURCE_DIR "/tests/golden/") + name;
}

inline std::vector<std::byte> ReadHexSample(const std::string& name) {
  return ParseHexSample(ReadTextFile(GoldenPath(name)));
}

// The same as text, for parsers of which a test wants to change bytes.
inline std::string ReadHexSampleText(const std::string& name) {
  const std::vector<std::byte> bytes = ReadHexSample(name);
  return std::string(AsText(bytes));
}

// The golden text; with DAYLIGHT_UPDATE_GOLDENS set it becomes `actual` first.
inline std::string ReadGolden(const std::string& name, std::string_view actual) {
  if (std::getenv("DAYLIGHT_UPDATE_GOLDENS") != nullptr) std::ofstream(GoldenPath(name), std::ios::binary) << actual;
  return ReadTextFile(GoldenPath(name));
}

// Calls `parse` with every prefix of the sample, with every aligned 16-, 32-
// and 64-bit field set to extremes in both byte orders, and with every byte
// inverted; each variant in an allocation of exactly its size, so that a
// sanitizer sees any byte read past it.
template <typename Parse>
void ForEachHostileVariant(Bytes sample, Parse&& parse) {
  const auto run = [&parse](Bytes bytes) {
    const std::unique_ptr<std::byte[]> exact(new std::byte[bytes.size()]);
    std::copy(bytes.begin(), bytes.end(), exact.get());
    parse(Bytes(exact.get(), bytes.size()));
  };
  for (std::size_t n = 0; n <= sample.size(); ++n) run(sample.first(n));

  // 0, 1, the largest and smallest signed, all ones, and numbers that bring a
  // small offset, or the product with a record's size, over the top.
  constexpr std::uint64_t kMax = ~std::uint64_t{0};
  constexpr std::array<std::uint64_t, 8> kExtremes = {0,    1,         kMax >> 1,     ~(kMax >> 1),
                                                      kMax, kMax - 15, kMax / 24 + 1, kMax / 40 + 1};
  std::vector<std::byte> copy(sample.begin(), sample.end());
  for (const std::size_t width : {std::size_t{2}, std::size_t{4}, std::size_t{8}}) {
    for (std::size_t at = 0; at + width <= copy.size(); at += width) {
      for (const std::uint64_t extreme : kExtremes) {
        // The upper end of a wide extreme is that of a narrow one.
        const std::uint64_t value = extreme > 1 ? extreme >> (64 - 8 * width) : extreme;
        for (const bool big_endian : {false, true}) {
          for (std::size_t i = 0; i < width; ++i) {
            copy[big_endian ? at + width - 1 - i : at + i] = static_cast<std::byte>(value >> (8 * i) & 0xff);
          }
          run(copy);
        }
      }
      std::copy_n(sample.begin() + static_cast<std::ptrdiff_t>(at), width,
                  copy.begin() + static_cast<std::ptrdiff_t>(at));
    }
  }
  for (std::byte& b : copy) {
    b = ~b;
    run(copy);
    b = ~b;
  }
}

}  // namespace dl::formats
