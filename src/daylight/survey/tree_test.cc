#include "daylight/survey/tree.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>

namespace dl::survey {
namespace {

namespace fs = std::filesystem;

TEST(ContainerStorageTest, FoldersOfDockerPodmanContainerd) {
  EXPECT_TRUE(IsContainerStorage("var/lib/docker/overlay2/0a1b/diff"));
  EXPECT_TRUE(IsContainerStorage("home/u/.local/share/containers/storage/overlay/0a/diff"));
  EXPECT_TRUE(IsContainerStorage("var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/12/fs"));
  EXPECT_TRUE(IsContainerStorage("var/lib/docker/vfs/dir/0a"));
  EXPECT_TRUE(IsContainerStorage("overlay2/0a1b/diff"));  // Of --root /var/lib/docker.
  for (const char* other :
       {"", "diff", "x/diff", "var/overlay2/diff", "overlay2//diff", "a/b/overlay2/c/diff/d", "a/vfs/dir"}) {
    EXPECT_FALSE(IsContainerStorage(other)) << other;
  }
}

class TreeTest : public testing::Test {
 protected:
  TreeTest() : folder_(fs::path(testing::TempDir()) / ("tree" + std::to_string(::getpid()))) {
    fs::create_directories(folder_);
  }
  ~TreeTest() override { fs::remove_all(folder_); }
  void Write(const std::string& path, const std::string& bytes) {
    fs::create_directories((folder_ / path).parent_path());
    std::ofstream(folder_ / path) << bytes;
  }
  // No worker can be started: what would be read is told as unread, which shows that it would.
  void Walk() {
    options_.worker_program.path = (folder_ / "no-worker").string();
    const auto take = [this](report::SoftwareFacts&& facts) {
      for (const auto& root : facts.roots) roots_[root.id] = root;
      for (const auto& file : facts.files) files_.push_back(std::to_string(file.place.root) + ":" + file.place.path);
      for (const auto& program : facts.programs) programs_.push_back(program.place.path);
      for (const auto& unread : facts.unread)
        unread_.push_back(std::to_string(unread.place.root) + ":" + unread.place.path);
    };
    Asker asker(options_, take);
    Tree(options_, asker, take, looked_).Walk(folder_.string());
    asker.Finish();
  }
  bool Has(const std::vector<std::string>& all, const std::string& one) {
    return std::find(all.begin(), all.end(), one) != all.end();
  }
  fs::path folder_;
  Options options_;
  Looked looked_;
  std::map<std::uint32_t, report::RootFact> roots_;
  std::vector<std::string> files_, programs_, unread_;
};

TEST_F(TreeTest, PathsAreRelativeAndProgramsAreTold) {
  Write("opt/a/bin/a",
        "\x7f"
        "ELF\2\1\1");
  Write("opt/a/readme", "text");
  fs::create_symlink("bin/a", folder_ / "opt/a/link");
  Walk();
  EXPECT_TRUE(Has(files_, "0:opt/a/bin/a") && Has(files_, "0:opt/a/readme") && Has(files_, "0:opt/a/link"));
  EXPECT_TRUE(Has(files_, "0:opt/a"));
  EXPECT_EQ(programs_, std::vector<std::string>{"opt/a/bin/a"});
  EXPECT_TRUE(unread_.empty());
  EXPECT_EQ(looked_.counts["files"], 2u);
}

TEST_F(TreeTest, SystemsWithinAreRootsOfTheirOwn) {
  Write("srv/guest/etc/os-release", "ID=debian\n");
  Write("srv/guest/opt/x", "x");
  Write("srv/later", "x");
  Write("var/lib/docker/overlay2/abc/diff/opt/y", "y");
  Walk();
  ASSERT_EQ(roots_.size(), 2u);
  EXPECT_EQ(roots_[1].path, "srv/guest");
  EXPECT_EQ(roots_[1].kind, report::RootKind::kFolder);
  EXPECT_EQ(roots_[2].kind, report::RootKind::kContainer);
  EXPECT_TRUE(Has(files_, "1:opt/x"));
  EXPECT_TRUE(Has(files_, "0:srv/later"));
  EXPECT_TRUE(Has(files_, "2:opt/y"));
  EXPECT_TRUE(Has(unread_, "1:etc/os-release"));  // It would be read.
}

TEST_F(TreeTest, ArchivesAreOpenedWhereThatIsAsked) {
  Write("a.zip", "PK\3\4");
  Write("a.deb", "!<arch>\ndebian-binary   ");
  Write("a.exe", "MZ");
  Walk();
  EXPECT_FALSE(Has(unread_, "0:a.zip"));
  EXPECT_TRUE(Has(unread_, "0:a.deb") && Has(unread_, "0:a.exe"));
  EXPECT_EQ(looked_.counts["archives not opened"], 1u);
  unread_.clear();
  options_.archives = Archives::kAll;
  Walk();
  EXPECT_TRUE(Has(unread_, "0:a.zip"));
}

}  // namespace
}  // namespace dl::survey
