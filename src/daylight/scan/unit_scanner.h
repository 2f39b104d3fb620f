// UnitScanner scans objects with the rules of one database unit: gates, then
// the search, then the conditions of what was touched.
//
//   unit.Begin(head, size, all_matches);
//   for each window: search.Feed(window);      // A match::JointSearch, if is_searching().
//   unit.Finish(source, names, report);
//
// Scratch memory is kept from object to object; one thread.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "daylight/report/jobs.h"
#include "daylight/rules/yara/evaluator.h"
#include "daylight/rules/yara/rule_set.h"

namespace dl::scan {

// What all units of a scanner share.
struct ScanContext {
  report::ScanSettings settings;
  std::unordered_map<std::string, std::string> module_data;
  bool gated = true;  // Tests compare with the slow, obvious way: every pattern, every rule.
  std::uint64_t max_steps = yara::EvaluationJob().max_steps;
};

class UnitScanner {
 public:
  UnitScanner(std::shared_ptr<const yara::RuleSet> rules, const ScanContext& context);
  ~UnitScanner();

  // `head`: the object's first bytes; a gate that looks past them is open
  // unless they are all there are. `size`: in bytes, if known.
  void Begin(Bytes head, std::optional<std::uint64_t> size, bool all_matches);
  // Every group and every pattern, whatever the gates say.
  void BeginUngated(bool all_matches);
  // Whether any pattern is sought in this object.
  bool is_searching() const { return is_searching_; }
  // Evaluates and adds to the report.
  void Finish(ObjectSource& object, const report::ObjectNames& names, report::ObjectReport& report);
  // The same without a report, for explanations.
  void FinishForExplanation(ObjectSource& object, const report::ObjectNames& names);

  yara::Evaluator& evaluator() { return evaluator_; }
  match::MatchState& search() { return matches_; }
  const yara::RuleSet& rules() const { return *rules_; }
  // Whether the group's rules can hold. `is_whole`: `head` is the whole object.
  bool GroupIsOpen(std::uint32_t group, Bytes head, bool is_whole) const;

 private:
  // Bytes that some group wants at some place; groups share most of theirs.
  struct HeadTest {
    std::uint32_t offset;
    std::uint32_t length;  // In bytes, at most 8.
    std::uint64_t value;
    std::uint64_t mask;
    auto operator<=>(const HeadTest&) const = default;
  };
  static bool MayPass(const HeadTest& test, Bytes head, bool is_whole);
  bool HasLivePattern(std::uint32_t group) const;
  void StartEvaluation(ObjectSource& object, const report::ObjectNames& names);
  // Tells that a pattern was not searched for to the end.
  void AddLimit(std::uint32_t pattern, const report::ObjectNames& names, report::ObjectReport& report);
  void AddDetection(std::uint32_t rule, const report::ObjectNames& names, report::ObjectReport& report);
  void AddStrings(const yara::RuleRecord& rule, report::Detection& detection);

  std::shared_ptr<const yara::RuleSet> rules_;
  const ScanContext& context_;
  match::MatchState matches_;
  match::BitSet live_groups_;
  match::BitSet live_patterns_;
  std::vector<std::vector<std::uint32_t>> group_patterns_;  // By group.
  std::vector<HeadTest> head_tests_;
  std::vector<std::vector<std::uint32_t>> group_tests_;  // By group: indices of head_tests_, one of which must pass.
  match::BitSet always_open_;                            // Groups that want none.
  std::vector<bool> passed_;                             // By test, of the object at hand.
  bool is_searching_ = true;
  yara::Evaluator evaluator_;
  std::vector<yara::Value> externals_;
  ObjectSource* object_ = nullptr;
};

}  // namespace dl::scan
