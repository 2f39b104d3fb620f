#include "daylight/rules/clamav/names.h"

#include <algorithm>

#include "daylight/base/check.h"
#include "daylight/bytes/cursor.h"

namespace dl::clamav {

namespace {

void PutNumber(std::size_t value, std::vector<std::byte>& out) {
  while (value >= 0x80) {
    out.push_back(static_cast<std::byte>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<std::byte>(value));
}

}  // namespace

std::uint32_t NameTableWriter::Add(std::string_view name) {
  std::size_t shared = 0;
  if (count_ % kNamesInBlock == 0) {
    blocks_.push_back(static_cast<std::uint32_t>(bytes_.size()));
  } else {
    const std::size_t most = std::min(last_.size(), name.size());
    while (shared < most && last_[shared] == name[shared]) ++shared;
  }
  PutNumber(shared, bytes_);
  PutNumber(name.size() - shared, bytes_);
  const Bytes rest = AsBytes(name.substr(shared));
  bytes_.insert(bytes_.end(), rest.begin(), rest.end());
  last_.assign(name);
  return count_++;
}

void NameTableWriter::MarkOfficial(std::uint32_t first) {
  if (first >= count_) return;  // A file without a signature that is used.
  DL_CHECK(official_.empty() || official_.back().first + official_.back().count <= first);
  if (!official_.empty() && official_.back().first + official_.back().count == first) {
    official_.back().count = count_ - official_.back().first;
  } else {
    official_.push_back({first, count_ - first});
  }
}

void NameTableWriter::Finish(database::Writer& writer, std::uint32_t unit) {
  writer.AddArray(kSectionNameBlocks, unit, blocks_);
  writer.AddSection(kSectionNames, unit, std::move(bytes_));
  writer.AddArray(kSectionOfficialNames, unit, official_);
}

Result<NameTable> NameTable::Open(const database::Database& database, std::uint32_t unit) {
  NameTable names;
  names.database_ = &database;
  DL_TRY(names.bytes_, database.SectionUnchecked(kSectionNames, unit));
  DL_TRY(names.block_bytes_, database.SectionUnchecked(kSectionNameBlocks, unit));
  names.blocks_ = database::View<std::uint32_t>(names.block_bytes_);
  // A few runs: one for each signed file, or fewer.
  DL_TRY(const Bytes official, database.Section(kSectionOfficialNames, unit));
  names.official_ = database::View<Run>(official);
  return names;
}

std::string NameTable::Get(std::uint32_t id) const {
  const std::size_t block = id / kNamesInBlock;
  if (block >= blocks_.size()) return {};
  const std::size_t entry = block * sizeof(std::uint32_t);
  if (!database_->Touch(block_bytes_.subspan(entry, std::min<std::size_t>(8, block_bytes_.size() - entry)))) return {};
  const std::size_t begin = blocks_[block];
  const std::size_t end = block + 1 < blocks_.size() ? blocks_[block + 1] : bytes_.size();
  if (begin > end || end > bytes_.size()) return {};
  const Bytes part = bytes_.subspan(begin, end - begin);
  if (!database_->Touch(part)) return {};
  Cursor cursor(part);
  std::string name;
  for (std::uint32_t i = 0; i <= id % kNamesInBlock; ++i) {
    const auto shared = cursor.ReadUleb128();
    const auto more = cursor.ReadUleb128();
    if (!shared || !more || *shared > name.size()) return {};
    const auto rest = cursor.ReadBytes(*more);
    if (!rest) return {};
    name.resize(static_cast<std::size_t>(*shared));
    name += AsText(*rest);
  }
  return name;
}

bool NameTable::IsOfficial(std::uint32_t id) const {
  const Run* const end = official_.data() + official_.size();
  const Run* const after = std::upper_bound(official_.data(), end, id,
                                            [](std::uint32_t sought, const Run& run) { return sought < run.first; });
  return after != official_.data() && id - after[-1].first < after[-1].count;
}

}  // namespace dl::clamav
