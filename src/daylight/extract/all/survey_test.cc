#include "daylight/extract/all/survey.h"

#include <gtest/gtest.h>

#include <string>

#include "daylight/extract/packages/packages_testing.h"
#include "daylight/unpack/archive/archive.h"
#include "daylight/unpack/archive/archive_testing.h"

namespace dl::extract {
namespace {

// A package of pacman that unpacks to a little more than `bytes`.
std::string Package(const std::string& name, std::size_t bytes) {
  return unpack::Compress(
      ARCHIVE_FILTER_GZIP,
      unpack::MakeArchive(ARCHIVE_FORMAT_TAR_GNUTAR, {{".PKGINFO", "pkgname = " + name + "\npkgver = 1\n"},
                                                      {".MTREE", ""},
                                                      {"opt/zeros", std::string(bytes, '\0')}}));
}

report::SoftwareFacts AnswerTo(const std::string& file, std::uint64_t max_bytes) {
  unpack::PrepareArchive();
  report::SurveyMessage question;
  question.files.push_back({"a.tar", file.size()});
  question.max_bytes = max_bytes;
  return FactsOf([&](Facts& facts) {
    MemorySource source(AsBytes(file));
    ObjectSource* const files[] = {&source};
    Answer(question, files, facts);
  });
}

// Each is within the budget, all together are not.
TEST(SurveyAnswerTest, PackagesInAnArchiveShareItsBudget) {
  constexpr std::size_t kEach = 2u << 20;
  unpack::Entries packages;
  for (int i = 0; i < 8; ++i) {
    const std::string name = "p" + std::to_string(i);
    packages.emplace_back(name + ".pkg.tar.gz", Package(name, kEach));
  }
  const std::string tar = unpack::MakeArchive(ARCHIVE_FORMAT_TAR_GNUTAR, packages);
  const auto all = AnswerTo(tar, 64u << 20);
  EXPECT_EQ(all.packages.size(), 8u);
  EXPECT_TRUE(all.unread.empty());

  const auto some = AnswerTo(tar, 3 * kEach);
  EXPECT_GE(some.packages.size(), 1u);
  EXPECT_LE(some.packages.size(), 3u);
  ASSERT_FALSE(some.unread.empty());
  for (const auto& unread : some.unread) EXPECT_EQ(unread.reason, unpack::kBudget) << unread.detail;
}

}  // namespace
}  // namespace dl::extract
