#include "daylight/match/regexp_ast.h"

#include <gtest/gtest.h>

namespace dl::match {
namespace {

TEST(ByteSetTest, RangesReachBothEnds) {
  ByteSet set;
  set.AddRange(0xfe, 0xff);
  set.AddRange(0, 0);
  EXPECT_EQ(set.Count(), 3);
  EXPECT_TRUE(set.Contains(0));
  EXPECT_TRUE(set.Contains(0xff));
  EXPECT_FALSE(set.Contains(1));
  set.AddRange(5, 4);  // Nothing.
  EXPECT_EQ(set.Count(), 3);
}

TEST(ByteSetTest, InvertIsItsOwnInverse) {
  ByteSet set = ByteSet::Single(0x40);
  set.Invert();
  EXPECT_EQ(set.Count(), 255);
  EXPECT_FALSE(set.Contains(0x40));
  set.Invert();
  EXPECT_EQ(set, ByteSet::Single(0x40));
  EXPECT_EQ(ByteSet::All().Count(), 256);
}

TEST(ByteSetTest, MaskedTakesOneNibble) {
  const ByteSet high = ByteSet::Masked(0x60, 0xf0);
  EXPECT_EQ(high.Count(), 16);
  EXPECT_TRUE(high.Contains(0x6f));
  EXPECT_FALSE(high.Contains(0x70));
  EXPECT_EQ(ByteSet::Masked(0, 0), ByteSet::All());
}

TEST(ByteSetTest, FoldCaseStopsAtTheEdgesOfTheAlphabet) {
  ByteSet set;
  for (const char c : {'@', 'A', 'z', '['}) set.Add(static_cast<std::uint8_t>(c));
  set.FoldCase();
  EXPECT_EQ(set.Count(), 6);
  EXPECT_TRUE(set.Contains('a'));
  EXPECT_TRUE(set.Contains('Z'));
  EXPECT_FALSE(set.Contains('`'));  // '@' is no letter.
  EXPECT_FALSE(set.Contains('{'));
}

}  // namespace
}  // namespace dl::match
