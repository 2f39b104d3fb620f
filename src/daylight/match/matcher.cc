#include "daylight/match/matcher.h"

#include "daylight/match/matcher_tables.h"
#include "daylight/match/prefilter.h"

namespace dl::match {

namespace {

// Sections up to this size are checked when they are opened: a tenth of a millisecond each.
constexpr std::size_t kEagerBytes = 1u << 20;

}  // namespace

Result<MatcherTables> MatcherTables::Open(const database::Database& database, std::uint32_t unit) {
  MatcherTables tables;
  tables.database_ = &database;
  DL_TRY(const Bytes header, database.Section(kSectionHeader, unit));
  if (header.empty()) return tables;  // A unit without patterns.
  if (header.size() != sizeof(MatcherHeader))
    return Fail(ErrorCode::kMalformed, "the matcher's header has a wrong size");
  std::memcpy(static_cast<void*>(&tables.header_), header.data(), sizeof(MatcherHeader));
  if (tables.header_.version != kMatcherVersion) {
    return Fail(ErrorCode::kUnsupported, "the matcher was written by another version; compile the rules again");
  }
  const auto view = [&]<typename T>(database::LazyView<T>& out, database::SectionKind kind) -> Status {
    DL_TRY(const Bytes bytes, database.SectionUnchecked(kind, unit));
    if (reinterpret_cast<std::uintptr_t>(bytes.data()) % alignof(T) != 0) {
      return Fail(ErrorCode::kMalformed, "a section of the matcher is not aligned");
    }
    const bool is_lazy = bytes.size() > kEagerBytes;
    if (!is_lazy) DL_TRY_STATUS(database.Touch(bytes));
    out = database::LazyView<T>(bytes, is_lazy ? &database : nullptr);
    return {};
  };
  DL_TRY_STATUS(view(tables.patterns_, kSectionPatterns));
  DL_TRY_STATUS(view(tables.subs_, kSectionSubs));
  DL_TRY_STATUS(view(tables.groups_, kSectionGroups));
  DL_TRY_STATUS(view(tables.bits_, kSectionBits));
  DL_TRY_STATUS(view(tables.everywhere_, kSectionEverywhere));
  DL_TRY_STATUS(view(tables.slots_, kSectionSlots));
  DL_TRY_STATUS(view(tables.atoms_, kSectionAtoms));
  DL_TRY_STATUS(view(tables.texts_, kSectionTexts));
  DL_TRY_STATUS(view(tables.programs_, kSectionPrograms));
  DL_TRY_STATUS(view(tables.chains_, kSectionChains));
  const MatcherHeader& h = tables.header_;
  if (h.pattern_count != tables.patterns_.size() || h.group_count != tables.groups_.size() ||
      h.list_count < h.pattern_count || h.list_count - h.pattern_count != tables.chains_.size() ||
      h.reach_bytes > kMaxReachBytes || h.stride == 0 || h.stride > kMaxStride || tables.slots_.size() > 0xffffffff) {
    return Fail(ErrorCode::kMalformed, "the matcher's header contradicts its sections");
  }
  return tables;
}

Matcher::Matcher(std::unique_ptr<MatcherTables> tables) : tables_(std::move(tables)) {}
Matcher::Matcher(Matcher&&) noexcept = default;
Matcher::~Matcher() = default;

Result<Matcher> Matcher::Open(const database::Database& database, std::uint32_t unit) {
  DL_TRY(MatcherTables tables, MatcherTables::Open(database, unit));
  return Matcher(std::make_unique<MatcherTables>(tables));
}

std::uint32_t Matcher::pattern_count() const { return tables_->header().pattern_count; }
std::uint32_t Matcher::group_count() const { return tables_->header().group_count; }
bool Matcher::damaged() const { return tables_->damaged(); }
std::size_t Matcher::overlap_bytes() const { return std::size_t{2} * tables_->header().reach_bytes; }

}  // namespace dl::match
