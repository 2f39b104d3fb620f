#include "daylight/rules/clamav/digest_table.h"

#include <algorithm>
#include <cstring>
#include <numeric>

namespace dl::clamav {

namespace {

// "CD00": digests of table (of, kind); CG: sizes, CN: names.
database::SectionKind KindFor(char part, DigestSignature::Of of, DigestKind kind) {
  const char name[5] = {'C', part, static_cast<char>('0' + static_cast<int>(of)),
                        static_cast<char>('0' + static_cast<int>(kind)), 0};
  return database::MakeSectionKind(name);
}

}  // namespace

void DigestTableWriter::Add(const DigestSignature& signature, std::uint32_t name) {
  digests_.insert(digests_.end(), signature.digest.begin(),
                  signature.digest.begin() + static_cast<std::ptrdiff_t>(DigestBytes(kind_)));
  sizes_.push_back(signature.size.value_or(kAnySize));
  names_.push_back(name | (signature.is_pua ? kNameIsPua : 0));
}

void DigestTableWriter::Finish(database::Writer& writer, std::uint32_t unit, DigestSignature::Of of) {
  if (names_.empty()) return;
  const std::size_t n = DigestBytes(kind_);
  // Sorted by a key of size and the digest's first eight bytes; whole digests decide where those are the same.
  struct Key {
    std::uint32_t size;
    std::uint32_t index;
    std::uint64_t head;
  };
  std::vector<Key> keys(names_.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    std::uint64_t head;
    std::memcpy(&head, digests_.data() + i * n, sizeof head);
    keys[i] = {sizes_[i], static_cast<std::uint32_t>(i), __builtin_bswap64(head)};
  }
  std::sort(keys.begin(), keys.end(), [&](const Key& a, const Key& b) {
    if (a.size != b.size) return a.size < b.size;
    if (a.head != b.head) return a.head < b.head;
    const int order = std::memcmp(digests_.data() + a.index * n, digests_.data() + b.index * n, n);
    return order != 0 ? order < 0 : a.index < b.index;
  });
  std::vector<DigestTable::Group> groups;
  std::vector<std::byte> digests(digests_.size());
  std::vector<std::uint32_t> names(names_.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (groups.empty() || groups.back().size != keys[i].size) {
      groups.push_back({keys[i].size, static_cast<std::uint32_t>(i)});
    }
    std::memcpy(digests.data() + i * n, digests_.data() + keys[i].index * n, n);
    names[i] = names_[keys[i].index];
  }
  digests_ = {};
  writer.AddArray(KindFor('G', of, kind_), unit, groups);
  writer.AddSection(KindFor('D', of, kind_), unit, std::move(digests));
  writer.AddArray(KindFor('N', of, kind_), unit, names);
}

Result<DigestTable> DigestTable::Open(const database::Database& database, std::uint32_t unit, DigestSignature::Of of,
                                      DigestKind kind) {
  DigestTable table;
  table.database_ = &database;
  table.digest_bytes_ = DigestBytes(kind);
  DL_TRY(table.group_bytes_, database.SectionUnchecked(KindFor('G', of, kind), unit));
  DL_TRY(table.digests_, database.SectionUnchecked(KindFor('D', of, kind), unit));
  DL_TRY(table.name_bytes_, database.SectionUnchecked(KindFor('N', of, kind), unit));
  table.groups_ = database::View<Group>(table.group_bytes_);
  table.names_ = database::View<std::uint32_t>(table.name_bytes_);
  if (table.digests_.size() != table.names_.size() * table.digest_bytes_) {
    return Fail(ErrorCode::kMalformed, "a table of digests does not fit its names");
  }
  return table;
}

std::pair<std::size_t, std::size_t> DigestTable::GroupOf(std::uint32_t size) const {
  std::size_t low = 0;
  std::size_t high = groups_.size();
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    if (!database_->Touch(group_bytes_.subspan(middle * sizeof(Group), sizeof(Group)))) return {0, 0};
    if (groups_[middle].size < size) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low >= groups_.size() || groups_[low].size != size) return {0, 0};
  std::size_t last = names_.size();
  if (low + 1 < groups_.size()) {
    if (!database_->Touch(group_bytes_.subspan((low + 1) * sizeof(Group), sizeof(Group)))) return {0, 0};
    last = std::min<std::size_t>(groups_[low + 1].first, names_.size());
  }
  const std::size_t first = std::min<std::size_t>(groups_[low].first, last);
  return {first, last};
}

bool DigestTable::MayHave(std::uint64_t size) const {
  if (empty()) return false;
  const auto any = GroupOf(kAnySize);
  if (any.first != any.second) return true;
  if (size >= kAnySize) return false;
  const auto group = GroupOf(static_cast<std::uint32_t>(size));
  return group.first != group.second;
}

int DigestTable::CompareAt(std::size_t index, Bytes digest) const {
  const Bytes entry = digests_.subspan(index * digest_bytes_, digest_bytes_);
  static_cast<void>(database_->Touch(entry));
  return std::memcmp(entry.data(), digest.data(), digest_bytes_);
}

void DigestTable::FindIn(std::pair<std::size_t, std::size_t> group, Bytes digest,
                         std::vector<std::uint32_t>& names) const {
  auto [low, high] = group;
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    if (CompareAt(middle, digest) < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  for (; low < group.second && CompareAt(low, digest) == 0; ++low) {
    if (!database_->Touch(name_bytes_.subspan(low * 4, 4))) return;
    names.push_back(names_[low]);
  }
}

void DigestTable::Find(Bytes digest, std::uint64_t size, std::vector<std::uint32_t>& names) const {
  if (empty() || digest.size() != digest_bytes_) return;
  if (size < kAnySize) FindIn(GroupOf(static_cast<std::uint32_t>(size)), digest, names);
  FindIn(GroupOf(kAnySize), digest, names);
}

}  // namespace dl::clamav
