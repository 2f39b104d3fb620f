#include "daylight/sandbox/rule_source.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace dl::sandbox {
namespace {

namespace fs = std::filesystem;

class RuleSourceTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "daylight-source-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
  }
  void TearDown() override { fs::remove_all(root_); }
  void Write(const std::string& name, const std::string& text) {
    fs::create_directories(fs::path(root_ + "/" + name).parent_path());
    std::ofstream(root_ + "/" + name) << text;
  }
  std::string root_;
};

TEST_F(RuleSourceTest, FolderIsSearchedSorted) {
  for (const char* name : {"b.yar", "a/z.yara", "a/skip.txt", ".git/x.yar", ".hidden.yar", "c.YAR"})
    Write("r/" + std::string(name), name);
  const LoadedSources loaded = LoadRuleSources({root_ + "/r"});
  EXPECT_TRUE(loaded.errors.empty());
  ASSERT_EQ(loaded.sources.size(), 1u);
  EXPECT_EQ(loaded.sources[0].name, "r");
  ASSERT_EQ(loaded.sources[0].files.size(), 2u);
  EXPECT_EQ(loaded.sources[0].files[0].name_space, "z");
  EXPECT_EQ(loaded.sources[0].files[0].path, root_ + "/r/a/z.yara");
  EXPECT_EQ(loaded.sources[0].files[1].text, "b.yar");
}

TEST_F(RuleSourceTest, OneFileInAllIsTheDefaultNamespace) {
  Write("a.yar", "");
  Write("b.rules", "");
  EXPECT_EQ(LoadRuleSources({root_ + "/a.yar"}).sources[0].files[0].name_space, "default");
  const LoadedSources two = LoadRuleSources({root_ + "/a.yar", root_ + "/b.rules"});
  EXPECT_EQ(two.sources[0].files[0].name_space, "a");
  EXPECT_EQ(two.sources[1].files[0].name_space, "b");
}

TEST_F(RuleSourceTest, LinksCountOnlyBelowTheFolder) {
  Write("r/..data/real.yar", "inside");
  Write("out.yar", "outside");
  fs::create_symlink("..data/real.yar", root_ + "/r/in.yar");
  fs::create_symlink("../out.yar", root_ + "/r/out.yar");
  const LoadedSources loaded = LoadRuleSources({root_ + "/r"});
  ASSERT_EQ(loaded.sources[0].files.size(), 1u);
  EXPECT_EQ(loaded.sources[0].files[0].text, "inside");
  EXPECT_EQ(loaded.warnings.size(), 1u);
}

TEST_F(RuleSourceTest, ProblemsAreNamed) {
  fs::create_directories(root_ + "/empty");
  const LoadedSources loaded = LoadRuleSources({root_ + "/empty", root_ + "/gone.yar"});
  ASSERT_EQ(loaded.errors.size(), 2u);
  EXPECT_NE(loaded.errors[1].find("No such file"), std::string::npos);
}

TEST_F(RuleSourceTest, LicenceIsTheFirstLineAbove) {
  Write("repo/.git/HEAD", "");
  Write("repo/LICENSE", "\n   \n# Detection Rule License (DRL) 1.1 \nmore\n");
  Write("LICENSE", "not ours");
  Write("repo/a/b/x.yar", "");
  Write("other/.git/HEAD", "");
  Write("other/x.yar", "");
  EXPECT_EQ(LoadRuleSources({root_ + "/repo/a/b/x.yar"}).sources[0].licence, "Detection Rule License (DRL) 1.1");
  EXPECT_EQ(LoadRuleSources({root_ + "/repo"}).sources[0].licence, "Detection Rule License (DRL) 1.1");
  EXPECT_EQ(LoadRuleSources({root_ + "/other"}).sources[0].licence, "");
}

}  // namespace
}  // namespace dl::sandbox
