#include "daylight/daemon/service/outcome.h"

#include <gtest/gtest.h>

namespace dl::daemon {
namespace {

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
