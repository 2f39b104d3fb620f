#include "daylight/events/event.h"

#include <gtest/gtest.h>

#include <set>

#include "daylight/events/test_event.h"
#include "daylight/report/escape.h"

namespace dl::events {
namespace {

TEST(EventTest, NamesAreUniqueAndReadBack) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kEventKinds; ++i) {
    const auto kind = static_cast<EventKind>(i);
    EXPECT_EQ(KindOf(KindName(kind)), kind);
    EXPECT_LE(KindName(kind).size(), 32u);  // A MSGID of syslog.
    Event event;
    event.kind = kind;
    EXPECT_FALSE(Headline(event).empty());
    names.insert(KindName(kind));
  }
  EXPECT_EQ(names.size(), kEventKinds);
  EXPECT_EQ(KindName(static_cast<EventKind>(kEventKinds)), "unknown");
  EXPECT_EQ(KindOf("unknown"), std::nullopt);
  for (const auto severity : {Severity::kInfo, Severity::kCritical})
    EXPECT_EQ(SeverityOf(SeverityName(severity)), severity);
  for (const auto action : {Action::kNone, Action::kAllowed}) EXPECT_EQ(ActionOf(ActionName(action)), action);
  EXPECT_EQ(VerdictOf("incomplete"), report::Verdict::kIncomplete);
  EXPECT_EQ(VerdictOf("nonsense"), std::nullopt);
}

TEST(EventTest, CutsAtEachBoundAndSaysSo) {
  Event event = FullEvent();
  const EventLimits limits{8, 4, 6, 1};
  event.path = "12345678";
  event.why = "123456";
  event.text = "1234567";
  event.detections.resize(1);
  event.detections[0] = {"yara", "abcd", "s", "l", "o"};
  event.object.clear();
  event.client = {};
  event.database.clear();
  event.incomplete.clear();
  Event whole = event;
  whole.text = "123456";
  Cut(whole, limits);
  EXPECT_EQ(whole.cut, "");
  Cut(event, limits);
  EXPECT_EQ(event.cut, "text");
  EXPECT_EQ(event.text, "123456");
  event.path = "123456789";
  event.detections.push_back(event.detections[0]);
  event.detections[0].name = "abcde";
  Cut(event, limits);
  EXPECT_EQ(event.cut, "text,path,detections");
  EXPECT_EQ(event.path, "12345678");
  EXPECT_EQ(event.detections.size(), 1u);
  EXPECT_EQ(event.more_detections, 1u);
  EXPECT_EQ(event.detections[0].name, "abcd");
}

TEST(EventTest, CutsNoCharacterInTwo) {
  for (std::size_t limit = 1; limit < 12; ++limit) {
    Event event;
    event.path = "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80z";
    Cut(event, {limit, limit, limit, 1});
    EXPECT_LE(event.path.size(), limit);
    EXPECT_TRUE(report::IsUtf8(event.path)) << limit;
  }
  // What is no UTF-8 is cut where the bound is.
  Event event;
  event.path = std::string(20, '\x80');
  Cut(event, {10, 10, 10, 1});
  EXPECT_EQ(event.path.size(), 10u);
}

TEST(EventTest, AMegabyteOfNameIsCut) {
  Event event;
  event.path = "/" + std::string(1 << 20, 'a');
  event.detections.assign(5000, {"yara", std::string(100'000, 'r'), "s", "", ""});
  Cut(event);
  EXPECT_EQ(event.path.size(), EventLimits{}.path_bytes);
  EXPECT_EQ(event.detections.size(), 32u);
  EXPECT_EQ(event.more_detections, 4968u);
  EXPECT_EQ(event.detections[0].name.size(), 1024u);
  EXPECT_EQ(event.cut, "path,detections");
}

TEST(EventTest, OfAReport) {
  report::ObjectReport report;
  report.verdict = report::Verdict::kDetected;
  report.size = 7;
  report.detections.resize(40);
  report.detections[0].rule = "First";
  report.detections[0].object = "a.zip//b";
  const Event event = EventOf("/a", report);
  EXPECT_EQ(event.kind, EventKind::kDetection);
  EXPECT_EQ(event.detections.size(), 32u);
  EXPECT_EQ(event.more_detections, 8u);
  EXPECT_EQ(event.object, "a.zip//b");
  EXPECT_EQ(event.cut, "detections");
  EXPECT_EQ(Headline(event), "First and 39 more found in /a");
  report.verdict = report::Verdict::kFailed;
  report.failure = "Permission denied";
  EXPECT_EQ(EventOf("/a", report).kind, EventKind::kFailed);
  EXPECT_EQ(EventOf("/a", report).text, "Permission denied");
}

TEST(EventTest, IdsSortAsTheyWereMade) {
  EventIds ids;
  std::string last;
  std::set<std::string> all;
  const std::int64_t now = 1'796'045'405'123'456'789;
  // The clock stands still, goes back and forth.
  for (int i = 0; i < 10'000; ++i) {
    const std::string id = ids.Next(now + (i % 7 - 3) * 1'000'000'000LL);
    ASSERT_EQ(id.size(), 36u);
    EXPECT_EQ(id[14], '7');
    EXPECT_NE(std::string("89ab").find(id[19]), std::string::npos);
    ASSERT_LT(last, id);
    last = id;
    all.insert(id);
  }
  EXPECT_EQ(all.size(), 10'000u);
  EventIds fresh;
  EXPECT_EQ(fresh.Next(now).substr(0, 13), "01a22ca5-fbc3");  // The milliseconds, in hexadecimal.
}

}  // namespace
}  // namespace dl::events
