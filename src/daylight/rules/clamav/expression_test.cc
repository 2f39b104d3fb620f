#include "daylight/rules/clamav/expression.h"

#include <gtest/gtest.h>

#include <string>

namespace dl::clamav {
namespace {

bool Holds(std::string_view text, std::vector<std::uint32_t> counts) {
  const auto expression = Expression::Parse(text);
  EXPECT_TRUE(expression) << text;
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
  for (const char* text : {"", "&", "0&", "&1", "(0", "0)", "0>", "a", "()", "(0|1)>", "64", "0&&1", "0|", "(0&)"}) {
    EXPECT_FALSE(Expression::Parse(text)) << text;
  }
  EXPECT_TRUE(Expression::Parse("63"));
}

TEST(ExpressionTest, ThousandsOfTermsAreRefusedNotFatal) {
  std::string flat = "0";
  for (int i = 0; i < 100'000; ++i) flat += "&1";
  EXPECT_FALSE(Expression::Parse(flat));
  EXPECT_FALSE(Expression::Parse(std::string(100'000, '(') + "0" + std::string(100'000, ')')));
  std::string bound = "0";
  for (int i = 0; i < 900; ++i) bound += "&0";
  EXPECT_TRUE(Expression::Parse(bound));
}

}  // namespace
}  // namespace dl::clamav
