#include "values.h"

#include <gtest/gtest.h>

namespace dl::cli {
namespace {

using Kind = report::ExternalValue::Kind;

TEST(ValuesTest, Sizes) {
  EXPECT_EQ(ParseSize("0"), 0u);
  EXPECT_EQ(ParseSize("10M"), 10u << 20);
  EXPECT_EQ(ParseSize("1KiB"), 1024u);
  EXPECT_EQ(ParseSize("2gb"), std::uint64_t{2} << 30);
  EXPECT_EQ(ParseSize("16777215T"), std::uint64_t{16777215} << 40);
  EXPECT_FALSE(ParseSize("16777216T"));  // 2^64.
  for (const char* bad : {"", "M", "-1", "1X", "1.5M", "99999999999999999999", "1 M"})
    EXPECT_FALSE(ParseSize(bad)) << bad;
}

TEST(ValuesTest, Durations) {
  EXPECT_EQ(ParseDuration("90"), 90000u);
  EXPECT_EQ(ParseDuration("1.5s"), 1500u);
  EXPECT_EQ(ParseDuration("200ms"), 200u);
  EXPECT_EQ(ParseDuration("2m"), 120000u);
  EXPECT_EQ(ParseDuration("0"), 0u);
  EXPECT_EQ(ParseDuration("0.0001s"), 1u);
  for (const char* bad : {"", "s", "-1", "1x", "1e9", "2000h", "nan"}) EXPECT_FALSE(ParseDuration(bad)) << bad;
}

TEST(ValuesTest, DefinesAreTypedAsYaraDoes) {
  EXPECT_EQ(ParseDefine("a=12")->kind, Kind::kInteger);
  EXPECT_EQ(ParseDefine("a=-9223372036854775808")->integer, std::int64_t{-9223372036854775807} - 1);
  EXPECT_FALSE(ParseDefine("a=9223372036854775808"));
  EXPECT_EQ(ParseDefine("a=-1.5")->real, -1.5);
  EXPECT_EQ(ParseDefine("a=true")->integer, 1);
  EXPECT_EQ(ParseDefine("a=false")->kind, Kind::kBoolean);
  EXPECT_EQ(ParseDefine("a=True")->kind, Kind::kString);
  EXPECT_EQ(ParseDefine("a=")->text, "");
  EXPECT_EQ(ParseDefine("a=b=c")->text, "b=c");
  EXPECT_EQ(ParseDefine("a=1.2.3")->kind, Kind::kString);
  EXPECT_EQ(ParseDefine("a=-")->kind, Kind::kString);
  EXPECT_EQ(ParseDefine("filename=5")->text, "5");
  EXPECT_EQ(ParseDefine("filename=5")->kind, Kind::kString);
  for (const char* bad : {"a", "=1", "1a=1", "a b=1", ""}) EXPECT_FALSE(ParseDefine(bad)) << bad;
}

TEST(ValuesTest, ForPeople) {
  EXPECT_EQ(SizeText(1023), "1023 B");
  EXPECT_EQ(SizeText(1536), "1.5 KB");
  EXPECT_EQ(SizeText(std::uint64_t{5} << 50), "5120.0 TB");
  EXPECT_EQ(TimeText(1.25), "1.2 s");
  EXPECT_EQ(TimeText(200), "3 min 20 s");
  EXPECT_EQ(TimeText(7260), "2 h 1 min");
}

}  // namespace
}  // namespace dl::cli
