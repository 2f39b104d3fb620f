#include "daylight/os/path_mask.h"

#include <gtest/gtest.h>

namespace dl::os {
namespace {

TEST(PathMaskTest, AStarStaysWithinOneName) {
  EXPECT_TRUE(MaskMatches("/dir/*/file", "/dir/a/file"));
  EXPECT_FALSE(MaskMatches("/dir/*/file", "/dir/a/b/file"));
  EXPECT_FALSE(MaskMatches("/dir/*/file", "/dir/file"));
  EXPECT_TRUE(MaskMatches("/dir/*", "/dir/a"));
  EXPECT_FALSE(MaskMatches("/dir/*", "/dir/a/b"));
  EXPECT_FALSE(MaskMatches("/dir/*", "/dir"));
  EXPECT_TRUE(MaskMatches("/d*r/x", "/dr/x"));
}

TEST(PathMaskTest, TwoStarsCrossFolders) {
  EXPECT_TRUE(MaskMatches("/dir/**", "/dir/a/b/c"));
  EXPECT_FALSE(MaskMatches("/dir/**", "/dir"));
  EXPECT_TRUE(MaskMatches("/dir/**/file", "/dir/a/b/file"));
  EXPECT_FALSE(MaskMatches("/dir/**/file", "/dir/file"));
  EXPECT_TRUE(MaskMatches("/dir/f**", "/dir/foo/bar"));
  EXPECT_TRUE(MaskMatches("**/cache/*", "/a/b/cache/x"));
}

TEST(PathMaskTest, WithoutASlashItIsTheFilesName) {
  EXPECT_TRUE(MaskMatches("*.tmp", "/a/b.tmp"));
  EXPECT_FALSE(MaskMatches("*.tmp", "/a.tmp/b"));
  EXPECT_FALSE(MaskMatches("*.tmp", "/a/b.TMP"));
  EXPECT_TRUE(MaskMatches("core", "/var/core"));
}

TEST(PathMaskTest, AFolderAndNamesBelowIt) {
  EXPECT_TRUE(MaskMatches("/srv/*//*.log", "/srv/a/b/c.log"));
  EXPECT_TRUE(MaskMatches("/srv/*//*.log", "/srv/a.log"));
  EXPECT_FALSE(MaskMatches("/srv/*//*.log", "/srv/a/b/c.txt"));
  EXPECT_TRUE(MaskMatches("/srv//*", "/srv"));
  EXPECT_TRUE(MaskMatches("/srv//*", "/srv/x/y"));
  EXPECT_FALSE(MaskMatches("/srv//*", "/srvx/y"));
  EXPECT_TRUE(MaskMatches("//*.o", "/a/b.o"));
}

TEST(PathMaskTest, AQuestionMarkIsOneCharacter) {
  EXPECT_TRUE(MaskMatches("/a/?", "/a/\xc3\xa4"));
  EXPECT_TRUE(MaskMatches("/a/?", "/a/\xf0\x9f\x98\x80"));
  EXPECT_FALSE(MaskMatches("/a/??", "/a/\xc3\xa4"));
  EXPECT_TRUE(MaskMatches("/a/??", "/a/\xa4\xc3"));       // Two bytes that are no character.
  EXPECT_TRUE(MaskMatches("/a/???", "/a/\xed\xa0\x80"));  // A surrogate is none.
  EXPECT_FALSE(MaskMatches("/a?b", "/a/b"));
  EXPECT_FALSE(MaskMatches("/a/?", "/a/"));
}

TEST(PathMaskTest, ClassesAndLiterals) {
  EXPECT_TRUE(MaskMatches("*.[jJ][sS]", "/a/b.Js"));
  EXPECT_TRUE(MaskMatches("[!a]", "/b"));
  EXPECT_FALSE(MaskMatches("/[!a]x", "//x"));
  EXPECT_TRUE(MaskMatches("[\xc3\xa0-\xc3\xbf]", "/\xc3\xa4"));
  EXPECT_TRUE(MaskMatches("[", "/["));
  EXPECT_TRUE(MaskMatches("\\*\\?\\[\\\\", "/*?[\\"));
  EXPECT_FALSE(MaskMatches("\\*", "/x"));
  EXPECT_TRUE(MaskMatches(EscapeMask("/a*[b]?\\c"), "/a*[b]?\\c"));
}

TEST(PathMaskTest, WhatCanNeverMatchIsNoMask) {
  for (const char* text : {"", "a/b", "/a/", "/a//", "/a//b/c", "/a//b//c", "?/a", "*/a"}) {
    EXPECT_FALSE(PathMask::Parse(text)) << text;
  }
  EXPECT_FALSE(PathMask::Parse(std::string("a\0b", 3)));
  EXPECT_TRUE(PathMask::Parse(std::string(PathMask::kMaxBytes, 'a')));
  EXPECT_FALSE(PathMask::Parse(std::string(PathMask::kMaxBytes + 1, 'a')));
}

TEST(PathMaskTest, AFolderIsLeftOutWhenAllBelowIs) {
  const auto covers = [](const char* mask, const char* folder) {
    return PathMask::Parse(mask)->CoversAllBelow(folder);
  };
  EXPECT_TRUE(covers("/a//*", "/a"));
  EXPECT_TRUE(covers("/a//*", "/a/b"));
  EXPECT_FALSE(covers("/a//*", "/"));
  EXPECT_FALSE(covers("/a//*.log", "/a"));
  EXPECT_TRUE(covers("/a/**", "/a"));
  EXPECT_TRUE(covers("/a/**", "/a/b"));
  EXPECT_FALSE(covers("/a/*", "/a"));
  EXPECT_FALSE(covers("/a/x**", "/a"));
  EXPECT_TRUE(covers("/a/x**", "/a/xy"));
  EXPECT_FALSE(covers("*.log", "/a.log"));
  EXPECT_TRUE(covers("//*", "/"));
}

TEST(PathMaskTest, RulesTogether) {
  const auto masks = PathMasks::Parse({"*.tmp", "/srv/db//*"}, {"/srv//*", "/home//*doc"});
  ASSERT_TRUE(masks);
  EXPECT_TRUE(masks->Counts("/srv/a"));
  EXPECT_FALSE(masks->Counts("/srv/a.tmp"));
  EXPECT_FALSE(masks->Counts("/srv/db/x"));
  EXPECT_TRUE(masks->Counts("/home/u/x.doc"));
  EXPECT_FALSE(masks->Counts("/home/u/x.txt"));
  EXPECT_FALSE(masks->Counts("/etc/x"));
  EXPECT_TRUE(masks->LeavesOutAllBelow("/srv/db/deep"));
  EXPECT_FALSE(masks->LeavesOutAllBelow("/srv"));
  EXPECT_FALSE(PathMasks::Parse({"a/b"}, {}));
}

TEST(PathMaskTest, LongMasksTakeNoLongerThanTheirLengthTimesThePaths) {
  std::string mask = "/";
  for (int i = 0; i < 800; ++i) mask += "*a**b";
  EXPECT_FALSE(MaskMatches(mask, "/" + std::string(4000, 'a')));
}

// The slow, obvious engine: by recursion, over bytes of ASCII.
bool Slow(std::string_view mask, std::string_view text) {
  if (mask.empty()) return text.empty();
  if (mask.starts_with("**")) return Slow(mask.substr(2), text) || (!text.empty() && Slow(mask, text.substr(1)));
  if (mask[0] == '*') {
    return Slow(mask.substr(1), text) || (!text.empty() && text[0] != '/' && Slow(mask, text.substr(1)));
  }
  if (text.empty()) return false;
  return (mask[0] == '?' ? text[0] != '/' : mask[0] == text[0]) && Slow(mask.substr(1), text.substr(1));
}

// All masks and paths over a tiny alphabet.
TEST(PathMaskTest, AgreesWithTheObviousReading) {
  std::vector<std::string> masks{"/"};
  std::vector<std::string> paths{"/"};
  for (std::size_t from = 0, round = 0; round < 5; ++round) {
    const std::size_t until = masks.size();
    for (; from < until; ++from) {
      for (const char c : std::string_view("a/*?")) masks.push_back(masks[from] + c);
    }
  }
  for (std::size_t from = 0, round = 0; round < 5; ++round) {
    const std::size_t until = paths.size();
    for (; from < until; ++from) {
      for (const char c : std::string_view("ab/")) paths.push_back(paths[from] + c);
    }
  }
  std::size_t compared = 0;
  for (const std::string& mask : masks) {
    if (mask.find("//") != std::string::npos || mask.find("***") != std::string::npos) continue;
    const auto parsed = PathMask::Parse(mask);
    if (!parsed) continue;
    for (const std::string& path : paths) {
      ++compared;
      ASSERT_EQ(parsed->Matches(path), Slow(mask, path)) << mask << " " << path;
    }
  }
  EXPECT_GT(compared, 100'000u);
}

}  // namespace
}  // namespace dl::os
