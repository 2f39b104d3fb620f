#include "daylight/opener/scope.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>

#include "daylight/opener/processes.h"

namespace dl::opener {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const MountTable& Table() {
  static const MountTable table = MountTable::Parse(
      "22 1 254:1 / / rw - ext4 /dev/vda1 rw\n"
      "23 22 0:21 / /proc rw - proc proc rw\n"
      "30 22 254:2 / /srv rw - xfs /dev/vdb rw\n"
      "31 30 0:41 / /srv/net rw - nfs4 server:/x rw\n"
      "32 31 254:3 / /srv/net/local rw - ext4 /dev/vdc rw\n"
      "33 30 7:1 / /srv/usb rw - vfat /dev/sdb1 rw\n"
      "34 22 0:50 / /var/lib/c/merged rw - overlay overlay rw\n");
  return table;
}

TEST(ScopeTest, PathsCountUnlessExcluded) {
  OnAccessOptions options;
  options.mounts = {"/"};
  options.exclude = {"/srv/db", "*.tmp", "/home/*/cache/*"};
  const Scope scope(options);
  EXPECT_TRUE(scope.Counts("/srv/dbx", true));
  EXPECT_FALSE(scope.Counts("/srv/db", true));
  EXPECT_FALSE(scope.Counts("/srv/db/a/b", true));
  EXPECT_FALSE(scope.Counts("/x/y.tmp", true));
  EXPECT_FALSE(scope.Counts("/home/u/cache/x", true));
  // What another namespace calls it proves nothing.
  EXPECT_TRUE(scope.Counts("/srv/db/a", false));
}

TEST(ScopeTest, MasksCountForFiles) {
  OnAccessOptions options;
  options.folders = {"/srv"};
  options.exclude_masks = {"/srv/db//*", "*.tmp", "/srv/*/x?"};
  options.only_masks = {"/srv//*.doc", "/srv/**/x*"};
  const Scope scope(options);
  EXPECT_TRUE(scope.Counts("/srv/a.doc", true));
  EXPECT_FALSE(scope.Counts("/srv/a.txt", true));
  EXPECT_FALSE(scope.Counts("/srv/db/a.doc", true));
  EXPECT_FALSE(scope.Counts("/srv/a/x1", true));
  EXPECT_TRUE(scope.Counts("/srv/a/b/x1", true));
  EXPECT_TRUE(scope.Counts("/srv/a.txt", false));
}

TEST(ScopeTest, FoldersLeaveOutTheRestOfTheirFileSystem) {
  OnAccessOptions options;
  options.folders = {"/srv/in"};
  EXPECT_TRUE(Scope(options).Counts("/srv/in/x", true));
  EXPECT_FALSE(Scope(options).Counts("/srv/inner", true));
  EXPECT_TRUE(Scope(options).Counts("/srv/inner", false));
  options.mounts = {"/home"};
  EXPECT_TRUE(Scope(options).Counts("/srv/inner", true));
}

TEST(ScopeTest, MarksAreForWhatIsLocal) {
  OnAccessOptions options;
  options.folders = {"/srv"};
  options.mounts = {"/proc", "/srv/net/x"};
  options.containers = true;
  std::vector<std::string> problems;
  EXPECT_THAT(
      Scope(options).Marks(Table(), problems),
      ElementsAre(MarkWanted{"/srv", true}, MarkWanted{"/srv/usb", true}, MarkWanted{"/var/lib/c/merged", true}));
  EXPECT_EQ(problems.size(), 2U);
  options.exclude_types = {"vfat", "overlay"};
  options.mounts = {};
  problems.clear();
  EXPECT_THAT(Scope(options).Marks(Table(), problems), ElementsAre(MarkWanted{"/srv", true}));
  EXPECT_THAT(problems, IsEmpty());
}

TEST(ScopeTest, RemovableByFolder) {
  const Scope scope(OnAccessOptions{});
  EXPECT_TRUE(scope.IsRemovable("/media/u/stick/x"));
  EXPECT_FALSE(scope.IsRemovable("/mediatheque/x"));
}

TEST(ProcessesTest, TextsOfProc) {
  EXPECT_EQ(ParentIn("12 (a) b) c) S 7 1 1"), 7);
  EXPECT_EQ(ParentIn("12 (a"), std::nullopt);
  EXPECT_EQ(ParentIn(""), std::nullopt);
  const auto users = UsersIn("Name:\tx\nUid:\t1\t2\t3\t4\nGid:\t");
  ASSERT_TRUE(users);
  EXPECT_EQ(users->effective, 2U);
  EXPECT_FALSE(users->all_same);
  EXPECT_TRUE(UsersIn("Name:\tx\nUid:\t5\t5\t5\t5\n")->all_same);
  EXPECT_FALSE(UsersIn("Name:\tx\nUid:\t5\t5\n"));
}

TEST(ProcessesTest, DescendantsAreFound) {
  const pid_t self = ::getpid();
  EXPECT_TRUE(IsWithin(self, std::array{self}));
  EXPECT_TRUE(IsWithin(self, std::array{::getppid()}) || ::getppid() <= 1);
  EXPECT_FALSE(IsWithin(::getppid(), std::array{self}));
  EXPECT_FALSE(IsWithin(self, {}));
}

}  // namespace
}  // namespace dl::opener
