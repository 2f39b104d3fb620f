// Evaluator decides which rules of a rule set hold for one object, from the
// matches that the matcher found.
//
//   Evaluator evaluator(rules);                   // scratch: one a thread
//   evaluator.Begin(job);
//   for (std::uint32_t rule : evaluator.Evaluate()) Report(rule);
//
// Only rules that a match touched, those that can hold without one, and the
// rules these refer to are evaluated. Facts of a format are derived when a
// condition first asks for them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "daylight/bytes/object_source.h"
#include "daylight/rules/yara/rule_set.h"
#include "daylight/rules/yara/value.h"

namespace dl::yara {

// Everything an evaluation may know of its object. Borrowed until the next Begin().
struct EvaluationJob {
  ObjectSource* object = nullptr;
  std::uint64_t size = 0;
  const match::MatchState* matches = nullptr;
  const match::BitSet* live_groups = nullptr;
  // External variables by their index in the rule set.
  std::span<const Value> externals;
  std::int64_t now = 0;
  // By module name; absent is empty.
  const std::unordered_map<std::string, std::string>* module_data = nullptr;
  std::uint64_t whole_object_limit_bytes = 0;
  // Evaluate all rules, whatever the gates say: the slow, obvious way, which
  // tests compare the other with.
  bool every_rule = false;
  // Nodes and turns of loops, for one rule; for all rules together, five times
  // as many: about ten seconds, whatever the database holds.
  std::uint64_t max_steps = 200'000'000;
};

// What stopped an evaluation from being complete.
struct EvaluationGap {
  std::string reason;  // report::Incomplete::reason.
  std::string detail;
  bool operator==(const EvaluationGap&) const = default;
};

// What conditions have cost, over many objects.
struct EvaluationProfile {
  std::uint64_t conditions_ns = 0;  // All of it.
  std::uint64_t facts_ns = 0;       // Of that: deriving facts.
  struct RuleCost {
    std::uint64_t evaluated = 0;
    std::uint64_t ns = 0;
    std::uint64_t facts_ns = 0;  // Of that: facts that it was the first to ask for.
  };
  std::vector<RuleCost> rules;
};

class Evaluator {
 public:
  explicit Evaluator(std::shared_ptr<const RuleSet> rules);
  ~Evaluator();
  Evaluator(const Evaluator&) = delete;
  Evaluator& operator=(const Evaluator&) = delete;

  void Begin(const EvaluationJob& job);
  // Indices of the rules that hold and are not private, ascending.
  const std::vector<std::uint32_t>& Evaluate();
  // Whether one rule's condition holds, by itself (no global rules).
  bool Holds(std::uint32_t rule);
  // The value of a node of `rule`, for explanations. Loop variables are undefined.
  Value EvaluateNode(std::uint32_t rule, std::uint32_t node);

  // The matches of a string of a rule; `string` counts from the rule's first.
  std::span<const match::Match> StringMatches(const RuleRecord& rule, std::uint32_t string);

  const std::vector<EvaluationGap>& gaps() const;
  const std::vector<std::string>& log() const;
  // From now on adds up what is spent where; null: no longer. Borrowed.
  void SetProfile(EvaluationProfile* profile);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dl::yara
