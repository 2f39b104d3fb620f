#include "daylight/opener/gate.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <set>
#include <string>

namespace dl::opener {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::uint64_t kFileSystem = 5;

// Plays the kernel and the client, on real files with real leases.
class GateTest : public testing::Test, protected GatePort {
 protected:
  GateTest() {
    LeasedFiles::BlockSignals();
    std::string name = testing::TempDir() + "/daylight-gate-XXXXXX";
    folder_ = ::mkdtemp(name.data());
    options_.wait_ms = 1000;
    options_.max_pending = 8;
    options_.max_pending_writes = 4;
  }
  ~GateTest() override { std::filesystem::remove_all(folder_); }

  void Make(bool client = true) {
    gate_.emplace(options_, static_cast<GatePort&>(*this));
    if (client) gate_->OnClient();
  }
  std::string Path(const std::string& name) { return folder_ + "/" + name; }
  void Write(const std::string& name, const std::string& text) {
    const os::Fd fd(::open(Path(name).c_str(), O_CREAT | O_WRONLY | O_TRUNC, 0644));
    ASSERT_EQ(::write(fd.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  int OpenEvent(const std::string& name, pid_t pid = 7) {
    if (::access(Path(name).c_str(), F_OK) != 0) Write(name, name);
    KernelEvent event;
    event.fd = os::Fd(::open(Path(name).c_str(), O_RDONLY | O_CLOEXEC));
    event.pid = pid;
    const int fd = event.fd.get();
    names_[fd] = name;
    answers_.erase(fd);
    gate_->OnOpen(std::move(event), now_);
    return fd;
  }
  void WrittenEvent(const std::string& name) {
    if (::access(Path(name).c_str(), F_OK) != 0) Write(name, name);
    KernelEvent event;
    event.kind = AccessKind::kWritten;
    event.fd = os::Fd(::open(Path(name).c_str(), O_RDONLY | O_CLOEXEC));
    event.pid = 7;
    names_[event.fd.get()] = name;
    gate_->OnWritten(std::move(event), now_);
  }
  std::string AnswerOf(int fd) {
    const auto found = answers_.find(fd);
    return found == answers_.end() ? "none" : found->second ? "allow" : "deny";
  }
  bool leases() {
    const os::Fd fd(::open(Path("probe").c_str(), O_CREAT | O_RDONLY, 0644));
    return LeasedFiles::TakeLease(fd.get());
  }

  void Answer(int fd, bool allow) override {
    EXPECT_FALSE(answers_.contains(fd)) << "answered twice";
    answers_[fd] = allow;
    order_.push_back("answer");
  }
  void Ask(std::uint64_t id, const AccessEvent& event) override {
    EXPECT_GE(gate_->FileOf(id), 0);
    asked_.push_back(id);
    asked_paths_.push_back(event.path);
  }
  void Tell(const Notice& notice) override { notices_.push_back(notice); }
  bool Ignore(int) override { return order_.push_back("ignore"), true; }
  void StopIgnoring(int) override { order_.push_back("stop-ignoring"); }
  void StopIgnoringAll() override { order_.push_back("stop-all"); }
  std::optional<AccessEvent> Describe(const KernelEvent& event) override {
    if (event.pid == 1) return std::nullopt;  // One of our own.
    AccessEvent described;
    described.kind = event.kind;
    described.pid = static_cast<std::uint32_t>(event.pid);
    described.path = names_[event.fd.get()];
    return described;
  }
  FilePlace PlaceOf(const os::FileState&, int) override { return place_; }
  bool IsRemovable(int) override { return removable_; }

  OnAccessOptions options_;
  std::optional<Gate> gate_;
  std::int64_t now_ = 1000;
  FilePlace place_{.leases_tell = true, .file_system = {}};
  bool removable_ = false;
  std::string folder_;
  std::map<int, std::string> names_;
  std::map<int, bool> answers_;
  std::vector<std::uint64_t> asked_;
  std::vector<std::string> asked_paths_;
  std::vector<Notice> notices_;
  std::vector<std::string> order_;
};

TEST_F(GateTest, AVerdictIsTheAnswer) {
  Make();
  const int good = OpenEvent("good");
  const int bad = OpenEvent("bad");
  EXPECT_EQ(AnswerOf(good), "none");
  ASSERT_EQ(asked_.size(), 2U);
  gate_->OnVerdict(asked_[0], {.allow = true}, now_);
  gate_->OnVerdict(asked_[1], {.allow = false}, now_);
  gate_->OnVerdict(asked_[1], {.allow = true}, now_);  // Once is enough.
  gate_->OnVerdict(999, {.allow = true}, now_);
  EXPECT_EQ(AnswerOf(good), "allow");
  EXPECT_EQ(AnswerOf(bad), "deny");
  EXPECT_EQ(gate_->waiting(), 0U);
  EXPECT_EQ(gate_->scans(), 0U);
}

TEST_F(GateTest, OwnProcessesAndEmptyFilesDoNotWait) {
  Make();
  EXPECT_EQ(AnswerOf(OpenEvent("own", 1)), "allow");
  Write("empty", "");
  EXPECT_EQ(AnswerOf(OpenEvent("empty")), "allow");
  EXPECT_THAT(asked_, IsEmpty());
}

TEST_F(GateTest, TheMarkIsThereBeforeTheAnswer) {
  if (!leases()) GTEST_SKIP() << "no leases here";
  Make();
  OpenEvent("f");
  gate_->OnVerdict(asked_[0], {.allow = true, .cacheable = true}, now_);
  EXPECT_THAT(order_, ElementsAre("ignore", "answer"));
  EXPECT_EQ(gate_->leased(), 1U);
  // One that was under way.
  EXPECT_EQ(AnswerOf(OpenEvent("f")), "allow");
  EXPECT_EQ(asked_.size(), 1U);
}

TEST_F(GateTest, WhatMayNotBeKeptIsNot) {
  if (!leases()) GTEST_SKIP() << "no leases here";
  Make();
  const auto kept = [&](const Verdict& verdict) {
    OpenEvent("f");
    gate_->OnVerdict(asked_.back(), verdict, now_);
    return gate_->leased() > 0;
  };
  EXPECT_FALSE(kept({.allow = false, .cacheable = true}));
  EXPECT_FALSE(kept({.allow = true, .cacheable = false}));
  EXPECT_FALSE(kept({.allow = true, .cacheable = true, .generation = 1}));
  removable_ = true;
  EXPECT_FALSE(kept({.allow = true, .cacheable = true}));
  removable_ = false;
  place_.leases_tell = false;
  EXPECT_FALSE(kept({.allow = true, .cacheable = true}));
  place_.leases_tell = true;
  {
    const os::Fd writer(::open(Path("f").c_str(), O_RDWR));
    EXPECT_FALSE(kept({.allow = true, .cacheable = true}));
  }
  EXPECT_TRUE(kept({.allow = true, .cacheable = true}));
}

TEST_F(GateTest, AWriterDuringTheScanLeavesNothingToKeep) {
  if (!leases()) GTEST_SKIP() << "no leases here";
  Make();
  const int fd = OpenEvent("f");
  EXPECT_EQ(::open(Path("f").c_str(), O_WRONLY | O_NONBLOCK), -1);  // Waits for the lease, but not here.
  gate_->OnLeaseBroken(fd);
  const os::Fd writer(::open(Path("f").c_str(), O_WRONLY | O_NONBLOCK));
  EXPECT_TRUE(writer.valid());
  gate_->OnVerdict(asked_[0], {.allow = true, .cacheable = true}, now_);
  EXPECT_EQ(AnswerOf(fd), "allow");
  EXPECT_EQ(gate_->leased(), 0U);
}

TEST_F(GateTest, NewContentMakesAllNew) {
  if (!leases()) GTEST_SKIP() << "no leases here";
  Make();
  OpenEvent("f");
  gate_->OnVerdict(asked_[0], {.allow = true, .cacheable = true}, now_);
  order_.clear();
  gate_->SetGeneration(0);
  EXPECT_THAT(order_, IsEmpty());
  gate_->SetGeneration(1);
  EXPECT_THAT(order_, ElementsAre("stop-all"));
  const int fd = OpenEvent("f");
  EXPECT_EQ(AnswerOf(fd), "none");
  gate_->OnVerdict(asked_[1], {.allow = true, .cacheable = true, .generation = 1}, now_);
  EXPECT_EQ(gate_->leased(), 1U);
  EXPECT_EQ(AnswerOf(OpenEvent("f")), "allow");
}

TEST_F(GateTest, UnderALeaseEventsShareTheScanThatIsUnderWay) {
  if (!leases()) GTEST_SKIP() << "no leases here";
  Make();
  std::vector<int> fds;
  for (int i = 0; i < 5; ++i) fds.push_back(OpenEvent("f"));
  EXPECT_EQ(asked_.size(), 1U);
  gate_->OnVerdict(asked_[0], {.allow = false}, now_);
  for (const int fd : fds) EXPECT_EQ(AnswerOf(fd), "deny");
}

TEST_F(GateTest, WithoutALeaseTheyShareTheNextOne) {
  place_.leases_tell = false;
  Make();
  std::vector<int> fds;
  for (int i = 0; i < 5; ++i) fds.push_back(OpenEvent("f"));
  EXPECT_EQ(asked_.size(), 1U);
  gate_->OnVerdict(asked_[0], {.allow = true}, now_);
  EXPECT_EQ(AnswerOf(fds[0]), "allow");
  EXPECT_EQ(AnswerOf(fds[1]), "none");
  ASSERT_EQ(asked_.size(), 2U);
  gate_->OnVerdict(asked_[1], {.allow = false}, now_);
  for (int i = 1; i < 5; ++i) EXPECT_EQ(AnswerOf(fds[static_cast<std::size_t>(i)]), "deny");
  EXPECT_EQ(gate_->scans(), 0U);
}

TEST_F(GateTest, TheWaitIsBounded) {
  options_.allow_on_timeout = false;
  Make();
  const int first = OpenEvent("a");
  now_ += 500;
  const int second = OpenEvent("b");
  EXPECT_EQ(gate_->next_deadline_ms(), 2000);
  gate_->OnTime(1999);
  EXPECT_EQ(AnswerOf(first), "none");
  gate_->OnTime(2000);
  EXPECT_EQ(AnswerOf(first), "deny");
  EXPECT_EQ(AnswerOf(second), "none");
  ASSERT_EQ(notices_.size(), 1U);
  EXPECT_EQ(notices_[0].kind, NoticeKind::kTimedOut);
  EXPECT_EQ(notices_[0].path, "a");
  gate_->OnTime(2500);
  EXPECT_EQ(AnswerOf(second), "deny");
  // The answer comes late, and is of use.
  gate_->OnVerdict(asked_[0], {.allow = true, .cacheable = true}, 3000);
  if (leases()) {
    EXPECT_EQ(AnswerOf(OpenEvent("a")), "allow");
  }
}

TEST_F(GateTest, WhoWaitsForTheNextScanWaitsNoLonger) {
  place_.leases_tell = false;
  Make();
  const int first = OpenEvent("f");
  const int second = OpenEvent("f");
  gate_->OnTime(2000);
  EXPECT_EQ(AnswerOf(first), "allow");
  EXPECT_EQ(AnswerOf(second), "allow");
  gate_->OnVerdict(asked_[0], {.allow = true}, 2001);
  EXPECT_EQ(asked_.size(), 1U);
  EXPECT_EQ(gate_->scans(), 0U);
}

TEST_F(GateTest, AFileThatNobodyEverSpeaksAboutIsForgotten) {
  Make();
  OpenEvent("f");
  gate_->OnTime(2000);
  EXPECT_EQ(gate_->scans(), 1U);
  ASSERT_TRUE(gate_->next_deadline_ms());
  gate_->OnTime(*gate_->next_deadline_ms());
  EXPECT_EQ(gate_->scans(), 0U);
}

TEST_F(GateTest, PastTheLimitTheChoiceApplies) {
  options_.allow_on_timeout = false;
  Make();
  for (int i = 0; i < 8; ++i) EXPECT_EQ(AnswerOf(OpenEvent("f" + std::to_string(i))), "none");
  EXPECT_EQ(AnswerOf(OpenEvent("more")), "deny");
  EXPECT_EQ(AnswerOf(OpenEvent("evenmore")), "deny");
  gate_->OnTime(now_ + 999);
  EXPECT_THAT(notices_, IsEmpty());
  gate_->OnVerdict(asked_[0], {.allow = true}, now_);
  EXPECT_EQ(AnswerOf(OpenEvent("again")), "none");
  gate_->OnTime(now_ + 1000);
  // One for all of a second, beside those that waited too long.
  EXPECT_EQ(
      std::count_if(notices_.begin(), notices_.end(),
                    [](const Notice& n) { return n.kind == NoticeKind::kQueueFull && n.count == 2 && !n.allowed; }),
      1);
}

TEST_F(GateTest, WithoutAClientTheChoiceApplies) {
  for (const bool allow : {true, false}) {
    options_.allow_on_daemon_down = allow;
    answers_.clear();
    notices_.clear();
    place_.leases_tell = false;
    Make();
    const std::size_t before = asked_.size();
    const int first = OpenEvent("f");
    const int second = OpenEvent("f");  // For the next scan.
    gate_->OnClientLost();
    EXPECT_EQ(AnswerOf(first), allow ? "allow" : "deny");
    EXPECT_EQ(AnswerOf(second), allow ? "allow" : "deny");
    EXPECT_EQ(AnswerOf(OpenEvent("g")), allow ? "allow" : "deny");
    EXPECT_EQ(asked_.size(), before + 1);
    EXPECT_EQ(gate_->scans(), 0U);
    gate_->OnTime(now_ + 5000);
    EXPECT_THAT(notices_, IsEmpty());
    gate_->OnClient();
    gate_->OnTime(now_ + 5000);
    ASSERT_EQ(notices_.size(), 1U);
    EXPECT_EQ(notices_[0].count, 3U);
    EXPECT_EQ(notices_[0].allowed, allow);
  }
}

TEST_F(GateTest, WhatIsWrittenAgainIsScannedOnceMore) {
  Make();
  for (int i = 0; i < 50; ++i) WrittenEvent("f");
  EXPECT_EQ(asked_.size(), 1U);
  gate_->OnVerdict(asked_[0], {}, now_);
  EXPECT_EQ(asked_.size(), 2U);
  gate_->OnVerdict(asked_[1], {}, now_);
  EXPECT_EQ(asked_.size(), 2U);
  for (int i = 0; i < 6; ++i) WrittenEvent("w" + std::to_string(i));
  EXPECT_EQ(asked_.size(), 6U);
  gate_->OnTime(now_ + 1000);
  ASSERT_EQ(notices_.size(), 1U);
  EXPECT_EQ(notices_[0].kind, NoticeKind::kWritesLost);
  EXPECT_EQ(notices_[0].count, 2U);
}

TEST_F(GateTest, AnOpenOfWhatIsScannedForHavingBeenWrittenIsAnsweredByThat) {
  if (!leases()) GTEST_SKIP() << "no leases here";
  Make();
  WrittenEvent("f");
  const int fd = OpenEvent("f");
  EXPECT_EQ(asked_.size(), 1U);
  gate_->OnVerdict(asked_[0], {.allow = false}, now_);
  EXPECT_EQ(AnswerOf(fd), "deny");
}

TEST_F(GateTest, TheSecondLevelKnowsWhatTheFirstLetGo) {
  if (!leases()) GTEST_SKIP() << "no leases here";
  options_.kernel_cache_files = 1;
  place_.file_system = kFileSystem;
  Make();
  Write("a", "a");
  Write("b", "b");
  ::usleep(2'100'000);  // Younger files are not kept.
  for (const char* const name : {"a", "b"}) {
    OpenEvent(name);
    gate_->OnVerdict(asked_.back(), {.allow = true, .cacheable = true}, now_);
  }
  EXPECT_EQ(gate_->leased(), 1U);
  EXPECT_EQ(AnswerOf(OpenEvent("a")), "allow");
  EXPECT_EQ(AnswerOf(OpenEvent("b")), "allow");
  EXPECT_EQ(asked_.size(), 2U);
  gate_->OnMountsChanged();
  EXPECT_EQ(AnswerOf(OpenEvent("a")), "none");
}

}  // namespace
}  // namespace dl::opener
