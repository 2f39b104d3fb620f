// Names of signatures: millions of them, most alike the one before.
//
//   NameTableWriter writer;
//   const std::uint32_t first = writer.count();
//   const std::uint32_t id = writer.Add("Win.Trojan.Agent-1");
//   if (is_signed) writer.MarkOfficial(first);
//   writer.Finish(database_writer, unit);
//
//   DL_TRY(const NameTable names, NameTable::Open(database, unit));
//   names.Get(id);
//   names.IsOfficial(id);
//
// Each signature has an id of its own, also where two have one name, and ids
// ascend in the order of files: so which are official takes a run of ids for
// each signed file, and nothing for each signature.
// Front-coded: in blocks of kNamesInBlock, each name is how many bytes it
// shares with the one before, how many follow, and those.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "daylight/database/database.h"
#include "daylight/database/view.h"
#include "daylight/rules/clamav/format.h"

namespace dl::clamav {

inline constexpr std::uint32_t kNamesInBlock = 16;

class NameTableWriter {
 public:
  std::uint32_t Add(std::string_view name);
  // All names since the id `first` are of signatures from a file that ClamAV's
  // makers signed.
  void MarkOfficial(std::uint32_t first);
  std::uint32_t count() const { return count_; }
  void Finish(database::Writer& writer, std::uint32_t unit);

 private:
  std::vector<std::byte> bytes_;
  std::vector<std::uint32_t> blocks_;
  std::vector<Run> official_;  // Ascending, apart.
  std::string last_;
  std::uint32_t count_ = 0;
};

// Immutable; borrows the database.
class NameTable {
 public:
  static Result<NameTable> Open(const database::Database& database, std::uint32_t unit);
  // Empty for an id that there is not, and where the table is damaged.
  std::string Get(std::uint32_t id) const;
  bool IsOfficial(std::uint32_t id) const;

 private:
  const database::Database* database_ = nullptr;
  Bytes bytes_;
  database::View<std::uint32_t> blocks_;
  Bytes block_bytes_;
  database::View<Run> official_;
};

}  // namespace dl::clamav
