#include "daylight/sandbox/verdict_cache.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <ctime>
#include <filesystem>
#include <fstream>

#include "daylight/sandbox/cache_folder.h"

namespace dl::sandbox {
namespace {

namespace fs = std::filesystem;
using Need = report::DatabaseSummary::Unit;

class VerdictCacheTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "daylight-verdicts-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    configuration_.worker_program.path = "/proc/self/exe";
    configuration_.version = "1";
  }
  void TearDown() override { fs::remove_all(folder_); }
  VerdictCache Open(std::vector<std::uint8_t> units) const {
    std::vector<Digest256> digests;
    for (const std::uint8_t unit : units) digests.push_back(Digest256{unit});
    auto folder = OpenCacheFolderIn(folder_.string());
    EXPECT_TRUE(folder);
    auto cache = VerdictCache::Open(std::move(*folder), configuration_, digests);
    EXPECT_TRUE(cache);
    return std::move(*cache);
  }
  // A cache whose units have ordinary needs, with the file kept.
  void Keep(std::vector<std::uint8_t> units, std::uint64_t inode) const {
    VerdictCache cache = Open(units);
    if (!cache.knows_units()) cache.SetNeeds(std::vector<Need>(units.size()));
    cache.Keep(Wanted(cache, inode));
    EXPECT_TRUE(cache.Save());
  }
  static VerdictRecord Wanted(const VerdictCache& cache, std::uint64_t inode, const std::string& path = "/a/b") {
    os::FileState state;
    state.inode = inode;
    state.changed_ns = 5;
    report::ObjectNames names;
    names.filepath = path;
    return cache.Wanted(state, 7, names);
  }
  std::uint64_t CleanBy(std::vector<std::uint8_t> units, std::uint64_t inode) const {
    VerdictCache cache = Open(units);
    return cache.CleanBy(Wanted(cache, inode));
  }
  fs::path TheFile() const {
    for (const auto& item : fs::directory_iterator(folder_)) return item.path();
    return {};
  }
  fs::path folder_;
  VerdictCache::Configuration configuration_;
};

TEST_F(VerdictCacheTest, KeepsFromOneRunToTheNext) {
  EXPECT_FALSE(Open({1}).knows_units());
  Keep({1}, 10);
  EXPECT_TRUE(Open({1}).knows_units());
  EXPECT_EQ(CleanBy({1}, 10), 1u);
  EXPECT_EQ(CleanBy({1}, 11), 0u);
  Keep({1}, 11);
  EXPECT_EQ(CleanBy({1}, 10), 1u);
  EXPECT_EQ(CleanBy({1}, 11), 1u);
}

TEST_F(VerdictCacheTest, UnitsAreCountedOneByOne) {
  Keep({1, 2}, 10);
  EXPECT_EQ(CleanBy({1, 2}, 10), 3u);
  EXPECT_EQ(CleanBy({2, 1}, 10), 3u);
  EXPECT_EQ(CleanBy({2}, 10), 1u);  // A part of the content is content too.
  // Of what is new it is not even known what it depends on.
  EXPECT_EQ(CleanBy({3, 1}, 10), 0u);
  VerdictCache cache = Open({3, 1});
  EXPECT_FALSE(cache.knows_units());
  cache.SetNeeds(std::vector<Need>(2));
  EXPECT_EQ(cache.CleanBy(Wanted(cache, 10)), 2u);
  EXPECT_EQ(cache.all_units(), 3u);
  cache.Keep(Wanted(cache, 10));
  EXPECT_TRUE(cache.Save());
  EXPECT_EQ(CleanBy({1, 2, 3}, 10), 7u);
}

TEST_F(VerdictCacheTest, NamesCountWhereAUnitUsesThem) {
  VerdictCache cache = Open({1, 2});
  cache.SetNeeds({{false, false}, {true, false}});
  EXPECT_TRUE(cache.uses_names());
  cache.Keep(Wanted(cache, 10, "/a/b"));
  EXPECT_TRUE(cache.Save());
  VerdictCache again = Open({1, 2});
  EXPECT_TRUE(again.uses_names());
  EXPECT_EQ(again.CleanBy(Wanted(again, 10, "/a/b")), 3u);
  EXPECT_EQ(again.CleanBy(Wanted(again, 10, "/a/c")), 0u);
}

TEST_F(VerdictCacheTest, WhatVariesIsNeverKept) {
  VerdictCache cache = Open({1, 2});
  cache.SetNeeds({{false, true}, {false, false}});
  cache.Keep(Wanted(cache, 10));
  EXPECT_TRUE(cache.Save());
  EXPECT_EQ(CleanBy({1, 2}, 10), 2u);
  EXPECT_EQ(CleanBy({1}, 10), 0u);
}

TEST_F(VerdictCacheTest, AnAnswerThatFitsNothingKeepsNothing) {
  VerdictCache cache = Open({1, 2});
  cache.SetNeeds({{false, false}});
  cache.Keep(Wanted(cache, 10));
  EXPECT_TRUE(cache.Save());
  EXPECT_EQ(CleanBy({1}, 10) + CleanBy({2}, 10) + CleanBy({1, 2}, 10), 0u);
}

TEST_F(VerdictCacheTest, MoreUnitsThanPlacesAreOne) {
  VerdictCache cache = Open({1});
  std::vector<Need> needs(100);
  needs[99].uses_names = true;
  cache.SetNeeds(needs);
  EXPECT_TRUE(cache.uses_names());
  EXPECT_EQ(cache.all_units(), 1u);
}

TEST_F(VerdictCacheTest, EveryPartOfTheConfigurationCounts) {
  Keep({1}, 10);
  ASSERT_EQ(CleanBy({1}, 10), 1u);
  const VerdictCache::Configuration usual = configuration_;
  using Change = void (*)(VerdictCache::Configuration&);
  for (const Change change :
       {Change([](auto& c) { c.version = "2"; }), Change([](auto& c) { c.settings.pua = true; }),
        Change([](auto& c) { c.settings.budget.timeout_ms = 5; }),
        Change([](auto& c) { c.settings.budget.max_depth = 5; }),
        Change([](auto& c) { c.settings.externals.push_back({.name = "x", .text = ""}); }), Change([](auto& c) {
          c.settings.module_data.push_back({"cuckoo", "{}"});
        }),
        Change([](auto& c) { c.worker_program.walls = 0; }), Change([](auto& c) { c.worker_program.path = "/"; })}) {
    configuration_ = usual;
    change(configuration_);
    EXPECT_EQ(CleanBy({1}, 10), 0u);
  }
  configuration_ = usual;
  configuration_.settings.now = 12345;
  configuration_.settings.profile = true;
  EXPECT_EQ(CleanBy({1}, 10), 1u);
}

TEST_F(VerdictCacheTest, TwoAtOnceLoseNothing) {
  VerdictCache first = Open({1});
  VerdictCache second = Open({2});
  first.SetNeeds({Need{}});
  second.SetNeeds({Need{}});
  first.Keep(Wanted(first, 10));
  second.Keep(Wanted(second, 10));
  second.Keep(Wanted(second, 11));
  EXPECT_TRUE(first.Save());
  EXPECT_TRUE(second.Save());
  EXPECT_EQ(CleanBy({1, 2}, 10), 3u);
  EXPECT_EQ(CleanBy({1, 2}, 11), 2u);
}

TEST_F(VerdictCacheTest, WhatIsNotOursOrNoFileIsNotRead) {
  Keep({1}, 10);
  const fs::path file = TheFile();
  struct stat info {};
  ASSERT_EQ(::stat(file.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600u);
  ASSERT_EQ(::chmod(file.c_str(), 0622), 0);
  EXPECT_EQ(CleanBy({1}, 10), 0u);
  ASSERT_EQ(::chmod(file.c_str(), 0600), 0);
  EXPECT_EQ(CleanBy({1}, 10), 1u);
  fs::rename(file, folder_ / "x");
  fs::create_symlink(folder_ / "x", file);
  EXPECT_EQ(CleanBy({1}, 10), 0u);
  fs::remove(file);
  ASSERT_EQ(::mkfifo(file.c_str(), 0600), 0);
  EXPECT_EQ(CleanBy({1}, 10), 0u);
  Keep({1}, 10);  // In its place.
  EXPECT_EQ(CleanBy({1}, 10), 1u);
  std::ofstream(file, std::ios::app) << "half a line";
  EXPECT_EQ(CleanBy({1}, 10), 1u);
  fs::resize_file(file, fs::file_size(file) - 20);
  EXPECT_EQ(CleanBy({1}, 10), 0u);
}

class CandidateTest : public VerdictCacheTest {
 protected:
  // Of a file whose times are so old.
  std::optional<VerdictCandidate> Begin(std::int64_t age_ns, bool leased = true) {
    os::GiveWayToWriters();
    const fs::path path = folder_ / "object";
    std::ofstream(path) << "x";
    fd_ = os::Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    os::ReadLease lease = leased ? os::ReadLease::Take(fd_.get()) : os::ReadLease();
    state_ = *os::StateOf(fd_.get());
    os::FileState aged = state_;
    aged.changed_ns -= age_ns;
    aged.modified_ns -= age_ns;
    return VerdictCache::Begin({}, aged, std::move(lease));
  }
  os::Fd fd_;
  os::FileState state_;
};

constexpr std::int64_t kSecond = 1'000'000'000;

TEST_F(CandidateTest, NotOfTheYoungNorOfThoseToCome) {
  EXPECT_FALSE(Begin(0));
  EXPECT_FALSE(Begin(kSecond));
  EXPECT_FALSE(Begin(-100 * kSecond));
  EXPECT_TRUE(Begin(60 * kSecond));
}

TEST_F(CandidateTest, NotWithoutALease) { EXPECT_FALSE(Begin(60 * kSecond, false)); }

TEST_F(CandidateTest, HoldsOnlyWhileNothingChanges) {
  auto candidate = Begin(60 * kSecond);
  ASSERT_TRUE(candidate);
  candidate->state = state_;
  EXPECT_TRUE(candidate->StillHolds(fd_.get()));
  ++candidate->state.changed_ns;
  EXPECT_FALSE(candidate->StillHolds(fd_.get()));
  candidate->state = state_;
  candidate->lease.Release();
  EXPECT_FALSE(candidate->StillHolds(fd_.get()));
}

TEST(UnitDigestsTest, AUnitIsItsContentWhereverItLies) {
  const auto kind = database::MakeSectionKind("TEST");
  const auto make = [&](std::vector<std::string> units) {
    database::Writer writer;
    for (std::uint32_t i = 0; i < units.size(); ++i) {
      const Bytes bytes = AsBytes(units[i]);
      writer.AddSection(kind, i, {bytes.begin(), bytes.end()});
    }
    return *database::Database::FromBytes(writer.Finish());
  };
  const auto joined = UnitDigests({make({"one", "two"})});
  const auto apart = UnitDigests({make({"two"}), make({"one"}), make({"onf"})});
  ASSERT_EQ(joined.size(), 2u);
  ASSERT_EQ(apart.size(), 3u);
  EXPECT_EQ(joined[0], apart[1]);
  EXPECT_EQ(joined[1], apart[0]);
  EXPECT_NE(joined[0], apart[2]);
  EXPECT_EQ(UnitDigests({make(std::vector<std::string>(64, "x"))}).size(), 64u);
  EXPECT_EQ(UnitDigests({make(std::vector<std::string>(65, "x"))}).size(), 1u);
}

}  // namespace
}  // namespace dl::sandbox
