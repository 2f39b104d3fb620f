#include "daylight/rules/clamav/text.h"

#include <gtest/gtest.h>

namespace dl::clamav {
namespace {

TEST(ClamavTextTest, AtoiReadsAsCDoes) {
  EXPECT_EQ(Atoi(""), 0);
  EXPECT_EQ(Atoi("216"), 216);
  EXPECT_EQ(Atoi(" \t-12x"), -12);
  EXPECT_EQ(Atoi("+"), 0);
  EXPECT_EQ(Atoi("2147483648"), -2147483647 - 1);
  EXPECT_EQ(Atoi("4294967296"), 0);
  EXPECT_EQ(Atoi("99999999999999999999"), -1);  // LONG_MAX, cut.
}

TEST(ClamavTextTest, ScanfTakesSignsAndLeavesTheRest) {
  std::string_view text = " -1-2";
  std::uint32_t value = 0;
  EXPECT_TRUE(ScanUnsigned(text, value));
  EXPECT_EQ(value, 0xffffffffu);
  EXPECT_EQ(text, "-2");
  text = "x";
  EXPECT_FALSE(ScanUnsigned(text, value));
  EXPECT_EQ(text, "x");
}

TEST(ClamavTextTest, IntegersHaveTheBaseOfTheirPrefix) {
  const auto scan = [](std::string_view text, int base) {
    const std::int64_t value = ScanInteger(text, base);
    return std::pair(value, std::string(text));
  };
  EXPECT_EQ(scan("0x1fg", 0), std::pair(std::int64_t{31}, std::string("g")));
  EXPECT_EQ(scan("0xg", 0), std::pair(std::int64_t{0}, std::string("xg")));
  EXPECT_EQ(scan("017", 0), std::pair(std::int64_t{15}, std::string()));
  EXPECT_EQ(scan("08", 0), std::pair(std::int64_t{0}, std::string("8")));
  EXPECT_EQ(scan("017", 10), std::pair(std::int64_t{17}, std::string()));
  EXPECT_EQ(scan("-9223372036854775809", 0).first, INT64_MIN);
  EXPECT_EQ(scan("9223372036854775808", 0).first, INT64_MAX);
  EXPECT_EQ(scan("99999999999999999999999", 0).first, INT64_MAX);
  EXPECT_EQ(scan("", 0), std::pair(std::int64_t{0}, std::string()));
}

TEST(ClamavTextTest, SplitShowsOneFieldTooMany) {
  std::array<std::string_view, 3> fields;
  EXPECT_EQ(Split("", ':', fields), 1u);
  EXPECT_EQ(Split("a:", ':', fields), 2u);
  EXPECT_EQ(fields[1], "");
  EXPECT_EQ(Split("a:b:c:d", ':', fields), 3u);
  EXPECT_EQ(fields[2], "c");
}

TEST(ClamavTextTest, HexNeedsAllItsDigits) {
  std::array<std::uint8_t, 2> bytes{};
  EXPECT_TRUE(DecodeHex("aAf0", bytes));
  EXPECT_EQ(bytes[0], 0xaa);
  EXPECT_FALSE(DecodeHex("aaf", bytes));
  EXPECT_FALSE(DecodeHex("aaf00", bytes));
  EXPECT_FALSE(DecodeHex("aag0", bytes));
  EXPECT_FALSE(DecodeHex("aa0\xff", bytes));
}

TEST(ClamavTextTest, NamesEndAtClam) {
  EXPECT_EQ(StripName("A.B (Clam)"), "A.B");
  EXPECT_EQ(StripName("A.B (Clam) C"), "A.B");
  EXPECT_EQ(StripName("A.B(Clam)"), "A.B(Clam)");
  EXPECT_EQ(StripName(" (Clam)"), "");
}

}  // namespace
}  // namespace dl::clamav
