#include "daylight/opener/leased_files.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <set>
#include <string>
#include <thread>

namespace dl::opener {
namespace {

class LeasedFilesTest : public testing::Test {
 protected:
  LeasedFilesTest() {
    LeasedFiles::BlockSignals();
    std::string name = testing::TempDir() + "/daylight-lease-XXXXXX";
    folder_ = ::mkdtemp(name.data());
    const os::Fd probe = Open(1);
    can_ = LeasedFiles::TakeLease(probe.get());
    LeasedFiles::GiveUp(probe.get());
  }
  ~LeasedFilesTest() override { std::filesystem::remove_all(folder_); }
  void SetUp() override {
    if (!can_) GTEST_SKIP() << "no leases here";
  }
  std::string Path(int i) { return folder_ + "/" + std::to_string(i); }
  os::Fd Open(int i) {
    os::Fd made(::open(Path(i).c_str(), O_CREAT | O_WRONLY, 0644));
    EXPECT_EQ(::write(made.get(), "x", 1), 1);
    made.Close();
    return os::Fd(::open(Path(i).c_str(), O_RDONLY | O_CLOEXEC));
  }
  static FileKey KeyOf(int fd) {
    struct stat info {};
    ::fstat(fd, &info);
    return {info.st_dev, info.st_ino};
  }
  FileKey Keep(LeasedFiles& files, int i, std::uint64_t generation = 0) {
    os::Fd fd = Open(i);
    const FileKey key = KeyOf(fd.get());
    EXPECT_TRUE(LeasedFiles::TakeLease(fd.get()));
    files.Keep(key, std::move(fd), generation);
    return key;
  }
  LeasedFiles::Actions Actions() {
    return {.ignore = [this](int fd) { return marked_.insert(KeyOf(fd).inode), takes_marks_; },
            .stop_ignoring =
                [this](int fd) {
                  // Not before: whoever waits must find no mark.
                  order_ += LeasedFiles::IsHeld(fd) ? "held " : "waited-for ";
                  return marked_.erase(KeyOf(fd).inode) > 0;
                },
            .evicted = [this](int fd) { evicted_.insert(KeyOf(fd).inode); }};
  }

  std::string folder_;
  bool can_ = false;
  bool takes_marks_ = true;
  std::set<std::uint64_t> marked_;
  std::set<std::uint64_t> evicted_;
  std::string order_;
};

TEST_F(LeasedFilesTest, AFileIsCleanByItsGenerationWhileItsLeaseHolds) {
  LeasedFiles files(10, Actions());
  const FileKey key = Keep(files, 2, 7);
  EXPECT_TRUE(files.IsClean(key, 7));
  EXPECT_FALSE(files.IsClean(key, 8));
  EXPECT_FALSE(files.IsClean({1, 1}, 7));
  EXPECT_EQ(marked_.size(), 1U);
  files.Clear();
  EXPECT_TRUE(marked_.empty());
}

TEST_F(LeasedFilesTest, AWriterIsLetInOnceTheMarkIsGone) {
  LeasedFiles files(10, Actions());
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, LeasedFiles::break_signal());
  const os::Fd signals(::signalfd(-1, &set, SFD_CLOEXEC));
  Keep(files, 3);
  const FileKey key = Keep(files, 2);
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(::open(Path(2).c_str(), O_WRONLY) >= 0 ? 0 : 1);
  pollfd ready{signals.get(), POLLIN, 0};
  ASSERT_EQ(::poll(&ready, 1, 20'000), 1);
  signalfd_siginfo info{};
  ASSERT_EQ(::read(signals.get(), &info, sizeof info), static_cast<ssize_t>(sizeof info));
  EXPECT_FALSE(files.IsClean(key, 0));
  EXPECT_FALSE(files.OnBreak(100'000));
  EXPECT_TRUE(files.OnBreak(info.ssi_fd));
  EXPECT_FALSE(files.OnBreak(info.ssi_fd));
  EXPECT_EQ(order_, "waited-for ");
  EXPECT_EQ(marked_.size(), 1U);
  int status = 1;
  ASSERT_EQ(::waitpid(pid, &status, 0), pid);
  EXPECT_EQ(status, 0);
  files.Clear();
}

TEST_F(LeasedFilesTest, LostSignalsAreFoundByLooking) {
  LeasedFiles files(100, Actions());
  for (int i = 2; i < 30; ++i) Keep(files, i);
  // Without waiting: the break begins all the same.
  for (int i = 2; i < 30; i += 3) EXPECT_EQ(::open(Path(i).c_str(), O_WRONLY | O_NONBLOCK), -1);
  files.CheckAll();
  EXPECT_EQ(files.size(), 18U);
  EXPECT_EQ(marked_.size(), 18U);
  files.Clear();
}

TEST_F(LeasedFilesTest, ThereIsNoLeaseWhileAnybodyCanWrite) {
  const os::Fd reader = Open(2);
  os::Fd writer(::open(Path(2).c_str(), O_RDWR));
  EXPECT_FALSE(LeasedFiles::TakeLease(reader.get()));
  void* const view = ::mmap(nullptr, 1, PROT_READ | PROT_WRITE, MAP_SHARED, writer.get(), 0);
  ASSERT_NE(view, MAP_FAILED);
  writer.Close();
  EXPECT_FALSE(LeasedFiles::TakeLease(reader.get()));
  // A mapping that can be made writable is as bad.
  ASSERT_EQ(::mprotect(view, 1, PROT_READ), 0);
  EXPECT_FALSE(LeasedFiles::TakeLease(reader.get()));
  ::munmap(view, 1);
  EXPECT_TRUE(LeasedFiles::TakeLease(reader.get()));
}

TEST_F(LeasedFilesTest, TheNumberIsBounded) {
  LeasedFiles files(4, Actions());
  for (int i = 2; i < 12; ++i) {
    Keep(files, i);
    EXPECT_LE(files.size(), 4U);
    EXPECT_EQ(marked_.size(), files.size());
  }
  EXPECT_EQ(evicted_.size(), 6U);
  files.Clear();
  LeasedFiles none(0, Actions());
  Keep(none, 2);
  EXPECT_EQ(none.size(), 0U);
  // Its lease is given up: this does not wait.
  EXPECT_GE(::open(Path(2).c_str(), O_WRONLY | O_NONBLOCK), 0);
}

TEST_F(LeasedFilesTest, WithoutAMarkNothingIsKept) {
  takes_marks_ = false;
  LeasedFiles files(4, Actions());
  Keep(files, 2);
  EXPECT_EQ(files.size(), 0U);
}

TEST_F(LeasedFilesTest, TheSameFileAgainTakesItsPlace) {
  LeasedFiles files(4, Actions());
  os::Fd first = Open(2);
  os::Fd second(::open(Path(2).c_str(), O_RDONLY));
  const FileKey key = KeyOf(first.get());
  ASSERT_TRUE(LeasedFiles::TakeLease(first.get()));
  files.Keep(key, std::move(first), 1);
  ASSERT_TRUE(LeasedFiles::TakeLease(second.get()));
  files.Keep(key, std::move(second), 2);
  EXPECT_EQ(files.size(), 1U);
  EXPECT_TRUE(files.IsClean(key, 2));
  EXPECT_EQ(marked_.size(), 1U);
  files.Clear();
}

}  // namespace
}  // namespace dl::opener
