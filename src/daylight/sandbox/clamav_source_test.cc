#include "daylight/sandbox/clamav_source.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "daylight/base/check.h"
#include "daylight/os/io.h"
#include "daylight/sandbox/clamav_pack.h"

namespace dl::sandbox {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ClamavSourceTest : public testing::Test {
 protected:
  ClamavSourceTest() {
    std::string pattern = (fs::temp_directory_path() / "clamavXXXXXX").string();
    DL_CHECK(::mkdtemp(pattern.data()) != nullptr);
    folder_ = pattern;
  }
  ~ClamavSourceTest() override { fs::remove_all(folder_); }
  void Write(const std::string& name, const std::string& text) { std::ofstream(folder_ / name) << text; }
  FoundClamav Find() { return FindClamav(folder_.string()); }
  static std::vector<std::string> Names(const FoundClamav& found) {
    std::vector<std::string> names;
    for (const ClamavFile& file : found.source.files) names.push_back(fs::path(file.path).filename().string());
    return names;
  }
  static std::string TextOf(const PackedClamav& packed) {
    DL_CHECK(::lseek(packed.fd.get(), 0, SEEK_SET) == 0);
    return os::ReadAll(packed.fd.get(), 1 << 20).value();
  }

  fs::path folder_;
};

TEST_F(ClamavSourceTest, FilesBySuffixSortedNothingBelow) {
  for (const char* name : {"b.ndb", "a.HDB", ".hidden.ndb", "readme.txt", "ndb"}) Write(name, "x");
  fs::create_directory(folder_ / "below");
  Write("below/c.ndb", "x");
  fs::create_directory(folder_ / "folder.ldb");
  fs::create_symlink("b.ndb", folder_ / "link.ndb");
  fs::create_symlink("nowhere", folder_ / "lost.ndb");
  const FoundClamav found = Find();
  EXPECT_EQ(found.problem, "");
  EXPECT_THAT(Names(found), ElementsAre("a.HDB", "b.ndb", "link.ndb"));
  EXPECT_THAT(found.warnings, ElementsAre(HasSubstr("folder.ldb: left out"), HasSubstr("lost.ndb: left out")));
}

TEST_F(ClamavSourceTest, WhatIsNotThere) {
  EXPECT_TRUE(Find().is_missing);
  EXPECT_TRUE(FindClamav((folder_ / "none").string()).is_missing);
  Write("readme.txt", "x");
  const FoundClamav other = FindClamav((folder_ / "readme.txt").string());
  EXPECT_THAT(other.problem, HasSubstr("suffix"));
  EXPECT_FALSE(other.is_missing);
  ASSERT_EQ(::mkfifo((folder_ / "pipe.ndb").c_str(), 0600), 0);
  EXPECT_THAT(FindClamav((folder_ / "pipe.ndb").string()).problem, HasSubstr("not a regular file"));
}

TEST_F(ClamavSourceTest, PacksAllFilesInOneSealedFile) {
  Write("a.ndb", "first");
  Write("b.ndb", "second");
  const FoundClamav found = Find();
  const auto packed = PackClamav(found.source);
  ASSERT_TRUE(packed);
  EXPECT_FALSE(packed->is_changed);
  EXPECT_EQ(TextOf(*packed), "firstsecond");
  ASSERT_EQ(packed->places.size(), 2u);
  EXPECT_EQ(packed->places[1].offset, 5u);
  EXPECT_EQ(packed->places[1].size, 6u);
  EXPECT_LT(::write(packed->fd.get(), "x", 1), 0);
  EXPECT_EQ(*DigestClamav(found.source), packed->digest);
  // The same bytes, cut elsewhere.
  Write("a.ndb", "firsts");
  Write("b.ndb", "econd");
  EXPECT_NE(*DigestClamav(Find().source), packed->digest);
}

TEST_F(ClamavSourceTest, FilesThatAreNotAsTheyWereFound) {
  Write("a.ndb", "first");
  Write("b.ndb", "second");
  const FoundClamav found = Find();
  Write("a.ndb", "other one");
  fs::remove(folder_ / "b.ndb");
  const auto packed = PackClamav(found.source);
  ASSERT_TRUE(packed);
  EXPECT_TRUE(packed->is_changed);
  EXPECT_THAT(packed->errors, ElementsAre(HasSubstr("b.ndb: ")));
  EXPECT_FALSE(DigestClamav(found.source));
}

TEST_F(ClamavSourceTest, TheNewerOfTwoDailies) {
  const auto text_with = [&](const std::string& cvd, const std::string& cld) {
    Write("daily.cvd", "ClamAV-VDB:1 Jan 2024 00-00 +0000:" + cvd);
    Write("daily.cld", "ClamAV-VDB:1 Jan 2024 00-00 +0000:" + cld);
    const auto packed = PackClamav(Find().source);
    DL_CHECK(packed.has_value());
    std::string names;
    for (const auto& place : packed->places) names += fs::path(place.name).extension().string();
    return names + (packed->notes.empty() ? "" : " told");
  };
  EXPECT_EQ(text_with("7:", "8:"), ".cld told");
  EXPECT_EQ(text_with("8:", "8:"), ".cld told");
  EXPECT_EQ(text_with("9:", "8:"), ".cvd told");
  EXPECT_EQ(text_with("x:", "8:"), ".cld.cvd");
}

TEST_F(ClamavSourceTest, AStopEndsIt) {
  Write("a.ndb", "first");
  const std::atomic<bool> stop = true;
  EXPECT_FALSE(PackClamav(Find().source, &stop));
}

}  // namespace
}  // namespace dl::sandbox
