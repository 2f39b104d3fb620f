// What the prefilter's test and its fuzz target share: the answers of every
// kernel held against those that follow from the description in prefilter.h.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "daylight/match/prefilter.h"
#include "daylight/match/random_patterns.h"

namespace dl::match {

inline std::uint32_t FoldedBytes(const std::uint8_t* bytes, std::size_t count) {
  std::uint32_t folded = 0;
  for (std::size_t i = 0; i < count; ++i) folded |= std::uint32_t{Fold(bytes[i])} << (8 * i);
  return folded;
}

inline bool IsSet(const std::uint32_t* words, std::uint32_t word, std::uint32_t bit) {
  return (words[word] >> bit & 1) != 0;
}

// Position by position.
inline std::vector<std::uint32_t> FilterSlowly(const FilterTable& table, const std::uint8_t* bytes, std::size_t count) {
  std::vector<std::uint32_t> out;
  const std::size_t hashed = table.stride == 1 ? 4 : 3;
  for (std::size_t at = 0; at < count; at += table.stride) {
    const std::uint32_t hash = FoldedBytes(bytes + at, hashed) * table.factor;
    const std::uint32_t next = FoldedBytes(bytes + at + hashed, 4) * table.factor;
    const std::uint32_t first = table.stride == 1 ? (FoldedBytes(bytes + at + hashed, 2) * table.factor) >> 13 & 7
                                                  : (FoldedBytes(bytes + at + hashed, 1) * table.factor) >> 5 & 7;
    const std::uint32_t word = hash >> (32 - table.log2);
    bool passes = IsSet(table.words, word, hash >> 12 & 7) && IsSet(table.words, word, 8 + first) &&
                  IsSet(table.words, word, 16 + (next >> 28));
    if (table.skips_zeros && hash == 0 && next == 0) passes = false;
    if (passes) out.push_back(static_cast<std::uint32_t>(at));
  }
  return out;
}

inline std::vector<std::uint32_t> ShortsSlowly(const ShortTable& table, const std::uint8_t* bytes, std::size_t count) {
  std::vector<std::uint32_t> out;
  for (std::size_t at = 0; at < count; ++at) {
    const std::uint32_t pair = FoldedBytes(bytes + at, 2);
    if (!IsSet(table.bitmap, pair / 32, pair % 32)) continue;
    bool passes = table.nibbles == nullptr;
    for (std::size_t set = 0; !passes && set < table.nibbles->sets; ++set) {
      unsigned buckets = 0xff;
      for (std::size_t i = 0; i < kShortBytes; ++i) {
        const std::uint8_t byte = Fold(bytes[at + i]);
        buckets &= table.nibbles->low[set][i][byte & 15] & table.nibbles->high[set][i][byte >> 4];
      }
      passes = buckets != 0;
    }
    if (passes) out.push_back(static_cast<std::uint32_t>(at));
  }
  return out;
}

// Which kernel differs from the slow answer, and in what; empty: none. `found`
// counts candidates. `bytes` has exactly as many bytes as a kernel may read, so
// that a sanitizer sees more.
inline std::string CompareKernels(const FilterTable& filter, const ShortTable& shorts, const std::uint8_t* bytes,
                                  std::size_t count, std::size_t* found = nullptr) {
  const std::vector<std::uint32_t> slow_filter = FilterSlowly(filter, bytes, count);
  const std::vector<std::uint32_t> slow_shorts = ShortsSlowly(shorts, bytes, count);
  if (found != nullptr) *found += slow_filter.size() + slow_shorts.size();
  for (const KernelInfo& kernel : AvailableKernels()) {
    std::vector<std::uint32_t> out(count + 16);
    out.resize(kernel.filter(filter, bytes, count, out.data()));
    const std::string where = std::string(kernel.name) + " count " + std::to_string(count) + " stride " +
                              std::to_string(filter.stride) + (filter.skips_zeros ? " without zeros" : "") +
                              (shorts.nibbles != nullptr ? " nibbles" : "");
    if (out != slow_filter) return "filter " + where;
    out.assign(count + 16, 0);
    out.resize(kernel.shorts(shorts, bytes, count, out.data()));
    if (out != slow_shorts) return "shorts " + where;
  }
  return "";
}

// Tables that know bytes of the input, and the rest of it as what is searched.
inline std::string CompareKernelsOn(std::string_view input) {
  ByteFeed feed(input);
  const unsigned log2 = kMinFilterLog2 + feed.Below(kMaxFilterLog2 - kMinFilterLog2 + 1);
  std::vector<std::uint32_t> words(std::size_t{1} << log2);
  FilterTable filter = {words.data(), log2, kHashFactors[feed.Below(std::size(kHashFactors))],
                        1 + feed.Below(kMaxStride), feed.OneIn(2)};
  const bool has_nibbles = feed.OneIn(2);
  for (unsigned n = feed.Below(16); n > 0; --n) {
    std::uint8_t bytes[8];
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(feed.Next());
    const std::size_t known = feed.Below(5);
    const std::size_t hashed = WindowBytes(filter.stride);
    AddToFilter(
        FilterKey(FoldedBytes(bytes, hashed), FoldedBytes(bytes + hashed, known), known, filter.factor, filter.stride),
        log2, words.data());
  }
  std::vector<std::uint32_t> bitmap(kBitmapWords);
  std::vector<ShortWindow> windows;
  for (unsigned n = feed.Below(130); n > 0; --n) {
    std::uint8_t bytes[kShortBytes];
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(feed.Next());
    const std::uint32_t length = 1 + feed.Below(kShortBytes);
    windows.push_back({FoldedBytes(bytes, length), length});
    const std::uint32_t pair = FoldedBytes(bytes, 2);
    bitmap[pair >> 5] |= 1u << (pair & 31);
  }
  NibbleTables nibbles;
  MakeNibbleTables(windows, nibbles);
  std::vector<std::uint8_t> object;
  while (!feed.empty()) {
    // A byte, or a few times the same one: blocks of a kernel are longer than most inputs.
    const auto byte = static_cast<std::uint8_t>(feed.Next());
    object.insert(object.end(), byte % 16 == 15 ? 1 + feed.Below(64) : 1, byte);
  }
  const std::unique_ptr<std::uint8_t[]> bytes(new std::uint8_t[object.size() + kKernelSlack]());
  std::copy(object.begin(), object.end(), bytes.get());
  return CompareKernels(filter, {bitmap.data(), has_nibbles ? &nibbles : nullptr}, bytes.get(), object.size());
}

}  // namespace dl::match
