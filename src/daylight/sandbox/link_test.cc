#include "daylight/sandbox/link.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "daylight/os/memfd.h"
#include "daylight/os/socket.h"

namespace dl::sandbox {
namespace {

using report::MessageType;

class LinkTest : public testing::Test {
 protected:
  void SetUp() override {
    auto pair = os::CreateSocketPair();
    ASSERT_TRUE(pair);
    ours_ = std::move(pair->ours);
    theirs_ = std::move(pair->theirs);
  }
  void Say(const std::string& bytes, std::vector<int> descriptors = {}) {
    ASSERT_TRUE(os::Send(theirs_.get(), AsBytes(bytes), descriptors));
  }
  static std::string Ready(std::uint16_t descriptors = 0) {
    return report::MakeFrame(MessageType::kReady, descriptors, 0, "x");
  }
  os::Fd ours_, theirs_;
};

TEST_F(LinkTest, DescriptorsThatComeUpEndTheConversation) {
  const auto file = os::SealedMemfd("t", {"x"});
  ASSERT_TRUE(file);
  for (int before = 0; before < 3; ++before) {
    SetUp();
    Link link(ours_.get());
    for (int i = 0; i < before; ++i) Say(Ready());
    Say(Ready(), {file->get()});
    Say(Ready());
    ASSERT_TRUE(link.Fill());
    // What came before is taken.
    for (int i = 0; i < before; ++i) {
      const auto frame = link.Next();
      ASSERT_TRUE(frame && *frame);
    }
    EXPECT_FALSE(link.Next());
  }
}

TEST_F(LinkTest, DescriptorsThatAreOnlyAnnouncedDoToo) {
  Link link(ours_.get());
  Say(Ready(1));
  ASSERT_TRUE(link.Fill());
  EXPECT_FALSE(link.Next());
}

TEST_F(LinkTest, WhatOnlyWeSendIsRefusedByItsHeader) {
  Link link(ours_.get());
  Say(report::MakeFrame(MessageType::kOpenDatabases, 0, 0, "x").substr(0, report::kFrameHeaderBytes));
  ASSERT_TRUE(link.Fill());
  EXPECT_FALSE(link.Next());
}

TEST_F(LinkTest, TheLimitOfOneFrame) {
  const std::string frame = report::MakeFrame(MessageType::kObjectReport, 0, 0, std::string(1000, 'x'));
  for (const std::uint32_t limit : {1000u, 999u}) {
    Link link(ours_.get(), limit);
    Say(frame);
    ASSERT_TRUE(link.Fill());
    EXPECT_EQ(link.Next().has_value(), limit == 1000);
  }
}

TEST_F(LinkTest, HalfAFrameIsNone) {
  Link link(ours_.get());
  Say(Ready().substr(0, 20));
  const auto frame = link.Wait(50);
  ASSERT_FALSE(frame);
  EXPECT_EQ(frame.error().code, ErrorCode::kBudget);
}

using LinkDeathTest = LinkTest;

TEST_F(LinkDeathTest, OnlyRegularFilesThatCannotBeWrittenToGoDown) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  const auto sealed = os::SealedMemfd("t", {"x"});
  const auto open = os::CreateMemfd("t");
  const os::Fd read_only(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  const os::Fd path_only(::open("/proc/self/exe", O_PATH | O_CLOEXEC));
  const os::Fd folder(::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const os::Fd device(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  ASSERT_TRUE(sealed && open && read_only.valid() && path_only.valid() && folder.valid() && device.valid());
  Link link(ours_.get());
  EXPECT_TRUE(link.Queue(MessageType::kScanBatch, 0, "x", {sealed->get(), read_only.get()}));
  EXPECT_TRUE(link.Queue(MessageType::kCompile, 0, "x", {sealed->get(), open->get()}));
  EXPECT_DEATH(static_cast<void>(link.Queue(MessageType::kCompile, 0, "x", {open->get(), open->get()})), "");
  for (const int fd : {open->get(), path_only.get(), folder.get(), device.get(), ours_.get(), -1}) {
    EXPECT_DEATH(static_cast<void>(link.Queue(MessageType::kScanBatch, 0, "x", {fd})), "");
  }
}

}  // namespace
}  // namespace dl::sandbox
