#include <gtest/gtest.h>

#include <limits>

#include "daylight/rules/yara/module_testing.h"

namespace dl::yara {
extern const ModuleInfo module_string;
namespace {

Value ToInt(std::string_view text) {
  FakeModuleContext context(module_string, Bytes{});
  return context.Call("to_int", {Value::String(text)});
}
Value ToInt(std::string_view text, std::int64_t base) {
  FakeModuleContext context(module_string, Bytes{});
  return context.Call("to_int", {Value::String(text), Value::Integer(base)});
}

TEST(StringModuleTest, ToIntReadsPrefixes) {
  EXPECT_EQ(ToInt("1234").integer, 1234);
  EXPECT_EQ(ToInt("-10").integer, -10);
  EXPECT_EQ(ToInt("+10").integer, 10);
  EXPECT_EQ(ToInt(" \t12").integer, 12);
  EXPECT_EQ(ToInt("-010").integer, -8);
  EXPECT_EQ(ToInt("0x1F").integer, 31);
  EXPECT_EQ(ToInt("0").integer, 0);
  EXPECT_EQ(ToInt(std::string_view("12\0zz", 5)).integer, 12);
}

TEST(StringModuleTest, ToIntWithBase) {
  EXPECT_EQ(ToInt("10", 8).integer, 8);
  EXPECT_EQ(ToInt("011", 8).integer, 9);
  EXPECT_EQ(ToInt("-011", 8).integer, -9);
  EXPECT_EQ(ToInt("A", 16).integer, 10);
  EXPECT_EQ(ToInt("0xA", 16).integer, 10);
  EXPECT_EQ(ToInt("zz", 36).integer, 35 * 36 + 35);
  EXPECT_EQ(ToInt("010", 0).integer, 8);
  EXPECT_EQ(ToInt("0x10", 0).integer, 16);
  EXPECT_EQ(ToInt("10", 0).integer, 10);
}

TEST(StringModuleTest, WhatIsNoNumberIsUndefined) {
  for (const std::string_view text : {"", " ", "-", "+-1", "FOO", "10A20", "1 ", "08", "0x", "0xg", "- 1", "\x80"}) {
    EXPECT_FALSE(ToInt(text).defined()) << text;
  }
  EXPECT_FALSE(ToInt("1", -1).defined());
  EXPECT_FALSE(ToInt("1", 1).defined());
  EXPECT_FALSE(ToInt("1", 37).defined());
  EXPECT_TRUE(ToInt("1", 36).defined());
  EXPECT_FALSE(ToInt("8", 8).defined());
}

TEST(StringModuleTest, NumbersEndAt64Bits) {
  EXPECT_EQ(ToInt("9223372036854775807").integer, std::numeric_limits<std::int64_t>::max());
  EXPECT_FALSE(ToInt("9223372036854775808").defined());
  EXPECT_EQ(ToInt("-9223372036854775808").integer, std::numeric_limits<std::int64_t>::min());
  EXPECT_FALSE(ToInt("-9223372036854775809").defined());
  EXPECT_FALSE(ToInt("99999999999999999999999999").defined());
  EXPECT_EQ(ToInt("0x7fffffffffffffff").integer, std::numeric_limits<std::int64_t>::max());
}

TEST(StringModuleTest, LengthCountsBytes) {
  FakeModuleContext context(module_string, Bytes{});
  EXPECT_EQ(context.Call("length", {Value::String("AXsx00ERS")}).integer, 9);
  EXPECT_EQ(context.Call("length", {Value::String("")}).integer, 0);
  EXPECT_EQ(context.Call("length", {Value::String(std::string_view("a\0b", 3))}).integer, 3);
}

}  // namespace
}  // namespace dl::yara
