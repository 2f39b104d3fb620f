#include "daylight/events/time_text.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

namespace dl::events {
namespace {

constexpr std::int64_t kNs = 1'000'000'000;
constexpr std::int64_t kNow = 1'796'045'405 * kNs;  // 2026-11-30T13:30:05Z, 14:30:05 in Berlin

class TimeTextTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ::setenv("TZ", "Europe/Berlin", 1);
    ::tzset();
    std::time_t probe = 1'796'045'405;
    tm local{};
    ::localtime_r(&probe, &local);
    if (local.tm_gmtoff != 3600) GTEST_SKIP() << "no time zone data on this machine";
  }
  void TearDown() override {
    ::unsetenv("TZ");
    ::tzset();
  }
};

TEST_F(TimeTextTest, Writes) {
  EXPECT_EQ(Rfc3339(0), "1970-01-01T00:00:00.000000000Z");
  EXPECT_EQ(Rfc3339(kNow + 1, 0), "2026-11-30T13:30:05Z");
  EXPECT_EQ(Rfc3339(kNow + 123'456'789, 6), "2026-11-30T13:30:05.123456Z");
  EXPECT_EQ(Rfc3339(-1, 9), "1969-12-31T23:59:59.999999999Z");
  // As far as these reach.
  EXPECT_EQ(Rfc3339(INT64_MAX, 0), "2262-04-11T23:47:16Z");
  EXPECT_EQ(Rfc3339(INT64_MIN, 0), "1677-09-21T00:12:43Z");
  EXPECT_EQ(LocalTime(kNow), "2026-11-30 14:30:05");
}

TEST_F(TimeTextTest, Reads) {
  const auto seconds = [](std::string_view text) {
    const auto time = ParseTime(text, kNow);
    return time ? *time / kNs : -1;
  };
  EXPECT_EQ(seconds("now"), kNow / kNs);
  EXPECT_EQ(seconds("2026-11-30 14:30:05"), kNow / kNs);
  EXPECT_EQ(seconds("2026-11-30T13:30:05Z"), kNow / kNs);
  EXPECT_EQ(seconds("2026-11-30 13:30:05 UTC"), kNow / kNs);
  EXPECT_EQ(seconds("2026-11-30T15:30:05+02:00"), kNow / kNs);
  EXPECT_EQ(seconds("2026-11-30T13:00:05-0030"), kNow / kNs);
  EXPECT_EQ(seconds("2026-11-30 14:30"), kNow / kNs - 5);
  EXPECT_EQ(seconds("today"), kNow / kNs - 14 * 3600 - 30 * 60 - 5);
  EXPECT_EQ(seconds("2026-11-30"), seconds("today"));
  EXPECT_EQ(seconds("yesterday"), seconds("today") - 86400);
  EXPECT_EQ(seconds("@1796045405"), kNow / kNs);
  EXPECT_EQ(seconds("2h ago"), kNow / kNs - 7200);
  EXPECT_EQ(seconds("3 days ago"), kNow / kNs - 3 * 86400);
  EXPECT_EQ(seconds("-15min"), kNow / kNs - 900);
  EXPECT_EQ(ParseTime("2026-11-30T13:30:05.25Z", kNow), kNow + kNs / 4);
  EXPECT_EQ(ParseTime("90000 days ago", kNow), 0);
  EXPECT_EQ(ParseTime(Rfc3339(kNow + 7), kNow), kNow + 7);
}

TEST_F(TimeTextTest, RefusesWhatIsNone) {
  for (const char* text : {"",
                           " ",
                           "tomorrow",
                           "2026",
                           "2026-13-01",
                           "2026-00-01",
                           "2026-02-30",
                           "2026-04-31",
                           "2026-11-30 24:00",
                           "2026-11-30 1",
                           "2026-11-30 10:60",
                           "2026-11-30Z5",
                           "2026-11-30 10:00 CET",
                           "2026-11-30 10:00:00.",
                           "@",
                           "@-1",
                           "@1x",
                           "@99999999999999999999",
                           "5 ago",
                           "-5",
                           "-5 lightyears",
                           "99999999999999999999 s ago",
                           "20261130"})
    EXPECT_EQ(ParseTime(text, kNow), std::nullopt) << text;
}

}  // namespace
}  // namespace dl::events
