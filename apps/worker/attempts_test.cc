#include "attempts.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace dl::worker {
namespace {

TEST(AttemptsTest, TheWorkerKnowsEachOfTheListAndNoOther) {
  std::set<std::string_view> names;
  for (const report::AttemptInfo& attempt : report::kAttempts) {
    EXPECT_TRUE(names.insert(attempt.name).second) << attempt.name << " is listed twice";
    const Attempt* found = FindAttempt(attempt.name);
    ASSERT_NE(found, nullptr) << attempt.name;
    EXPECT_EQ(found->name, attempt.name);
    EXPECT_NE(found->function, nullptr);
    EXPECT_FALSE(attempt.description.empty());
  }
  std::size_t implemented = 0;
  for (const auto list : {NetworkAttempts(), FileAttempts(), ObjectAttempts(), ProcessAttempts(), ChildAttempts(),
                          MemoryAttempts(), KernelAttempts(), SelfAttempts()}) {
    implemented += list.size();
    for (const Attempt& attempt : list) EXPECT_EQ(names.count(attempt.name), 1u) << attempt.name;
  }
  EXPECT_EQ(implemented, names.size());
  EXPECT_GE(names.size(), 60u);
  EXPECT_EQ(FindAttempt("nothing of the kind"), nullptr);
}

TEST(AttemptsTest, ErrorsAreToldApart) {
  using report::AttemptOutcome;
  EXPECT_EQ(Judge(0).outcome, AttemptOutcome::kSucceeded);
  errno = EPERM;
  EXPECT_EQ(Judge(-1).outcome, AttemptOutcome::kRefused);
  EXPECT_EQ(Judge(-1).error, EPERM);
  errno = EFAULT;
  EXPECT_EQ(Judge(-1, {EFAULT}).outcome, AttemptOutcome::kSucceeded);
  errno = EPERM;
  EXPECT_EQ(Judge(-1, {EFAULT}).outcome, AttemptOutcome::kRefused);
  errno = ENOSYS;
  EXPECT_EQ(Judge(-1).outcome, AttemptOutcome::kUnsupported);
  EXPECT_EQ(Judge(-1).error, ENOSYS);
}

// The alarm works: what can be seen and done here is said to have succeeded.
TEST(AttemptsTest, SomeSucceedHere) {
  report::AttemptMessage message;
  message.readable_file = DAYLIGHT_SOURCE_DIR "/README.md";
  message.parent = message.sibling = ::getpid();
  for (const char* name :
       {"openat", "stat", "fork", "vfork", "clone", "kill_sibling", "mprotect_executable", "memfd_create"}) {
    message.name = name;
    EXPECT_EQ(RunAttempt(message, -1, -1).outcome, report::AttemptOutcome::kSucceeded) << name;
  }
  message.name = "openat";
  message.readable_file += ".none";
  const AttemptAnswer answer = RunAttempt(message, -1, -1);
  EXPECT_EQ(answer.outcome, report::AttemptOutcome::kRefused);
  EXPECT_EQ(answer.error, ENOENT);
}

}  // namespace
}  // namespace dl::worker
