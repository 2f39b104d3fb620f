#include "daylight/os/glob.h"

#include <gtest/gtest.h>

#include <string>

namespace dl::os {
namespace {

TEST(GlobTest, Elements) {
  EXPECT_TRUE(GlobMatches("*.tmp", "a.tmp"));
  EXPECT_TRUE(GlobMatches("*.tmp", ".tmp"));
  EXPECT_FALSE(GlobMatches("*.tmp", "a.tmp.x"));
  EXPECT_TRUE(GlobMatches("a?c", "abc"));
  EXPECT_FALSE(GlobMatches("a?c", "ac"));
  EXPECT_TRUE(GlobMatches("[a-c]x[!0-9]", "bxq"));
  EXPECT_FALSE(GlobMatches("[a-c]x[!0-9]", "bx5"));
  EXPECT_TRUE(GlobMatches("[]]", "]"));
  EXPECT_TRUE(GlobMatches("[", "["));
  EXPECT_TRUE(GlobMatches("\\*", "*"));
  EXPECT_FALSE(GlobMatches("\\*", "x"));
  EXPECT_TRUE(GlobMatches("", ""));
  EXPECT_TRUE(GlobMatches("**", ""));
  EXPECT_TRUE(GlobMatches("a*b*c", "a1b2b3c"));
  EXPECT_TRUE(GlobMatches("\xff*", "\xff\xfe"));
}

TEST(GlobTest, ManyStarsStayCheap) {
  std::string pattern;
  for (int i = 0; i < 60; ++i) pattern += "*a";
  EXPECT_FALSE(GlobMatches(pattern + "b", std::string(20000, 'a')));
}

TEST(GlobTest, SlashDecidesWhatIsCompared) {
  EXPECT_TRUE(Excluded("x", "a/b/x", "x"));
  EXPECT_FALSE(Excluded("b/x", "a/b/x", "x"));
  EXPECT_TRUE(Excluded("*/b/x", "a/b/x", "x"));
  EXPECT_TRUE(Excluded("b/", "a/b", "b") || Excluded("b", "a/b", "b"));
}

}  // namespace
}  // namespace dl::os
