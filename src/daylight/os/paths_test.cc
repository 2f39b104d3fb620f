#include "daylight/os/paths.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace dl::os {
namespace {

TEST(PathsTest, Parts) {
  EXPECT_EQ(BaseName("/a/b.tar.gz"), "b.tar.gz");
  EXPECT_EQ(BaseName("a/"), "a");
  EXPECT_EQ(BaseName("/"), "/");
  EXPECT_EQ(ParentFolder("a"), ".");
  EXPECT_EQ(ParentFolder("/a"), "/");
  EXPECT_EQ(ParentFolder("a//b/"), "a");
  EXPECT_EQ(Extension("/a.d/b"), "");
  EXPECT_EQ(Extension("b.tar.gz"), ".gz");
  EXPECT_EQ(Extension(".profile"), "");
  EXPECT_EQ(Extension("..x"), "");
  EXPECT_EQ(Extension("a."), ".");
  EXPECT_EQ(Stem("rules/a.b.yar"), "a.b");
  EXPECT_EQ(Join("/", "a"), "/a");
  EXPECT_EQ(Join("b", "a"), "b/a");
}

TEST(PathsTest, AbsoluteKeepsDotDot) {
  EXPECT_EQ(Absolute("./a//b/../c", "/w"), "/w/a/b/../c");
  EXPECT_EQ(Absolute("/a/./b/", "/w"), "/a/b");
  EXPECT_EQ(Absolute(".", "/"), "/");
}

TEST(PathsTest, ProgramFolderHoldsThisTest) {
  const auto folder = ProgramFolder();
  ASSERT_TRUE(folder);
  EXPECT_EQ(::access(Join(*folder, "daylight_os_test").c_str(), X_OK), 0);
}

}  // namespace
}  // namespace dl::os
