// Measures how common bytes and short windows are in sample files, and prints
// the tables of src/daylight/match/byte_costs.cc and common_windows.cc.
//
//   find /usr/bin /usr/share/doc -type f | shuf -n 3000 | window_shares bytes > tables.txt
//   find /usr/bin /usr/share/doc -type f | shuf -n 3000 | window_shares windows > src/daylight/match/common_windows.cc
//
// Names of files come from standard input; of each up to eight pieces of 64 KiB
// count, spread over it.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <string>
#include <unordered_map>
#include <vector>

#include "daylight/match/byte_costs.h"

namespace {

constexpr std::size_t kPieceBytes = 64 << 10;
constexpr std::size_t kPieces = 8;

using Counts = std::array<double, 256>;

struct Sample {
  std::array<Counts, 256> pairs{};
  std::array<std::unordered_map<std::uint32_t, std::uint32_t>, 5> windows;  // By length, 2 to 4.
  double total = 0;
};

void AddPiece(const char* bytes, std::size_t size, Sample& sample) {
  std::uint32_t window = 0;
  for (std::size_t i = 0; i < size; ++i) {
    const std::uint8_t byte = dl::match::Fold(static_cast<std::uint8_t>(bytes[i]));
    if (i > 0) ++sample.pairs[window >> 24][byte];
    window = window >> 8 | static_cast<std::uint32_t>(byte) << 24;
    for (std::size_t length = 2; length <= 4; ++length) {
      if (i + 1 >= length) ++sample.windows[length][window >> (8 * (4 - length))];
    }
    ++sample.total;
  }
}

void AddFile(const std::string& name, Sample& sample) {
  std::ifstream file(name, std::ios::binary | std::ios::ate);
  const auto size = static_cast<std::size_t>(std::max<std::streamoff>(file.tellg(), 0));
  const std::size_t pieces = std::min(kPieces, (size + kPieceBytes - 1) / kPieceBytes);
  std::vector<char> bytes(kPieceBytes);
  for (std::size_t i = 0; i < pieces; ++i) {
    file.clear();
    file.seekg(static_cast<std::streamoff>(size / pieces * i));
    file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    AddPiece(bytes.data(), static_cast<std::size_t>(file.gcount()), sample);
  }
}

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

void PrintBytes(const Sample& sample) {
  Counts all{}, ones{}, after_zero{}, zeros{}, rows{}, zero_after{}, same_after{};
  for (unsigned a = 0; a < 256; ++a) {
    for (unsigned b = 0; b < 256; ++b) {
      all[b] += sample.pairs[a][b];
      rows[a] += sample.pairs[a][b];
    }
    zero_after[a] = sample.pairs[a][0];
    same_after[a] = sample.pairs[a][a];
    after_zero[a] = sample.pairs[0][a];
  }
  ones.fill(sample.total);
  zeros.fill(rows[0]);
  PrintTable("kFoldedByteBits", all, ones);
  PrintTable("kBitsAfterZero", after_zero, zeros);
  PrintTable("kBitsOfZeroAfter", zero_after, rows);
  PrintTable("kBitsOfSameAfter", same_after, rows);
}

void PrintWindows(const Sample& sample, std::size_t length, std::size_t most) {
  std::vector<std::pair<std::uint32_t, std::uint32_t>> common;  // Count, window.
  for (const auto& [window, count] : sample.windows[length]) common.emplace_back(count, window);
  std::sort(common.rbegin(), common.rend());
  common.resize(std::min(common.size(), most));
  std::printf("constexpr std::uint32_t kWindows%zu[] = {\n", length);
  for (std::size_t i = 0; i < common.size(); ++i) {
    std::printf("%s0x%0*x,%s", i % 9 == 0 ? "    " : " ", static_cast<int>(2 * length), common[i].second,
                i % 9 == 8 || i + 1 == common.size() ? "\n" : "");
  }
  // In steps of half a bit, each with the share in its middle.
  std::printf("};\n\nconstexpr CommonWindowStep kSteps%zu[] = {\n", length);
  std::size_t before = 0;
  for (int bits = 0; bits < 256; bits += 4) {
    const auto last = std::find_if(common.begin(), common.end(),
                                   [&](const auto& w) { return Bits(w.first, sample.total) >= bits + 4; });
    const auto count = static_cast<std::size_t>(last - common.begin());
    if (count != before) std::printf("    {%zu, %d},\n", count, bits + 2);
    before = count;
  }
  std::printf("};\n\n");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 || (std::strcmp(argv[1], "bytes") != 0 && std::strcmp(argv[1], "windows") != 0)) {
    std::fprintf(stderr, "usage: %s bytes|windows < NAMES\n", argv[0]);
    return 2;
  }
  Sample sample;
  for (std::string name; std::getline(std::cin, name);) AddFile(name, sample);
  if (std::strcmp(argv[1], "bytes") == 0) {
    PrintBytes(sample);
    return 0;
  }
  std::printf(
      "// Printed by bench/window_shares.cc: the most common windows of two, three and\n"
      "// four folded bytes (the first byte is the lowest) in %.0f MB of programs for\n"
      "// Linux and Windows, libraries, sources, web pages and text; the most common first.\n"
      "#include \"daylight/match/byte_costs.h\"\n\nnamespace dl::match {\n\nnamespace {\n\n",
      sample.total / 1e6);
  PrintWindows(sample, 2, 2048);
  PrintWindows(sample, 3, 8192);
  PrintWindows(sample, 4, 8192);
  std::printf(
      "}  // namespace\n\nCommonWindows CommonWindowsOf(std::size_t length) {\n  switch (length) {\n"
      "    case 2: return {kWindows2, kSteps2};\n    case 3: return {kWindows3, kSteps3};\n"
      "    default: return {kWindows4, kSteps4};\n  }\n}\n\n}  // namespace dl::match\n");
  return 0;
}
