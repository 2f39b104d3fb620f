#include "daylight/events/calendar.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

#include "daylight/events/time_text.h"

// tests/e2e/events_test.py holds it against systemd-analyze, expression by expression.
namespace dl::events {
namespace {

constexpr std::int64_t kNs = 1'000'000'000;

class CalendarTest : public ::testing::Test {
 protected:
  void SetUp() override { Zone("UTC"); }
  void TearDown() override {
    ::unsetenv("TZ");
    ::tzset();
  }
  static void Zone(const char* name) {
    ::setenv("TZ", name, 1);
    ::tzset();
  }
  // The next `n` after `from`, in local time.
  static std::string Next(std::string_view expression, std::string_view from, int n = 1) {
    const auto calendar = Calendar::Parse(expression);
    if (!calendar) return std::string(calendar.error().what);
    std::int64_t at = *ParseTime(from, 0) / kNs;
    std::string out;
    for (int i = 0; i < n; ++i) {
      const auto next = calendar->Next(at);
      if (!next) return out + (out.empty() ? "" : " | ") + "never";
      at = *next;
      out += (out.empty() ? "" : " | ") + LocalTime(at * kNs);
    }
    return out;
  }
};

TEST_F(CalendarTest, UsualOnes) {
  EXPECT_EQ(Next("daily", "2026-11-30 13:30:05"), "2026-12-01 00:00:00");
  EXPECT_EQ(Next("daily", "2026-11-30 00:00:00"), "2026-12-01 00:00:00");
  EXPECT_EQ(Next("Weekly", "2026-11-30 13:30"), "2026-12-07 00:00:00");
  EXPECT_EQ(Next("hourly", "2026-12-31 23:30"), "2027-01-01 00:00:00");
  EXPECT_EQ(Next("minutely", "2026-12-31 23:30:00"), "2026-12-31 23:31:00");
  EXPECT_EQ(Next("quarterly", "2026-12-31", 2), "2027-01-01 00:00:00 | 2027-04-01 00:00:00");
  EXPECT_EQ(Next("Mon..Fri 02:30", "2026-11-27 03:00", 2), "2026-11-30 02:30:00 | 2026-12-01 02:30:00");
  EXPECT_EQ(Next("Sat,Sun 4:00", "2026-11-30", 3), "2026-12-05 04:00:00 | 2026-12-06 04:00:00 | 2026-12-12 04:00:00");
  EXPECT_EQ(Next("*-*-01 03:00", "2026-11-30", 2), "2026-12-01 03:00:00 | 2027-01-01 03:00:00");
  EXPECT_EQ(Next("*:0/15", "2026-11-30 23:44:59", 2), "2026-11-30 23:45:00 | 2026-12-01 00:00:00");
  EXPECT_EQ(Next("*-*~1", "2028-02-01", 2), "2028-02-29 00:00:00 | 2028-03-31 00:00:00");
  EXPECT_EQ(Next("*-02-29", "2026-01-01", 2), "2028-02-29 00:00:00 | 2032-02-29 00:00:00");
  EXPECT_EQ(Next("Mon *-*-1..7 3:00", "2026-11-30", 2), "2026-12-07 03:00:00 | 2027-01-04 03:00:00");
  EXPECT_EQ(Next("12-24", "2026-11-30"), "2026-12-24 00:00:00");
  EXPECT_EQ(Next("2026-12-24 18:00:30", "2026-11-30", 2), "2026-12-24 18:00:30 | never");
  EXPECT_EQ(Next("2..4:10,20:5", "2026-11-30 03:20:05"), "2026-11-30 04:10:05");
  EXPECT_EQ(Next("*-02-30", "2026-11-30"), "never");
}

TEST_F(CalendarTest, WhenTheClocksChange) {
  Zone("Europe/Berlin");
  if (LocalTime(0) != "1970-01-01 01:00:00") GTEST_SKIP() << "no time zone data on this machine";
  // 29 March 2026: 02:00 to 03:00 do not exist. 25 October: they come twice.
  EXPECT_EQ(Next("02:30", "2026-03-28 20:00"), "2026-03-30 02:30:00");
  EXPECT_EQ(Next("hourly", "2026-03-29 00:30", 3), "2026-03-29 01:00:00 | 2026-03-29 03:00:00 | 2026-03-29 04:00:00");
  EXPECT_EQ(Next("02:30", "2026-10-25 00:00", 2), "2026-10-25 02:30:00 | 2026-10-26 02:30:00");
  EXPECT_EQ(Next("hourly", "2026-10-25 01:30", 2), "2026-10-25 02:00:00 | 2026-10-25 03:00:00");
  const auto half_past_two = Calendar::Parse("02:30")->Next(*ParseTime("2026-10-25", 0) / kNs);
  EXPECT_EQ(Rfc3339(*half_past_two * kNs, 0), "2026-10-25T00:30:00Z");  // Of the two the first.
  // Asked in the second of the two hours: it was.
  EXPECT_EQ(LocalTime(*Calendar::Parse("02:30")->Next(*half_past_two + 3000) * kNs), "2026-10-26 02:30:00");
  EXPECT_EQ(Next("02:30 UTC", "2026-03-28 20:00"), "2026-03-29 04:30:00");
  EXPECT_EQ(Next("*:*:*", "2026-03-29 01:59:59"), "2026-03-29 03:00:00");
}

TEST_F(CalendarTest, ADayThatDoesNotExist) {
  Zone("Pacific/Apia");  // Went from 29 to 31 December 2011.
  if (LocalTime(0) != "1969-12-31 13:00:00") GTEST_SKIP() << "no time zone data on this machine";
  EXPECT_EQ(Next("daily", "2011-12-29 12:00"), "2011-12-31 00:00:00");
}

TEST_F(CalendarTest, RefusesWhatIsNone) {
  for (const char* text : {"",
                           " ",
                           "sometimes",
                           "Mon..",
                           "Fri..Mon 1:00",
                           "Mon,,Tue",
                           "25:00",
                           "12:60",
                           "1:2:60",
                           "1:2:3:4",
                           "1",
                           "*-13-01",
                           "*-00-01",
                           "*-*-32",
                           "*-*-0",
                           "1969-01-01",
                           "2200-01-01",
                           "*-*-5..3",
                           "*-*~1..3",
                           "1:00/0",
                           "*/2:00",
                           "1..:00",
                           "..3:00",
                           "1:00 Mon",
                           "Mon *-*-* 1:00 x",
                           "daily Mon",
                           "*-*-* 1:00 Europe/Berlin",
                           "-1:00",
                           "+1:00",
                           "1 :00",
                           "0x1:00",
                           "99999999999:00",
                           "*-*-*-*",
                           "~",
                           "-",
                           "*-*~",
                           "Mon 1:00.5"})
    EXPECT_FALSE(Calendar::Parse(text).has_value()) << text;
  EXPECT_FALSE(Calendar::Parse(std::string(100'000, ',')).has_value());
  EXPECT_FALSE(Calendar::Parse(std::string("1:00\0", 5)).has_value());
}

TEST_F(CalendarTest, TimesOutOfReach) {
  EXPECT_TRUE(Calendar::Parse("daily")->Next(INT64_MIN).has_value());
  EXPECT_FALSE(Calendar::Parse("daily")->Next(INT64_MAX).has_value());
  EXPECT_FALSE(Calendar::Parse("daily")->Next(7'258'118'400).has_value());  // 2200.
}

}  // namespace
}  // namespace dl::events
