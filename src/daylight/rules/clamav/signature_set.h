// SignatureSet is compiled ClamAV content, opened over the sections of one
// database unit.
//
//   DL_TRY(const auto set, SignatureSet::Open(database, unit));
//   DL_TRY(const StoredSignature stored, set->Load(index));
//
// Opening reads next to nothing, whatever the size: tables are looked into, and
// their pages checked, where an object asks. Immutable; share it between any
// number of threads.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "daylight/database/database.h"
#include "daylight/database/view.h"
#include "daylight/match/matcher.h"
#include "daylight/rules/clamav/digest_table.h"
#include "daylight/rules/clamav/encoding.h"
#include "daylight/rules/clamav/format.h"
#include "daylight/rules/clamav/inventory.h"
#include "daylight/rules/clamav/names.h"

namespace dl::clamav {

class SignatureSet {
 public:
  static bool IsIn(const database::Database& database, std::uint32_t unit);
  static Result<std::shared_ptr<const SignatureSet>> Open(std::shared_ptr<const database::Database> database,
                                                          std::uint32_t unit);

  const match::Matcher& matcher() const { return *matcher_; }
  const HeadRecord& head() const { return head_; }
  // What `rules list` tells; read when asked.
  Result<Inventory> LoadInventory() const;
  std::string name(std::uint32_t id) const { return names_.Get(id & ~kNameIsPua); }
  // Of a signature from a file that ClamAV's makers signed.
  bool is_official(std::uint32_t id) const { return names_.IsOfficial(id & ~kNameIsPua); }
  // The signature that a pattern of the matcher is a trigger of.
  std::uint32_t SignatureOf(std::uint32_t trigger) const;
  // Signatures of a group that have no trigger.
  std::span<const std::uint32_t> always(std::uint32_t group) const;
  std::span<const std::uint32_t> macro_members(std::uint32_t target, std::uint32_t group) const;
  Result<StoredSignature> Load(std::uint32_t signature) const;
  const DigestTable& digests(DigestSignature::Of of, DigestKind kind) const {
    return digests_[static_cast<std::size_t>(of)][static_cast<std::size_t>(kind)];
  }
  // Lines of .ftm, .idb and the like.
  std::vector<std::string_view> lines(FileKind kind) const;
  // Of the unit, for reports.
  const std::string& source_name() const { return source_name_; }
  const std::string& licence() const { return licence_; }

 private:
  SignatureSet() = default;
  static constexpr std::size_t kOfs = 4;
  static constexpr std::size_t kKinds = 3;

  std::shared_ptr<const database::Database> database_;
  std::uint32_t unit_ = 0;
  std::unique_ptr<match::Matcher> matcher_;
  HeadRecord head_;
  std::string source_name_;
  std::string licence_;
  NameTable names_;
  DigestTable digests_[kOfs][kKinds];
  Bytes index_bytes_;
  Bytes signatures_;
  Bytes trigger_bytes_;
  Bytes lines_;
  database::View<Run> always_runs_;
  database::View<std::uint32_t> always_;
  database::View<Run> macro_runs_;
  database::View<std::uint32_t> macros_;
};

}  // namespace dl::clamav
