// VerdictTable is the file of the verdict cache: which files were clean, in which
// state, by which units of content.
//
//   VerdictTable table = VerdictTable::Parse(lines, configuration);
//   if (const VerdictRecord* record = table.Find(wanted)) ... record->units ...
//   table.Add(record);
//   Write(table.Lines(seed));
//
// The file is a row of lines of one size: a head, 64 units, then any number of
// records. Each has a checksum that is seeded with a number of this very writing,
// so a line of another file, or of an older writing, does not pass either. What is
// damaged is as if it was not there. docs/verdict-cache.md has every byte. A value;
// one thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

namespace dl::sandbox {

using Digest256 = std::array<std::uint8_t, 32>;

// One file in one state. The first five say which file; without a name where the
// verdict does not depend on one.
struct VerdictRecord {
  std::uint64_t file_system = 0;
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t names[2] = {};  // Of a digest.
  std::uint64_t size = 0;
  std::int64_t modified_ns = 0;
  std::int64_t changed_ns = 0;
  std::int64_t born_ns = 0;
  std::uint64_t units = 0;   // Bit n: clean by unit n of the table.
  std::uint32_t seen = 0;    // When it was last of use, in days since 1970.
  std::uint32_t unused = 0;  // 0
  std::uint64_t check = 0;   // Of the bytes before.

  bool IsFile(const VerdictRecord& other) const;
  bool IsState(const VerdictRecord& other) const;
};
static_assert(sizeof(VerdictRecord) == 96);

struct VerdictUnit {
  Digest256 digest{};  // Of the unit's content.
  bool used = false;   // Else it is an empty place.
  bool uses_names = false;
  bool varies = false;
  std::uint32_t seen = 0;
};

class VerdictTable {
 public:
  static constexpr std::size_t kUnits = 64;
  static constexpr std::size_t kHeadLines = 1 + kUnits;
  static constexpr std::size_t kMaxRecords = std::size_t{1} << 24;

  VerdictTable();
  // Empty when it is of another configuration, or no such file at all.
  static VerdictTable Parse(std::vector<VerdictRecord> lines, const Digest256& configuration);
  // What Parse() takes. `seed`: another one each time.
  std::vector<VerdictRecord> Lines(const Digest256& configuration, std::uint64_t seed) const;

  // The file's record, if it is in that very state.
  const VerdictRecord* Find(const VerdictRecord& wanted) const;
  // In place of what there is of the file. A record of the same state keeps its
  // units besides.
  void Add(const VerdictRecord& record);
  std::size_t size() const { return records_.size(); }

  const std::array<VerdictUnit, kUnits>& units() const { return units_; }
  // The place of this unit, or nothing.
  std::optional<std::uint32_t> FindUnit(const Digest256& digest) const;
  // Gives it a place, if need be that of the one that was of no use for longest
  // and is not among `but_not`, a set of places.
  std::uint32_t AddUnit(const VerdictUnit& unit, std::uint64_t but_not);

  // Leaves out what was not seen since that day, and the oldest past `most`.
  void RemoveOld(std::uint32_t day, std::size_t most = kMaxRecords);

 private:
  std::size_t Slot(const VerdictRecord& wanted) const;
  void MakeIndex();

  std::array<VerdictUnit, kUnits> units_{};
  std::vector<VerdictRecord> records_;
  std::vector<std::uint32_t> index_;  // 1 + the record's number, or 0; by hash, a power of two of them.
  std::uint64_t hash_seed_ = 0;
};

}  // namespace dl::sandbox
