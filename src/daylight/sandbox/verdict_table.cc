#include "daylight/sandbox/verdict_table.h"

#include <sys/random.h>
#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstring>

namespace dl::sandbox {

namespace {

constexpr char kMagic[8] = {'D', 'L', 'V', 'E', 'R', 'D', '0', '1'};
constexpr std::size_t kCheckedBytes = offsetof(VerdictRecord, check);
constexpr std::size_t kFileBytes = offsetof(VerdictRecord, size);

struct HeadLine {
  char magic[8];
  std::uint64_t seed;
  Digest256 configuration;
  std::uint8_t unused[40];
  std::uint64_t check;
};

struct UnitLine {
  Digest256 digest;
  std::uint32_t used;
  std::uint32_t uses_names;
  std::uint32_t varies;
  std::uint32_t seen;
  std::uint8_t unused[40];
  std::uint64_t check;
};
static_assert(sizeof(HeadLine) == sizeof(VerdictRecord) && offsetof(HeadLine, check) == kCheckedBytes);
static_assert(sizeof(UnitLine) == sizeof(VerdictRecord) && offsetof(UnitLine, check) == kCheckedBytes);
static_assert(std::has_unique_object_representations_v<VerdictRecord>);
static_assert(std::has_unique_object_representations_v<HeadLine> && std::has_unique_object_representations_v<UnitLine>);

std::uint64_t CheckOf(const VerdictRecord& line, std::uint64_t seed) {
  return XXH3_64bits_withSeed(&line, kCheckedBytes, seed);
}

template <typename Line>
VerdictRecord Sealed(const Line& line, std::uint64_t seed) {
  auto sealed = std::bit_cast<VerdictRecord>(line);
  sealed.check = CheckOf(sealed, seed);
  return sealed;
}

bool IsSound(const VerdictRecord& line, std::uint64_t seed) { return line.check == CheckOf(line, seed); }

}  // namespace

bool VerdictRecord::IsFile(const VerdictRecord& other) const { return std::memcmp(this, &other, kFileBytes) == 0; }

bool VerdictRecord::IsState(const VerdictRecord& other) const {
  return size == other.size && modified_ns == other.modified_ns && changed_ns == other.changed_ns &&
         born_ns == other.born_ns;
}

// The seed is secret, so nobody can make files whose records all fall together.
VerdictTable::VerdictTable() {
  if (::getrandom(&hash_seed_, sizeof hash_seed_, 0) != static_cast<ssize_t>(sizeof hash_seed_)) hash_seed_ = 0;
}

VerdictTable VerdictTable::Parse(std::vector<VerdictRecord> lines, const Digest256& configuration) {
  VerdictTable table;
  if (lines.size() < kHeadLines || !IsSound(lines[0], 0)) return table;
  const auto head = std::bit_cast<HeadLine>(lines[0]);
  if (std::memcmp(head.magic, kMagic, sizeof kMagic) != 0 || head.configuration != configuration) return table;
  std::uint64_t used = 0;
  for (std::size_t i = 0; i < kUnits; ++i) {
    if (!IsSound(lines[1 + i], head.seed + 1 + i)) continue;
    const auto line = std::bit_cast<UnitLine>(lines[1 + i]);
    if (line.used == 0) continue;
    table.units_[i] = {line.digest, true, line.uses_names != 0, line.varies != 0, line.seen};
    used |= std::uint64_t{1} << i;
  }
  std::size_t kept = 0;
  for (std::size_t i = kHeadLines; i < lines.size() && kept < kMaxRecords; ++i) {
    VerdictRecord record = lines[i];
    if (!IsSound(record, head.seed)) continue;
    record.units &= used;
    if (record.units != 0) lines[kept++] = record;
  }
  lines.resize(kept);
  table.records_ = std::move(lines);
  table.MakeIndex();
  return table;
}

std::vector<VerdictRecord> VerdictTable::Lines(const Digest256& configuration, std::uint64_t seed) const {
  std::vector<VerdictRecord> lines;
  lines.reserve(kHeadLines + records_.size());
  HeadLine head{};
  std::memcpy(head.magic, kMagic, sizeof kMagic);
  head.seed = seed;
  head.configuration = configuration;
  lines.push_back(Sealed(head, 0));
  for (std::size_t i = 0; i < kUnits; ++i) {
    const VerdictUnit& unit = units_[i];
    const UnitLine line{unit.digest, unit.used, unit.uses_names, unit.varies, unit.seen, {}, 0};
    lines.push_back(Sealed(line, seed + 1 + i));
  }
  for (const VerdictRecord& record : records_) {
    if (record.units != 0) lines.push_back(Sealed(record, seed));
  }
  return lines;
}

// Where the file's record is in index_, or the empty place where it would be. There
// is always an empty one, as at most half are taken.
std::size_t VerdictTable::Slot(const VerdictRecord& wanted) const {
  const std::size_t mask = index_.size() - 1;
  std::size_t at = static_cast<std::size_t>(XXH3_64bits_withSeed(&wanted, kFileBytes, hash_seed_)) & mask;
  while (index_[at] != 0 && !records_[index_[at] - 1].IsFile(wanted)) at = (at + 1) & mask;
  return at;
}

void VerdictTable::MakeIndex() {
  index_.assign(std::bit_ceil(std::max<std::size_t>(64, records_.size() * 2)), 0);
  for (std::size_t i = 0; i < records_.size(); ++i) index_[Slot(records_[i])] = static_cast<std::uint32_t>(i + 1);
}

const VerdictRecord* VerdictTable::Find(const VerdictRecord& wanted) const {
  if (records_.empty()) return nullptr;
  const std::uint32_t found = index_[Slot(wanted)];
  return found != 0 && records_[found - 1].IsState(wanted) ? &records_[found - 1] : nullptr;
}

void VerdictTable::Add(const VerdictRecord& record) {
  if ((records_.size() + 1) * 2 > index_.size()) MakeIndex();
  std::uint32_t& place = index_[Slot(record)];
  if (place == 0) {
    records_.push_back(record);
    place = static_cast<std::uint32_t>(records_.size());
    return;
  }
  VerdictRecord& old = records_[place - 1];
  const std::uint64_t kept = old.IsState(record) ? old.units : 0;
  old = record;
  old.units |= kept;
}

std::optional<std::uint32_t> VerdictTable::FindUnit(const Digest256& digest) const {
  for (std::uint32_t i = 0; i < kUnits; ++i) {
    if (units_[i].used && units_[i].digest == digest) return i;
  }
  return std::nullopt;
}

std::uint32_t VerdictTable::AddUnit(const VerdictUnit& unit, std::uint64_t but_not) {
  std::optional<std::uint32_t> place = FindUnit(unit.digest);
  if (!place) {
    for (std::uint32_t i = 0; i < kUnits; ++i) {
      if ((but_not >> i & 1) != 0) continue;
      const auto age = [&](std::uint32_t at) { return units_[at].used ? units_[at].seen + 1 : 0; };
      if (!place || age(i) < age(*place)) place = i;
    }
    // No more are ever asked for at once than there are places.
    if (!place) place = 0;
    if (units_[*place].used) {
      for (VerdictRecord& record : records_) record.units &= ~(std::uint64_t{1} << *place);
    }
  }
  units_[*place] = unit;
  units_[*place].used = true;
  return *place;
}

void VerdictTable::RemoveOld(std::uint32_t day, std::size_t most) {
  std::erase_if(records_, [&](const VerdictRecord& record) { return record.seen < day || record.units == 0; });
  if (records_.size() > most) {
    const auto end = records_.begin() + static_cast<std::ptrdiff_t>(most);
    std::nth_element(records_.begin(), end, records_.end(),
                     [](const VerdictRecord& a, const VerdictRecord& b) { return a.seen > b.seen; });
    records_.erase(end, records_.end());
  }
  MakeIndex();
}

}  // namespace dl::sandbox
