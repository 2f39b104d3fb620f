#include "daylight/daemon/service/allow_list.h"

#include <gtest/gtest.h>

namespace dl::daemon {
namespace {

report::ObjectReport Detected(std::initializer_list<const char*> names) {
  report::ObjectReport report;
  report.verdict = report::Verdict::kDetected;
  report.sha256.emplace();
  report.sha256->fill(7);
  for (const char* name : names) {
    report::Detection detection;
    detection.engine = "clamav";
    detection.rule = name;
    report.detections.push_back(detection);
  }
  return report;
}

AllowEntry ByName(std::string name, std::int64_t until = 0) {
  AllowEntry entry;
  entry.name = std::move(name);
  entry.who = "ann";
  entry.why = "ours";
  entry.until = until;
  return entry;
}

TEST(AllowListTest, OnlyWhatIsNamedIsTakenOut) {
  const AllowList list({ByName("Test.A")});
  report::ObjectReport report = Detected({"Test.A", "Test.B"});
  EXPECT_EQ(list.Apply(report, 100), "ann: ours");
  ASSERT_EQ(report.detections.size(), 1u);
  EXPECT_EQ(report.detections[0].rule, "Test.B");
  report = Detected({"Test.B"});
  EXPECT_EQ(list.Apply(report, 100), "");
  EXPECT_EQ(report.detections.size(), 1u);
}

TEST(AllowListTest, AnEntryEndsOnItsDate) {
  const AllowList list({ByName("Test.A", 100)});
  report::ObjectReport before = Detected({"Test.A"});
  EXPECT_NE(list.Apply(before, 99), "");
  EXPECT_TRUE(before.detections.empty());
  report::ObjectReport after = Detected({"Test.A"});
  EXPECT_EQ(list.Apply(after, 100), "");
  EXPECT_EQ(after.detections.size(), 1u);
}

TEST(AllowListTest, ADigestAllowsAllThatIsFoundInThatFile) {
  AllowEntry entry = ByName("");
  entry.sha256.emplace();
  entry.sha256->fill(7);
  report::ObjectReport report = Detected({"Test.A", "Test.B"});
  EXPECT_NE(AllowList({entry}).Apply(report, 1), "");
  EXPECT_TRUE(report.detections.empty());
  report = Detected({"Test.A"});
  report.sha256->fill(8);
  EXPECT_EQ(AllowList({entry}).Apply(report, 1), "");
  report.sha256.reset();
  EXPECT_EQ(AllowList({entry}).Apply(report, 1), "");
  EXPECT_EQ(report.detections.size(), 1u);
}

TEST(AllowListTest, YaraRulesByEitherOfTheirNames) {
  report::ObjectReport report = Detected({"Rule"});
  report.detections[0].engine = "yara";
  EXPECT_EQ(DetectionName(report.detections[0]), "YARA.Rule");
  report::ObjectReport other = report;
  EXPECT_NE(AllowList({ByName("Rule")}).Apply(report, 1), "");
  EXPECT_NE(AllowList({ByName("YARA.Rule")}).Apply(other, 1), "");
}

TEST(AllowListTest, Patterns) {
  report::ObjectReport report = Detected({"Test.A.1", "Test.B.1"});
  EXPECT_NE(AllowList({ByName("Test.A.*")}).Apply(report, 1), "");
  ASSERT_EQ(report.detections.size(), 1u);
  EXPECT_EQ(report.detections[0].rule, "Test.B.1");
}

}  // namespace
}  // namespace dl::daemon
