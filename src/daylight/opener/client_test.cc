#include "daylight/opener/client.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <vector>

#include "daylight/opener/packet.h"

namespace dl::opener {
namespace {

class ClientTest : public testing::Test {
 protected:
  ClientTest() : buffer_(kMaxPacketBytes, '\0') {
    auto pair = CreatePacketPair();
    theirs_ = std::move(pair->theirs);
    ours_ = std::move(pair->ours);
  }
  void Say(const std::string& packet, int fd = -1) { ASSERT_TRUE(SendPacket(ours_.get(), packet, fd).value()); }
  template <typename T>
  std::pair<std::uint64_t, T> Next() {
    auto packet = ReceivePacket(ours_.get(), buffer_);
    EXPECT_TRUE(packet && !packet->none);
    const auto header = ParseHeader(packet->bytes);
    EXPECT_TRUE(header);
    auto value = Decode<T>(*header, packet->bytes);
    EXPECT_TRUE(value);
    return {header->id, value.value_or(T{})};
  }
  os::Fd theirs_;
  os::Fd ours_;
  std::string buffer_;
};

TEST_F(ClientTest, EverythingIsHandedOver) {
  std::vector<std::string> said;
  Client client(std::move(theirs_),
                {.hello = [&](const Hello& hello) { said.push_back("hello " + std::to_string(hello.wait_ms)); },
                 .walk_started =
                     [&](std::uint64_t id, os::Fd fd, const std::string& reason) {
                       said.push_back("walk " + std::to_string(id) + (fd.valid() ? " fd" : " " + reason));
                     },
                 .access =
                     [&](std::uint64_t id, const AccessEvent& event, os::Fd fd) {
                       EXPECT_TRUE(fd.valid());
                       said.push_back("access " + std::to_string(id) + " " + event.path);
                     },
                 .generation_done = [&](std::uint64_t n) { said.push_back("generation " + std::to_string(n)); },
                 .taken = [&](std::uint64_t id,
                              const Taken& taken) { said.push_back("taken " + std::to_string(id) + " " + taken.id); },
                 .notice = [&](const Notice& notice) { said.push_back("notice " + notice.text); }});
  Say(Encode(0, Hello{1, true, true, 5000, 0}));
  Say(Encode(4, WalkStarted{false, "no"}));
  Say(Encode(5, WalkStarted{true, {}}), STDIN_FILENO);
  Say(Encode(6, AccessEvent{AccessKind::kOpen, false, false, 1, 2, "/p", ""}), STDIN_FILENO);
  Say(Encode(7, GenerationDone{}));
  Say(Encode(8, Taken{TakeOutcome::kTaken, "id", ""}));
  Notice notice;
  notice.text = "text";
  Say(Encode(0, notice));
  ASSERT_TRUE(client.OnReadable());
  EXPECT_EQ(said, (std::vector<std::string>{"hello 5000", "walk 4 no", "walk 5 fd", "access 6 /p", "generation 7",
                                            "taken 8 id", "notice text"}));
  ours_.Close();
  EXPECT_FALSE(client.OnReadable());
}

TEST_F(ClientTest, RequestsAreNumberedAndKeptWhileTheSocketIsFull) {
  Client client(std::move(theirs_), {});
  WalkRequest request;
  request.path = "relative";
  EXPECT_FALSE(client.StartWalk(request));
  request.path = "/p";
  EXPECT_EQ(client.StartWalk(request).value(), 1U);
  EXPECT_EQ(client.Take({.path = "/q"}, STDIN_FILENO).value(), 2U);
  const auto walk = Next<WalkRequest>();
  EXPECT_EQ(walk.first, 1U);
  EXPECT_EQ(walk.second.path, "/p");
  EXPECT_EQ(Next<TakeRequest>().second.path, "/q");
  std::uint64_t sent = 0;
  while (!client.wants_write()) client.Answer(++sent, {});
  client.Answer(++sent, {});
  for (std::uint64_t id = 1; id <= sent; ++id) {
    ASSERT_EQ(Next<Verdict>().first, id);
    ASSERT_TRUE(client.Flush());
  }
  EXPECT_FALSE(client.wants_write());
}

TEST_F(ClientTest, WhatTheOpenerDoesNotSendIsRefused) {
  for (const std::string& packet : {std::string("x"), Encode(1, Verdict{}), Encode(1, WalkStarted{true, {}}),
                                    Encode(1, AccessEvent{}), Encode(1, Hello{2, false, false, 0, 0})}) {
    auto pair = CreatePacketPair();
    Client client(std::move(pair->theirs), {});
    ASSERT_TRUE(SendPacket(pair->ours.get(), packet, -1).value());
    EXPECT_FALSE(client.OnReadable());
  }
}

}  // namespace
}  // namespace dl::opener
