// Processes that end at every step, with what they had open, as by kill -9.
#include <sys/ioctl.h>

#include "daylight/quarantine/attributes.h"
#include "daylight/quarantine/place.h"
#include "daylight/quarantine/quarantine_testing.h"

namespace dl::quarantine {
namespace {

constexpr int kKilled = 9;
constexpr int kNotReached = 0;
constexpr int kSteps = static_cast<int>(kLastStep) + 1;

class RecoverTest : public QuarantineTest {
 protected:
  // Thousands of syncs, of which no process that ends needs one.
  std::string Base() const override { return ::access("/dev/shm", W_OK) == 0 ? "/dev/shm" : QuarantineTest::Base(); }

  // Does `work` in a process of its own that ends at the step, if it comes there.
  template <typename Work>
  int KilledAt(int step, Work work) {
    const pid_t child = ::fork();
    if (child == 0) {
      Options options = options_;
      options.at_step = [step](Step at) {
        if (static_cast<int>(at) == step) ::_exit(kKilled);
      };
      auto in = Quarantine::Open(Folder(), options);
      if (!in) ::_exit(3);
      work(**in);
      ::_exit(kNotReached);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  // In exactly one place, whole, and no traces anywhere else. True when it is in
  // quarantine.
  bool InOnePlace(const std::string& path, const std::string& text, const std::string& what) {
    const auto in = Open();
    const bool there = Exists(path);
    const auto kept = Kept(*in);
    EXPECT_EQ(kept.size() + (there ? 1 : 0), 1u) << what;
    if (there) {
      EXPECT_EQ(Read(path), text) << what;
    }
    if (kept.size() == 1) {
      EXPECT_EQ(Exported(*in, kept[0].id), text) << what;
    }
    EXPECT_EQ(Names(Folder() + "/items").size(), kept.size()) << what;
    EXPECT_EQ(Names(Work()).size(), there ? 1u : 0u) << what;
    const auto items = in->List();
    EXPECT_TRUE(items &&
                std::none_of(items->begin(), items->end(), [](const Item& i) { return IsUnfinished(i.state); }))
        << what;
    return kept.size() == 1;
  }

  void Recover(const std::string& what) {
    const auto in = Open();
    for (const Recovered& one : in->Recover()) EXPECT_TRUE(one.done) << what << one.text;
    EXPECT_TRUE(in->Recover().empty()) << what;
  }
  void Reset() {
    std::filesystem::remove_all(Folder());
    std::filesystem::remove_all(Work());
    std::filesystem::create_directory(Work());
  }
};

TEST_F(RecoverTest, TakingEndedAtEachStep) {
  int reached = 0;
  int kept = 0;
  for (const bool plain : {false, true}) {
    PretendPlainRename(plain);
    for (int step = 0; step < kSteps; ++step) {
      const std::string what = "step " + std::to_string(step) + " ";
      Write(Work("f"), Long());
      const int end = KilledAt(step, [&](Quarantine& in) { Take(in, Work("f")); });
      ASSERT_TRUE(end == kKilled || end == kNotReached) << what << end;
      reached += end == kKilled ? 1 : 0;
      Recover(what);
      kept += InOnePlace(Work("f"), Long(), what) ? 1 : 0;
      Reset();
    }
  }
  PretendPlainRename(false);
  EXPECT_GE(reached, 20);
  EXPECT_GT(kept, reached / 2);
}

TEST_F(RecoverTest, RestoringEndedAtEachStep) {
  int reached = 0;
  for (const bool plain : {false, true}) {
    PretendPlainRename(plain);
    for (int step = 0; step < kSteps; ++step) {
      const std::string what = "step " + std::to_string(step) + " ";
      Write(Work("f"), Long());
      ASSERT_EQ(::chmod(Work("f").c_str(), 0604), 0);
      const std::string id = Take(*Open(), Work("f")).id;
      const int end = KilledAt(step, [&](Quarantine& in) { static_cast<void>(in.Restore({.id = id})); });
      ASSERT_TRUE(end == kKilled || end == kNotReached) << what << end;
      reached += end == kKilled ? 1 : 0;
      Recover(what);
      if (!InOnePlace(Work("f"), Long(), what)) {
        struct stat info {};
        ASSERT_EQ(::stat(Work("f").c_str(), &info), 0);
        EXPECT_EQ(info.st_mode & 07777u, 0604u) << what;
      }
      Reset();
    }
  }
  PretendPlainRename(false);
  EXPECT_GE(reached, 14);
}

TEST_F(RecoverTest, DeletingEndedAtEachStep) {
  for (const Step step : {Step::kDeletedNoted, Step::kBlobRemoved}) {
    Write(Work("f"), "bad");
    const std::string id = Take(*Open(), Work("f")).id;
    EXPECT_EQ(KilledAt(static_cast<int>(step), [&](Quarantine& in) { static_cast<void>(in.Delete(id)); }), kKilled);
    Recover("");
    EXPECT_EQ(Open()->Find(id)->state, State::kDeleted);
    EXPECT_TRUE(Names(Folder() + "/items").empty());
  }
}

// Recovery itself may be killed, at every step of its own.
TEST_F(RecoverTest, RecoveryEndedAtEachStep) {
  for (int first = 0; first < kSteps; ++first) {
    for (int second = 0; second < kSteps; ++second) {
      const std::string what = "steps " + std::to_string(first) + ", " + std::to_string(second) + " ";
      Write(Work("f"), "bad");
      bool killed = KilledAt(first, [&](Quarantine& in) { Take(in, Work("f")); }) == kKilled;
      if (!killed && !Kept(*Open()).empty()) {
        const std::string id = Kept(*Open()).front().id;
        killed = KilledAt(first, [&](Quarantine& in) { static_cast<void>(in.Restore({.id = id})); }) == kKilled;
      }
      if (!killed) second = kSteps;
      KilledAt(second, [&](Quarantine& in) { in.Recover(); });
      Recover(what);
      InOnePlace(Work("f"), "bad", what);
      Reset();
    }
  }
}

TEST_F(RecoverTest, WhatIsUnderWayIsLeftAlone) {
  for (const Step step :
       {Step::kCopyingNoted, Step::kHalfCopied, Step::kCompleted, Step::kMovedAside, Step::kRemoved}) {
    options_.at_step = [&](Step at) {
      if (at != step) return;
      Options plain = options_;
      plain.at_step = nullptr;
      // While kCopyingNoted the whole quarantine is locked, and Recover() would wait.
      if (step == Step::kCopyingNoted) return;
      auto other = Quarantine::Open(Folder(), plain);
      ASSERT_TRUE(other);
      EXPECT_TRUE((*other)->Recover().empty());
      EXPECT_EQ((*other)->List()->size(), 1u);
    };
    const auto in = Open();
    Write(Work("f"), Long());
    const TakeOutcome taken = Take(*in, Work("f"));
    ASSERT_EQ(taken.kind, TakeOutcome::Kind::kTaken) << taken.detail;
    EXPECT_EQ(Exported(*in, taken.id), Long());
    Reset();
  }
}

TEST_F(RecoverTest, TwoDoNotTakeOneFile) {
  TakeOutcome second;
  for (const Step step : {Step::kHalfCopied, Step::kMovedAside, Step::kAsideNoted}) {
    options_.at_step = [&](Step at) {
      if (at != step) return;
      Options plain = options_;
      plain.at_step = nullptr;
      auto other = Quarantine::Open(Folder(), plain);
      ASSERT_TRUE(other);
      second = Take(**other, Work(Names(Work()).front()));
    };
    Write(Work("f"), "bad");
    ASSERT_EQ(Take(*Open(), Work("f")).kind, TakeOutcome::Kind::kTaken);
    EXPECT_EQ(second.kind, TakeOutcome::Kind::kBusy) << second.detail;
    EXPECT_EQ(Kept(*Open()).size(), 1u);
    Reset();
  }
}

TEST_F(RecoverTest, TakingAgainWhatAnotherLeftHalfDone) {
  for (const Step step : {Step::kHalfCopied, Step::kCopiedNoted, Step::kMovedAside}) {
    Write(Work("f"), "bad");
    ASSERT_EQ(KilledAt(static_cast<int>(step), [&](Quarantine& in) { Take(in, Work("f")); }), kKilled);
    const auto in = Open();
    // By whichever of the two: it is taken once.
    const TakeOutcome taken = Take(*in, Work(Names(Work()).front()));
    EXPECT_TRUE(taken.kind == TakeOutcome::Kind::kTaken || taken.kind == TakeOutcome::Kind::kGone) << taken.detail;
    EXPECT_EQ(Kept(*in).size(), 1u);
    EXPECT_TRUE(Names(Work()).empty());
    Reset();
  }
}

TEST_F(RecoverTest, AnotherFileThatWasMovedAsideGetsItsNameBack) {
  Write(Work("f"), "bad");
  ASSERT_EQ(KilledAt(static_cast<int>(Step::kMovedAside),
                     [&](Quarantine& in) {
                       const os::Fd fd = OpenFile(Work("f"));
                       // As if it had been swapped just before the rename.
                       std::filesystem::rename(Work("f"), root_ + "/hidden");
                       std::filesystem::create_hard_link(root_ + "/hidden", Work("f"));
                       static_cast<void>(in.Take({.fd = fd.get(), .path = Work("f")}));
                     }),
            kKilled);
  const std::string aside = Names(Work()).front();
  std::filesystem::remove(Work(aside));
  Write(Work(aside), "innocent");
  Recover("");
  EXPECT_EQ(Names(Work()), std::vector<std::string>{"f"});
  EXPECT_EQ(Read(Work("f")), "innocent");
  EXPECT_EQ(Read(root_ + "/hidden"), "bad");
  EXPECT_TRUE(Kept(*Open()).empty());
}

TEST_F(RecoverTest, WhatWasChangedSinceIsNotRemoved) {
  for (const Step step : {Step::kCopiedNoted, Step::kMovedAside, Step::kAsideNoted}) {
    Write(Work("f"), "bad");
    ASSERT_EQ(KilledAt(static_cast<int>(step), [&](Quarantine& in) { Take(in, Work("f")); }), kKilled);
    std::ofstream(Work(Names(Work()).front()), std::ios::trunc) << "other";
    Recover("");
    EXPECT_EQ(Names(Work()), std::vector<std::string>{"f"});
    EXPECT_EQ(Read(Work("f")), "other");
    EXPECT_TRUE(Kept(*Open()).empty());
    Reset();
  }
}

TEST_F(RecoverTest, ADamagedCopyNeverCostsTheFile) {
  for (const Step step : {Step::kCopiedNoted, Step::kMovedAside, Step::kAsideNoted}) {
    for (const bool missing : {false, true}) {
      Write(Work("f"), "bad");
      ASSERT_EQ(KilledAt(static_cast<int>(step), [&](Quarantine& in) { Take(in, Work("f")); }), kKilled);
      const std::string blob = Folder() + "/items/" + Names(Folder() + "/items").front();
      if (missing) {
        std::filesystem::remove(blob);
      } else {
        std::filesystem::resize_file(blob, 100);
      }
      Recover("");
      EXPECT_EQ(Names(Work()), std::vector<std::string>{"f"});
      EXPECT_EQ(Read(Work("f")), "bad");
      Reset();
    }
  }
}

TEST_F(RecoverTest, ALostIndexLosesNoFile) {
  Write(Work("f"), "bad");
  const std::string id = Take(*Open(), Work("f"), {.detections = {{"yara", "Rule", "", ""}}, .reason = "why"}).id;
  Write(Work("g"), "worse");
  ASSERT_EQ(KilledAt(static_cast<int>(Step::kMovedAside), [&](Quarantine& in) { Take(in, Work("g")); }), kKilled);
  Write(Work("h"), "begun");
  ASSERT_EQ(KilledAt(static_cast<int>(Step::kHalfCopied), [&](Quarantine& in) { Take(in, Work("h")); }), kKilled);
  for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(Folder() + "/index.db" + end);
  const auto in = Open();
  EXPECT_FALSE(in->Recover().empty());
  const auto item = in->Find(id);
  ASSERT_TRUE(item);
  EXPECT_EQ(item->state, State::kKept);
  EXPECT_EQ(item->origin.path, Work("f"));
  EXPECT_EQ(item->reason, "why");
  EXPECT_EQ(Kept(*in).size(), 2u);
  EXPECT_TRUE(in->Recover().empty());
  ASSERT_TRUE(in->Restore({.id = id}));
  EXPECT_EQ(Read(Work("f")), "bad");
  EXPECT_EQ(Read(Work("h")), "begun");
}

// As after a reboot that gave devices other numbers: a copy with the same times stands
// for the file, which has another inode then.
TEST_F(RecoverTest, NumbersOfInodesMayChange) {
  for (const Step step : {Step::kCopiedNoted, Step::kMovedAside, Step::kAsideNoted}) {
    Write(Work("f"), "bad");
    ASSERT_EQ(KilledAt(static_cast<int>(step), [&](Quarantine& in) { Take(in, Work("f")); }), kKilled);
    const std::string name = Work(Names(Work()).front());
    const auto time = std::filesystem::last_write_time(name);
    std::filesystem::rename(name, root_ + "/away");
    std::filesystem::copy_file(root_ + "/away", name);
    std::filesystem::last_write_time(name, time);
    Recover("");
    EXPECT_TRUE(Names(Work()).empty());
    EXPECT_EQ(Kept(*Open()).size(), 1u);
    Reset();
  }
  Write(Work("f"), "bad");
  const std::string id = Take(*Open(), Work("f")).id;
  ASSERT_EQ(
      KilledAt(static_cast<int>(Step::kPlaced), [&](Quarantine& in) { static_cast<void>(in.Restore({.id = id})); }),
      kKilled);
  const auto time = std::filesystem::last_write_time(Work("f"));
  std::filesystem::copy_file(Work("f"), Work("g"));
  std::filesystem::rename(Work("g"), Work("f"));
  std::filesystem::last_write_time(Work("f"), time);
  Recover("");
  EXPECT_FALSE(InOnePlace(Work("f"), "bad", ""));
}

TEST_F(RecoverTest, AFolderThatIsGone) {
  std::filesystem::create_directory(Work("sub"));
  Write(Work("sub/f"), "bad");
  ASSERT_EQ(KilledAt(static_cast<int>(Step::kRemoved), [&](Quarantine& in) { Take(in, Work("sub/f")); }), kKilled);
  std::filesystem::remove_all(Work("sub"));
  Recover("");
  EXPECT_EQ(Kept(*Open()).size(), 1u);
}

}  // namespace
}  // namespace dl::quarantine
