// ModuleHost derives the facts of modules for one object when a condition asks
// for them, and is what modules see of the outside world: nothing but the job.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daylight/match/matcher.h"
#include "daylight/rules/yara/evaluator.h"

namespace dl::yara {

class ModuleHost {
 public:
  explicit ModuleHost(const RuleSet& rules);
  ~ModuleHost();
  // Forgets the last object's facts.
  void Begin(const EvaluationJob& job);
  // The root of a module's facts, derived now if they were not yet; null past
  // the rule set's modules.
  const StructValue* Root(std::uint32_t module);
  // Calls a function of a module, found in the struct `self`. Arguments are defined.
  Value Call(std::uint32_t module, const FunctionOverload& overload, const StructValue* self,
             std::span<const Value> args);
  // The object in memory, or empty when its size forbids it (a gap is noted).
  Bytes WholeObject();
  bool RegexpMatches(std::uint32_t regexp, std::string_view text);
  void AddGap(std::string reason, std::string detail);

  const std::vector<EvaluationGap>& gaps() const { return gaps_; }
  const std::vector<std::string>& log() const { return log_; }

 private:
  class Context;
  const RuleSet& rules_;
  EvaluationJob job_;
  Arena arena_;
  bool arena_used_ = false;
  std::vector<std::unique_ptr<Context>> contexts_;
  match::RegexpSearcher searcher_;
  std::vector<EvaluationGap> gaps_;
  std::vector<std::string> log_;
};

}  // namespace dl::yara
