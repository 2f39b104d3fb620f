#include "daylight/policy/date.h"

#include <gtest/gtest.h>

namespace dl::policy {
namespace {

TEST(DateTest, CountsDaysFrom1970) {
  EXPECT_EQ(ParseDate("1970-01-01")->days, 0);
  EXPECT_EQ(ParseDate("2024-07-20")->days, 19924);
  EXPECT_EQ(ParseDate("1969-12-31")->days, -1);
  EXPECT_EQ(DayOf(0).days, 0);
  EXPECT_EQ(DayOf(-1).days, -1);
  EXPECT_EQ(DayOf(86399).days, 0);
  EXPECT_EQ(DayOf(86400).days, 1);
}

TEST(DateTest, EachDayOfTheCalendarReadsAsItIsWritten) {
  for (std::int32_t days = ParseDate("0001-01-01")->days; days <= ParseDate("9999-12-31")->days; days += 13) {
    const std::optional<Date> read = ParseDate(Text(Date{days}));
    ASSERT_TRUE(read) << days;
    ASSERT_EQ(read->days, days);
  }
  EXPECT_EQ(Text(Date{-2'000'000'000}), "0001-01-01");
  EXPECT_EQ(Text(Date{2'000'000'000}), "9999-12-31");
}

TEST(DateTest, DaysThatAreNotThereAreRefused) {
  for (const char* const text : {"2023-02-29", "2024-02-30", "1900-02-29", "2024-13-01", "2024-00-10", "2024-01-00",
                                 "2024-1-01", "20240101", "2024-01-01 ", "0000-01-01", "2024-0a-01", ""}) {
    EXPECT_FALSE(ParseDate(text)) << text;
  }
  EXPECT_TRUE(ParseDate("2024-02-29"));
  EXPECT_TRUE(ParseDate("2000-02-29"));
}

}  // namespace
}  // namespace dl::policy
