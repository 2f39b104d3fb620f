#include "daylight/rules/clamav/evaluator.h"

#include <gtest/gtest.h>

#include <string>

namespace dl::clamav {
namespace {

Subsignature Body(std::string_view text) {
  Subsignature sub;
  Part part;
  for (const char c : text) {
    Token token;
    token.byte = {static_cast<std::uint8_t>(c), 0xff};
    part.tokens.push_back(token);
  }
  Pattern pattern;
  pattern.parts.push_back(std::move(part));
  sub.body.patterns.push_back(std::move(pattern));
  return sub;
}

Subsignature Perl(std::string trigger, std::string pattern) {
  Subsignature sub;
  sub.kind = Subsignature::Kind::kRegexp;
  sub.regexp.trigger = std::move(trigger);
  sub.regexp.pattern = std::move(pattern);
  return sub;
}

Evaluator::Outcome Evaluate(std::string expression, std::vector<Subsignature> subs, std::uint64_t steps = 1u << 20) {
  View view;
  view.bytes = AsBytes(std::string_view("one two two three"));
  WorkBudget budget(steps);
  LogicalSignature signature;
  signature.expression = std::move(expression);
  signature.subsignatures = std::move(subs);
  Evaluator evaluator(
      view, [](std::uint32_t, std::uint32_t) { return std::vector<LogicalSignature>(); }, budget);
  return evaluator.Evaluate(signature);
}

TEST(ClamavEvaluatorTest, DecidesByCountsAndExpressions) {
  EXPECT_TRUE(Evaluate("0&1", {Body("one"), Body("two")}).matches);
  EXPECT_TRUE(Evaluate("1=2", {Body("none"), Body("two")}).matches);
  EXPECT_FALSE(Evaluate("0&1", {Body("one"), Body("four")}).matches);
  EXPECT_TRUE(Evaluate("1", {Body("one"), Perl("0", "t[hw][or]")}).matches);
  const auto outcome = Evaluate("1", {Body("four"), Perl("0", "t[hw][or]")});
  EXPECT_FALSE(outcome.matches || outcome.is_limited);
}

TEST(ClamavEvaluatorTest, WhatCannotBeReadMayMatch) {
  EXPECT_TRUE(Evaluate("0&(", {Body("one")}).is_limited);
  EXPECT_TRUE(Evaluate(std::string(100'000, '(') + "0" + std::string(100'000, ')'), {Body("one")}).is_limited);
  EXPECT_TRUE(Evaluate("1", {Body("one"), Perl("0&", "two")}).is_limited);
  EXPECT_TRUE(Evaluate("1", {Body("one"), Perl("0", "(")}).is_limited);
}

TEST(ClamavEvaluatorTest, CountsThatAreTooLowProveNothing) {
  EXPECT_TRUE(Evaluate("0&1=0", {Body("one"), Perl("0", "four")}).matches);
  const auto outcome = Evaluate("0&1=0", {Body("one"), Perl("0", "(")});
  EXPECT_FALSE(outcome.matches);
  EXPECT_TRUE(outcome.is_limited);
  EXPECT_TRUE(Evaluate("0=0", {Body("two")}, 1).is_limited);
}

TEST(ClamavEvaluatorTest, SingleCodeUnitsAreTaken) {
  EXPECT_TRUE(Evaluate("1", {Body("one"), Perl("0", "t\\Co")}).matches);
}

}  // namespace
}  // namespace dl::clamav
