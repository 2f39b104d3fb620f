// What is looked up in while an object is searched, made for the groups that are
// live: the filter, which matchers may share, and what each has by itself.
// Private to match.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "daylight/match/matcher_tables.h"
#include "daylight/match/prefilter.h"

namespace dl::match {

inline bool TestBit(std::span<const std::uint64_t> words, std::size_t bit) {
  return bit / 64 < words.size() && (words[bit / 64] >> (bit % 64) & 1) != 0;
}
// How many words a set of a matcher's groups has.
inline std::size_t GroupWords(const MatcherTables& tables) {
  return (std::size_t{tables.header().group_count} + 63) / 64;
}

struct FilterTables {
  std::vector<std::uint64_t> groups;  // Of all matchers, one behind the other.
  std::size_t keys = 0;
  std::vector<std::uint32_t> words;  // Empty where nothing is sought.
  unsigned log2 = 0;
  bool has_zeros = false;  // An atom may stand at zeros only.
};
// For what of `filter.groups` is live; all matchers have the same stride and factor.
void Fill(std::span<const MatcherTables* const> matchers, FilterTables& filter);

struct LiveTables {
  std::vector<std::uint64_t> groups;
  std::size_t keys = 0;                        // That this matcher has in the filter.
  std::vector<std::uint32_t> words[kBitmaps];  // None for kFilter. Empty where nothing is set.
  unsigned confirm_log2 = 0;
  bool has_nibbles = false;
  NibbleTables nibbles;  // Of kBitmapShort.
  std::vector<std::uint32_t> everywhere;
};
void Fill(const MatcherTables& matcher, LiveTables& live);

}  // namespace dl::match
