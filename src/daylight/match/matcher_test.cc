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

}  // namespace
}  // namespace dl::match
