// Tables of digests: does a signature have this digest and this size?
//
//   DigestTableWriter writer(DigestKind::kMd5);
//   writer.Add(digest, size, name, is_pua);
//   writer.Finish(database_writer, unit, DigestSignature::Of::kFile);
//
//   DL_TRY(const auto table, DigestTable::Open(database, unit, of, kind));
//   if (table.MayHave(size)) table.Find(digest, size, ids);
//
// Entries are sorted by size, then digest; a list of the sizes that there are
// says which objects need no digest at all. Nothing but what a look-up passes
// is read.
#pragma once

#include <optional>
#include <vector>

#include "daylight/database/database.h"
#include "daylight/database/view.h"
#include "daylight/rules/clamav/signature.h"

namespace dl::clamav {

// The size of entries that apply to any.
inline constexpr std::uint32_t kAnySize = 0xffffffff;
// In an entry's name.
inline constexpr std::uint32_t kNameIsPua = 0x80000000;

class DigestTableWriter {
 public:
  explicit DigestTableWriter(DigestKind kind) : kind_(kind) {}
  void Add(const DigestSignature& signature, std::uint32_t name);
  std::size_t count() const { return sizes_.size(); }
  // Spends the writer. Writes nothing when there is nothing.
  void Finish(database::Writer& writer, std::uint32_t unit, DigestSignature::Of of);

 private:
  DigestKind kind_;
  std::vector<std::uint8_t> digests_;
  std::vector<std::uint32_t> sizes_;
  std::vector<std::uint32_t> names_;
};

class DigestTable {
 public:
  static Result<DigestTable> Open(const database::Database& database, std::uint32_t unit, DigestSignature::Of of,
                                  DigestKind kind);
  bool empty() const { return names_.empty(); }
  std::size_t count() const { return names_.size(); }
  // Whether an entry applies to objects of this size.
  bool MayHave(std::uint64_t size) const;
  // Appends the names of entries with this digest and this size or any.
  void Find(Bytes digest, std::uint64_t size, std::vector<std::uint32_t>& names) const;

 private:
  struct Group {
    std::uint32_t size = 0;
    std::uint32_t first = 0;
  };
  static_assert(sizeof(Group) == 8);
  friend class DigestTableWriter;
  // [first, last) of the entries with exactly this size.
  std::pair<std::size_t, std::size_t> GroupOf(std::uint32_t size) const;
  void FindIn(std::pair<std::size_t, std::size_t> group, Bytes digest, std::vector<std::uint32_t>& names) const;
  int CompareAt(std::size_t index, Bytes digest) const;

  const database::Database* database_ = nullptr;
  std::size_t digest_bytes_ = 16;
  Bytes group_bytes_;
  Bytes digests_;
  Bytes name_bytes_;
  database::View<Group> groups_;
  database::View<std::uint32_t> names_;
};

}  // namespace dl::clamav
