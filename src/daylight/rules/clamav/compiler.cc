#include "daylight/rules/clamav/compiler.h"

#include <algorithm>
#include <cstring>

#include "daylight/crypto/digest.h"
#include "daylight/rules/clamav/encoding.h"
#include "daylight/rules/clamav/triggers.h"

namespace dl::clamav {

namespace {

constexpr std::size_t kDigestTables = 4 * 3;

std::size_t TableOf(DigestSignature::Of of, DigestKind kind) {
  return static_cast<std::size_t>(of) * 3 + static_cast<std::size_t>(kind);
}

void WriteRuns(database::Writer& writer, std::uint32_t unit, database::SectionKind runs_kind,
               database::SectionKind items_kind, const std::vector<std::vector<std::uint32_t>>& lists) {
  std::vector<Run> runs;
  std::vector<std::uint32_t> items;
  for (const auto& list : lists) {
    runs.push_back({static_cast<std::uint32_t>(items.size()), static_cast<std::uint32_t>(list.size())});
    items.insert(items.end(), list.begin(), list.end());
  }
  writer.AddArray(runs_kind, unit, runs);
  writer.AddArray(items_kind, unit, items);
}

}  // namespace

Compiler::Compiler(CompilerSettings settings)
    : settings_(std::move(settings)),
      matcher_(kGroupCount, /*stride=*/1),
      always_(kGroupCount),
      macros_(std::size_t{kTargets} * kMacroGroups) {
  for (std::size_t table = 0; table < kDigestTables; ++table) {
    digests_.emplace_back(static_cast<DigestKind>(table % 3));
  }
}
Compiler::~Compiler() = default;

void Compiler::AddProblem(bool is_error, std::string_view file, std::uint32_t line, std::string message) {
  has_errors_ = has_errors_ || is_error;
  if (problems_.size() >= kMaxProblems && !is_error) {
    ++more_problems_;
    return;
  }
  problems_.push_back({is_error, std::string(file), line, std::move(message)});
}

void Compiler::AddFile(std::string_view name, Bytes file) {
  const std::size_t slash = name.rfind('/');
  folder_ = slash == std::string_view::npos ? "" : name.substr(0, slash + 1);
  const std::uint32_t first_name = names_.count();
  const FileOutcome outcome = ReadFile(name.substr(folder_.size()), file, settings_.read, *this);
  if (!outcome.error.empty()) return AddProblem(true, name, 0, outcome.error);
  if (outcome.is_signed) names_.MarkOfficial(first_name);
}

bool Compiler::IsIgnored(std::string_view name, std::string_view line) const {
  if (ignored_.empty()) return false;
  const auto found = ignored_.find(std::string(name));
  if (found == ignored_.end()) return false;
  if (found->second.contains("")) return true;
  const auto md5 = crypto::Md5::Of(AsBytes(line));
  return found->second.contains(crypto::Hex(md5));
}

void Compiler::AddLogical(FileKind from, std::string_view line, LogicalSignature signature) {
  if (IsIgnored(signature.name, line)) return Skip(from, "named in an ignore list");
  if (signature.target >= kTargets) return Skip(from, "no such target");
  const auto number = static_cast<std::uint32_t>(index_.size());
  index_.push_back(static_cast<std::uint32_t>(signatures_.size()));
  const bool is_member = signature.is_plain && !signature.subsignatures.empty() &&
                         signature.subsignatures[0].body.offset.kind == OffsetKind::kMacroGroup;
  if (is_member) {
    // Matches nothing by itself: others ask for its matches.
    const std::uint32_t group = signature.subsignatures[0].body.offset.value % kMacroGroups;
    macros_[std::size_t{signature.target} * kMacroGroups + group].push_back(number);
  } else {
    const std::uint32_t group = GroupOf(signature.target, signature.is_pua);
    bool is_searched = false;
    for (const match::Pattern& trigger : ChooseTriggers(signature, group)) {
      is_searched = matcher_.Add(trigger).has_value();
      if (!is_searched) break;
      triggers_.push_back(number);
    }
    if (!is_searched) always_[group].push_back(number);
  }
  Encode(signature, names_.Add(signature.name), signatures_);
  ++signature_count_;
  Count(from);
}

void Compiler::AddDigest(FileKind from, std::string_view line, std::string_view name, const DigestSignature& digest) {
  if (IsIgnored(name, line)) return Skip(from, "named in an ignore list");
  digests_[TableOf(digest.of, digest.kind)].Add(digest, names_.Add(name));
  ++signature_count_;
  Count(from);
}

namespace {

// What is kept, or not, for parts of Daylight that are not there yet.
std::string_view WhyNotUsed(FileKind kind) {
  switch (kind) {
    case FileKind::kCat: return "catalogues of trusted files are not used";
    case FileKind::kCrb: return "certificates of programs are not looked at";
    case FileKind::kPwdb:
    case FileKind::kCdb:
    case FileKind::kZmd:
    case FileKind::kRmd: return "kept for when archives are opened, which is not yet";
    default: return {};
  }
}

}  // namespace

void Compiler::AddContainer(FileKind from, std::string_view line, ContainerSignature signature) {
  if (IsIgnored(signature.name, line)) return Skip(from, "named in an ignore list");
  Encode(signature, names_.Add(signature.name), containers_);
  Skip(from, WhyNotUsed(from));
}

Status Compiler::AddLine(FileKind from, std::string_view line) {
  if (from == FileKind::kCat || from == FileKind::kCrb) {
    Skip(from, WhyNotUsed(from));
    return {};
  }
  if (line.find('\n') != std::string_view::npos) return Fail(ErrorCode::kMalformed, "a line within a line");
  lines_.push_back(static_cast<std::byte>(from));
  const Bytes bytes = AsBytes(line);
  lines_.insert(lines_.end(), bytes.begin(), bytes.end());
  lines_.push_back(static_cast<std::byte>('\n'));
  if (const std::string_view reason = WhyNotUsed(from); !reason.empty()) {
    Skip(from, reason);
  } else {
    ++signature_count_;
    Count(from);
  }
  return {};
}

void Compiler::AddIgnored(std::string_view name, std::string_view line_md5) {
  ignored_[std::string(name)].insert(std::string(line_md5));
}

void Compiler::AddYara(std::string_view file, std::string_view text) {
  yara_files_.push_back({std::string(file), std::string(text)});
}

void Compiler::Skip(FileKind from, std::string_view reason) { ++skipped_[{from, std::string(reason)}]; }

void Compiler::Warn(std::string_view file, std::uint32_t line, std::string_view message) {
  AddProblem(false, folder_ + std::string(file), line, std::string(message));
}

Status Compiler::Finish(database::Writer& writer, std::uint32_t unit) {
  if (more_problems_ != 0) {
    problems_.push_back({false, "", 0, std::to_string(more_problems_) + " more warnings are not listed"});
    more_problems_ = 0;
  }
  if (signatures_.size() > 0xffffffff) return Fail(ErrorCode::kBudget, "the signatures are too large");
  HeadRecord head;
  head.signatures = static_cast<std::uint32_t>(index_.size());
  head.names = names_.count();
  std::copy(settings_.source_digest.begin(), settings_.source_digest.end(), head.source_digest);
  for (const DigestTableWriter& table : digests_) head.digests += static_cast<std::uint32_t>(table.count());
  Inventory inventory;
  inventory.source_name = settings_.source_name;
  inventory.licence = settings_.licence;
  inventory.path = settings_.source_path;
  for (const auto& [kind, count] : loaded_) inventory.loaded.push_back({std::string(KindName(kind)), count});
  for (const auto& [what, count] : skipped_) {
    inventory.skipped.push_back({std::string(KindName(what.first)), what.second, count});
  }
  index_.push_back(static_cast<std::uint32_t>(signatures_.size()));
  writer.AddArray(kSectionHead, unit, std::vector<HeadRecord>{head});
  writer.AddSection(kSectionInventory, unit, EncodeInventory(inventory));
  writer.AddArray(kSectionSignatureIndex, unit, std::exchange(index_, {}));
  writer.AddSection(kSectionSignatures, unit, std::move(signatures_));
  writer.AddArray(kSectionTriggers, unit, std::exchange(triggers_, {}));
  WriteRuns(writer, unit, kSectionAlwaysRuns, kSectionAlways, always_);
  WriteRuns(writer, unit, kSectionMacroRuns, kSectionMacros, macros_);
  writer.AddSection(kSectionContainers, unit, std::move(containers_));
  writer.AddSection(kSectionLines, unit, std::move(lines_));
  names_.Finish(writer, unit);
  for (std::size_t table = 0; table < kDigestTables; ++table) {
    digests_[table].Finish(writer, unit, static_cast<DigestSignature::Of>(table / 3));
  }
  return matcher_.Finish(writer, unit);
}

}  // namespace dl::clamav
