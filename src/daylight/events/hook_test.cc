#include "daylight/events/hook.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "daylight/events/test_event.h"

namespace dl::events {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

class HookTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/daylight-hook-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }

  // An administrator's own script; arguments are the folder.
  HookOptions Script(const std::string& body) {
    const std::string path = folder_ + "/hook.sh";
    std::ofstream(path) << "#!/bin/sh\n" << body << "\n";
    ::chmod(path.c_str(), 0700);
    HookOptions options;
    options.argv = {path, folder_};
    options.tell = [this](const std::string& text) { told_.push_back(text); };
    return options;
  }

  // As an event loop would, until nothing runs or waits. Bounded by rounds, not by time.
  static void RunOut(Hook& hook) {
    for (int round = 0; round < 3000 && (hook.running() > 0 || hook.waiting() > 0); ++round) {
      std::vector<pollfd> fds;
      hook.PollFds(fds);
      ::poll(fds.data(), fds.size(), 20);
      hook.Tick();
    }
    EXPECT_EQ(hook.running(), 0u);
  }

  std::string Text(const std::string& name) const {
    std::ifstream file(folder_ + "/" + name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::string folder_;
  std::vector<std::string> told_;
};

TEST_F(HookTest, TheEventIsOnStandardInputAndNowhereElse) {
  ::setenv("DAYLIGHT_SECRET", "x", 1);
  const int leak = ::open("/dev/null", O_RDONLY);  // Without O_CLOEXEC.
  auto hook = Hook::Create(
      Script("cat > \"$1/in\"; env > \"$1/env\"; ls /proc/self/fd > \"$1/fds\"; pwd > \"$1/pwd\"; "
             "echo \"$#\" > \"$1/n\"; cut -d' ' -f1,5,6 /proc/$$/stat > \"$1/ids\"; grep -E 'SigBlk|SigIgn' "
             "/proc/self/status > \"$1/sig\""));
  ASSERT_TRUE(hook.has_value());
  Event event = FullEvent();
  event.path = "/tmp/$(touch pwned)`id`;\n'\"";
  hook->Offer(event);
  RunOut(*hook);
  ::close(leak);
  ::unsetenv("DAYLIGHT_SECRET");
  EXPECT_EQ(hook->finished(), 1u);
  EXPECT_TRUE(told_.empty()) << told_.front();
  const auto json = nlohmann::json::parse(Text("in"));
  EXPECT_EQ(json["path"], event.path);
  EXPECT_EQ(json["kind"], "detection");
  EXPECT_EQ(Text("n"), "1\n");
  EXPECT_EQ(Text("pwd"), "/\n");
  const std::string environment = Text("env");
  EXPECT_EQ(environment.find("DAYLIGHT"), std::string::npos);
  EXPECT_EQ(environment.find("pwned"), std::string::npos);
  EXPECT_NE(environment.find("PATH="), std::string::npos);
  // Standard input, output and error; the last is the folder that `ls` lists.
  EXPECT_EQ(Text("fds"), "0\n1\n2\n3\n");
  // Process, group and session are one.
  std::string a, b, c;
  std::istringstream(Text("ids")) >> a >> b >> c;
  EXPECT_EQ(a, b);
  EXPECT_EQ(b, c);
  EXPECT_NE(Text("sig").find("SigBlk:\t0000000000000000"), std::string::npos);
}

TEST_F(HookTest, OnlyItsKinds) {
  HookOptions options = Script("cat >> \"$1/in\"");
  options.kinds = {EventKind::kGap, EventKind::kBlocked};
  auto hook = Hook::Create(options);
  for (std::size_t i = 0; i < kEventKinds; ++i) {
    Event event;
    event.kind = static_cast<EventKind>(i);
    hook->Offer(event);
  }
  RunOut(*hook);
  EXPECT_EQ(hook->finished(), 2u);
}

TEST_F(HookTest, FailuresAreToldWithTheLastWords) {
  auto hook = Hook::Create(Script("yes noise | head -c 300000 >&2; echo 'no such pager' >&2; exit 3"));
  hook->Offer(FullEvent());
  RunOut(*hook);
  EXPECT_EQ(hook->failed(), 1u);
  ASSERT_EQ(told_.size(), 1u);
  EXPECT_EQ(told_[0], "hook " + folder_ + "/hook.sh ended with exit code 3: no such pager");
  auto killed = Hook::Create(Script("kill -SEGV $$"));
  killed->Offer(FullEvent());
  RunOut(*killed);
  EXPECT_NE(told_.back().find("was ended by signal 11"), std::string::npos);
}

TEST_F(HookTest, WhatIsNotThereIsTold) {
  HookOptions options = Script("");
  options.argv = {folder_ + "/none"};
  auto hook = Hook::Create(options);
  ASSERT_TRUE(hook.has_value());
  hook->Offer(FullEvent());
  EXPECT_EQ(hook->failed(), 1u);
  ASSERT_EQ(told_.size(), 1u);
  EXPECT_NE(told_[0].find("could not be started: No such file"), std::string::npos);
}

TEST_F(HookTest, ItIsKilledWithItsGroup) {
  HookOptions options = Script("trap '' TERM; sleep 1000 & echo $! > \"$1/child\"; echo $$ > \"$1/self\"; wait");
  options.timeout = milliseconds(60'000);
  auto hook = Hook::Create(options);
  const auto now = Hook::Clock::now();
  hook->Offer(FullEvent(), now);
  for (int round = 0; round < 1000 && Text("self").empty(); ++round) ::usleep(10'000);
  const int child = std::stoi(Text("child"));
  ASSERT_EQ(::kill(child, 0), 0);
  hook->Tick(now + milliseconds(59'999));
  ASSERT_EQ(::kill(child, 0), 0);
  hook->Tick(now + milliseconds(60'000));
  RunOut(*hook);
  EXPECT_EQ(hook->failed(), 1u);
  EXPECT_NE(told_.back().find("was killed after 60000 ms"), std::string::npos);
  // Gone, or a zombie until init looks after it.
  for (int round = 0; round < 1000 && ::kill(child, 0) == 0; ++round) {
    std::ifstream status("/proc/" + std::to_string(child) + "/stat");
    std::string text{std::istreambuf_iterator<char>(status), {}};
    if (text.find(") Z ") != std::string::npos) break;
    ::usleep(1000);
  }
  std::ifstream status("/proc/" + std::to_string(child) + "/stat");
  const std::string text{std::istreambuf_iterator<char>(status), {}};
  EXPECT_TRUE(text.empty() || text.find(") Z ") != std::string::npos) << text;
}

TEST_F(HookTest, SoManyAtOnceAndSoManyWait) {
  ASSERT_EQ(::mkfifo((folder_ + "/gate").c_str(), 0600), 0);
  HookOptions options = Script("read x < \"$1/gate\"");
  options.max_running = 3;
  options.max_waiting = 5;
  auto hook = Hook::Create(options);
  for (int i = 0; i < 20; ++i) hook->Offer(FullEvent());
  EXPECT_EQ(hook->running(), 3u);
  EXPECT_EQ(hook->waiting(), 5u);
  EXPECT_EQ(hook->dropped(), 12u);
  ASSERT_EQ(told_.size(), 1u);  // Once.
  const int gate = ::open((folder_ + "/gate").c_str(), O_RDWR | O_CLOEXEC);
  for (int i = 0; i < 8; ++i) ASSERT_EQ(::write(gate, "go\n", 3), 3);
  RunOut(*hook);
  ::close(gate);
  EXPECT_EQ(hook->finished() + hook->failed(), 8u);
}

TEST_F(HookTest, ItsEndIsTheirs) {
  std::string pid;
  {
    auto hook = Hook::Create(Script("echo $$ > \"$1/pid\"; exec sleep 1000"));
    hook->Offer(FullEvent());
    for (int round = 0; round < 1000 && (pid = Text("pid")).empty(); ++round) ::usleep(10'000);
  }
  EXPECT_NE(::kill(std::stoi(pid), 0), 0);
}

TEST_F(HookTest, OptionsThatMakeNoSense) {
  HookOptions options;
  EXPECT_FALSE(Hook::Create(options).has_value());
  options.argv = {"page"};
  EXPECT_FALSE(Hook::Create(options).has_value());
  options.argv = {"/bin/true", std::string("a\0b", 3)};
  EXPECT_FALSE(Hook::Create(options).has_value());
  options.argv = {"/bin/true"};
  EXPECT_TRUE(Hook::Create(options).has_value());
  options.max_running = 0;
  EXPECT_FALSE(Hook::Create(options).has_value());
}

}  // namespace
}  // namespace dl::events
