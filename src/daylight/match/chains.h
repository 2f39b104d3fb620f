// Chained patterns: parts that are found separately and joined by gaps.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "daylight/match/pattern.h"

namespace dl::match {

// A jump longer than this, or without an upper bound, splits a pattern.
inline constexpr std::uint32_t kMaxUnsplitJump = 200;

struct ExpressionPart {
  std::span<const RegexpNode> nodes;
  std::uint32_t gap_min = 0;  // From the end of the part before, in bytes.
  std::uint32_t gap_max = 0;  // kUnbounded.
};

// The parts of an expression, which the spans borrow; one when it is not split.
std::vector<ExpressionPart> SplitAtJumps(const RegexpNode& root);

// A chain from one of its parts to the last: where it begins, and of all ways
// to the last part the one that counts.
struct ChainMatch {
  std::uint64_t offset = 0;
  std::uint64_t key = 0;  // Where the last part begins.
  std::uint64_t end = 0;
};

// Chains of nothing but the last part.
std::vector<ChainMatch> LastParts(std::span<const Match> matches);
// Prepends a part: for each of `heads` the best of the `tails` that begin
// gap_min to gap_max bytes behind its end: the nearest one, or the one whose
// last part is nearest. Heads with none are dropped. All are by ascending
// offset, one an offset. Time is O(n log n).
std::vector<ChainMatch> JoinParts(std::span<const Match> heads, std::span<const ChainMatch> tails,
                                  std::uint64_t gap_min, std::uint64_t gap_max, bool nearest_next);

}  // namespace dl::match
