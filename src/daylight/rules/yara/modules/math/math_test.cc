#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "daylight/rules/yara/module_testing.h"

namespace dl::yara {
extern const ModuleInfo module_math;
namespace {

Value I(std::int64_t i) { return Value::Integer(i); }
Value F(double d) { return Value::Float(d); }
Value S(std::string_view s) { return Value::String(s); }

Value Call(std::string_view object, std::string_view function, std::initializer_list<Value> args = {}) {
  FakeModuleContext context(module_math, AsBytes(object));
  return context.Call(function, args);
}

// Of strings from std::string, whose bytes outlive the context.
std::string StringOf(std::initializer_list<Value> args) {
  FakeModuleContext context(module_math, Bytes{});
  const Value value = context.Call("to_string", args);
  return value.defined() ? std::string(value.string) : "undefined";
}

TEST(MathModuleTest, EntropyOfRangesAndStrings) {
  EXPECT_EQ(Call("", "entropy", {S("AAAAA")}).real, 0.0);
  EXPECT_EQ(Call("", "entropy", {S("AABB")}).real, 1.0);
  EXPECT_EQ(Call("", "entropy", {S("")}).real, 0.0);
  EXPECT_EQ(Call("CCAAACCC", "entropy", {I(2), I(3)}).real, 0.0);
  EXPECT_EQ(Call("CCAAACCC", "entropy", {I(2), I(100)}).real, 1.0);
  EXPECT_EQ(Call("ABC", "entropy", {I(0), I(0)}).real, 0.0);
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  EXPECT_EQ(Call(all, "entropy", {I(0), I(256)}).real, 8.0);
}

TEST(MathModuleTest, DeviationAndMean) {
  EXPECT_EQ(Call("", "deviation", {S("AAAAA"), F(0.0)}).real, 65.0);
  EXPECT_EQ(Call("", "deviation", {S("ABAB"), F(65.0)}).real, 0.5);
  EXPECT_EQ(Call("ABABABAB", "deviation", {I(2), I(4), F(65.0)}).real, 0.5);
  EXPECT_EQ(Call("", "mean", {S("ABCABC")}).real, 66.0);
  EXPECT_EQ(Call("ABCABC", "mean", {I(0), I(3)}).real, 66.0);
  EXPECT_EQ(Call("ABCABC", "mean", {I(0), I(1000)}).real, 66.0);
  // As in YARA, a string's bytes are signed and the object's are not.
  EXPECT_EQ(Call("", "mean", {S("\xff\xfe")}).real, -1.5);
  EXPECT_EQ(Call("\xff\xfe", "mean", {I(0), I(2)}).real, 254.5);
}

TEST(MathModuleTest, SerialCorrelationGoesRoundTheEnd) {
  EXPECT_EQ(Call("", "serial_correlation", {S("BCA")}).real, -0.5);
  EXPECT_EQ(Call("ABCABC", "serial_correlation", {I(1), I(3)}).real, -0.5);
  EXPECT_EQ(Call("ABCABC", "serial_correlation", {I(0), I(100)}).real, -0.5);
  EXPECT_EQ(Call("ABCABC", "serial_correlation", {I(0), I(0)}).real, -100000.0);
  EXPECT_EQ(Call("AAAA", "serial_correlation", {I(0), I(4)}).real, -100000.0);
  EXPECT_EQ(Call("", "serial_correlation", {S("")}).real, -100000.0);
}

TEST(MathModuleTest, MonteCarloPi) {
  EXPECT_LT(Call("123ABCDEF123456987DE", "monte_carlo_pi", {I(3), I(15)}).real, 0.3);
  EXPECT_LT(Call("", "monte_carlo_pi", {S("ABCDEF123456987")}).real, 0.3);
  EXPECT_FALSE(Call("", "monte_carlo_pi", {S("12345")}).defined());
  EXPECT_FALSE(Call("ABCDEFGH", "monte_carlo_pi", {I(4), I(100)}).defined());
  // A point outside the circle: pi is 0, which is off by all of pi.
  EXPECT_EQ(Call(std::string(6, '\xff'), "monte_carlo_pi", {I(0), I(6)}).real, 1.0);
}

TEST(MathModuleTest, CountPercentageMode) {
  EXPECT_EQ(Call("AABAAB", "count", {I(0x41), I(0), I(3)}).integer, 2);
  EXPECT_EQ(Call("AABAAB", "count", {I(0x41), I(4), I(10)}).integer, 1);
  EXPECT_EQ(Call("AABAAB", "count", {I(0x41)}).integer, 4);
  EXPECT_EQ(Call("ABAB", "percentage", {I(0x41), I(0), I(4)}).real, 0.5);
  EXPECT_EQ(Call("AABAAB", "percentage", {I(0x41)}).real, static_cast<double>(2.0F / 3.0F));
  EXPECT_NE(Call("AABAAB", "percentage", {I(0x41)}).real, 2.0 / 3.0);
  EXPECT_EQ(Call("ABABA", "mode").integer, 0x41);
  EXPECT_EQ(Call("ABAB", "mode").integer, 0x41);  // The lowest of equals.
  EXPECT_EQ(Call("CCABACC", "mode", {I(2), I(3)}).integer, 0x41);
}

TEST(MathModuleTest, BytesAreZeroTo255) {
  EXPECT_FALSE(Call("AABAAB", "percentage", {I(-1)}).defined());
  EXPECT_FALSE(Call("AABAAB", "percentage", {I(256)}).defined());
  EXPECT_FALSE(Call("AABAAB", "count", {I(-1)}).defined());
  EXPECT_FALSE(Call("AABAAB", "count", {I(256), I(0), I(3)}).defined());
  EXPECT_TRUE(Call("AABAAB", "count", {I(255)}).defined());
}

TEST(MathModuleTest, RangesOutsideTheObjectAreUndefined) {
  for (const char* function : {"entropy", "mean", "serial_correlation", "monte_carlo_pi", "mode"}) {
    EXPECT_FALSE(Call("AABAAB", function, {I(6), I(1)}).defined()) << function;
    EXPECT_FALSE(Call("AABAAB", function, {I(-1), I(1)}).defined()) << function;
    EXPECT_FALSE(Call("AABAAB", function, {I(0), I(-1)}).defined()) << function;
    EXPECT_FALSE(Call("", function, {I(0), I(0)}).defined()) << function;
    const auto huge = std::numeric_limits<std::int64_t>::max();
    EXPECT_FALSE(Call("AABAAB", function, {I(huge), I(huge)}).defined()) << function;
  }
  EXPECT_TRUE(Call("AABAAB", "entropy", {I(5), I(std::numeric_limits<std::int64_t>::max())}).defined());
  EXPECT_FALSE(Call("AABAAB", "percentage", {I(0x41), I(0), I(0)}).defined());
  EXPECT_FALSE(Call("AABAAB", "percentage", {I(0x41), I(10), I(3)}).defined());
  EXPECT_FALSE(Call("", "percentage", {I(0x41), I(0), I(10)}).defined());
  EXPECT_FALSE(Call("AABAAB", "percentage", {I(0x41), I(0), I(-3)}).defined());
  EXPECT_FALSE(Call("AABAAB", "count", {I(0x41), I(10), I(4)}).defined());
  EXPECT_FALSE(Call("AABAAB", "mean", {I(0), I(0)}).defined());  // 0 / 0.
  EXPECT_FALSE(Call("", "mean", {S("")}).defined());
  EXPECT_FALSE(Call("", "deviation", {S(""), F(1.0)}).defined());
}

TEST(MathModuleTest, TheWholeOfAnEmptyObject) {
  EXPECT_EQ(Call("", "count", {I(0)}).integer, 0);
  EXPECT_EQ(Call("", "mode").integer, 0);
  EXPECT_FALSE(Call("", "percentage", {I(0)}).defined());
}

TEST(MathModuleTest, MinAndMaxAreUnsigned) {
  EXPECT_EQ(Call("", "max", {I(0), I(1)}).integer, 1);
  EXPECT_EQ(Call("", "min", {I(0), I(1)}).integer, 0);
  EXPECT_EQ(Call("", "max", {I(-1), I(1)}).integer, -1);
  EXPECT_EQ(Call("", "min", {I(-1), I(1)}).integer, 1);
  EXPECT_EQ(Call("", "abs", {I(-1)}).integer, 1);
  const auto least = std::numeric_limits<std::int64_t>::min();
  EXPECT_EQ(Call("", "abs", {I(least)}).integer, least);
}

TEST(MathModuleTest, InRangeToNumberToString) {
  EXPECT_EQ(Call("", "in_range", {F(2.0), F(1.0), F(3.0)}).integer, 1);
  EXPECT_EQ(Call("", "in_range", {F(1.0), F(1.0), F(3.0)}).integer, 1);
  EXPECT_EQ(Call("", "in_range", {F(3.5), F(1.0), F(3.0)}).integer, 0);
  EXPECT_EQ(Call("", "in_range", {I(3), I(1), I(2)}).integer, 0);
  EXPECT_EQ(Call("", "in_range", {I(2), I(1), I(2)}).integer, 1);
  EXPECT_EQ(Call("", "to_number", {Value::Boolean(true)}).integer, 1);
  EXPECT_EQ(Call("", "to_number", {Value::Boolean(false)}).integer, 0);
  EXPECT_EQ(StringOf({I(1234)}), "1234");
  EXPECT_EQ(StringOf({I(-1)}), "-1");
  EXPECT_EQ(StringOf({I(32), I(16)}), "20");
  EXPECT_EQ(StringOf({I(32), I(8)}), "40");
  EXPECT_EQ(StringOf({I(32), I(10)}), "32");
  EXPECT_EQ(StringOf({I(0), I(16)}), "0");
  EXPECT_EQ(StringOf({I(-1), I(10)}), "-1");
  EXPECT_EQ(StringOf({I(-1), I(16)}), "ffffffffffffffff");
  EXPECT_EQ(StringOf({I(-1), I(8)}), "1777777777777777777777");
  EXPECT_EQ(StringOf({I(32), I(9)}), "undefined");
}

TEST(MathModuleTest, MeanBytesIsKnownBeforeAnyObject) {
  const StructType& type = module_math.type();
  const auto index = type.Find("MEAN_BYTES");
  ASSERT_TRUE(index.has_value());
  ASSERT_TRUE(type.fields()[*index].constant.has_value());
  EXPECT_EQ(type.fields()[*index].constant->real, 127.5);
}

// The blocks that a range is read in are no part of the answer.
TEST(MathModuleTest, RangesLongerThanOneBlock) {
  std::string object;
  for (std::uint32_t i = 0; i < 200'001; ++i) object += static_cast<char>((i * i + i / 7) & 0xff);
  const std::string_view part = std::string_view(object).substr(5);
  double sum = 0;
  std::uint64_t inside = 0, points = 0;
  for (std::size_t i = 0; i + 6 <= part.size(); i += 6) {
    const auto at = [&](std::size_t k) { return static_cast<double>(static_cast<unsigned char>(part[i + k])); };
    const double x = (at(0) * 256 + at(1)) * 256 + at(2), y = (at(3) * 256 + at(4)) * 256 + at(5);
    inside += x * x + y * y <= std::pow(16777215.0, 2) ? 1U : 0U;
    ++points;
  }
  for (const char c : part) sum += static_cast<unsigned char>(c);
  const auto size = static_cast<std::int64_t>(object.size());
  EXPECT_EQ(Call(object, "mean", {I(5), I(size)}).real, sum / static_cast<double>(part.size()));
  const double pi = 4.0 * (static_cast<double>(inside) / static_cast<double>(points));
  EXPECT_EQ(Call(object, "monte_carlo_pi", {I(5), I(size)}).real,
            std::fabs((pi - 3.141592653589793) / 3.141592653589793));
}

TEST(MathModuleTest, CountsAreCachedByRange) {
  FakeModuleContext context(module_math, AsBytes("AABBBB"));
  for (int round = 0; round < 40; ++round) {
    EXPECT_EQ(context.Call("count", {I(0x41), I(0), I(round % 20)}).integer, std::min(round % 20, 2));
    EXPECT_EQ(context.Call("count", {I(0x41)}).integer, 2);
  }
}

// A stream that is past its middle cannot read it again: the answer is
// undefined, and the context was asked, so the object counts as incomplete.
TEST(MathModuleTest, BytesThatAreGoneAreReported) {
  std::size_t left = 100'000;
  StreamSource stream(
      [&left](std::span<std::byte> out) -> Result<std::size_t> {
        const std::size_t n = std::min(left, out.size());
        left -= n;
        std::fill_n(out.begin(), n, std::byte{'x'});
        return n;
      },
      {.window_bytes = 1024, .head_bytes = 512, .tail_bytes = 512});
  while (true) {
    const auto window = stream.NextWindow(16);
    ASSERT_TRUE(window);
    if (window->last) break;
  }
  FakeModuleContext context(module_math, stream);
  EXPECT_EQ(context.Call("count", {I('x'), I(0), I(100)}).integer, 100);
  EXPECT_EQ(context.whole_requests, 0);
  EXPECT_FALSE(context.Call("count", {I('x'), I(50'000), I(100)}).defined());
  EXPECT_EQ(context.whole_requests, 1);
}

}  // namespace
}  // namespace dl::yara
