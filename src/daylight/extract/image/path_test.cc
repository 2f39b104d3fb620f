#include "daylight/extract/image/path.h"

#include <gtest/gtest.h>

namespace dl::extract {
namespace {

TEST(PathTest, IsWhatARuntimeMakesOfIt) {
  EXPECT_EQ(CleanPath("/a//./b/../c/"), "a/c");
  EXPECT_EQ(CleanPath("a"), "a");
  EXPECT_EQ(CleanPath("../../a"), "a");
  EXPECT_EQ(CleanPath("a/../../b"), "b");
  for (const char* root : {"", "/", ".", "./", "..", "a/..", "///"}) EXPECT_EQ(CleanPath(root), "") << root;
  EXPECT_EQ(CleanPath("...a/.b"), "...a/.b");
}

TEST(PathTest, Parts) {
  EXPECT_EQ(ParentOf("a/b/c"), "a/b");
  EXPECT_EQ(ParentOf("a"), "");
  EXPECT_EQ(NameOf("a/b"), "b");
  EXPECT_EQ(NameOf("a"), "a");
  EXPECT_EQ(JoinPath("", "a"), "a");
  EXPECT_EQ(JoinPath("a", "b"), "a/b");
}

}  // namespace
}  // namespace dl::extract
