#include "daylight/os/socket.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <iterator>
#include <string_view>

#include "daylight/os/io.h"
#include "daylight/os/memfd.h"

namespace dl::os {
namespace {

std::span<const std::byte> Of(std::string_view text) { return std::as_bytes(std::span(text)); }

TEST(SocketTest, DescriptorsGoWithTheBytes) {
  auto pair = CreateSocketPair();
  ASSERT_TRUE(pair);
  const auto file = SealedMemfd("t", {"hello"});
  ASSERT_TRUE(file);
  const int fds[] = {file->get(), file->get()};
  ASSERT_EQ(Send(pair->ours.get(), Of("abc"), fds).value(), 3u);
  std::byte buffer[16];
  std::vector<Fd> got;
  EXPECT_EQ(ReceiveWithFds(pair->theirs.get(), buffer, got).value().bytes, 3u);
  ASSERT_EQ(got.size(), 2u);
  EXPECT_EQ(ReadAll(got[0].get(), 10).value(), "hello");
}

std::size_t OpenDescriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

TEST(SocketTest, OnlyTheFirstDescriptorIsTaken) {
  auto pair = CreateSocketPair();
  ASSERT_TRUE(pair);
  const auto file = SealedMemfd("t", {"hello"});
  const auto other = SealedMemfd("t", {"other"});
  ASSERT_TRUE(file && other);
  const int fds[] = {file->get(), other->get(), other->get()};
  ASSERT_TRUE(Send(pair->ours.get(), Of("abc"), fds));
  const std::size_t before = OpenDescriptors();
  std::byte buffer[16];
  Fd got;
  const Received received = ReceiveWithFd(pair->theirs.get(), buffer, got).value();
  EXPECT_EQ(received.bytes, 3u);
  EXPECT_TRUE(received.dropped_fds);
  EXPECT_EQ(ReadAll(got.get(), 10).value(), "hello");
  EXPECT_EQ(OpenDescriptors(), before + 1) << "more than one was opened";
}

TEST(SocketTest, DescriptorsSentToUsAreDropped) {
  auto pair = CreateSocketPair();
  ASSERT_TRUE(pair);
  const auto file = SealedMemfd("t", {"hello"});
  ASSERT_TRUE(file);
  const int fds[] = {file->get()};
  const int before = ::dup(0);
  ::close(before);
  ASSERT_TRUE(Send(pair->theirs.get(), Of("abc"), fds));
  std::byte buffer[16];
  const Received received = Receive(pair->ours.get(), buffer).value();
  EXPECT_EQ(received.bytes, 3u);
  EXPECT_TRUE(received.dropped_fds);
  const int after = ::dup(0);
  ::close(after);
  EXPECT_EQ(before, after) << "a descriptor was opened";
}

TEST(SocketTest, BytesAloneAreNoDroppedDescriptors) {
  auto pair = CreateSocketPair();
  ASSERT_TRUE(pair);
  ASSERT_TRUE(Send(pair->theirs.get(), Of("abc"), {}));
  std::byte buffer[16];
  EXPECT_FALSE(Receive(pair->ours.get(), buffer).value().dropped_fds);
}

TEST(SocketTest, FullEmptyAndEnded) {
  auto pair = CreateSocketPair();
  ASSERT_TRUE(pair);
  std::byte buffer[4096] = {};
  const auto nothing = Receive(pair->ours.get(), buffer);
  ASSERT_TRUE(nothing);
  EXPECT_EQ(nothing->bytes, 0u);
  EXPECT_FALSE(nothing->ended);
  std::size_t sent = 1;
  while (sent != 0) sent = Send(pair->ours.get(), buffer, {}).value();
  pair->theirs.Close();
  EXPECT_TRUE(Receive(pair->ours.get(), buffer).value().ended);
  EXPECT_FALSE(Send(pair->ours.get(), buffer, {}));
}

}  // namespace
}  // namespace dl::os
