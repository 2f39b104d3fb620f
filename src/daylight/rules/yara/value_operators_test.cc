#include "daylight/rules/yara/value_operators.h"

#include <gtest/gtest.h>

#include <limits>

namespace dl::yara {
namespace {

constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

std::string Show(const Value& value) {
  switch (value.kind) {
    case TypeKind::kBoolean: return value.boolean ? "true" : "false";
    case TypeKind::kInteger: return std::to_string(value.integer);
    case TypeKind::kFloat: return std::to_string(value.real);
    default: return "undefined";
  }
}
std::string Int(Op op, std::int64_t a, std::int64_t b) {
  return Show(BinaryOperator(op, Value::Integer(a), Value::Integer(b)));
}
std::string Text(Op op, std::string_view a, std::string_view b) {
  return Show(BinaryOperator(op, Value::String(a), Value::String(b)));
}

TEST(ValueOperatorsTest, IntegersWrap) {
  EXPECT_EQ(Int(Op::kAdd, kMax, 1), std::to_string(kMin));
  EXPECT_EQ(Int(Op::kSubtract, kMin, 1), std::to_string(kMax));
  EXPECT_EQ(Int(Op::kMultiply, kMax, 2), "-2");
  EXPECT_EQ(Int(Op::kDivide, -7, 2), "-3");
  EXPECT_EQ(Int(Op::kModulo, -7, 2), "-1");
  EXPECT_EQ(Int(Op::kDivide, 1, 0), "undefined");
  EXPECT_EQ(Int(Op::kModulo, 1, 0), "undefined");
  EXPECT_EQ(Int(Op::kDivide, kMin, -1), "undefined");
  EXPECT_EQ(Int(Op::kModulo, kMin, -1), "undefined");
  EXPECT_EQ(Show(UnaryOperator(Op::kNegate, Value::Integer(kMin))), std::to_string(kMin));
  EXPECT_EQ(Show(UnaryOperator(Op::kBitNot, Value::Integer(0))), "-1");
}

TEST(ValueOperatorsTest, Shifts) {
  EXPECT_EQ(Int(Op::kShiftLeft, 1, 63), std::to_string(kMin));
  EXPECT_EQ(Int(Op::kShiftLeft, 1, 64), "0");
  EXPECT_EQ(Int(Op::kShiftRight, -8, 1), "-4");
  EXPECT_EQ(Int(Op::kShiftRight, -8, 64), "0");
  EXPECT_EQ(Int(Op::kShiftLeft, 1, -1), "undefined");
  EXPECT_EQ(Int(Op::kShiftRight, 1, -1), "undefined");
}

TEST(ValueOperatorsTest, UndefinedStaysUndefined) {
  const Value none;
  for (const Op op : {Op::kAdd, Op::kEqual, Op::kNotEqual, Op::kLess, Op::kContains, Op::kBitAnd}) {
    EXPECT_FALSE(BinaryOperator(op, none, Value::Integer(1)).defined());
    EXPECT_FALSE(BinaryOperator(op, Value::String("a"), none).defined());
  }
  EXPECT_FALSE(UnaryOperator(Op::kNot, none).defined());
  EXPECT_FALSE(Truth(none));
}

TEST(ValueOperatorsTest, MixedNumbers) {
  EXPECT_EQ(Show(BinaryOperator(Op::kAdd, Value::Integer(1), Value::Float(0.5))), "1.500000");
  EXPECT_EQ(Show(BinaryOperator(Op::kEqual, Value::Integer(1), Value::Float(1.0))), "true");
  EXPECT_EQ(Show(BinaryOperator(Op::kEqual, Value::Boolean(true), Value::Integer(1))), "true");
  EXPECT_EQ(Show(BinaryOperator(Op::kBitAnd, Value::Float(1), Value::Integer(1))), "undefined");
  EXPECT_EQ(Show(BinaryOperator(Op::kEqual, Value::String("1"), Value::Integer(1))), "undefined");
}

TEST(ValueOperatorsTest, Texts) {
  EXPECT_EQ(Text(Op::kContains, "abc", ""), "true");
  EXPECT_EQ(Text(Op::kIContains, "", ""), "true");
  EXPECT_EQ(Text(Op::kIContains, "xABCx", "abc"), "true");
  EXPECT_EQ(Text(Op::kIContains, "ab", "abc"), "false");
  EXPECT_EQ(Text(Op::kIStartsWith, "ABC", "ab"), "true");
  EXPECT_EQ(Text(Op::kIEndsWith, "ABC", "bc"), "true");
  EXPECT_EQ(Text(Op::kIEndsWith, "C", "bc"), "false");
  EXPECT_EQ(Text(Op::kLess, "a", "b"), "true");
  EXPECT_EQ(Text(Op::kGreater, "\xff", "a"), "true");
  EXPECT_EQ(Text(Op::kAdd, "a", "b"), "undefined");
}

TEST(ValueOperatorsTest, TextWithoutCaseByUnicode) {
  const auto same = [](std::string_view a, std::string_view b) {
    return Show(UnicodeNoCaseOperator(Op::kIEquals, Value::String(a), Value::String(b)));
  };
  EXPECT_EQ(same("\xc3\x84", "\xc3\xa4"), "true");
  EXPECT_EQ(Text(Op::kIEquals, "\xc3\x84", "\xc3\xa4"), "false");
  EXPECT_EQ(same("\xc3", "\xc3"), "true");  // Truncated.
  EXPECT_EQ(same("\xff\xfe", "\xff\xfe"), "true");
  EXPECT_EQ(same("\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"), "true");
  // A lead byte before what does not continue it: the bytes stay as they are.
  EXPECT_EQ(same("\xc3"
                 "a",
                 "\xc3\xa1"),
            "false");
}

}  // namespace
}  // namespace dl::yara
