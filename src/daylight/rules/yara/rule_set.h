// RuleSet is a compiled YARA rule set, opened over the sections of one
// database unit.
//
//   DL_TRY(const auto rules, RuleSet::Open(database, unit));
//   rules->text(rules->rules()[i].identifier);
//
// Immutable; share it between any number of threads.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "daylight/database/database.h"
#include "daylight/database/view.h"
#include "daylight/match/matcher.h"
#include "daylight/rules/yara/ast.h"
#include "daylight/rules/yara/rule_format.h"

namespace dl::yara {

class RuleSet {
 public:
  // kUnsupported when the unit was compiled against another version of a module.
  static Result<std::shared_ptr<const RuleSet>> Open(std::shared_ptr<const database::Database> database,
                                                     std::uint32_t unit);

  const match::Matcher& matcher() const { return *matcher_; }
  Dialect dialect() const { return dialect_; }
  const HeadRecord& head() const { return head_; }

  // Empty when the reference points outside the pool.
  std::string_view text(TextRef ref) const;
  const database::View<RuleRecord>& rules() const { return rules_; }
  const database::View<StringRecord>& strings() const { return strings_; }
  const database::View<TextRef>& tags() const { return tags_; }
  const database::View<MetaRecord>& metas() const { return metas_; }
  const database::View<TextRef>& namespaces() const { return namespaces_; }
  const database::View<ExternalRecord>& externals() const { return externals_; }
  const database::View<NodeRecord>& nodes() const { return nodes_; }
  const database::View<std::uint32_t>& lists() const { return lists_; }
  const database::View<AnchorRecord>& anchors() const { return anchors_; }
  const database::View<GroupRecord>& groups() const { return groups_; }
  const database::View<MagicRecord>& magics() const { return magics_; }
  const database::View<std::uint32_t>& always() const { return always_; }
  const database::View<WhenFilledRecord>& when_filled() const { return when_filled_; }

  std::span<const std::uint32_t> list(Range range) const { return lists_.Range(range.first, range.count); }
  // Rules that use a pattern of the matcher.
  std::span<const std::uint32_t> users(std::uint32_t pattern) const;
  // One word for 64 patterns: those that can matter for an object of this size.
  std::span<const std::uint64_t> live_patterns(std::uint64_t size) const;
  // The program of a kRegexp node.
  Bytes regexp_program(std::uint32_t index) const;
  // By the index of a kModule node; null past the end.
  const ModuleInfo* module(std::uint32_t index) const;
  std::size_t module_count() const { return modules_.size(); }

 private:
  RuleSet() = default;
  Status CheckRules() const;
  std::shared_ptr<const database::Database> database_;
  std::unique_ptr<match::Matcher> matcher_;
  HeadRecord head_{};
  Dialect dialect_ = Dialect::kYara;
  Bytes text_;
  Bytes programs_;
  database::View<RuleRecord> rules_;
  database::View<StringRecord> strings_;
  database::View<TextRef> tags_;
  database::View<MetaRecord> metas_;
  database::View<TextRef> namespaces_;
  database::View<ExternalRecord> externals_;
  database::View<NodeRecord> nodes_;
  database::View<std::uint32_t> lists_;
  database::View<Range> regexps_;
  database::View<AnchorRecord> anchors_;
  database::View<GroupRecord> groups_;
  database::View<MagicRecord> magics_;
  database::View<Range> user_index_;
  database::View<std::uint32_t> users_;
  database::View<std::uint32_t> always_;
  database::View<WhenFilledRecord> when_filled_;
  database::View<std::uint64_t> size_classes_;
  std::vector<const ModuleInfo*> modules_;
};

}  // namespace dl::yara
