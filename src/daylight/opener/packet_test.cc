#include "daylight/opener/packet.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <string>

namespace dl::opener {
namespace {

class PacketTest : public testing::Test {
 protected:
  PacketTest() : buffer_(kMaxPacketBytes, '\0') {
    auto pair = CreatePacketPair();
    EXPECT_TRUE(pair);
    pair_ = std::move(*pair);
  }
  PacketPair pair_;
  std::string buffer_;
};

TEST_F(PacketTest, BytesAndADescriptorArriveTogether) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const os::Fd read_end(ends[0]);
  os::Fd write_end(ends[1]);
  ASSERT_TRUE(SendPacket(pair_.theirs.get(), "hello", read_end.get()).value());
  auto packet = ReceivePacket(pair_.ours.get(), buffer_);
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->bytes, "hello");
  ASSERT_TRUE(packet->fd.valid());
  ASSERT_EQ(::write(write_end.get(), "x", 1), 1);
  char byte = 0;
  EXPECT_EQ(::read(packet->fd.get(), &byte, 1), 1);
  EXPECT_TRUE(ReceivePacket(pair_.ours.get(), buffer_)->none);
}

TEST_F(PacketTest, TheLongestPassesWhole) {
  const std::string most(kMaxPacketBytes, 'x');
  ASSERT_TRUE(SendPacket(pair_.theirs.get(), most, -1).value());
  EXPECT_EQ(ReceivePacket(pair_.ours.get(), buffer_)->bytes, most);
}

TEST_F(PacketTest, ALongerOneIsRefused) {
  const std::string more(kMaxPacketBytes + 1, 'x');
  ASSERT_EQ(::send(pair_.theirs.get(), more.data(), more.size(), 0), static_cast<ssize_t>(more.size()));
  const auto packet = ReceivePacket(pair_.ours.get(), buffer_);
  ASSERT_FALSE(packet);
  EXPECT_EQ(packet.error().code, ErrorCode::kMalformed);
}

int OpenDescriptors() {
  int open = 0;
  for (int fd = 0; fd < 256; ++fd) open += ::fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
  return open;
}

TEST_F(PacketTest, MoreThanOneDescriptorIsRefusedAndNoneStaysOpen) {
  for (const int count : {2, 3, 100}) {
    std::array<char, CMSG_SPACE(100 * sizeof(int))> control{};
    iovec part{buffer_.data(), 5};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = CMSG_SPACE(static_cast<std::size_t>(count) * sizeof(int));
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(static_cast<std::size_t>(count) * sizeof(int));
    for (int i = 0; i < count; ++i) {
      const int zero = 0;
      std::memcpy(CMSG_DATA(header) + static_cast<std::size_t>(i) * sizeof zero, &zero, sizeof zero);
    }
    ASSERT_EQ(::sendmsg(pair_.theirs.get(), &message, 0), 5);
    const int before = OpenDescriptors();
    EXPECT_FALSE(ReceivePacket(pair_.ours.get(), buffer_));
    EXPECT_EQ(OpenDescriptors(), before);
  }
}

TEST_F(PacketTest, AFullSocketIsNoFailureAndAClosedOneIs) {
  int sent = 0;
  while (SendPacket(pair_.ours.get(), "x", -1).value()) ++sent;
  EXPECT_GT(sent, 0);
  pair_.theirs.Close();
  EXPECT_FALSE(SendPacket(pair_.ours.get(), "x", -1));
}

TEST_F(PacketTest, TheEndIsTold) {
  pair_.theirs.Close();
  EXPECT_TRUE(ReceivePacket(pair_.ours.get(), buffer_)->ended);
}

}  // namespace
}  // namespace dl::opener
