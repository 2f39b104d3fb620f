#include "daylight/os/lease.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <thread>

#include "daylight/os/fd.h"
#include "daylight/os/file_state.h"

namespace dl::os {
namespace {

class LeaseTest : public testing::Test {
 protected:
  void SetUp() override {
    GiveWayToWriters();
    std::string pattern = (std::filesystem::temp_directory_path() / "daylight-lease-XXXXXX").string();
    const Fd made(::mkstemp(pattern.data()));
    ASSERT_TRUE(made.valid());
    path_ = pattern;
    ASSERT_EQ(::ftruncate(made.get(), 8192), 0);
  }
  void TearDown() override { ::unlink(path_.c_str()); }
  Fd Open(int flags) const { return Fd(::open(path_.c_str(), flags | O_CLOEXEC)); }
  std::string path_;
};

TEST_F(LeaseTest, HeldWhileNobodyWrites) {
  const Fd fd = Open(O_RDONLY);
  ReadLease lease = ReadLease::Take(fd.get());
  EXPECT_TRUE(lease.held());
  const Fd reader = Open(O_RDONLY);
  EXPECT_TRUE(lease.held());
  lease.Release();
  EXPECT_FALSE(lease.held());
  EXPECT_FALSE(ReadLease().held());
}

TEST_F(LeaseTest, RefusedWhileItIsOpenForWriting) {
  const Fd fd = Open(O_RDONLY);
  Fd writer = Open(O_WRONLY);
  EXPECT_FALSE(ReadLease::Take(fd.get()).held());
  writer.Close();
  EXPECT_TRUE(ReadLease::Take(fd.get()).held());
}

// The case that times do not tell: a page that is dirty already is written again.
TEST_F(LeaseTest, RefusedWhileASharedMappingCanBeWritten) {
  Fd writer = Open(O_RDWR);
  void* map = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, writer.get(), 0);
  ASSERT_NE(map, MAP_FAILED);
  writer.Close();
  auto* byte = static_cast<volatile char*>(map);
  *byte = 'a';
  const Fd fd = Open(O_RDONLY);
  const auto before = StateOf(fd.get());
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  *byte = 'b';
  const auto after = StateOf(fd.get());
  ASSERT_TRUE(before && after);
  EXPECT_EQ(*before, *after);  // Else this test tests nothing.
  EXPECT_FALSE(ReadLease::Take(fd.get()).held());
  ::munmap(map, 4096);
  EXPECT_TRUE(ReadLease::Take(fd.get()).held());
}

TEST_F(LeaseTest, AWriterIsLetInAtOnceAndTheLeaseIsGone) {
  const Fd fd = Open(O_RDONLY);
  const ReadLease lease = ReadLease::Take(fd.get());
  ASSERT_TRUE(lease.held());
  // By another thread of this process: the kernel makes no difference.
  std::thread([&] {
    sigset_t all;
    sigfillset(&all);
    ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
    EXPECT_TRUE(Open(O_WRONLY).valid());
  }).join();
  EXPECT_FALSE(lease.held());
}

TEST_F(LeaseTest, TruncatingByNameBreaksItToo) {
  const Fd fd = Open(O_RDONLY);
  const ReadLease lease = ReadLease::Take(fd.get());
  ASSERT_TRUE(lease.held());
  std::thread([&] {
    sigset_t all;
    sigfillset(&all);
    ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
    EXPECT_EQ(::truncate(path_.c_str(), 1), 0);
  }).join();
  EXPECT_FALSE(lease.held());
}

TEST_F(LeaseTest, StateTellsWhatIsThereFromWhatIsNot) {
  EXPECT_FALSE(StateOf(AT_FDCWD, (path_ + "-none").c_str()));
  const auto state = StateOf(AT_FDCWD, path_.c_str());
  ASSERT_TRUE(state);
  EXPECT_TRUE(state->is_regular());
  EXPECT_EQ(state->size, 8192u);
  struct stat info {};
  ASSERT_EQ(::stat(path_.c_str(), &info), 0);
  EXPECT_EQ(state->device, info.st_dev);
  EXPECT_EQ(state->inode, info.st_ino);
  const std::string link = path_ + "-link";
  ASSERT_EQ(::symlink(path_.c_str(), link.c_str()), 0);
  const auto of_link = StateOf(AT_FDCWD, link.c_str());
  ::unlink(link.c_str());
  ASSERT_TRUE(of_link);
  EXPECT_FALSE(of_link->is_regular());
}

}  // namespace
}  // namespace dl::os
