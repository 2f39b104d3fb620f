// The picture decoders' libraries behind the worker's filter of system calls,
// which kills a process for any call that is not on its list.
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

#include "daylight/contain/lock_down.h"
#include "daylight/formats/image/image.h"

namespace dl {
namespace {

std::vector<std::string> Pictures() {
  std::vector<std::string> pictures;
  for (const auto& entry : std::filesystem::directory_iterator(DAYLIGHT_SOURCE_DIR "/fuzz/corpus/image")) {
    std::ostringstream content;
    content << std::ifstream(entry.path(), std::ios::binary).rdbuf();
    pictures.push_back(content.str());
  }
  return pictures;
}

constexpr int kNoFilter = 2;

// How a process ends that does `work` behind the walls.
template <typename F>
int StatusBehindWalls(F work) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (!contain::FilterSystemCalls(contain::Role::kWorker)) ::_exit(kNoFilter);
    work();
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return status;
}

TEST(WallsTest, TheFilterKills) {
  const int status = StatusBehindWalls([] { static_cast<void>(::getppid()); });
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) << status;
}

TEST(WallsTest, PicturesAreHashedBehindThem) {
  const std::vector<std::string> pictures = Pictures();
  ASSERT_GT(pictures.size(), 40u);
  image::Prepare();
  const int status = StatusBehindWalls([&] {
    std::size_t hashed = 0;
    for (const std::string& picture : pictures) hashed += image::FuzzyHash(AsBytes(picture)).has_value() ? 1U : 0U;
    if (hashed < 35) ::_exit(1);
  });
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace dl
