#include "daylight/os/io.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

#include "daylight/os/memfd.h"
#include "daylight/os/spool.h"

namespace dl::os {
namespace {

TEST(IoTest, LimitIsInclusive) {
  const auto fd = SealedMemfd("t", {"abc", "", "de"});
  ASSERT_TRUE(fd);
  EXPECT_EQ(ReadAll(fd->get(), 5).value(), "abcde");
  ASSERT_EQ(::lseek(fd->get(), 0, SEEK_SET), 0);
  const auto cut = ReadAll(fd->get(), 4);
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().code, ErrorCode::kBudget);
}

TEST(IoTest, ErrorsCarryErrno) {
  const auto missing = ReadFile("/nonexistent/x", 10);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().offset, static_cast<std::uint64_t>(ENOENT));
  EXPECT_EQ(Describe(missing.error()), "No such file or directory");
  EXPECT_FALSE(ReadFile("/", 10));
  EXPECT_FALSE(ReadFile("/dev/zero", 10));
}

TEST(MemfdTest, SealedCannotBeWritten) {
  auto fd = SealedMemfd("t", {"abc"});
  ASSERT_TRUE(fd);
  EXPECT_FALSE(WriteAll(fd->get(), "x"));
  EXPECT_EQ(::ftruncate(fd->get(), 0), -1);
  EXPECT_EQ(FileSize(fd->get()).value(), 3u);
}

TEST(MemfdTest, NoSealWhileMappedWritable) {
  auto fd = CreateMemfd("t");
  ASSERT_TRUE(fd);
  ASSERT_TRUE(WriteAll(fd->get(), "abc"));
  void* mapping = ::mmap(nullptr, 3, PROT_READ | PROT_WRITE, MAP_SHARED, fd->get(), 0);
  ASSERT_NE(mapping, MAP_FAILED);
  EXPECT_FALSE(Seal(fd->get()));
  ::munmap(mapping, 3);
  EXPECT_TRUE(Seal(fd->get()));
}

TEST(OffsetTest, SharedByAllWhoHoldTheFile) {
  const auto file = SealedMemfd("t", {"abcde"});
  ASSERT_TRUE(file);
  EXPECT_EQ(OffsetOf(file->get()).value(), 0u);
  const Fd other(::dup(file->get()));
  for (const off_t offset : {1, 5, 1'000'000}) {
    ASSERT_EQ(::lseek(other.get(), offset, SEEK_SET), offset);
    EXPECT_EQ(OffsetOf(file->get()).value(), static_cast<std::uint64_t>(offset));
  }
  // What is read at a place of its own leaves it alone.
  char byte = 0;
  ASSERT_EQ(::pread(other.get(), &byte, 1, 2), 1);
  EXPECT_EQ(OffsetOf(file->get()).value(), 1'000'000u);
  EXPECT_FALSE(OffsetOf(-1));
}

TEST(SpoolTest, CutAtTheLimitAndNotBefore) {
  const std::atomic<bool> stop{false};
  for (const std::uint64_t limit : {5u, 4u, 0u}) {
    const auto input = SealedMemfd("t", {"abcde"});
    ASSERT_TRUE(input);
    const auto spooled = Spool(input->get(), limit, stop);
    ASSERT_TRUE(spooled);
    EXPECT_EQ(spooled->cut, limit == 4);
    EXPECT_EQ(spooled->size, limit == 4 ? 4u : 5u);
    EXPECT_EQ(FileSize(spooled->fd.get()).value(), spooled->size);
  }
}

TEST(SpoolTest, StopEndsIt) {
  const std::atomic<bool> stop{true};
  const auto input = SealedMemfd("t", {"abcde"});
  ASSERT_TRUE(input);
  EXPECT_FALSE(Spool(input->get(), 0, stop));
}

}  // namespace
}  // namespace dl::os
