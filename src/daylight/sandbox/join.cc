#include "daylight/sandbox/join.h"

#include <set>

namespace dl::sandbox {

Result<database::Writer> Join(const std::vector<std::shared_ptr<const database::Database>>& databases) {
  database::Writer writer;
  std::uint32_t units = 0;
  std::size_t sections = 0;
  for (const auto& database : databases) {
    std::set<std::pair<database::SectionKind, std::uint32_t>> seen;
    sections += database->sections().size();
    if (sections > database::kMaxSections || units + database->unit_count() > database::kMaxSections) {
      return Fail(ErrorCode::kBudget, "too many sources for one database");
    }
    for (const database::SectionInfo& section : database->sections()) {
      if (!seen.emplace(section.kind, section.unit).second) {
        return Fail(ErrorCode::kMalformed, "a section of the database is there twice");
      }
      DL_TRY(const Bytes bytes, database->Section(section.kind, section.unit));
      writer.AddBorrowed(section.kind, units + section.unit, bytes);
    }
    units += database->unit_count();
  }
  return writer;
}

}  // namespace dl::sandbox
