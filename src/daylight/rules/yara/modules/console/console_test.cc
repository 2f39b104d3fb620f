#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daylight/rules/yara/module_testing.h"

namespace dl::yara {
extern const ModuleInfo module_console;
namespace {

using ::testing::ElementsAre;

// Each line is what `yara` 4.2.3 prints for the same call.
TEST(ConsoleModuleTest, LinesAreThoseOfYara) {
  FakeModuleContext context(module_console, Bytes{});
  EXPECT_EQ(context.Call("log", {Value::String("hello")}).integer, 1);
  EXPECT_EQ(context.Call("log", {Value::String("is: "), Value::String("x")}).integer, 1);
  EXPECT_EQ(context.Call("log", {Value::Integer(-5)}).integer, 1);
  EXPECT_EQ(context.Call("log", {Value::String("n="), Value::Integer(7)}).integer, 1);
  EXPECT_EQ(context.Call("log", {Value::Float(0.5)}).integer, 1);
  EXPECT_EQ(context.Call("log", {Value::String("f="), Value::Float(1e20)}).integer, 1);
  EXPECT_EQ(context.Call("hex", {Value::Integer(255)}).integer, 1);
  EXPECT_EQ(context.Call("hex", {Value::String("h="), Value::Integer(-1)}).integer, 1);
  EXPECT_EQ(context.Call("hex", {Value::Integer(0)}).integer, 1);
  EXPECT_THAT(context.log, ElementsAre("hello", "is: x", "-5", "n=7", "0.500000", "f=100000000000000000000.000000",
                                       "0xff", "h=0xffffffffffffffff", "0x0"));
}

TEST(ConsoleModuleTest, BytesOfTheObjectCannotReachTheTerminal) {
  FakeModuleContext context(module_console, Bytes{});
  context.Call("log", {Value::String(std::string_view("\x1b[31m\0\xff~", 8))});
  context.Call("log", {Value::String(std::string_view("msg\0rest", 8)), Value::String("\n")});
  context.Call("log", {Value::String("\x1b]0;\t\n\xc3\xa9"), Value::Integer(1)});
  EXPECT_THAT(context.log, ElementsAre("\\x1b[31m\\x00\\xff~", "msg\\x0a",
                                       "\\x1b]0;\t\n\xc3\xa9"
                                       "1"));
}

TEST(ConsoleModuleTest, TheLargestNumbers) {
  FakeModuleContext context(module_console, Bytes{});
  context.Call("log", {Value::Float(-1.7976931348623157e308)});
  ASSERT_EQ(context.log.size(), 1u);
  EXPECT_EQ(context.log[0].size(), 1 + 309 + 7u);
  EXPECT_EQ(context.log[0].substr(0, 10), "-179769313");
  context.Call("log", {Value::Integer(INT64_MIN)});
  EXPECT_EQ(context.log[1], "-9223372036854775808");
}

TEST(ConsoleModuleTest, AnEmptyStringIsAnEmptyLine) {
  FakeModuleContext context(module_console, Bytes{});
  EXPECT_EQ(context.Call("log", {Value::String("")}).integer, 1);
  EXPECT_THAT(context.log, ElementsAre(""));
}

}  // namespace
}  // namespace dl::yara
