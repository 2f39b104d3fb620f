#include "daylight/sandbox/database_cache.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "daylight/base/check.h"
#include "daylight/os/memfd.h"

namespace dl::sandbox {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string Key(char digit) { return std::string(64, digit); }

class DatabaseCacheTest : public testing::Test {
 protected:
  DatabaseCacheTest() {
    std::string pattern = (fs::temp_directory_path() / "cacheXXXXXX").string();
    DL_CHECK(::mkdtemp(pattern.data()) != nullptr);
    top_ = pattern;
    folder_ = top_ / "daylight";
    database::Writer writer;
    writer.AddSection(database::MakeSectionKind("TEST"), 0, std::vector<std::byte>(100'000, std::byte{7}));
    auto fd = os::CreateMemfd("database");
    DL_CHECK(fd.has_value() && writer.WriteTo(fd->get()).has_value());
    database_ = std::move(*fd);
  }
  ~DatabaseCacheTest() override { fs::remove_all(top_); }

  DatabaseCache Open() {
    auto cache = DatabaseCache::OpenIn(folder_);
    DL_CHECK(cache.has_value());
    return std::move(*cache);
  }
  // The problem of a key that is not found; empty when there simply is none.
  std::string ProblemOf(const std::string& key) {
    std::string problem;
    EXPECT_FALSE(Open().Find(key, problem));
    return problem;
  }
  fs::path PathOf(char digit, const std::string& suffix = ".dldb") { return folder_ / (Key(digit) + suffix); }
  void Age(const fs::path& path, int days) {
    fs::last_write_time(path, fs::file_time_type::clock::now() - std::chrono::hours(24 * days));
  }

  fs::path top_;
  fs::path folder_;
  os::Fd database_;
};

TEST_F(DatabaseCacheTest, WhatIsKeptIsFoundWithItsNotes) {
  EXPECT_EQ(ProblemOf(Key('a')), "");
  DatabaseCache cache = Open();
  ASSERT_TRUE(cache.Keep(Key('a'), database_.get(), {"one\ntwo", "three"}));
  ASSERT_TRUE(cache.Keep(Key('b'), database_.get(), {}));
  std::string problem;
  const auto entry = cache.Find(Key('a'), problem);
  ASSERT_TRUE(entry) << problem;
  EXPECT_THAT(entry->notes, ElementsAre("one two", "three"));
  EXPECT_TRUE(entry->database->VerifyAll());
  EXPECT_EQ(fs::status(PathOf('a')).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(fs::status(folder_).permissions(), fs::perms::owner_all);
  ASSERT_TRUE(cache.Find(Key('b'), problem));
  EXPECT_THAT(cache.Find(Key('b'), problem)->notes, IsEmpty());
  cache.Remove(Key('a'));
  EXPECT_EQ(ProblemOf(Key('a')), "");
}

TEST_F(DatabaseCacheTest, OnlyFilesOfOursThatNobodyElseMayWrite) {
  DatabaseCache cache = Open();
  ASSERT_TRUE(cache.Keep(Key('a'), database_.get(), {}));
  fs::permissions(PathOf('a'), fs::perms::others_write, fs::perm_options::add);
  EXPECT_THAT(ProblemOf(Key('a')), HasSubstr("others may write"));
  fs::rename(PathOf('a'), folder_ / "elsewhere");
  fs::create_symlink("elsewhere", PathOf('a'));
  EXPECT_THAT(ProblemOf(Key('a')), HasSubstr("symbolic link"));
  fs::remove(PathOf('a'));
  ASSERT_EQ(::mkfifo(PathOf('a').c_str(), 0600), 0);
  EXPECT_THAT(ProblemOf(Key('a')), HasSubstr("regular file"));
  fs::remove(PathOf('a'));
  std::ofstream(PathOf('a')) << "nonsense";
  EXPECT_NE(ProblemOf(Key('a')), "");
}

TEST_F(DatabaseCacheTest, NoDatabaseWithoutItsNotes) {
  ASSERT_TRUE(Open().Keep(Key('a'), database_.get(), {"something was left out"}));
  fs::permissions(PathOf('a', ".notes"), fs::perms::group_write, fs::perm_options::add);
  EXPECT_THAT(ProblemOf(Key('a')), HasSubstr("notes"));
  fs::remove(PathOf('a', ".notes"));
  EXPECT_EQ(ProblemOf(Key('a')), "");
  // More than can be kept: not a part of it.
  EXPECT_FALSE(Open().Keep(Key('b'), database_.get(), {std::string(70'000, 'x')}));
  EXPECT_EQ(ProblemOf(Key('b')), "");
}

TEST_F(DatabaseCacheTest, FoldersOfOthers) {
  fs::create_directory(folder_);
  fs::permissions(folder_, fs::perms::all);
  EXPECT_FALSE(DatabaseCache::OpenIn(folder_));
  fs::permissions(folder_, fs::perms::owner_all);
  fs::create_directory_symlink(folder_, top_ / "link");
  EXPECT_FALSE(DatabaseCache::OpenIn(top_ / "link"));
  std::ofstream(top_ / "file") << "x";
  EXPECT_FALSE(DatabaseCache::OpenIn(top_ / "file"));
}

TEST_F(DatabaseCacheTest, OldEntriesGoAndNothingElseDoes) {
  DatabaseCache cache = Open();
  for (const char digit : std::string_view("0123456789")) {
    ASSERT_TRUE(cache.Keep(Key(digit), database_.get(), {}));
    Age(PathOf(digit), digit == '0' ? 40 : 1);
  }
  std::ofstream(folder_ / "mine.dldb") << "x";
  std::ofstream(PathOf('a', ".1.new")) << "x";
  std::ofstream(PathOf('b', ".1.new")) << "x";
  std::ofstream(PathOf('c', ".notes")) << "x";
  for (const fs::path& path : {folder_ / "mine.dldb", PathOf('a', ".1.new"), PathOf('c', ".notes")}) Age(path, 40);
  ASSERT_TRUE(cache.Keep(Key('f'), database_.get(), {}));
  EXPECT_TRUE(fs::exists(folder_ / "mine.dldb"));
  EXPECT_TRUE(fs::exists(PathOf('b', ".1.new")));
  EXPECT_TRUE(fs::exists(PathOf('f')));
  for (const fs::path& path : {PathOf('0'), PathOf('0', ".notes"), PathOf('a', ".1.new"), PathOf('c', ".notes")}) {
    EXPECT_FALSE(fs::exists(path)) << path;
  }
  const auto kept = std::count_if(fs::directory_iterator(folder_), fs::directory_iterator(),
                                  [](const auto& item) { return item.path().extension() == ".dldb"; });
  EXPECT_EQ(kept, 8 + 1);  // And the one that is not ours.
}

}  // namespace
}  // namespace dl::sandbox
