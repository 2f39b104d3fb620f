#include "daylight/match/joint_search.h"

#include <gtest/gtest.h>

#include <random>

#include "daylight/match/matcher_testing.h"
#include "daylight/match/random_patterns.h"

namespace dl::match {
namespace {

// `count` of them in three groups.
std::vector<Pattern> RandomPatterns(std::mt19937& rng, int count) {
  std::vector<Pattern> patterns;
  for (int i = 0; i < count; ++i) {
    const std::string recipe = RandomBytes(rng, 64);
    ByteFeed feed(recipe);
    patterns.push_back(MakePattern(feed));
    patterns.back().group = static_cast<std::uint32_t>(i % 3);
  }
  return patterns;
}

// All matches of all patterns.
std::string Answers(const TestMatcher& matcher, std::uint32_t patterns) {
  std::string answers;
  for (std::uint32_t id = 0; id < patterns; ++id) answers += Describe(matcher.Matches(id)) + "\n";
  return answers;
}

void SetSome(std::mt19937& rng, BitSet& set) {
  for (std::size_t i = 0; i < set.size(); ++i) rng() % 4 != 0 ? set.Set(i) : set.Clear(i);
}

// Matchers of both strides, some of them not live, objects in windows: each
// finds what it finds by itself.
TEST(JointSearchTest, EachFindsWhatItFindsAlone) {
  constexpr std::uint32_t kPatterns = 40;
  std::mt19937 rng(7);
  std::size_t found = 0;
  for (int round = 0; round < 5; ++round) {
    std::vector<std::unique_ptr<TestMatcher>> matchers;
    std::vector<MatchState*> states;
    std::size_t overlap = 0;
    for (const std::uint32_t stride : {1u, 2u, 1u, 1u, 2u}) {
      matchers.push_back(std::make_unique<TestMatcher>(RandomPatterns(rng, kPatterns), stride));
      states.push_back(&matchers.back()->state());
      overlap = std::max(overlap, matchers.back()->matcher().overlap_bytes());
    }
    JointSearch search(states);
    for (int object_round = 0; object_round < 4; ++object_round) {
      const std::string recipe = RandomBytes(rng, 20'000);
      ByteFeed feed(recipe);
      const std::string object = MakeObject(feed, 12'000);
      const std::size_t window = object_round % 2 == 0 ? 0 : overlap + 1 + rng() % 300;
      std::vector<std::string> alone;
      std::vector<MatchState*> live;
      std::vector<bool> is_live;
      for (const auto& matcher : matchers) {
        SetSome(rng, matcher->live_groups());
        SetSome(rng, matcher->live_patterns());
        matcher->Scan(AsBytes(object), window);
        alone.push_back(Answers(*matcher, kPatterns));
        is_live.push_back(rng() % 4 != 0);
        if (is_live.back()) live.push_back(&matcher->state());
        matcher->state().Begin(matcher->live_groups(), matcher->live_patterns(), true);
      }
      search.Begin(live);
      InWindows(AsBytes(object), window, overlap, [&](const Window& each) { search.Feed(each); });
      const std::string nothing(kPatterns, '\n');
      for (std::size_t i = 0; i < matchers.size(); ++i) {
        matchers[i]->state().Finish();
        const std::string answers = Answers(*matchers[i], kPatterns);
        EXPECT_EQ(answers, is_live[i] ? alone[i] : nothing) << "round " << round << ", matcher " << i;
        found += answers.size() - kPatterns;
      }
    }
  }
  EXPECT_GT(found, 5'000u);  // Characters of descriptions: not nothing with nothing.
}

TEST(JointSearchTest, OneWithoutPatternsChangesNothing) {
  const std::vector<Pattern> none;
  TestMatcher empty(none, 1);  // It has nothing in the filter that both share.
  Pattern text;
  text.text = "needle in the hay";
  TestMatcher full({text}, 1);
  MatchState* states[] = {&empty.state(), &full.state()};
  JointSearch search(states);
  const std::string object = "needle in the hay, needle in the hay";
  for (int round = 0; round < 3; ++round) {
    for (TestMatcher* each : {&empty, &full}) {
      each->state().Begin(each->live_groups(), each->live_patterns(), true);
    }
    search.Begin(states);
    search.Feed({AsBytes(object), 0, true});
    for (MatchState* state : states) state->Finish();
    EXPECT_EQ(Describe(full.Matches(0)), "0+17/0 19+17/0 ");
    EXPECT_TRUE(empty.state().touched().empty());
  }
}

}  // namespace
}  // namespace dl::match
