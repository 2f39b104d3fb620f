#include "daylight/rules/clamav/expression.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace dl::clamav {
namespace {

bool Holds(std::string_view text, std::vector<std::uint32_t> counts) {
  const auto expression = Expression::Parse(text);
  EXPECT_TRUE(expression) << text.substr(0, 100);
  return expression && expression->Evaluate(counts);
}

TEST(ExpressionTest, OperatorsAndCounts) {
  EXPECT_TRUE(Holds("0", {1}));
  EXPECT_FALSE(Holds("0", {0}));
  EXPECT_TRUE(Holds("0&1", {1, 2}));
  EXPECT_FALSE(Holds("0&1", {1, 0}));
  EXPECT_TRUE(Holds("0|1", {0, 2}));
  EXPECT_TRUE(Holds("0=2", {2}));
  EXPECT_FALSE(Holds("0=2", {3}));
  EXPECT_TRUE(Holds("0>2", {3}));
  EXPECT_FALSE(Holds("0>2", {2}));
  EXPECT_TRUE(Holds("0<3", {2}));
  EXPECT_FALSE(Holds("0<3", {3}));
  EXPECT_TRUE(Holds("1&0=0", {0, 1}));
  EXPECT_FALSE(Holds("1&0=0", {1, 1}));
}

TEST(ExpressionTest, NoPrecedenceTheFirstOperatorSplits) {
  // 0&(1|2), not (0&1)|2.
  EXPECT_FALSE(Holds("0&1|2", {0, 0, 1}));
  EXPECT_TRUE(Holds("0&1|2", {1, 0, 1}));
  EXPECT_TRUE(Holds("(0&1)|2", {0, 0, 1}));
}

TEST(ExpressionTest, BlocksCountAllThatMakesThemTrue) {
  EXPECT_TRUE(Holds("(0|1)>2", {2, 1}));
  EXPECT_FALSE(Holds("(0|1)>2", {1, 1}));
  EXPECT_TRUE(Holds("(0|1|2)>2,2", {2, 1, 0}));
  EXPECT_FALSE(Holds("(0|1|2)>2,2", {3, 0, 0}));
  // A block that does not hold counts 0.
  EXPECT_TRUE(Holds("(0&1)=0", {5, 0}));
  EXPECT_FALSE(Holds("(0&1)=0", {5, 1}));
  EXPECT_TRUE(Holds("(0|1)>1&2", {1, 1, 1}));
  EXPECT_FALSE(Holds("(0|1)>1&2", {1, 1, 0}));
}

TEST(ExpressionTest, NumbersAreReadAsClamscanReadsThem) {
  EXPECT_TRUE(Holds(" 0 & 1", {1, 1}));
  EXPECT_FALSE(Holds(" 0 & 1", {1, 0}));
  EXPECT_TRUE(Holds("0=4294967296", {0}));
  EXPECT_FALSE(Holds("0=4294967296", {1}));
  EXPECT_TRUE(Holds("0<4294967297", {0}));
}

TEST(ExpressionTest, MalformedTextIsAnError) {
  for (const char* text : {"",     "&",  "0&",   "&1",   "(0", "0)", "0>", "a",  "()",    "(0|1)>",  "64",
                           "0&&1", "0|", "(0&)", "(&0)", "(",  ")",  "x",  "0=", "(0&)1", "(0|1)x>2"}) {
    EXPECT_FALSE(Expression::Parse(text)) << text;
  }
  EXPECT_TRUE(Expression::Parse("63"));
}

TEST(ExpressionTest, PartsAreReadAsClamscanReadsThem) {
  // Signs are scanf's; what wraps is no subsignature.
  EXPECT_TRUE(Holds("+0", {1}));
  EXPECT_TRUE(Holds("0=-4294967295", {1}));
  EXPECT_FALSE(Expression::Parse("-1"));
  // A block's numbers may stand behind blanks.
  EXPECT_TRUE(Holds("(0|1)> 2", {3, 0}));
  EXPECT_FALSE(Holds("(0|1)> 2", {2, 0}));
  // A number between parentheses compares with nothing that could hold.
  EXPECT_FALSE(Holds("0(1)2", {1, 1, 1}));
  EXPECT_FALSE(Expression::Parse("(0)=1"));
}

TEST(ExpressionTest, TheHighestIdIsKept) {
  const auto highest = [](std::string_view text) {
    const auto expression = Expression::Parse(text);
    return expression ? static_cast<int>(expression->max_id()) : -1;
  };
  EXPECT_EQ(highest("0&1|7"), 7);
  EXPECT_EQ(highest("((3|1)&2)>1,2"), 3);
  EXPECT_EQ(highest("63"), 63);
  EXPECT_EQ(highest("64"), -1);
  EXPECT_EQ(highest("(0|1)=1"), 1);
}

std::string Flat(std::size_t terms) {
  std::string text = "0";
  for (std::size_t i = 1; i < terms; ++i) text += "|1";
  return text;
}
std::string Nested(std::size_t depth) { return std::string(depth, '(') + "0" + std::string(depth, ')'); }
// (((0&0)&0)&0): the left operand is the deep one.
std::string DeepLeft(std::size_t terms) {
  std::string text = std::string(terms - 1, '(') + "0";
  for (std::size_t i = 1; i < terms; ++i) text += "&0)";
  return text;
}

TEST(ExpressionTest, ThousandsOfTerms) {
  EXPECT_TRUE(Holds(Flat(Expression::kMaxTerms), {0, 1}));
  EXPECT_TRUE(Holds("(" + Flat(Expression::kMaxTerms) + ")>3", {0, 1}));
  EXPECT_FALSE(Expression::Parse(Flat(Expression::kMaxTerms + 1)));
  EXPECT_FALSE(Expression::Parse(Flat(100'000)));
}

TEST(ExpressionTest, NestingIsBoundedByWorkNotByTheStack) {
  EXPECT_TRUE(Holds(Nested(400), {1}));
  EXPECT_TRUE(Holds(Nested(2000), {1}));
  EXPECT_FALSE(Holds(Nested(2000), {0}));
  EXPECT_TRUE(Holds(DeepLeft(1000), {1}));
  for (const std::string& text : {Nested(100'000), DeepLeft(4000), DeepLeft(100'000)}) {
    const auto expression = Expression::Parse(text);
    ASSERT_FALSE(expression);
    EXPECT_EQ(expression.error().code, ErrorCode::kBudget);
  }
}

}  // namespace
}  // namespace dl::clamav
