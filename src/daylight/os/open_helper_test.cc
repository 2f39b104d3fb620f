#include "daylight/os/open_helper.h"

#include <dirent.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>

#include "daylight/os/io.h"
#include "daylight/os/walk.h"

namespace dl::os {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

// A file system whose server is gone: what is called "dead..." is never answered.
Opened HangsOnDead(int folder, const char* name, const OpenHow& how) noexcept {
  if (std::strncmp(name, "dead", 4) == 0) {
    for (;;) ::pause();
  }
  return Open(folder, name, how);
}

// In the kernel rather than in our own code: opening a FIFO that nobody writes to.
Opened HangsInTheKernel(int folder, const char* name, const OpenHow& how) noexcept {
  if (std::strcmp(name, "fifo") == 0) {
    Opened opened;
    opened.fd = Fd(::openat(folder, name, O_RDONLY | O_CLOEXEC));
    return opened;
  }
  return Open(folder, name, how);
}

class OpenHelperTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "daylight-open-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    folder_ = Fd(::open(root_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }
  void TearDown() override { fs::remove_all(root_); }
  void Write(const std::string& name, const std::string& text = "x") {
    fs::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name) << text;
  }
  static bool IsAlive(pid_t pid) { return ::kill(pid, 0) == 0; }
  fs::path root_;
  Fd folder_;
};

TEST_F(OpenHelperTest, OpensAndLists) {
  Write("file", "hello");
  fs::create_directory(root_ / "sub");
  fs::create_symlink("file", root_ / "link");
  OpenHelper helper({});
  EXPECT_EQ(helper.pid(), -1);
  const Opened opened = helper.Open(folder_.get(), "file", {.want = Want::kFile});
  ASSERT_EQ(opened.error, 0);
  EXPECT_EQ(opened.info.st_size, 5);
  EXPECT_NE(opened.f_type, 0u);
  EXPECT_EQ(ReadAll(opened.fd.get(), 100).value(), "hello");
  EXPECT_EQ(::fcntl(opened.fd.get(), F_GETFL) & O_ACCMODE, O_RDONLY);
  EXPECT_EQ(::fcntl(opened.fd.get(), F_GETFD), FD_CLOEXEC);
  EXPECT_EQ(helper.Open(AT_FDCWD, (root_ / "file").string(), {}).error, 0);
  EXPECT_EQ(helper.Open(folder_.get(), "missing", {}).error, ENOENT);
  EXPECT_EQ(helper.Open(folder_.get(), "link", {.want = Want::kFile}).error, ELOOP);
  EXPECT_EQ(helper.Open(folder_.get(), std::string(5000, 'x'), {}).error, ENAMETOOLONG);
  const Listed listed = helper.List(folder_.get());
  ASSERT_EQ(listed.error, 0);
  std::set<std::string> names;
  for (const FolderName& name : listed.names) names.insert(name.text);
  EXPECT_EQ(names, (std::set<std::string>{"file", "link", "sub"}));
  EXPECT_NE(helper.List(opened.fd.get()).error, 0);
}

TEST_F(OpenHelperTest, ListsOfManyNamesAreWhole) {
  for (int i = 0; i < 5000; ++i) Write("a-name-of-some-length-" + std::to_string(i), "");
  OpenHelper helper({});
  Listed theirs = helper.List(folder_.get());
  Listed ours = ListFolder(folder_.get());
  const auto texts = [](const Listed& listed) {
    std::set<std::string> all;
    for (const FolderName& name : listed.names) all.insert(name.text);
    return all;
  };
  EXPECT_EQ(theirs.names.size(), 5000u);
  EXPECT_EQ(texts(theirs), texts(ours));
}

TEST_F(OpenHelperTest, SilenceEndsTheProcessAndTheNextIsAnswered) {
  Write("file");
  ASSERT_EQ(::mkfifo((root_ / "fifo").c_str(), 0600), 0);
  for (const auto& [open, name] : {std::pair{&HangsOnDead, "dead"}, std::pair{&HangsInTheKernel, "fifo"}}) {
    OpenHelper helper({.timeout_ms = 300, .open = open});
    ASSERT_EQ(helper.Open(folder_.get(), "file", {}).error, 0);
    const pid_t first = helper.pid();
    const auto start = Clock::now();
    const Opened opened = helper.Open(folder_.get(), name, {});
    const auto passed = Clock::now() - start;
    EXPECT_TRUE(opened.silent);
    EXPECT_EQ(opened.error, ETIMEDOUT);
    EXPECT_GE(passed, std::chrono::milliseconds(290));
    EXPECT_LT(passed, std::chrono::seconds(10));
    EXPECT_FALSE(IsAlive(first));
    EXPECT_EQ(helper.Open(folder_.get(), "file", {}).error, 0);
    EXPECT_NE(helper.pid(), first);
  }
}

TEST_F(OpenHelperTest, EndsWithItsOwnerAndOnDemand) {
  pid_t pid = -1;
  {
    OpenHelper helper({});
    ASSERT_EQ(helper.Open(AT_FDCWD, "/", {}).error, 0);
    pid = helper.pid();
    EXPECT_TRUE(IsAlive(pid));
    // It holds its socket and nothing of ours, once it has let go of its answer.
    std::set<std::string> held;
    for (int i = 0; i < 2000 && held != std::set<std::string>{"0"}; ++i) {
      held.clear();
      for (const auto& entry : fs::directory_iterator("/proc/" + std::to_string(pid) + "/fd"))
        held.insert(entry.path().filename());
      ::usleep(1000);
    }
    EXPECT_EQ(held, std::set<std::string>{"0"});
    ::kill(pid, SIGKILL);
    EXPECT_EQ(helper.Open(AT_FDCWD, "/", {}).error != 0, true);
    EXPECT_EQ(helper.Open(AT_FDCWD, "/", {}).error, 0);
    pid = helper.pid();
  }
  EXPECT_FALSE(IsAlive(pid));
  std::atomic<bool> stop{true};
  OpenHelper helper({.timeout_ms = 60000, .stop = &stop, .open = &HangsOnDead});
  const auto start = Clock::now();
  EXPECT_EQ(helper.Open(AT_FDCWD, "dead", {}).error, EINTR);
  EXPECT_LT(Clock::now() - start, std::chrono::seconds(20));
}

TEST_F(OpenHelperTest, ADeadMountCostsAWalkItsOwnFilesAndSomeTime) {
  for (const char* name : {"a/x", "b/y", "c", "dead", "dead2", "dead3", "dead4/z", "e/f"}) Write(name);
  for (const char* path : {"", "/dead4"}) {
    WalkOptions options;
    options.always_ask_helper = true;
    options.helper = {.timeout_ms = 200, .open = &HangsOnDead};
    Walker walker(std::move(options));
    walker.Add(root_.string() + path);
    std::vector<std::string> seen;
    const auto start = Clock::now();
    while (auto entry = walker.Next()) {
      if (entry->kind == WalkEntry::Kind::kEntered) continue;
      const std::string name = entry->path.substr(root_.string().size() + 1);
      seen.push_back(entry->kind == WalkEntry::Kind::kFile ? name : name + ": " + entry->reason);
    }
    EXPECT_LT(Clock::now() - start, std::chrono::seconds(20));
    if (*path != '\0') {
      EXPECT_EQ(seen, std::vector<std::string>{"dead4/z"});
      continue;
    }
    // After three times in one file system nobody asks any more.
    EXPECT_EQ(seen, (std::vector<std::string>{
                        "a/x", "b/y", "c", "dead: the file system does not answer",
                        "dead2: the file system does not answer", "dead3: the file system does not answer",
                        "dead4: the file system does not answer", "e: the file system does not answer"}));
  }
}

TEST_F(OpenHelperTest, AWalkThroughTheHelperSeesTheSame) {
  for (const char* name : {"a/b/c/d", "a/z", "big", "q"}) Write(name);
  fs::create_symlink("a", root_ / "link");
  ASSERT_EQ(::mkfifo((root_ / "fifo").c_str(), 0600), 0);
  for (const bool follow : {false, true}) {
    std::vector<std::string> seen[2];
    for (const bool ask : {false, true}) {
      WalkOptions options;
      options.always_ask_helper = ask;
      options.follow = follow;
      Walker walker(std::move(options));
      walker.Add(root_.string());
      while (auto entry = walker.Next())
        seen[ask].push_back(entry->path + " " + entry->reason + " " + std::to_string(entry->size));
    }
    EXPECT_EQ(seen[0], seen[1]);
  }
}

}  // namespace
}  // namespace dl::os
