#include "daylight/os/beneath.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

namespace dl::os {
namespace {

namespace fs = std::filesystem;

class BeneathTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "daylight-beneath-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    fs::create_directories(root_ / "in" / "sub");
    std::ofstream(root_ / "in" / "a") << "a";
    std::ofstream(root_ / "out") << "secret";
    fs::create_symlink("../a", root_ / "in" / "sub" / "inside");
    fs::create_symlink("../../out", root_ / "in" / "sub" / "outside");
    fs::create_symlink(root_ / "out", root_ / "in" / "absolute");
    auto folder = OpenFolder((root_ / "in").string());
    ASSERT_TRUE(folder);
    folder_ = std::move(*folder);
  }
  void TearDown() override { fs::remove_all(root_); }
  ErrorCode CodeOf(const std::string& path) {
    const auto fd = OpenBeneath(folder_.get(), path);
    EXPECT_FALSE(fd) << path;
    return fd ? ErrorCode::kBudget : fd.error().code;
  }
  fs::path root_;
  Fd folder_;
};

TEST_F(BeneathTest, StaysInside) {
  EXPECT_TRUE(OpenBeneath(folder_.get(), "a"));
  EXPECT_TRUE(OpenBeneath(folder_.get(), "sub/../a"));
  EXPECT_TRUE(OpenBeneath(folder_.get(), "sub/inside"));
  EXPECT_EQ(CodeOf("../out"), ErrorCode::kUnsupported);
  EXPECT_EQ(CodeOf("sub/outside"), ErrorCode::kUnsupported);
  EXPECT_EQ(CodeOf("absolute"), ErrorCode::kUnsupported);
  EXPECT_EQ(CodeOf("/etc/passwd"), ErrorCode::kUnsupported);
  EXPECT_EQ(CodeOf((root_ / "in" / "a").string()), ErrorCode::kUnsupported);
}

TEST_F(BeneathTest, OnlyRegularFilesAndNeverBlocks) {
  ASSERT_EQ(::mkfifo((root_ / "in" / "fifo").c_str(), 0600), 0);
  EXPECT_EQ(CodeOf("fifo"), ErrorCode::kUnsupported);
  EXPECT_EQ(CodeOf("sub"), ErrorCode::kUnsupported);
  EXPECT_EQ(CodeOf(std::string("a\0b", 3)), ErrorCode::kUnsupported);
  EXPECT_EQ(CodeOf(""), ErrorCode::kUnsupported);
  EXPECT_EQ(CodeOf("missing"), ErrorCode::kIo);
}

}  // namespace
}  // namespace dl::os
