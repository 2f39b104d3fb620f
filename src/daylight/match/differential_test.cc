// Larger random patterns, alone and by the hundred, and objects cut into
// windows at every awkward place: always the same as the oracle.
#include <gtest/gtest.h>

#include <random>

#include "daylight/match/matcher_testing.h"
#include "daylight/match/random_patterns.h"

namespace dl::match {
namespace {

TEST(DifferentialTest, RandomPatternsEqualTheOracle) {
  std::mt19937 rng(1);
  std::size_t matched = 0;
  for (int round = 0; round < 25; ++round) {
    std::vector<Pattern> patterns;
    std::vector<std::string> sources;
    for (int i = 0; i < 100; ++i) {
      const std::string recipe = RandomBytes(rng, 64);
      ByteFeed feed(recipe);
      sources.emplace_back();
      patterns.push_back(MakePattern(feed, &sources.back()));
      patterns.back().group = static_cast<std::uint32_t>(i % 3);
    }
    const std::uint32_t stride = 1 + static_cast<std::uint32_t>(round) % kMaxStride;
    TestMatcher matcher(patterns, stride);
    for (unsigned object_round = 0; object_round < 6; ++object_round) {
      const std::string bytes = RandomBytes(rng, 200);
      ByteFeed feed(bytes);
      const std::string object = MakeObject(feed, 40u * (1u + object_round));
      matcher.Scan(AsBytes(object));
      for (std::uint32_t id = 0; id < patterns.size(); ++id) {
        const std::vector<Match> slow = FindAllSlowly(patterns[id], AsBytes(object));
        matched += slow.empty() ? 0u : 1u;
        ASSERT_EQ(Describe(matcher.Matches(id)), Describe(slow))
            << "round " << round << " stride " << stride << " " << DescribePattern(patterns[id]) << " object "
            << ::testing::PrintToString(object) << " source " << sources[id];
      }
    }
  }
  EXPECT_GT(matched, 2000u);  // The comparison is not one of nothing with nothing.
}

TEST(DifferentialTest, FirstMatchOnlyAndLiveSets) {
  std::mt19937 rng(2);
  for (int round = 0; round < 20; ++round) {
    std::vector<Pattern> patterns;
    for (int i = 0; i < 60; ++i) {
      const std::string recipe = RandomBytes(rng, 64);
      ByteFeed feed(recipe);
      patterns.push_back(MakePattern(feed));
      patterns.back().group = static_cast<std::uint32_t>(rng() % 5);
    }
    TestMatcher matcher(patterns);
    for (unsigned object_round = 0; object_round < 6; ++object_round) {
      const std::string bytes = RandomBytes(rng, 200);
      ByteFeed feed(bytes);
      const std::string object = MakeObject(feed, 150);
      for (std::size_t group = 0; group < matcher.live_groups().size(); ++group) {
        rng() % 2 == 0 ? matcher.live_groups().Set(group) : matcher.live_groups().Clear(group);
      }
      for (std::uint32_t id = 0; id < patterns.size(); ++id) {
        rng() % 3 != 0 ? matcher.live_patterns().Set(id) : matcher.live_patterns().Clear(id);
      }
      matcher.Scan(AsBytes(object), 0, /*all_matches=*/false);
      for (std::uint32_t id = 0; id < patterns.size(); ++id) {
        const bool sought = matcher.live_groups().Test(patterns[id].group) && matcher.live_patterns().Test(id);
        const std::vector<Match> slow = sought ? FindAllSlowly(patterns[id], AsBytes(object)) : std::vector<Match>();
        if (patterns[id].first_match_only) {
          ASSERT_EQ(matcher.Matches(id).empty(), slow.empty()) << "pattern " << id;
        } else {
          ASSERT_EQ(Describe(matcher.Matches(id)), Describe(slow)) << "pattern " << id;
        }
      }
    }
  }
}

// Every kernel of this processor, with the same answers.
TEST(DifferentialTest, KernelsDoNotMatter) {
  std::mt19937 rng(3);
  std::vector<Pattern> patterns;
  MatcherBuilder builder(1);
  for (int i = 0; i < 300; ++i) {
    const std::string recipe = RandomBytes(rng, 64);
    ByteFeed feed(recipe);
    patterns.push_back(MakePattern(feed));
    ASSERT_TRUE(builder.Add(patterns.back()).has_value());
  }
  database::Writer writer;
  ASSERT_TRUE(builder.Finish(writer, 0).has_value());
  const auto database = database::Database::FromBytes(writer.Finish());
  ASSERT_TRUE(database.has_value());
  const auto matcher = Matcher::Open(**database, 0);
  ASSERT_TRUE(matcher.has_value());
  BitSet groups;
  groups.Resize(1);
  groups.Set(0);
  BitSet live;
  live.Resize(patterns.size());
  for (std::size_t i = 0; i < patterns.size(); ++i) live.Set(i);
  for (int round = 0; round < 20; ++round) {
    const std::string bytes = RandomBytes(rng, 2000);
    ByteFeed feed(bytes);
    const std::string object = MakeObject(feed, 1500);
    std::vector<std::string> answers;
    for (const KernelInfo& kernel : AvailableKernels()) {
      MatchState state(*matcher, kernel);
      state.Begin(groups, live, true);
      state.Feed({AsBytes(object), 0, true});
      state.Finish();
      std::string answer;
      for (std::uint32_t id = 0; id < patterns.size(); ++id) {
        const auto matches = state.matches(id);
        answer += Describe({matches.begin(), matches.end()}) + "\n";
      }
      answers.push_back(answer);
    }
    for (const std::string& answer : answers) EXPECT_EQ(answer, answers[0]);
  }
}

}  // namespace
}  // namespace dl::match
