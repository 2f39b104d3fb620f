#include "daylight/match/chains.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <random>

namespace dl::match {
namespace {

// The same by trying everything.
std::vector<ChainMatch> JoinSlowly(const std::vector<Match>& heads, const std::vector<ChainMatch>& tails,
                                   std::uint64_t min, std::uint64_t max, bool nearest_next) {
  std::vector<ChainMatch> joined;
  for (const Match& head : heads) {
    std::optional<ChainMatch> best;
    std::uint64_t best_key = 0;
    for (const ChainMatch& tail : tails) {
      const std::uint64_t end = head.offset + head.length;
      if (tail.offset < end + min || (max != kUnbounded && tail.offset > end + max)) continue;
      const std::uint64_t key = nearest_next ? tail.offset : tail.key;
      if (best && best_key <= key) continue;
      best_key = key;
      best = ChainMatch{head.offset, tail.key, tail.end};
    }
    if (best) joined.push_back(*best);
  }
  return joined;
}

TEST(ChainsTest, JoinsAsTryingEverythingDoes) {
  std::mt19937 rng(1);
  std::size_t joined_count = 0;
  for (int round = 0; round < 500; ++round) {
    std::vector<Match> heads;
    std::vector<ChainMatch> tails;
    for (std::uint64_t at = 0; at < 60; ++at) {
      if (rng() % 4 == 0) heads.push_back({at, 1 + rng() % 9, 0});
      if (rng() % 6 == 0) tails.push_back({at, at + rng() % 40, at + 100 + rng() % 9});
    }
    const std::uint64_t min = rng() % 8;
    const std::uint64_t max = rng() % 3 == 0 ? kUnbounded : min + rng() % 12;
    for (const bool nearest : {false, true}) {
      const auto fast = JoinParts(heads, tails, min, max, nearest);
      const auto slow = JoinSlowly(heads, tails, min, max, nearest);
      ASSERT_EQ(fast.size(), slow.size());
      joined_count += fast.size();
      for (std::size_t i = 0; i < fast.size(); ++i) {
        EXPECT_EQ(fast[i].offset, slow[i].offset);
        EXPECT_EQ(fast[i].key, slow[i].key);
      }
    }
  }
  EXPECT_GT(joined_count, 1000u);
}

std::size_t Parts(std::string_view source) {
  const auto parsed = ParseHexString(source, Dialect::kYara);
  EXPECT_TRUE(parsed.has_value()) << source;
  return SplitAtJumps(parsed->root).size();
}

TEST(ChainsTest, LongJumpsSplit) {
  EXPECT_EQ(Parts("61 [200] 62"), 1u);
  EXPECT_EQ(Parts("61 [201] 62"), 2u);
  EXPECT_EQ(Parts("61 [0-200] 62"), 1u);
  EXPECT_EQ(Parts("61 [0-201] 62"), 2u);
  EXPECT_EQ(Parts("61 [-] 62 [3-] 63"), 3u);
  EXPECT_EQ(Parts("61"), 1u);
}

TEST(ChainsTest, GapsAreKept) {
  const auto parsed = ParseHexString("61 [5-300] 62 [7-] 63", Dialect::kYara);
  ASSERT_TRUE(parsed.has_value());
  const auto parts = SplitAtJumps(parsed->root);
  ASSERT_EQ(parts.size(), 3u);
  EXPECT_EQ(parts[1].gap_min, 5u);
  EXPECT_EQ(parts[1].gap_max, 300u);
  EXPECT_EQ(parts[2].gap_min, 7u);
  EXPECT_EQ(parts[2].gap_max, kUnbounded);
}

}  // namespace
}  // namespace dl::match
