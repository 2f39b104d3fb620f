#include "daylight/rules/clamav/signature_set.h"

#include <algorithm>
#include <cstring>

namespace dl::clamav {

bool SignatureSet::IsIn(const database::Database& database, std::uint32_t unit) {
  return std::any_of(database.sections().begin(), database.sections().end(), [&](const database::SectionInfo& section) {
    return section.unit == unit && section.kind == kSectionHead;
  });
}

Result<std::shared_ptr<const SignatureSet>> SignatureSet::Open(std::shared_ptr<const database::Database> database,
                                                               std::uint32_t unit) {
  std::shared_ptr<SignatureSet> set(new SignatureSet());
  set->database_ = database;
  set->unit_ = unit;
  DL_TRY(const Bytes head, database->Section(kSectionHead, unit));
  if (head.size() != sizeof(HeadRecord)) return Fail(ErrorCode::kMalformed, "a ClamAV unit without its head");
  std::memcpy(&set->head_, head.data(), sizeof(HeadRecord));
  if (set->head_.version != kUnitVersion) {
    return Fail(ErrorCode::kUnsupported, "compiled by another version of Daylight: compile it again");
  }
  DL_TRY(auto matcher, match::Matcher::Open(*database, unit));
  set->matcher_ = std::make_unique<match::Matcher>(std::move(matcher));
  DL_TRY(set->names_, NameTable::Open(*database, unit));
  for (std::size_t of = 0; of < kOfs; ++of) {
    for (std::size_t kind = 0; kind < kKinds; ++kind) {
      DL_TRY(set->digests_[of][kind],
             DigestTable::Open(*database, unit, static_cast<DigestSignature::Of>(of), static_cast<DigestKind>(kind)));
    }
  }
  DL_TRY(set->index_bytes_, database->SectionUnchecked(kSectionSignatureIndex, unit));
  DL_TRY(set->signatures_, database->SectionUnchecked(kSectionSignatures, unit));
  DL_TRY(set->trigger_bytes_, database->SectionUnchecked(kSectionTriggers, unit));
  DL_TRY(set->lines_, database->Section(kSectionLines, unit));
  DL_TRY(const Bytes always_runs, database->Section(kSectionAlwaysRuns, unit));
  DL_TRY(const Bytes always, database->Section(kSectionAlways, unit));
  DL_TRY(const Bytes macro_runs, database->Section(kSectionMacroRuns, unit));
  DL_TRY(const Bytes macros, database->Section(kSectionMacros, unit));
  set->always_runs_ = database::View<Run>(always_runs);
  set->always_ = database::View<std::uint32_t>(always);
  set->macro_runs_ = database::View<Run>(macro_runs);
  set->macros_ = database::View<std::uint32_t>(macros);
  DL_TRY(const Inventory inventory, set->LoadInventory());
  set->source_name_ = inventory.source_name;
  set->licence_ = inventory.licence;
  return std::shared_ptr<const SignatureSet>(std::move(set));
}

Result<Inventory> SignatureSet::LoadInventory() const {
  DL_TRY(const Bytes bytes, database_->Section(kSectionInventory, unit_));
  return DecodeInventory(bytes);
}

std::uint32_t SignatureSet::SignatureOf(std::uint32_t trigger) const {
  const std::size_t at = std::size_t{trigger} * sizeof(std::uint32_t);
  if (at + sizeof(std::uint32_t) > trigger_bytes_.size()) return head_.signatures;
  const Bytes entry = trigger_bytes_.subspan(at, sizeof(std::uint32_t));
  if (!database_->Touch(entry)) return head_.signatures;
  std::uint32_t signature;
  std::memcpy(&signature, entry.data(), sizeof signature);
  return signature;
}

std::span<const std::uint32_t> SignatureSet::always(std::uint32_t group) const {
  const Run& run = always_runs_[group];
  return always_.Range(run.first, run.count);
}

std::span<const std::uint32_t> SignatureSet::macro_members(std::uint32_t target, std::uint32_t group) const {
  if (target >= kTargets || group >= kMacroGroups) return {};
  const Run& run = macro_runs_[std::size_t{target} * kMacroGroups + group];
  return macros_.Range(run.first, run.count);
}

Result<StoredSignature> SignatureSet::Load(std::uint32_t signature) const {
  const std::size_t at = std::size_t{signature} * sizeof(std::uint32_t);
  if (signature >= head_.signatures || at + 2 * sizeof(std::uint32_t) > index_bytes_.size()) {
    return Fail(ErrorCode::kMalformed, "no such signature");
  }
  DL_TRY_STATUS(database_->Touch(index_bytes_.subspan(at, 2 * sizeof(std::uint32_t))));
  std::uint32_t ends[2];
  std::memcpy(ends, index_bytes_.data() + at, sizeof ends);
  if (ends[0] > ends[1] || ends[1] > signatures_.size()) return Fail(ErrorCode::kMalformed, "a signature out of place");
  const Bytes bytes = signatures_.subspan(ends[0], ends[1] - ends[0]);
  DL_TRY_STATUS(database_->Touch(bytes));
  Cursor cursor(bytes);
  return Decode(cursor);
}

// CLIN: "kind\0line\n" each.
std::vector<std::string_view> SignatureSet::lines(FileKind kind) const {
  std::vector<std::string_view> found;
  std::string_view text = AsText(lines_);
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.size() >= 2 && static_cast<std::uint8_t>(line[0]) == static_cast<std::uint8_t>(kind)) {
      found.push_back(line.substr(1));
    }
  }
  return found;
}

}  // namespace dl::clamav
