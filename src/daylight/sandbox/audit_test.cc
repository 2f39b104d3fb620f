#include "daylight/sandbox/audit.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>

namespace dl::sandbox {
namespace {

using report::Bit;
using report::Wall;
using Ending = Try::Ending;

const Try kSuccess{Ending::kSucceeded, 0, ""};
const Try kKilled{Ending::kForbidden, SIGSYS, ""};
Try Error(int number) { return {Ending::kRefused, number, ""}; }

std::size_t At(report::WallSet wall) {
  return static_cast<std::size_t>(std::find(std::begin(kAuditWalls), std::end(kAuditWalls), wall) -
                                  std::begin(kAuditWalls));
}

// All walls left out and alone without effect, to be changed.
AttemptAudit Make(const Try& control, const Try& inside) {
  AttemptAudit audit;
  audit.control = control;
  audit.inside = inside;
  for (std::size_t i = 0; i < kAuditWallCount; ++i) {
    audit.without[i] = inside;
    audit.alone[i] = kSuccess;
  }
  return audit;
}

TEST(AuditTest, SuccessInsideIsAnEscapeWhateverElse) {
  for (const Try& control : {kSuccess, Error(EPERM), kKilled, Try{}}) {
    AttemptAudit audit = Make(control, kSuccess);
    Judge(audit);
    EXPECT_EQ(audit.verdict, AttemptVerdict::kEscape);
  }
}

TEST(AuditTest, AForkCountsAsMuch) {
  AttemptAudit audit = Make(kSuccess, kKilled);
  audit.forked = kSuccess;
  Judge(audit);
  EXPECT_EQ(audit.verdict, AttemptVerdict::kEscape);
  audit.forked = {Ending::kSilent, 0, ""};
  Judge(audit);
  EXPECT_EQ(audit.verdict, AttemptVerdict::kUnclear);
  audit.forked = kKilled;
  Judge(audit);
  EXPECT_EQ(audit.verdict, AttemptVerdict::kStopped);
}

TEST(AuditTest, WhatNobodyMayIsCountedApart) {
  AttemptAudit audit = Make(Error(EPERM), kKilled);
  Judge(audit);
  EXPECT_EQ(audit.verdict, AttemptVerdict::kToNobody);
  EXPECT_EQ(audit.stopped_by, 0u);
  const Try segv{Ending::kDied, SIGSEGV, ""};
  audit = Make(segv, segv);
  Judge(audit);
  EXPECT_EQ(audit.verdict, AttemptVerdict::kToNobody);
  // A worker that just ends is none that could have tried.
  const Try ended{Ending::kDied, kExitCodeBase + 1, ""};
  audit = Make(ended, ended);
  Judge(audit);
  EXPECT_EQ(audit.verdict, AttemptVerdict::kUnclear);
  audit = Make(Try{Ending::kNoWorker, 0, ""}, kKilled);
  Judge(audit);
  EXPECT_EQ(audit.verdict, AttemptVerdict::kUnclear);
}

TEST(AuditTest, NoAnswerIsNotAPass) {
  for (const Try& inside :
       {Try{}, Try{Ending::kSilent, 0, ""}, Try{Ending::kNoWorker, 0, ""}, Try{Ending::kDied, SIGSEGV, ""},
        Try{Ending::kDied, SIGKILL, ""}, Try{Ending::kDied, kExitCodeBase, ""}}) {
    AttemptAudit audit = Make(kSuccess, inside);
    Judge(audit);
    EXPECT_EQ(audit.verdict, AttemptVerdict::kUnclear);
  }
}

TEST(AuditTest, DeathByTheFilterIsSeccomp) {
  AttemptAudit audit = Make(kSuccess, kKilled);
  audit.without[At(Bit(Wall::kSeccomp))] = Error(EACCES);
  audit.alone[At(Bit(Wall::kSeccomp))] = kKilled;
  audit.alone[At(Bit(Wall::kLandlock))] = Error(EACCES);
  audit.alone[At(Bit(Wall::kNamespaces))] = Error(ENOENT);
  Judge(audit);
  EXPECT_EQ(audit.verdict, AttemptVerdict::kStopped);
  EXPECT_EQ(audit.stopped_by, Bit(Wall::kSeccomp));
  EXPECT_EQ(audit.also_stopped_by, Bit(Wall::kLandlock) | Bit(Wall::kNamespaces));
}

TEST(AuditTest, TheOnlyWallIsTheOneWithoutWhichItSucceeds) {
  AttemptAudit audit = Make(kSuccess, Error(ENOMEM));
  audit.without[At(Bit(Wall::kLimits))] = kSuccess;
  Judge(audit);
  EXPECT_EQ(audit.stopped_by, Bit(Wall::kLimits));
  EXPECT_EQ(audit.also_stopped_by, 0u);
}

TEST(AuditTest, TheFirstOfSeveralIsTheOneWhoseErrorItIs) {
  AttemptAudit audit = Make(kSuccess, Error(ENOENT));
  audit.without[At(Bit(Wall::kNamespaces))] = Error(EACCES);
  audit.alone[At(Bit(Wall::kNamespaces))] = Error(ENOENT);
  audit.alone[At(Bit(Wall::kLandlock))] = Error(EACCES);
  Judge(audit);
  EXPECT_EQ(audit.stopped_by, Bit(Wall::kNamespaces));
  EXPECT_EQ(audit.also_stopped_by, Bit(Wall::kLandlock));
  // Both give the same error: either is one.
  audit = Make(kSuccess, Error(EPERM));
  audit.alone[At(Bit(Wall::kPrivileges))] = audit.alone[At(kBroker)] = Error(EPERM);
  Judge(audit);
  EXPECT_EQ(audit.stopped_by | audit.also_stopped_by, Bit(Wall::kPrivileges) | kBroker);
  EXPECT_NE(audit.stopped_by, 0u);
}

TEST(AuditTest, Names) {
  EXPECT_EQ(AuditWallNames(Bit(Wall::kSeccomp) | kBroker), "seccomp,broker");
  EXPECT_EQ(AuditWallNames(0), "");
  EXPECT_EQ(TryText(Error(EPERM)), "EPERM");
  EXPECT_EQ(TryText({Ending::kDied, SIGSEGV, ""}), "died of SIGSEGV");
  EXPECT_EQ(TryText({Ending::kDied, kExitCodeBase + 2, ""}), "ended with 2");
}

}  // namespace
}  // namespace dl::sandbox
