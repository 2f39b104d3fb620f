#include "daylight/sandbox/include_roots.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "daylight/os/io.h"

namespace dl::sandbox {
namespace {

namespace fs = std::filesystem;
using report::IncludeOutcome;

class IncludeRootsTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "daylight-include-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    root_ = fs::canonical(pattern).string();
    for (const char* name : {"rules/a.yar", "rules/sub/b.yar", "rules/sub/c.yar", "shared/d.yar", "secret.yar"}) {
      fs::create_directories(fs::path(root_ + "/" + name).parent_path());
      std::ofstream(root_ + "/" + name) << name;
    }
    fs::create_symlink("../secret.yar", root_ + "/rules/link.yar");
    auto roots = IncludeRoots::Open({root_ + "/shared"});
    ASSERT_TRUE(roots);
    roots_ = std::move(*roots);
    const auto fd = os::OpenRegular(root_ + "/rules/a.yar");
    ASSERT_TRUE(fd);
    a_ = roots_.AddRuleFile(root_ + "/rules/a.yar", fd->get());
  }
  void TearDown() override { fs::remove_all(root_); }
  std::string root_;
  IncludeRoots roots_;
  std::string a_;
};

TEST_F(IncludeRootsTest, BelowTheRuleFilesFolderAndRelativeToTheIncludingFile) {
  const auto b = roots_.Resolve("sub/b.yar", a_);
  ASSERT_EQ(b.outcome, IncludeOutcome::kFound);
  EXPECT_EQ(b.text, "rules/sub/b.yar");
  EXPECT_EQ(b.name, root_ + "/rules/sub/b.yar");
  EXPECT_EQ(roots_.Resolve("c.yar", b.identity).text, "rules/sub/c.yar");
  const auto back = roots_.Resolve("../a.yar", b.identity);
  EXPECT_EQ(back.identity, a_) << "a cycle must be seen as one";
  EXPECT_EQ(roots_.Resolve("c.yar", a_).outcome, IncludeOutcome::kNotFound);
}

TEST_F(IncludeRootsTest, NothingElseIsRead) {
  for (const char* path : {"../secret.yar", "link.yar", "sub/../../secret.yar", "/etc/passwd", "/proc/self/environ"}) {
    const auto answer = roots_.Resolve(path, a_);
    EXPECT_EQ(answer.outcome, IncludeOutcome::kNotAllowed) << path;
    EXPECT_TRUE(answer.text.empty());
  }
  EXPECT_EQ(roots_.Resolve(root_ + "/secret.yar", a_).outcome, IncludeOutcome::kNotAllowed);
  EXPECT_EQ(roots_.Resolve("sub/b.yar", "forged").outcome, IncludeOutcome::kNotFound);
  EXPECT_EQ(roots_.Resolve("", a_).outcome, IncludeOutcome::kNotFound);
}

TEST_F(IncludeRootsTest, SharedFoldersAndAbsolutePathsIntoThem) {
  EXPECT_EQ(roots_.Resolve("d.yar", a_).text, "shared/d.yar");
  EXPECT_EQ(roots_.Resolve(root_ + "/shared/d.yar", a_).text, "shared/d.yar");
  EXPECT_EQ(roots_.Resolve(root_ + "/rules/sub/b.yar", a_).text, "rules/sub/b.yar");
  EXPECT_EQ(roots_.Resolve(root_ + "/shared/../secret.yar", a_).outcome, IncludeOutcome::kNotAllowed);
  EXPECT_FALSE(IncludeRoots::Open({root_ + "/gone"}));
}

}  // namespace
}  // namespace dl::sandbox
