#include "daylight/opener/heart.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ctime>
#include <filesystem>

namespace dl::opener {
namespace {

TEST(HeartTest, WhatTheFileSays) {
  const auto alive = Heart::Parse("alive                 1000 boot\n", "boot", 2000);
  ASSERT_TRUE(alive);
  EXPECT_EQ(alive->from_s, 1000);
  EXPECT_EQ(alive->until_s, 2000);
  EXPECT_FALSE(alive->stopped);
  EXPECT_TRUE(Heart::Parse("stopped 1 boot", "boot", 2)->stopped);
  // Since the machine was booted, only.
  EXPECT_FALSE(Heart::Parse("alive 1000 other\n", "boot", 2000));
  for (const char* const text :
       {"", "alive", "alive x boot", "dead 1 boot", "alive 1x boot", "alive 99999999999999999999 boot"}) {
    EXPECT_FALSE(Heart::Parse(text, "boot", 2000)) << text;
  }
}

class HeartFileTest : public testing::Test {
 protected:
  HeartFileTest() {
    std::string name = testing::TempDir() + "/daylight-heart-XXXXXX";
    folder_ = ::mkdtemp(name.data());
  }
  ~HeartFileTest() override { std::filesystem::remove_all(folder_); }
  std::string folder_;
};

TEST_F(HeartFileTest, AStopAndADeathAreToldApart) {
  for (const bool stopped : {true, false}) {
    auto heart = Heart::Start(folder_, ::time(nullptr));
    ASSERT_TRUE(heart);
    heart->Beat();
    const pid_t pid = heart->pid();
    if (stopped) heart->Stop();
    heart = Fail(ErrorCode::kIo, "gone");  // Its end of the pipe closes.
    ASSERT_EQ(::waitpid(pid, nullptr, 0), pid);
    auto next = Heart::Start(folder_, ::time(nullptr));
    ASSERT_TRUE(next);
    ASSERT_TRUE(next->gap());
    EXPECT_EQ(next->gap()->stopped, stopped);
    EXPECT_LE(next->gap()->from_s, next->gap()->until_s);
    const pid_t last = next->pid();
    next = Fail(ErrorCode::kIo, "gone");
    ASSERT_EQ(::waitpid(last, nullptr, 0), last);
  }
}

TEST_F(HeartFileTest, TheFirstTimeThereIsNoGap) {
  auto heart = Heart::Start(folder_ + "/new", ::time(nullptr));
  ASSERT_TRUE(heart);
  EXPECT_FALSE(heart->gap());
  const pid_t pid = heart->pid();
  // A full pipe is no trouble.
  ::kill(pid, SIGSTOP);
  for (int i = 0; i < 100'000; ++i) heart->Beat();
  ::kill(pid, SIGKILL);
  EXPECT_EQ(::waitpid(pid, nullptr, 0), pid);
}

}  // namespace
}  // namespace dl::opener
