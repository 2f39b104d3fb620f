#include "daylight/sandbox/verdict.h"

#include <gtest/gtest.h>

namespace dl::sandbox {
namespace {

using report::Verdict;

report::ObjectReport Claimed(Verdict verdict) {
  report::ObjectReport report;
  report.verdict = verdict;
  return report;
}

TEST(VerdictTest, FollowsFromWhatIsListed) {
  report::ObjectReport clean = Claimed(Verdict::kClean);
  SettleVerdict(clean, 7);
  EXPECT_EQ(clean.verdict, Verdict::kClean);
  EXPECT_EQ(clean.size, 7u);

  report::ObjectReport hidden = Claimed(Verdict::kClean);
  hidden.detections.emplace_back();
  hidden.incomplete.emplace_back();
  SettleVerdict(hidden, 0);
  EXPECT_EQ(hidden.verdict, Verdict::kDetected);

  report::ObjectReport unread = Claimed(Verdict::kClean);
  unread.incomplete.emplace_back();
  SettleVerdict(unread, 0);
  EXPECT_EQ(unread.verdict, Verdict::kIncomplete);

  for (const Verdict claim : {Verdict::kDetected, Verdict::kIncomplete}) {
    report::ObjectReport empty = Claimed(claim);
    SettleVerdict(empty, 0);
    EXPECT_EQ(empty.verdict, Verdict::kIncomplete);
    EXPECT_EQ(empty.incomplete.size(), 1u);
  }
  report::ObjectReport failed = Claimed(Verdict::kFailed);
  SettleVerdict(failed, 0);
  EXPECT_EQ(failed.verdict, Verdict::kFailed);
  EXPECT_FALSE(failed.failure.empty());
}

TEST(VerdictTest, AWorkerSpeaksOnlyOfItsOwnObject) {
  report::ObjectReport report;
  for (const char* object : {"a.zip", "a.zip//b", "", "other", "a.zipper", "a.zip/b", "/etc//a.zip"}) {
    report.detections.emplace_back().object = object;
    report.incomplete.push_back({object, "encrypted", ""});
  }
  SettleObjects(report, "a.zip");
  for (std::size_t i = 0; i < report.detections.size(); ++i) {
    EXPECT_EQ(report.detections[i].object, i == 1 ? "a.zip//b" : "a.zip");
    EXPECT_EQ(report.incomplete[i].object, report.detections[i].object);
  }
}

TEST(VerdictTest, NothingIsForgottenInWhatAReportTakes) {
  const std::string big(1u << 20, 'x');
  const auto grows = [&](auto change) {
    report::ObjectReport report;
    report.detections.emplace_back();
    report.detections[0].metas.emplace_back();
    report.detections[0].strings.emplace_back();
    report.incomplete.emplace_back();
    change(report);
    return ReportBytes(report) > big.size();
  };
  using Report = report::ObjectReport;
  EXPECT_FALSE(grows([&](Report&) {}));
  EXPECT_TRUE(grows([&](Report& r) { r.failure = big; }));
  EXPECT_TRUE(grows([&](Report& r) { r.log.push_back(big); }));
  EXPECT_TRUE(grows([&](Report& r) { r.warnings.push_back(big); }));
  EXPECT_TRUE(grows([&](Report& r) { r.incomplete[0].object = big; }));
  EXPECT_TRUE(grows([&](Report& r) { r.incomplete[0].reason = big; }));
  EXPECT_TRUE(grows([&](Report& r) { r.incomplete[0].detail = big; }));
  EXPECT_TRUE(grows([&](Report& r) { r.detections[0].engine = big; }));
  EXPECT_TRUE(grows([&](Report& r) { r.detections[0].rule = big; }));
  EXPECT_TRUE(grows([&](Report& r) { r.detections[0].name_space = big; }));
  EXPECT_TRUE(grows([&](Report& r) { r.detections[0].tags.push_back(big); }));
  EXPECT_TRUE(grows([&](Report& r) { r.detections[0].metas[0].key = big; }));
  EXPECT_TRUE(grows([&](Report& r) { r.detections[0].metas[0].text = big; }));
  EXPECT_TRUE(grows([&](Report& r) { r.detections[0].source = big; }));
  EXPECT_TRUE(grows([&](Report& r) { r.detections[0].licence = big; }));
  EXPECT_TRUE(grows([&](Report& r) { r.detections[0].object = big; }));
  EXPECT_TRUE(grows([&](Report& r) { r.detections[0].strings[0].id = big; }));
  EXPECT_TRUE(grows([&](Report& r) { r.detections[0].strings[0].data = big; }));
  EXPECT_TRUE(grows([&](Report& r) { r.detections.resize(10000); }));
}

}  // namespace
}  // namespace dl::sandbox
