#include "daylight/rules/yara/rule_set.h"

#include <algorithm>
#include <bit>

#include "daylight/rules/yara/codegen.h"

namespace dl::yara {

Result<std::shared_ptr<const RuleSet>> RuleSet::Open(std::shared_ptr<const database::Database> database,
                                                     std::uint32_t unit) {
  std::shared_ptr<RuleSet> set(new RuleSet());
  const auto open = [&](SectionKind kind, auto& view) -> Status {
    DL_TRY(const Bytes bytes, database->Section(kind, unit));
    view = std::remove_reference_t<decltype(view)>(bytes);
    return {};
  };
  database::View<HeadRecord> head;
  DL_TRY_STATUS(open(kHeadSection, head));
  if (head.size() != 1) return Fail(ErrorCode::kMalformed, "the database has no YARA rules in this unit");
  set->head_ = head[0];
  set->dialect_ = set->head_.dialect == static_cast<std::uint32_t>(Dialect::kYaraX) ? Dialect::kYaraX : Dialect::kYara;
  DL_TRY(set->text_, database->Section(kTextSection, unit));
  DL_TRY(set->programs_, database->Section(kProgramSection, unit));
  DL_TRY_STATUS(open(kRuleSection, set->rules_));
  DL_TRY_STATUS(open(kStringSection, set->strings_));
  DL_TRY_STATUS(open(kTagSection, set->tags_));
  DL_TRY_STATUS(open(kMetaSection, set->metas_));
  DL_TRY_STATUS(open(kNamespaceSection, set->namespaces_));
  DL_TRY_STATUS(open(kExternalSection, set->externals_));
  DL_TRY_STATUS(open(kNodeSection, set->nodes_));
  DL_TRY_STATUS(open(kListSection, set->lists_));
  DL_TRY_STATUS(open(kRegexpSection, set->regexps_));
  DL_TRY_STATUS(open(kAnchorSection, set->anchors_));
  DL_TRY_STATUS(open(kGroupSection, set->groups_));
  DL_TRY_STATUS(open(kMagicSection, set->magics_));
  DL_TRY_STATUS(open(kUserIndexSection, set->user_index_));
  DL_TRY_STATUS(open(kUserSection, set->users_));
  DL_TRY_STATUS(open(kAlwaysSection, set->always_));
  DL_TRY_STATUS(open(kWhenFilledSection, set->when_filled_));
  DL_TRY_STATUS(open(kSizeClassSection, set->size_classes_));
  DL_TRY_STATUS(set->CheckRules());
  database::View<ModuleRecord> modules;
  DL_TRY_STATUS(open(kModuleSection, modules));
  if (modules.size() > AllModules().size()) {
    return Fail(ErrorCode::kMalformed, "the database names more modules than there are");
  }
  for (std::size_t i = 0; i < modules.size(); ++i) {
    const ModuleInfo* module = FindModule(set->text(modules[i].name));
    if (module == nullptr || SchemaFingerprint(module->type()) != modules[i].fingerprint) {
      return Fail(ErrorCode::kUnsupported,
                  "the database was compiled with another version of a module; compile it again");
    }
    set->modules_.push_back(module);
  }
  DL_TRY(match::Matcher matcher, match::Matcher::Open(*database, unit));
  if (matcher.pattern_count() != set->head_.pattern_count || matcher.group_count() != set->groups_.size() ||
      set->size_classes_.size() != (set->head_.pattern_count + std::size_t{63}) / 64 * kSizeClasses) {
    return Fail(ErrorCode::kMalformed, "the database's rules and patterns contradict each other");
  }
  set->matcher_ = std::make_unique<match::Matcher>(std::move(matcher));
  set->database_ = std::move(database);
  return std::shared_ptr<const RuleSet>(std::move(set));
}

// What rules own lies one behind the other and is shared by none, so whoever
// goes through all rules goes through each section at most once, also in a
// forged database.
Status RuleSet::CheckRules() const {
  std::uint64_t tags = 0;
  std::uint64_t metas = 0;
  std::uint64_t strings = 0;
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    const RuleRecord& rule = rules_[i];
    if (rule.tags.first != tags || rule.metas.first != metas || rule.strings.first != strings) {
      return Fail(ErrorCode::kMalformed, "the database's rules overlap", i);
    }
    tags += rule.tags.count;
    metas += rule.metas.count;
    strings += rule.strings.count;
    if (tags > tags_.size() || metas > metas_.size() || strings > strings_.size()) {
      return Fail(ErrorCode::kMalformed, "a rule of the database has more than there is", i);
    }
    if (rule.name_space >= namespaces_.size()) {
      return Fail(ErrorCode::kMalformed, "a rule of the database is in no namespace", i);
    }
  }
  return {};
}

std::string_view RuleSet::text(TextRef ref) const {
  if (ref.offset > text_.size() || ref.length > text_.size() - ref.offset) return {};
  return AsText(text_.subspan(ref.offset, ref.length));
}

std::span<const std::uint32_t> RuleSet::users(std::uint32_t pattern) const {
  const Range range = user_index_[pattern];
  return users_.Range(range.first, range.count);
}

std::span<const std::uint64_t> RuleSet::live_patterns(std::uint64_t size) const {
  const std::size_t words = (head_.pattern_count + std::size_t{63}) / 64;
  const std::size_t c = std::min<std::size_t>(static_cast<std::size_t>(std::bit_width(size)), kSizeClasses - 1);
  return size_classes_.Range(c * words, words);
}

Bytes RuleSet::regexp_program(std::uint32_t index) const {
  const Range range = regexps_[index];
  if (range.first > programs_.size() || range.count > programs_.size() - range.first) return {};
  return programs_.subspan(range.first, range.count);
}

const ModuleInfo* RuleSet::module(std::uint32_t index) const {
  return index < modules_.size() ? modules_[index] : nullptr;
}

}  // namespace dl::yara
