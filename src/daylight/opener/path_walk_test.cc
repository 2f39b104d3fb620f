#include "daylight/opener/path_walk.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "daylight/os/io.h"
#include "daylight/os/paths.h"

namespace dl::opener {
namespace {

namespace fs = std::filesystem;
constexpr std::uint32_t kNobody = 65534;
constexpr std::uint32_t kSomeGroup = 54321;

class PathWalkTest : public testing::Test {
 protected:
  PathWalkTest() {
    std::string name = os::Absolute(testing::TempDir() + "/daylight-walk-XXXXXX", "/");
    folder_ = ::mkdtemp(name.data());
    ::chmod(folder_.c_str(), 0755);
  }
  ~PathWalkTest() override { fs::remove_all(folder_); }

  void Write(const std::string& name, const std::string& text, mode_t mode = 0644) {
    fs::create_directories(fs::path(folder_ + "/" + name).parent_path());
    std::ofstream(folder_ + "/" + name) << text;
    ASSERT_EQ(::chmod((folder_ + "/" + name).c_str(), mode), 0);
  }

  struct Outcome {
    std::map<std::string, std::string> files;   // By name below the folder.
    std::map<std::string, std::string> failed;  // Why.
    WalkEnd end;
    bool ended = false;
  };
  Outcome Collect(const WalkRequest& request, WalkRights rights) {
    Outcome outcome;
    auto walk = StartPathWalk(request, rights);
    EXPECT_TRUE(walk);
    if (!walk) return outcome;
    walk->other.Close();
    WalkReader reader(std::move(walk->socket));
    for (;;) {
      pollfd ready{reader.fd(), POLLIN, 0};
      ::poll(&ready, 1, 20'000);
      auto step = reader.Next();
      if (!step || step->kind == WalkReader::Step::Kind::kNone) break;
      if (step->kind == WalkReader::Step::Kind::kEnd) {
        outcome.end = step->end;
        outcome.ended = true;
        break;
      }
      const std::string name = step->file.path.substr(std::min(step->file.path.size(), folder_.size() + 1));
      if (step->file.failed) {
        outcome.failed[name] = step->file.reason;
      } else {
        // For reading, and nothing else.
        EXPECT_EQ(::fcntl(step->fd.get(), F_GETFL) & O_ACCMODE, O_RDONLY);
        outcome.files[name] = os::ReadAll(step->fd.get(), 1 << 20).value_or("");
        EXPECT_EQ(step->file.size, outcome.files[name].size());
      }
    }
    int status = 0;
    EXPECT_EQ(::waitpid(walk->pid, &status, 0), walk->pid);
    return outcome;
  }
  WalkRequest Of(std::uint32_t uid, std::vector<std::uint32_t> groups = {}) {
    WalkRequest request;
    request.uid = uid;
    request.gid = kNobody;
    request.groups = std::move(groups);
    request.path = folder_;
    return request;
  }

  std::string folder_;
};

TEST_F(PathWalkTest, WalksAsItself) {
  Write("a", "1");
  Write("d/b", "22");
  Write("d/c.tmp", "333");
  fs::create_symlink("a", folder_ + "/link");
  WalkRequest request = Of(0);
  request.exclude = {"*.tmp"};
  Write("e/f", "4444");
  request.exclude_masks = {folder_ + "/e//*"};
  request.only_masks = {folder_ + "/**"};
  const Outcome outcome = Collect(request, WalkRights::kOwn);
  EXPECT_THAT(outcome.files, testing::ElementsAre(testing::Pair("a", "1"), testing::Pair("d/b", "22")));
  ASSERT_TRUE(outcome.ended);
  EXPECT_EQ(outcome.end.files, 2U);
  EXPECT_FALSE(outcome.end.limit_reached);
}

TEST_F(PathWalkTest, MasksAreHeldAgainstPathsHoweverTheyAreSpelled) {
  Write("a", "1");
  Write("e/f", "2");
  WalkRequest request = Of(0);
  request.path = "/." + folder_ + "//";
  request.exclude_masks = {folder_ + "/e//*"};
  EXPECT_THAT(Collect(request, WalkRights::kOwn).files, testing::ElementsAre(testing::Pair("a", "1")));
  request.exclude_masks = {"e/f"};
  EXPECT_FALSE(StartPathWalk(request, WalkRights::kOwn));
}

TEST_F(PathWalkTest, ALimitIsALimit) {
  for (const char* const name : {"a", "b", "c"}) Write(name, name);
  WalkRequest request = Of(0);
  request.limit = 3;
  EXPECT_FALSE(Collect(request, WalkRights::kOwn).end.limit_reached);
  request.limit = 2;
  const Outcome outcome = Collect(request, WalkRights::kOwn);
  EXPECT_EQ(outcome.files.size(), 2U);
  EXPECT_TRUE(outcome.end.limit_reached);
}

TEST_F(PathWalkTest, AFolderIsNoFileUnlessItIsAskedFor) {
  Write("a", "1");
  WalkRequest request = Of(0);
  request.recursive = false;
  const Outcome outcome = Collect(request, WalkRights::kOwn);
  EXPECT_TRUE(outcome.files.empty());
  EXPECT_EQ(outcome.failed.size(), 1U);
  EXPECT_TRUE(outcome.ended);
}

TEST_F(PathWalkTest, RequestsThatMakeNoSenseAreRefused) {
  WalkRequest request;
  for (const std::string& path : {std::string(), std::string("a"), std::string("/a\0b", 4)}) {
    request.path = path;
    EXPECT_FALSE(CheckWalkRequest(request));
  }
  request.path = "/";
  EXPECT_TRUE(CheckWalkRequest(request));
  request.groups.resize(kMaxGroups + 1);
  EXPECT_FALSE(CheckWalkRequest(request));
}

TEST_F(PathWalkTest, TheRightsAreThePeersAndNoMore) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  Write("open", "open");
  Write("secret", "secret", 0600);
  Write("group", "group", 0640);
  ASSERT_EQ(::chown((folder_ + "/group").c_str(), 0, kSomeGroup), 0);
  Write("closed/inside", "inside");
  ASSERT_EQ(::chmod((folder_ + "/closed").c_str(), 0700), 0);
  const Outcome alone = Collect(Of(kNobody), WalkRights::kOfRequest);
  EXPECT_THAT(alone.files, testing::ElementsAre(testing::Pair("open", "open")));
  EXPECT_THAT(alone.failed, testing::UnorderedElementsAre(testing::Pair("secret", testing::HasSubstr("ermission")),
                                                          testing::Pair("group", testing::HasSubstr("ermission")),
                                                          testing::Pair("closed", testing::HasSubstr("ermission"))));
  const Outcome member = Collect(Of(kNobody, {kSomeGroup}), WalkRights::kOfRequest);
  EXPECT_THAT(member.files,
              testing::UnorderedElementsAre(testing::Pair("open", "open"), testing::Pair("group", "group")));
  // Root reads everything, also what is another's.
  Write("anothers", "x", 0600);
  ASSERT_EQ(::chown((folder_ + "/anothers").c_str(), kNobody, kNobody), 0);
  const Outcome root = Collect(Of(0), WalkRights::kOfRequest);
  EXPECT_EQ(root.files.size(), 5U);
}

TEST_F(PathWalkTest, ALinkToASecretIsRefused) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  Write("secret", "secret", 0600);
  fs::create_directories(folder_ + "/theirs");
  fs::create_symlink("../secret", folder_ + "/theirs/link");
  fs::create_symlink("secret", folder_ + "/argument");
  WalkRequest request = Of(kNobody);
  for (const char* const name : {"theirs", "theirs/link", "argument", "secret"}) {
    for (const bool follow : {false, true}) {
      request.path = folder_ + "/" + name;
      request.follow = follow;
      EXPECT_TRUE(Collect(request, WalkRights::kOfRequest).files.empty()) << name;
    }
  }
}

TEST_F(PathWalkTest, TheChildHasNothingLeftToComeBackBy) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  // More than the socket holds, so that it waits.
  for (int i = 0; i < 2000; ++i) Write("f" + std::to_string(i), "x");
  for (const std::uint32_t uid : {kNobody, 0U}) {
    auto walk = StartPathWalk(Of(uid), WalkRights::kOfRequest);
    ASSERT_TRUE(walk);
    pollfd ready{walk->socket.get(), POLLIN, 0};
    ASSERT_EQ(::poll(&ready, 1, 20'000), 1);
    const std::string status = *os::ReadFile("/proc/" + std::to_string(walk->pid) + "/status", 1 << 20);
    EXPECT_THAT(status, testing::HasSubstr("NoNewPrivs:\t1"));
    // CAP_DAC_READ_SEARCH is bit 2.
    const char* const left = uid == 0 ? "4" : "0";
    EXPECT_THAT(status, testing::HasSubstr(std::string("CapPrm:\t000000000000000") + left));
    EXPECT_THAT(status, testing::HasSubstr(std::string("CapEff:\t000000000000000") + left));
    EXPECT_THAT(status, testing::HasSubstr("CapAmb:\t0000000000000000"));
    // Nobody reads: it ends.
    walk->socket.Close();
    EXPECT_EQ(::waitpid(walk->pid, nullptr, 0), walk->pid);
  }
}

TEST_F(PathWalkTest, WhoBreaksOffIsToldApartFromAnEnd) {
  for (int i = 0; i < 2000; ++i) Write("f" + std::to_string(i), "x");
  auto walk = StartPathWalk(Of(0), WalkRights::kOwn);
  ASSERT_TRUE(walk);
  walk->other.Close();
  WalkReader reader(std::move(walk->socket));
  pollfd ready{reader.fd(), POLLIN, 0};
  ASSERT_EQ(::poll(&ready, 1, 20'000), 1);
  ::kill(walk->pid, SIGKILL);
  ASSERT_EQ(::waitpid(walk->pid, nullptr, 0), walk->pid);
  for (;;) {
    auto step = reader.Next();
    if (step) continue;
    EXPECT_EQ(step.error().code, ErrorCode::kTruncated);
    break;
  }
}

TEST_F(PathWalkTest, GarbageFromAChildIsRefused) {
  for (const std::string& garbage : {std::string("x"), std::string(100, '\0'), Encode(0, Hello{}),
                                     Encode(0, WalkFile{"/a", false, "", 0, 0, 0})}) {  // No descriptor.
    auto pair = CreatePacketPair();
    ASSERT_TRUE(SendPacket(pair->theirs.get(), garbage, -1).value());
    WalkReader reader(std::move(pair->ours));
    EXPECT_FALSE(reader.Next());
  }
}

}  // namespace
}  // namespace dl::opener
