#include "daylight/sandbox/verdict_table.h"

#include <gtest/gtest.h>

#include <cstring>
#include <span>

namespace dl::sandbox {
namespace {

constexpr Digest256 kConfiguration = {1, 2, 3};

VerdictRecord Record(std::uint64_t inode, std::uint64_t units = 1, std::uint32_t seen = 100) {
  VerdictRecord record;
  record.file_system = 7;
  record.device = 8;
  record.inode = inode;
  record.size = 10;
  record.modified_ns = 11;
  record.changed_ns = 12;
  record.born_ns = 13;
  record.units = units;
  record.seen = seen;
  return record;
}

VerdictUnit Unit(std::uint8_t digest, std::uint32_t seen = 100) {
  return {Digest256{digest}, true, false, false, seen};
}

VerdictTable Table(std::uint64_t files) {
  VerdictTable table;
  table.AddUnit(Unit(1), 0);
  table.AddUnit(Unit(2), 0);
  for (std::uint64_t i = 0; i < files; ++i) table.Add(Record(i, 1 + i % 3));
  return table;
}

TEST(VerdictTableTest, GivesBackWhatWasAdded) {
  const VerdictTable table = VerdictTable::Parse(Table(1000).Lines(kConfiguration, 5), kConfiguration);
  EXPECT_EQ(table.size(), 1000u);
  for (std::uint64_t i = 0; i < 1000; ++i) {
    const VerdictRecord* found = table.Find(Record(i));
    ASSERT_NE(found, nullptr) << i;
    EXPECT_EQ(found->units, 1 + i % 3);
  }
  EXPECT_EQ(table.Find(Record(1000)), nullptr);
  EXPECT_EQ(table.FindUnit(Digest256{2}), 1u);
  EXPECT_FALSE(table.FindUnit(Digest256{3}));
  EXPECT_EQ(VerdictTable().Find(Record(1)), nullptr);
}

TEST(VerdictTableTest, EveryPartOfTheStateCounts) {
  VerdictTable table = Table(0);
  table.Add(Record(5));
  using Change = void (*)(VerdictRecord&);
  for (const Change change :
       {Change([](VerdictRecord& r) { ++r.file_system; }), Change([](VerdictRecord& r) { ++r.device; }),
        Change([](VerdictRecord& r) { ++r.inode; }), Change([](VerdictRecord& r) { ++r.names[0]; }),
        Change([](VerdictRecord& r) { ++r.names[1]; }), Change([](VerdictRecord& r) { ++r.size; }),
        Change([](VerdictRecord& r) { ++r.modified_ns; }), Change([](VerdictRecord& r) { ++r.changed_ns; }),
        Change([](VerdictRecord& r) { ++r.born_ns; })}) {
    VerdictRecord wanted = Record(5);
    ASSERT_NE(table.Find(wanted), nullptr);
    change(wanted);
    EXPECT_EQ(table.Find(wanted), nullptr);
  }
}

TEST(VerdictTableTest, UnitsAddUpInOneStateOnly) {
  VerdictTable table = Table(0);
  table.Add(Record(5, 1));
  table.Add(Record(5, 2));
  EXPECT_EQ(table.Find(Record(5))->units, 3u);
  VerdictRecord other = Record(5, 2);
  ++other.changed_ns;
  table.Add(other);
  EXPECT_EQ(table.size(), 1u);
  EXPECT_EQ(table.Find(other)->units, 2u);
  EXPECT_EQ(table.Find(Record(5)), nullptr);
}

TEST(VerdictTableTest, AUnitThatLosesItsPlaceLosesItsVerdicts) {
  VerdictTable table;
  for (std::uint8_t i = 0; i < VerdictTable::kUnits; ++i) {
    EXPECT_EQ(table.AddUnit(Unit(static_cast<std::uint8_t>(i + 1), i == 9 ? 3 : 50), 0), i);
  }
  table.Add(Record(1, std::uint64_t{1} << 9 | 1));
  table.Add(Record(2, std::uint64_t{1} << 9));
  EXPECT_EQ(table.AddUnit(Unit(10), 0), 9u);  // It has a place.
  EXPECT_EQ(table.Find(Record(2))->units, std::uint64_t{1} << 9);
  table.AddUnit(Unit(10, 3), 0);
  EXPECT_EQ(table.AddUnit(Unit(200), 0), 9u);  // The oldest one's.
  EXPECT_EQ(table.Find(Record(1))->units, 1u);
  EXPECT_EQ(table.Find(Record(2))->units, 0u);
  EXPECT_NE(table.AddUnit(Unit(201), std::uint64_t{1}), 0u);  // Not one that is wanted.
}

TEST(VerdictTableTest, OldAndTooManyAreLeftOut) {
  VerdictTable table = Table(0);
  for (std::uint32_t i = 0; i < 100; ++i) table.Add(Record(i, 1, i));
  table.RemoveOld(20);
  EXPECT_EQ(table.size(), 80u);
  EXPECT_EQ(table.Find(Record(19)), nullptr);
  EXPECT_NE(table.Find(Record(20)), nullptr);
  table.RemoveOld(20, 5);
  EXPECT_EQ(table.size(), 5u);
  EXPECT_EQ(table.Find(Record(94)), nullptr);
  EXPECT_NE(table.Find(Record(95)), nullptr);
}

TEST(VerdictTableTest, AnotherConfigurationOrWritingIsNothing) {
  const std::vector<VerdictRecord> lines = Table(10).Lines(kConfiguration, 5);
  EXPECT_EQ(VerdictTable::Parse(lines, Digest256{9}).size(), 0u);
  // Records of an older writing, whose places may have been other units'.
  std::vector<VerdictRecord> mixed = Table(10).Lines(kConfiguration, 6);
  std::copy(lines.begin() + 70, lines.end(), mixed.begin() + 70);
  EXPECT_EQ(VerdictTable::Parse(mixed, kConfiguration).size(), 5u);
  // A unit's line in another's place.
  std::vector<VerdictRecord> swapped = lines;
  std::swap(swapped[1], swapped[2]);
  EXPECT_EQ(VerdictTable::Parse(swapped, kConfiguration).size(), 0u);
}

// Whatever happens to the file, no verdict comes out of it that did not go in.
void ExpectPartOf(const VerdictTable& whole, const VerdictTable& part, std::uint64_t files) {
  EXPECT_LE(part.size(), whole.size());
  for (std::uint64_t i = 0; i < files; ++i) {
    const VerdictRecord* found = part.Find(Record(i));
    if (found == nullptr) continue;
    ASSERT_NE(whole.Find(Record(i)), nullptr);
    EXPECT_EQ(found->units & ~whole.Find(Record(i))->units, 0u);
  }
  for (std::size_t i = 0; i < VerdictTable::kUnits; ++i) {
    if (!part.units()[i].used) continue;
    EXPECT_EQ(part.units()[i].digest, whole.units()[i].digest);
  }
}

TEST(VerdictTableTest, EveryBitCounts) {
  constexpr std::uint64_t kFiles = 3;
  const VerdictTable whole = Table(kFiles);
  const std::vector<VerdictRecord> lines = whole.Lines(kConfiguration, 5);
  std::size_t lost = 0;
  const std::size_t bits = lines.size() * sizeof(VerdictRecord) * 8;
  for (std::size_t bit = 0; bit < bits; ++bit) {
    std::vector<VerdictRecord> damaged = lines;
    std::as_writable_bytes(std::span(damaged))[bit / 8] ^= static_cast<std::byte>(1u << (bit % 8));
    const VerdictTable table = VerdictTable::Parse(damaged, kConfiguration);
    ExpectPartOf(whole, table, kFiles);
    if (table.size() < kFiles || !table.FindUnit(Digest256{1}) || !table.FindUnit(Digest256{2})) ++lost;
  }
  // All of the head, the two units, the three records.
  EXPECT_EQ(lost, (1 + 2 + kFiles) * sizeof(VerdictRecord) * 8);
}

TEST(VerdictTableTest, AFileCutAnywhereIsItsBeginning) {
  constexpr std::uint64_t kFiles = 40;
  const VerdictTable whole = Table(kFiles);
  const std::vector<VerdictRecord> lines = whole.Lines(kConfiguration, 5);
  for (std::size_t n = 0; n <= lines.size(); ++n) {
    const VerdictTable table =
        VerdictTable::Parse({lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(n)}, kConfiguration);
    EXPECT_EQ(table.size(), n <= VerdictTable::kHeadLines ? 0 : n - VerdictTable::kHeadLines);
    ExpectPartOf(whole, table, kFiles);
  }
}

TEST(VerdictTableTest, ManyRecordsOfOneFileAreOne) {
  std::vector<VerdictRecord> lines = Table(1).Lines(kConfiguration, 5);
  const VerdictRecord record = lines.back();
  lines.insert(lines.end(), 1000, record);
  VerdictTable table = VerdictTable::Parse(lines, kConfiguration);
  EXPECT_NE(table.Find(Record(0)), nullptr);
  table.Add(Record(1));
  EXPECT_NE(table.Find(Record(1)), nullptr);
}

}  // namespace
}  // namespace dl::sandbox
