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

}  // namespace
}  // namespace dl::sandbox
