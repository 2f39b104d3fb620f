#include "daylight/report/channel.h"

#include <gtest/gtest.h>

#include <array>
#include <thread>

#include "daylight/os/io.h"
#include "daylight/os/memfd.h"
#include "daylight/os/socket.h"
#include "daylight/report/protocol.h"

namespace dl::report {
namespace {

TEST(ChannelTest, DescriptorsBelongToTheirFrames) {
  auto pair = os::CreateSocketPair();
  ASSERT_TRUE(pair);
  WorkerChannel channel(std::move(pair->theirs));
  for (const char* text : {"one", "two"}) {
    const auto file = os::SealedMemfd("t", {text});
    ASSERT_TRUE(file);
    const int fds[] = {file->get()};
    const std::string frame = MakeFrame(MessageType::kScanBatch, 1, 0, text);
    ASSERT_EQ(os::Send(pair->ours.get(), AsBytes(frame), fds).value(), frame.size());
    const std::string plain = MakeFrame(MessageType::kVerify, 0, 0, "");
    ASSERT_TRUE(os::Send(pair->ours.get(), AsBytes(plain), {}));
  }
  for (const char* text : {"one", "two"}) {
    auto message = channel.Receive();
    ASSERT_TRUE(message);
    EXPECT_EQ(message->payload, text);
    ASSERT_EQ(message->descriptors.size(), 1u);
    EXPECT_EQ(os::ReadAll(message->descriptors[0].get(), 10).value(), text);
    message = channel.Receive();
    ASSERT_TRUE(message);
    EXPECT_TRUE(message->descriptors.empty());
  }
  pair->ours.Close();
  EXPECT_EQ(channel.Receive().error().code, ErrorCode::kTruncated);
}

TEST(ChannelTest, WhatIsPutWaitsForWhatFollows) {
  auto pair = os::CreateSocketPair();
  ASSERT_TRUE(pair);
  WorkerChannel channel(std::move(pair->theirs));
  std::array<std::byte, 4096> chunk;
  const auto received = [&] {
    return std::string(AsText(Bytes(chunk).first(os::Receive(pair->ours.get(), chunk)->bytes)));
  };
  ASSERT_TRUE(channel.Put(MessageType::kObjectReport, 1, "a"));
  ASSERT_TRUE(channel.Put(MessageType::kObjectReport, 2, "b"));
  EXPECT_EQ(received(), "");
  ASSERT_TRUE(channel.Send(MessageType::kObjectReport, 3, "c"));
  EXPECT_EQ(received(), MakeFrame(MessageType::kObjectReport, 0, 1, "a") +
                            MakeFrame(MessageType::kObjectReport, 0, 2, "b") +
                            MakeFrame(MessageType::kObjectReport, 0, 3, "c"));
  ASSERT_TRUE(channel.Flush());
  EXPECT_EQ(received(), "");
  // What is too long leaves nothing behind.
  EXPECT_FALSE(channel.Put(MessageType::kReady, 4, std::string(64 * 1024 + 1, 'x')));
  ASSERT_TRUE(channel.Flush());
  EXPECT_EQ(received(), "");
}

TEST(ChannelTest, AFrameWithoutItsDescriptorsIsAnError) {
  auto pair = os::CreateSocketPair();
  ASSERT_TRUE(pair);
  WorkerChannel channel(std::move(pair->theirs));
  ASSERT_TRUE(os::Send(pair->ours.get(), AsBytes(MakeFrame(MessageType::kScanBatch, 1, 0, "")), {}));
  EXPECT_FALSE(channel.Receive());
}

TEST(ChannelTest, LargeAnswersGoThroughASmallSocket) {
  auto pair = os::CreateSocketPair();
  ASSERT_TRUE(pair);
  WorkerChannel channel(std::move(pair->theirs));
  const std::string payload(5u << 20, 'x');
  std::thread sender([&] { EXPECT_TRUE(channel.Send(MessageType::kObjectReport, 3, payload)); });
  FrameReader reader(Side::kWorker);
  std::optional<Frame> frame;
  std::vector<std::byte> chunk(10000);
  while (!frame) {
    const auto got = os::Receive(pair->ours.get(), chunk);
    ASSERT_TRUE(got);
    reader.Append(Bytes(chunk).first(got->bytes));
    frame = reader.Next().value();
  }
  sender.join();
  EXPECT_EQ(frame->payload, payload);
}

}  // namespace
}  // namespace dl::report
