#include "daylight/migrate/regex_patterns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <regex>

#include "daylight/os/glob.h"
#include "daylight/os/path_mask.h"
#include "daylight/os/paths.h"

namespace dl::migrate {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(RegexPatternsTest, WhatIsUsual) {
  RegexPatterns said = PatternsOf("^/proc/", Anchors::kFolders);
  EXPECT_THAT(said.masks, ElementsAre("/proc//*"));
  EXPECT_THAT(said.globs, IsEmpty());
  said = PatternsOf("\\.iso$", Anchors::kFiles);
  EXPECT_THAT(said.masks, ElementsAre("/**.iso"));
  said = PatternsOf("/home/[^/]+/cache/", Anchors::kFiles);
  EXPECT_THAT(said.masks, ElementsAre("**/home/?*/cache/**"));
  said = PatternsOf("/(a|b)x?$", Anchors::kFiles);
  EXPECT_THAT(said.masks, ElementsAre("**/ax", "**/a", "**/bx", "**/b"));
  said = PatternsOf("/a.c", Anchors::kFiles);
  EXPECT_THAT(said.globs, ElementsAre("*/a?c*"));
}

TEST(RegexPatternsTest, WhatCannotBeSaidIsNotGuessed) {
  for (const char* regex : {"", "a{2}", "[a-z]+", "(ab)*", "a*", "[[:alpha:]]", "(a", "a)", "[a", "\\w", "\\", "a^b",
                            "x$y", "*a", "(?:a)", "^a", "/a[^/]b.*c[^/]*.x", "[\xc3\xa4]"}) {
    const RegexPatterns said = PatternsOf(regex, Anchors::kFiles);
    EXPECT_NE(said.problem, "") << regex;
    EXPECT_THAT(said.globs, IsEmpty());
    EXPECT_THAT(said.masks, IsEmpty());
  }
  std::string bomb;
  for (int i = 0; i < 30; ++i) bomb += "(a|b)";
  EXPECT_NE(PatternsOf(bomb, Anchors::kFiles).problem, "");
  EXPECT_NE(PatternsOf(std::string(100'000, '('), Anchors::kFiles).problem, "");
}

bool Excluded(const RegexPatterns& said, const std::string& path) {
  for (const std::string& glob : said.globs) {
    if (os::Excluded(glob, path, os::BaseName(path))) return true;
  }
  for (const std::string& mask : said.masks) {
    if (os::MaskMatches(mask, path)) return true;
  }
  return false;
}

// Expressions and paths put together at random, held against the C++ library's engine.
TEST(RegexPatternsTest, AgreesWithARegexEngine) {
  std::mt19937 random(7);
  const auto below = [&](std::size_t n) { return random() % n; };
  const std::vector<std::string> pieces = {"a",    "b",     "/",       ".",   ".*", "[^/]", "[^/]*", "[^/]+",
                                           "[ab]", "(a|b)", "(/a|b)?", "\\.", "a?", ".+",   "[^a]",  "x"};
  std::vector<std::string> paths;
  for (int i = 0; i < 400; ++i) {
    std::string path;
    for (std::size_t n = 1 + below(3); n > 0; --n) {
      path += '/';
      for (std::size_t m = 1 + below(3); m > 0; --m) path += "ab.x"[below(4)];
    }
    paths.push_back(path);
  }
  std::size_t compared = 0;
  for (int i = 0; i < 3000; ++i) {
    std::string regex = below(3) == 0 ? "^" : "";
    for (std::size_t n = 1 + below(5); n > 0; --n) regex += pieces[below(pieces.size())];
    if (below(3) == 0) regex += "$";
    const std::regex engine(regex, std::regex::extended);
    const RegexPatterns said = PatternsOf(regex, Anchors::kFiles);
    const bool never = said.problem == "no absolute path matches it";
    if (!said.problem.empty() && !never) continue;
    for (const std::string& path : paths) {
      ++compared;
      ASSERT_EQ(Excluded(said, path), std::regex_search(path, engine)) << regex << " " << path;
    }
    // With folders: what is below one that matches is out, too, and a slash at the end is
    // held against the folder's own.
    const RegexPatterns folders = PatternsOf(regex, Anchors::kFolders);
    if (!folders.problem.empty()) continue;
    for (const std::string& path : paths) {
      const auto matches = [&](const std::string& part) {
        return std::regex_search(regex.ends_with('/') ? part + "/" : part, engine);
      };
      ASSERT_EQ(Excluded(folders, path), matches(path)) << regex << " " << path;
    }
  }
  EXPECT_GT(compared, 300'000u);
}

TEST(RegexPatternsTest, PartsOfPaths) {
  for (const char* part : {"cache/", "/var/x*y", "backup-", "/"}) {
    const RegexPatterns said = PatternsOfPart(part);
    EXPECT_EQ(said.problem, "") << part;
    for (const std::string path : {"/cache/x", "/a/cache", "/var/x*y/z", "/var/xzy", "/backup-1", "/abackup-"}) {
      EXPECT_EQ(Excluded(said, path), path.find(part) != std::string::npos) << part << " " << path;
    }
  }
}

}  // namespace
}  // namespace dl::migrate
