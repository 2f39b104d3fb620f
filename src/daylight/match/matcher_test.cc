#include "daylight/match/matcher.h"

#include <gtest/gtest.h>

#include "daylight/match/matcher_testing.h"

namespace dl::match {
namespace {

Pattern Text(std::string text) {
  Pattern pattern;
  pattern.text = std::move(text);
  return pattern;
}

Pattern Regexp(std::string_view source, bool dot_all = false) {
  Pattern pattern;
  pattern.is_text = false;
  auto parsed = ParseRegexp(source, {.nocase = false, .dot_all = dot_all, .dialect = Dialect::kYara});
  EXPECT_TRUE(parsed.has_value()) << source;
  if (parsed) pattern.expression = std::move(*parsed);
  return pattern;
}

Pattern Hex(std::string_view source) {
  Pattern pattern;
  pattern.is_text = false;
  auto parsed = ParseHexString(source, Dialect::kYara);
  EXPECT_TRUE(parsed.has_value()) << source;
  if (parsed) pattern.expression = std::move(*parsed);
  return pattern;
}

void ExpectSame(const Pattern& pattern, std::string_view object) {
  TestMatcher matcher({pattern});
  matcher.Scan(AsBytes(object));
  EXPECT_EQ(Describe(matcher.Matches(0)), Describe(FindAllSlowly(pattern, AsBytes(object))));
}

TEST(MatcherTest, FindsATextWhereverItIs) {
  const Pattern pattern = Text("needle");
  TestMatcher matcher({pattern});
  for (std::size_t before = 0; before < 200; ++before) {
    for (const std::size_t behind : {0u, 1u, 2u, 3u, 63u, 64u, 65u}) {
      const std::string object = std::string(before, 'x') + "needle" + std::string(behind, 'y');
      matcher.Scan(AsBytes(object));
      ASSERT_EQ(Describe(matcher.Matches(0)), std::to_string(before) + "+6/0 ");
    }
  }
}

TEST(MatcherTest, SmokeAgainstTheOracle) {
  ExpectSame(Text("a"), "banana");
  ExpectSame(Text("ana"), "banana");
  ExpectSame(Regexp("an+a?"), "bananna");
  ExpectSame(Regexp("[a-z]+\\d*"), "abc123 def");
  ExpectSame(Regexp("(cat|caterpillar)s?"), "the caterpillars and cats");
  ExpectSame(Hex("61 ?? 61 [1-3] 61"), "banananana");
  ExpectSame(Hex("62 [0-300] 61 [201-] 63"), "bbaxxx" + std::string(300, 'q') + "ccc");
}

TEST(MatcherTest, AnAtomAtTheVeryEndIsFound) {
  // The kernels read past positions, so the last ones go another way.
  for (const char* text : {"a", "ab", "abc", "abcd", "abcdefghijk"}) {
    for (std::size_t before = 0; before < 140; ++before) {
      TestMatcher matcher({Text(text)});
      const std::string object = std::string(before, '.') + text;
      matcher.Scan(AsBytes(object));
      ASSERT_EQ(matcher.Matches(0).size(), 1u) << text << " behind " << before;
    }
  }
}

TEST(MatcherTest, GroupsAndPatternsThatAreNotLiveAreNotSearched) {
  Pattern a = Text("needle");
  Pattern b = Text("needle");
  b.group = 1;
  Pattern everywhere = Regexp(".+", true);
  everywhere.group = 1;
  TestMatcher matcher({a, b, everywhere});
  matcher.live_groups().Clear(1);
  matcher.Scan(AsBytes("a needle"));
  EXPECT_EQ(matcher.Matches(0).size(), 1u);
  EXPECT_TRUE(matcher.Matches(1).empty());
  EXPECT_TRUE(matcher.Matches(2).empty());
  EXPECT_EQ(matcher.state().touched().size(), 1u);
  matcher.live_groups().Set(1);
  matcher.live_patterns().Clear(0);
  matcher.Scan(AsBytes("a needle"));
  EXPECT_TRUE(matcher.Matches(0).empty());
  EXPECT_EQ(matcher.Matches(1).size(), 1u);
  EXPECT_EQ(matcher.Matches(2).size(), 8u);
}

TEST(MatcherTest, FirstMatchOnlyStopsAtTheFirst) {
  Pattern pattern = Text("needle");
  pattern.first_match_only = true;
  TestMatcher matcher({pattern});
  std::string object;
  for (int i = 0; i < 50; ++i) object += "needle ";
  matcher.Scan(AsBytes(object), 0, /*all_matches=*/false);
  EXPECT_EQ(matcher.Matches(0).size(), 1u);
  EXPECT_EQ(matcher.state().counters().verified, 1u);
  matcher.Scan(AsBytes(object), 0, /*all_matches=*/true);
  EXPECT_EQ(matcher.Matches(0).size(), 50u);
}

TEST(MatcherTest, KeepsAMillionMatchesAndSaysThatThereWereMore) {
  TestMatcher matcher({Text("a"), Regexp("(a|ab|a)", false)});
  const std::string at_limit(kMaxMatches, 'a');
  matcher.Scan(AsBytes(at_limit));
  for (const std::uint32_t id : {0u, 1u}) {
    EXPECT_EQ(matcher.Matches(id).size(), kMaxMatches);
    EXPECT_FALSE(matcher.state().limited(id));
  }
  matcher.Scan(AsBytes(at_limit + "a"));
  for (const std::uint32_t id : {0u, 1u}) {
    EXPECT_EQ(matcher.Matches(id).size(), kMaxMatches);
    EXPECT_TRUE(matcher.state().limited(id));
  }
  matcher.Scan(AsBytes(at_limit + at_limit + at_limit));
  EXPECT_EQ(matcher.Matches(0).size(), kMaxMatches);
  EXPECT_TRUE(matcher.state().limited(0));
  matcher.Scan(AsBytes("a"));
  EXPECT_EQ(matcher.Matches(0).size(), 1u);
  EXPECT_FALSE(matcher.state().limited(0));
}

TEST(MatcherTest, ASearchThatWasEndedIsToldEvenWithoutAMatch) {
  // No atom, and states that are too large for an automaton.
  TestMatcher matcher({Regexp("[^a]{0,1500}[^b]{1,700}[^c]{1500}$", true), Regexp("y", false)});
  matcher.Scan(AsBytes(std::string(200'000, 'x')));
  EXPECT_TRUE(matcher.Matches(0).empty());
  EXPECT_TRUE(matcher.state().limited(0));
  ASSERT_EQ(matcher.state().touched().size(), 1u);
  EXPECT_EQ(matcher.state().touched()[0], 0u);
  matcher.Scan(AsBytes(std::string(100, 'x')));
  EXPECT_TRUE(matcher.state().touched().empty());
}

// Expressions that begin with a run of one set are looked for by it.
TEST(MatcherTest, RunsAreFoundAtTheirBoundsAndAtEdges) {
  const char* const sources[] = {"[a-f]{20,}",          "([a-f]{4}){5,9}",
                                 "[a-f]{2,9}[ace]{18}", "[a-f]{10}([a-f]+|[xy]){10}z?",
                                 "[a-f]{12,}\\x00",     "\\b[a-f]{20}\\b"};
  std::vector<Pattern> patterns;
  for (const char* source : sources) patterns.push_back(Regexp(source, true));
  TestMatcher matcher(patterns);
  for (const std::size_t length : {11u, 12u, 19u, 20u, 21u, 36u, 37u, 60u}) {
    for (const char* around : {"", "x", "-", "\n"}) {
      std::string object;
      for (int part = 0; part < 3; ++part) {
        object += around;
        for (std::size_t i = 0; i < length; ++i) object += "ace"[(i + length) % 3];
        object += part == 1 ? std::string(1, '\0') : std::string(around) + "b";
      }
      matcher.Scan(AsBytes(object));
      for (std::uint32_t id = 0; id < patterns.size(); ++id) {
        EXPECT_EQ(Describe(matcher.Matches(id)), Describe(FindAllSlowly(patterns[id], AsBytes(object))))
            << sources[id] << " " << length << around;
      }
    }
  }
}

TEST(MatcherTest, OverlappingRunsThatMeetAreReadOnce) {
  TestMatcher matcher({Regexp("[^x][^b]*[^c]*[^d]*x", true), Regexp("a.*b", false)});
  matcher.Scan(AsBytes(std::string(500'000, 'x')));
  EXPECT_TRUE(matcher.state().touched().empty());
  matcher.Scan(AsBytes(std::string(500'000, 'a')));
  EXPECT_TRUE(matcher.state().touched().empty());
}

TEST(MatcherTest, AChainWithFullPartsIsOnlyLimitedIfItCanMatch) {
  TestMatcher matcher({Hex("61 61 [300-] 62"), Hex("61 61 [300-] 61 63 [300-] 62")});
  const std::string object = std::string(2 * kMaxMatches + 10, 'a') + std::string(300, '.');
  matcher.Scan(AsBytes(object));
  EXPECT_TRUE(matcher.state().touched().empty());
  matcher.Scan(AsBytes(object + "b"));
  ASSERT_EQ(matcher.state().touched().size(), 1u);
  EXPECT_TRUE(matcher.state().limited(0));
  EXPECT_EQ(matcher.Matches(0).size(), kMaxMatches);
}

TEST(MatcherTest, ExpressionsReachSoFarFromTheirAtom) {
  const Pattern pattern = Regexp("x.*needle.*y", true);
  TestMatcher matcher({pattern});
  const auto object = [](std::size_t before, std::size_t behind) {
    return "x" + std::string(before, '.') + "needle" + std::string(behind, '.') + "y";
  };
  // The reach is counted from the window of the atom, which lies in "needle".
  matcher.Scan(AsBytes(object(kRegexpReach - 10, kRegexpReach - 10)));
  ASSERT_EQ(matcher.Matches(0).size(), 1u);
  EXPECT_EQ(matcher.Matches(0)[0].length, 2 * kRegexpReach - 12);
  matcher.Scan(AsBytes(object(kRegexpReach, 10)));
  EXPECT_TRUE(matcher.Matches(0).empty());
  matcher.Scan(AsBytes(object(10, kRegexpReach)));
  EXPECT_TRUE(matcher.Matches(0).empty());
}

TEST(MatcherTest, ChainsReachAnyDistance) {
  TestMatcher matcher({Hex("68 65 61 64 [300-] 74 61 69 6c")});
  const std::string object = "head" + std::string(200'000, '.') + "tail" + std::string(100, '.') + "tail";
  matcher.Scan(AsBytes(object), 50'000);
  ASSERT_EQ(matcher.Matches(0).size(), 1u);
  EXPECT_EQ(matcher.Matches(0)[0].length, 200'008u);
}

TEST(MatcherTest, CostsAreWhatWarningsNeed) {
  MatcherBuilder builder(1);
  const auto cost = [&](const Pattern& pattern) {
    const auto id = builder.Add(pattern);
    EXPECT_TRUE(id.has_value());
    return builder.cost(*id);
  };
  EXPECT_EQ(cost(Text("ab")).atom_length, 2u);
  EXPECT_EQ(cost(Text("a long text")).atom_length, 8u);
  EXPECT_EQ(cost(Text("a long text")).atom_count, 1u);
  EXPECT_EQ(cost(Regexp(".+", true)).atom_length, 0u);
  EXPECT_TRUE(cost(Regexp("needle.*", true)).unbounded);
  EXPECT_FALSE(cost(Regexp("needle.{0,9}", true)).unbounded);
  Pattern xored = Text("needle");
  xored.is_xor = true;
  EXPECT_EQ(cost(xored).atom_count, 256u);
}

TEST(MatcherTest, WhatCannotBeSearchedIsRefused) {
  MatcherBuilder builder(1);
  EXPECT_FALSE(builder.Add(Text("")).has_value());
  Pattern elsewhere = Text("needle");
  elsewhere.group = 1;
  EXPECT_FALSE(builder.Add(elsewhere).has_value());
  // A refused pattern leaves no trace: ids go on as if it had not been there.
  EXPECT_EQ(*builder.Add(Text("needle")), 0u);
}

TEST(MatcherTest, AUnitWithoutPatternsFindsNothing) {
  TestMatcher matcher({});
  matcher.Scan(AsBytes("anything"));
  EXPECT_TRUE(matcher.state().touched().empty());
  matcher.Scan({});
  EXPECT_TRUE(matcher.state().touched().empty());

  database::Writer writer;
  writer.AddSection(database::MakeSectionKind("XXXX"), 0, {});
  const auto database = database::Database::FromBytes(writer.Finish());
  ASSERT_TRUE(database.has_value());
  const auto absent = Matcher::Open(**database, 0);
  ASSERT_TRUE(absent.has_value());
  EXPECT_EQ(absent->pattern_count(), 0u);
}

TEST(SearchTest, EqualsTheOracle) {
  RegexpSearcher searcher;
  for (const char* source : {"ab", "a+b?", "^a", "b$", "^$", "(a|b){2,3}$", "\\ba", "a.{1,20}b", "x*", "[^a]b"}) {
    const Pattern pattern = Regexp(source);
    const auto program = CompileSearch(pattern.expression);
    ASSERT_TRUE(program.has_value());
    for (const char* text : {"", "a", "b", "ab", "ba", "aab", "bab", "cab", "a.....b", " a "}) {
      bool found = !FindAllSlowly(pattern, AsBytes(text)).empty();
      // The oracle leaves empty matches out.
      const std::string_view s = source;
      if (s == "x*" || (s == "^$" && *text == '\0')) found = true;
      EXPECT_EQ(searcher.Search(*program, text), found) << source << " in '" << text << "'";
    }
  }
}

TEST(SearchTest, DamagedProgramsMatchNothing) {
  RegexpSearcher searcher;
  EXPECT_FALSE(searcher.Search({}, "abc"));
  const std::vector<std::byte> noise(100, std::byte{0xff});
  EXPECT_FALSE(searcher.Search(noise, "abc"));
}

}  // namespace
}  // namespace dl::match
