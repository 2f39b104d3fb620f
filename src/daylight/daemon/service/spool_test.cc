#include "daylight/daemon/service/spool.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include "daylight/os/io.h"

namespace dl::daemon {
namespace {

using Outcome = SpooledStream::Outcome;

std::string Read(const SpooledObject& object) {
  const auto text = os::ReadAll(object.fd.get(), 1u << 24);
  return text ? *text : "unreadable";
}

SpoolOptions InFolder(std::uint64_t memory_bytes) {
  SpoolOptions options;
  options.folder = ::testing::TempDir();
  options.memory_bytes = memory_bytes;
  return options;
}

TEST(SpoolTest, ASmallStreamLiesInMemoryAndCannotBeWritten) {
  Spool spool(InFolder(10));
  SpooledStream stream = spool.Begin(100);
  EXPECT_EQ(stream.Append("0123"), Outcome::kTaken);
  EXPECT_EQ(stream.Append("456789"), Outcome::kTaken);
  EXPECT_EQ(spool.use().memory_bytes, 10u);
  EXPECT_EQ(spool.use().disk_bytes, 0u);
  {
    const auto object = stream.Finish();
    ASSERT_TRUE(object);
    EXPECT_EQ(Read(*object), "0123456789");
    EXPECT_FALSE(os::WriteAll(object->fd.get(), "x"));
    EXPECT_EQ(spool.use().memory_bytes, 10u);
  }
  EXPECT_EQ(spool.use().memory_bytes, 0u);
}

TEST(SpoolTest, OneByteMoreGoesToTheDisk) {
  Spool spool(InFolder(10));
  SpooledStream stream = spool.Begin(100);
  EXPECT_EQ(stream.Append("0123456789"), Outcome::kTaken);
  EXPECT_EQ(stream.Append("a"), Outcome::kTaken);
  EXPECT_EQ(spool.use().memory_bytes, 0u);
  EXPECT_EQ(spool.use().disk_bytes, 11u);
  const auto object = stream.Finish();
  ASSERT_TRUE(object);
  EXPECT_EQ(Read(*object), "0123456789a");
  EXPECT_FALSE(os::WriteAll(object->fd.get(), "x"));
}

TEST(SpoolTest, TheLimitOfAStream) {
  Spool spool(InFolder(4));
  SpooledStream stream = spool.Begin(8);
  EXPECT_EQ(stream.Append("01234567"), Outcome::kTaken);
  EXPECT_EQ(stream.Append("8"), Outcome::kTooLarge);
  EXPECT_EQ(stream.Append(""), Outcome::kTooLarge);
  EXPECT_FALSE(stream.Finish());
  EXPECT_EQ(spool.use().disk_bytes, 0u);
}

TEST(SpoolTest, TheBudgetOfAll) {
  SpoolOptions options;  // No folder: all in memory.
  options.max_memory_bytes = 10;
  Spool spool(options);
  SpooledStream first = spool.Begin(100);
  SpooledStream second = spool.Begin(100);
  EXPECT_EQ(first.Append("012345"), Outcome::kTaken);
  EXPECT_EQ(second.Append("01234"), Outcome::kNoRoom);
  EXPECT_EQ(second.Append("0"), Outcome::kNoRoom);
  SpooledStream third = spool.Begin(100);
  EXPECT_EQ(third.Append("0123"), Outcome::kTaken);
  { const auto object = first.Finish(); }
  EXPECT_EQ(third.Append("012345"), Outcome::kTaken);
}

TEST(SpoolTest, WhatIsSmallNeedsNoFile) {
  Spool spool(InFolder(1u << 20));
  SpooledStream stream = spool.Begin(1u << 20);
  EXPECT_EQ(stream.Append(std::string(kSmallStreamBytes - 1, 'a')), Outcome::kTaken);
  EXPECT_EQ(stream.Append("b"), Outcome::kTaken);
  SpooledStream larger = spool.Begin(1u << 20);
  EXPECT_EQ(larger.Append(std::string(kSmallStreamBytes, 'a')), Outcome::kTaken);
  EXPECT_EQ(larger.Append("b"), Outcome::kTaken);
  EXPECT_FALSE(larger.TakeBytes());
  {
    const auto small = stream.TakeBytes();
    ASSERT_TRUE(small);
    EXPECT_EQ(small->bytes.size(), kSmallStreamBytes);
    EXPECT_EQ(small->bytes.back(), 'b');
    EXPECT_EQ(spool.use().memory_bytes, 2 * kSmallStreamBytes + 1);
  }
  EXPECT_EQ(spool.use().memory_bytes, kSmallStreamBytes + 1);
  const auto object = larger.Finish();
  ASSERT_TRUE(object);
  EXPECT_EQ(Read(*object), std::string(kSmallStreamBytes, 'a') + "b");
}

TEST(SpoolTest, NoFolderToWriteToIsAFailure) {
  SpoolOptions options = InFolder(1);
  options.folder = "/nonexistent";
  Spool spool(options);
  SpooledStream stream = spool.Begin(100);
  EXPECT_EQ(stream.Append("0123"), Outcome::kFailed);
  EXPECT_EQ(spool.use().memory_bytes, 0u);
}

TEST(SpoolTest, AnEmptyStreamIsAnObject) {
  Spool spool(InFolder(4));
  SpooledStream stream = spool.Begin(8);
  const auto object = stream.Finish();
  ASSERT_TRUE(object);
  EXPECT_EQ(object->size, 0u);
  EXPECT_EQ(Read(*object), "");
}

}  // namespace
}  // namespace dl::daemon
