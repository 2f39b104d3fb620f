// Measures how common bytes and windows of four bytes are in sample files, and
// prints the tables of src/daylight/match/byte_costs.cc and common_windows.cc.
//
//   find /usr/lib /usr/share -type f | shuf -n 3000 | window_shares > tables.txt
//
// Names of files come from standard input; of each the first 512 KiB count.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <string>
#include <unordered_map>
#include <vector>

#include "daylight/match/byte_costs.h"

namespace {

using Counts = std::array<double, 256>;

int Bits(double count, double total) {
  return static_cast<int>(
      std::clamp(std::round(-8 * std::log2(std::max(count, 0.5) / std::max(total, 1.0))), 0.0, 127.0));
}

void PrintTable(const char* name, const Counts& counts, const Counts& totals) {
  std::printf("const std::array<std::uint8_t, 256> %s = {\n", name);
  for (unsigned i = 0; i < 256; ++i) {
    const bool is_folded = dl::match::Fold(static_cast<std::uint8_t>(i)) == i;
    std::printf("%s%3d,%s", i % 16 == 0 ? "    " : " ", is_folded ? Bits(counts[i], totals[i]) : 0,
                i % 16 == 15 ? "  //\n" : "");
  }
  std::printf("};\n\n");
}

}  // namespace

int main() {
  std::array<Counts, 256> pairs{};
  std::unordered_map<std::uint32_t, std::uint32_t> windows;
  double total = 0;
  std::vector<char> bytes(512 << 10);
  for (std::string name; std::getline(std::cin, name);) {
    std::ifstream file(name, std::ios::binary);
    file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    std::uint32_t window = 0;
    for (std::streamsize i = 0; i < file.gcount(); ++i) {
      const std::uint8_t byte = dl::match::Fold(static_cast<std::uint8_t>(bytes[static_cast<std::size_t>(i)]));
      if (i > 0) ++pairs[window >> 24][byte];
      window = window >> 8 | static_cast<std::uint32_t>(byte) << 24;
      if (i >= 3) ++windows[window];
      ++total;
    }
  }
  Counts all{}, ones{}, after_zero{}, zeros{}, rows{}, zero_after{}, same_after{};
  for (unsigned a = 0; a < 256; ++a) {
    for (unsigned b = 0; b < 256; ++b) {
      all[b] += pairs[a][b];
      rows[a] += pairs[a][b];
    }
    zero_after[a] = pairs[a][0];
    same_after[a] = pairs[a][a];
    after_zero[a] = pairs[0][a];
  }
  ones.fill(total);
  zeros.fill(rows[0]);
  PrintTable("kFoldedByteBits", all, ones);
  PrintTable("kBitsAfterZero", after_zero, zeros);
  PrintTable("kBitsOfZeroAfter", zero_after, rows);
  PrintTable("kBitsOfSameAfter", same_after, rows);

  std::vector<std::pair<std::uint32_t, std::uint32_t>> common;  // Count, window.
  for (const auto& [window, count] : windows) common.emplace_back(count, window);
  std::sort(common.rbegin(), common.rend());
  common.resize(std::min(common.size(), dl::match::kCommonWindows));
  std::printf("const std::array<std::uint32_t, kCommonWindows> kCommonWindowList = {\n");
  for (std::size_t i = 0; i < common.size(); ++i) {
    std::printf("%s0x%08x,%s", i % 9 == 0 ? "    " : " ", common[i].second, i % 9 == 8 ? "\n" : "");
  }
  // In steps of half a bit, each with the share in its middle.
  std::printf("\n};\n\nconst std::array<CommonWindowStep, kCommonWindowSteps> kCommonWindowStepList = {{\n");
  std::size_t before = 0;
  for (int bits = 0; bits < 256; bits += 4) {
    const auto last =
        std::find_if(common.begin(), common.end(), [&](const auto& w) { return Bits(w.first, total) >= bits + 4; });
    const auto count = static_cast<std::size_t>(last - common.begin());
    if (count != before) std::printf("    {%zu, %d},\n", count, bits + 2);
    before = count;
  }
  std::printf("}};\n");
  return 0;
}
