#include "daylight/daemon/service/outcome.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dl::daemon {
namespace {

using ::testing::ElementsAre;
using Kind = ScanOutcome::Kind;

IncompletePolicy Blocking(Protocol protocol) {
  IncompletePolicy policy;
  policy.blocks[static_cast<std::size_t>(protocol)] = true;
  return policy;
}

AllowList Allowing(std::string name) {
  AllowEntry entry;
  entry.name = std::move(name);
  entry.who = "ann";
  entry.why = "ours";
  return AllowList({entry});
}

report::ObjectReport Report(report::Verdict verdict) {
  report::ObjectReport report;
  report.verdict = verdict;
  if (verdict == report::Verdict::kDetected) {
    report::Detection detection;
    detection.engine = "clamav";
    detection.rule = "Test.A";
    detection.official = true;
    report.detections.push_back(detection);
  }
  if (verdict == report::Verdict::kIncomplete)
    report.incomplete.push_back({"a.zip//b", "encrypted", "", "CL_TYPE_ZIP"});
  if (verdict == report::Verdict::kFailed) report.failure = "the worker died";
  return report;
}

TEST(OutcomeTest, WhatWasFoundBlocksEverywhere) {
  const ScanOutcome outcome = MakeOutcome(Report(report::Verdict::kDetected), Protocol::kIcap, AllowList(), {}, 1);
  EXPECT_EQ(outcome.kind, Kind::kInfected);
  EXPECT_TRUE(outcome.blocks);
  EXPECT_THAT(outcome.names, ElementsAre("Test.A"));
  EXPECT_THAT(outcome.official, ElementsAre(true));
}

TEST(OutcomeTest, WhatStayedUnreadBlocksWhereItIsWanted) {
  const auto of = [](Protocol protocol) {
    return MakeOutcome(Report(report::Verdict::kIncomplete), protocol, AllowList(), Blocking(Protocol::kClamd), 1);
  };
  EXPECT_TRUE(of(Protocol::kClamd).blocks);
  EXPECT_FALSE(of(Protocol::kOnAccess).blocks);
  EXPECT_EQ(of(Protocol::kOnAccess).kind, Kind::kIncomplete);
  EXPECT_THAT(of(Protocol::kClamd).names, ElementsAre("Heuristics.Encrypted.Zip"));
  EXPECT_EQ(of(Protocol::kClamd).problem, "a.zip//b: encrypted");
}

TEST(OutcomeTest, WhatAnAllowListLetsPassIsNotMoreThanItWas) {
  ScanOutcome outcome = MakeOutcome(Report(report::Verdict::kDetected), Protocol::kClamd, Allowing("Test.A"), {}, 1);
  EXPECT_EQ(outcome.kind, Kind::kClean);
  EXPECT_EQ(outcome.allowed_by, "ann: ours");
  // And something in it stayed unread.
  report::ObjectReport report = Report(report::Verdict::kDetected);
  report.incomplete.push_back({"x", "damaged", ""});
  outcome = MakeOutcome(std::move(report), Protocol::kClamd, Allowing("Test.A"), Blocking(Protocol::kClamd), 1);
  EXPECT_EQ(outcome.kind, Kind::kIncomplete);
  EXPECT_TRUE(outcome.blocks);
}

TEST(OutcomeTest, WhatCouldNotBeScannedIsNeitherCleanNorInfected) {
  const ScanOutcome outcome = MakeOutcome(Report(report::Verdict::kFailed), Protocol::kClamd, Allowing("*x"), {}, 1);
  EXPECT_EQ(outcome.kind, Kind::kFailed);
  EXPECT_EQ(outcome.problem, "the worker died");
}

TEST(OutcomeTest, NamesThatClientsKnow) {
  const auto name = [](const char* reason, const char* container = "") {
    return HeuristicName({"", reason, "", container});
  };
  EXPECT_EQ(name("encrypted", "CL_TYPE_PDF"), "Heuristics.Encrypted.PDF");
  EXPECT_EQ(name("encrypted", "CL_TYPE_7Z"), "Heuristics.Encrypted.7Zip");
  EXPECT_EQ(name("encrypted"), "Heuristics.Encrypted.Container");
  EXPECT_EQ(name("max-size"), "Heuristics.Limits.Exceeded.MaxFileSize");
  EXPECT_EQ(name("max-depth"), "Heuristics.Limits.Exceeded.MaxRecursion");
  EXPECT_EQ(name("max-children"), "Heuristics.Limits.Exceeded.MaxFiles");
  EXPECT_EQ(name("max-total"), "Heuristics.Limits.Exceeded.MaxScanSize");
  EXPECT_EQ(name("timeout"), "Heuristics.Limits.Exceeded.MaxScanTime");
  EXPECT_EQ(name("damaged"), "Heuristics.Broken.Container");
  EXPECT_EQ(name("anything"), "Heuristics.Daylight.Incomplete");
}

TEST(OutcomeTest, WhatEndsItsWorkerPassesNoMoreThanWhatIsHalfRead) {
  IncompletePolicy policy;
  policy.blocks[static_cast<std::size_t>(Protocol::kIcap)] = true;
  for (const auto verdict : {report::Verdict::kFailed, report::Verdict::kIncomplete}) {
    report::ObjectReport report;
    report.verdict = verdict;
    report.failure = "the worker died";
    EXPECT_TRUE(MakeOutcome(report, Protocol::kIcap, AllowList(), policy, 0).blocks);
    EXPECT_FALSE(MakeOutcome(report, Protocol::kHttp, AllowList(), policy, 0).blocks);
  }
}

}  // namespace
}  // namespace dl::daemon
