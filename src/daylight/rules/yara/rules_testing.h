// From rule text to answers in one call, for tests.
//
//   const auto rules = CompileRules("rule a { strings: $a = \"x\" condition: $a }");
//   EXPECT_EQ(Evaluated(*rules, "axe").rules, "a");
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "daylight/rules/yara/codegen.h"
#include "daylight/rules/yara/evaluator.h"
#include "daylight/rules/yara/parser.h"
#include "daylight/rules/yara/rule_set.h"

namespace dl::yara {

inline Compilation ParseRules(std::string_view text, Dialect dialect = Dialect::kYara,
                              std::vector<External> externals = {}) {
  Parser parser({.dialect = dialect, .externals = std::move(externals), .warnings = false}, nullptr);
  parser.AddFile("test.yar", text, "default");
  Compilation compilation = parser.Finish();
  for (const Diagnostic& diagnostic : parser.diagnostics()) ADD_FAILURE() << FormatDiagnostic(diagnostic);
  return compilation;
}

inline std::vector<std::byte> CompileToBytes(std::string_view text, Dialect dialect = Dialect::kYara,
                                             std::vector<External> externals = {}) {
  database::Writer writer;
  const Status status = GenerateCode(ParseRules(text, dialect, std::move(externals)),
                                     {.source_name = "tests", .source_licence = "MIT", .dialect = dialect}, writer, 0);
  EXPECT_TRUE(status) << status.error().what;
  return writer.Finish();
}

inline std::shared_ptr<const RuleSet> CompileRules(std::string_view text, Dialect dialect = Dialect::kYara,
                                                   std::vector<External> externals = {}) {
  auto database = database::Database::FromBytes(CompileToBytes(text, dialect, std::move(externals)));
  EXPECT_TRUE(database) << database.error().what;
  auto rules = RuleSet::Open(*database, 0);
  EXPECT_TRUE(rules) << rules.error().what;
  return *rules;
}

struct Answers {
  std::string rules;  // Those that hold, each with a space before all but the first.
  std::vector<std::string> gaps;
  std::vector<std::string> log;
};

// Every pattern is sought. `every_rule`: every rule is evaluated, not only those
// that a match touched or that can hold without one.
inline Answers Evaluated(const std::shared_ptr<const RuleSet>& rules, ObjectSource& object, bool every_rule = false) {
  match::BitSet groups;
  groups.Resize(rules->groups().size());
  for (std::size_t i = 0; i < groups.size(); ++i) groups.Set(i);
  match::BitSet patterns;
  patterns.Resize(rules->head().pattern_count);
  for (std::size_t i = 0; i < patterns.size(); ++i) patterns.Set(i);
  match::MatchState matches(rules->matcher());
  matches.Begin(groups, patterns, false);
  for (;;) {
    const auto window = object.NextWindow(rules->matcher().overlap_bytes());
    if (!window) {
      ADD_FAILURE() << window.error().what;
      return {};
    }
    matches.Feed(*window);
    if (window->last) break;
  }
  matches.Finish();
  Evaluator evaluator(rules);
  std::vector<Value> externals;
  for (std::size_t i = 0; i < rules->externals().size(); ++i) {
    externals.push_back(Value::Integer(rules->externals()[i].integer));
  }
  EvaluationJob job;
  job.object = &object;
  job.size = *object.size();
  job.matches = &matches;
  job.live_groups = &groups;
  job.externals = externals;
  job.whole_object_limit_bytes = 1u << 20;
  job.every_rule = every_rule;
  evaluator.Begin(job);
  Answers answers;
  for (const std::uint32_t rule : evaluator.Evaluate()) {
    if (!answers.rules.empty()) answers.rules += ' ';
    answers.rules += rules->text(rules->rules()[rule].identifier);
  }
  for (const EvaluationGap& gap : evaluator.gaps()) answers.gaps.push_back(gap.reason + ": " + gap.detail);
  answers.log = evaluator.log();
  return answers;
}

inline Answers Evaluated(const std::shared_ptr<const RuleSet>& rules, std::string_view object,
                         bool every_rule = false) {
  MemorySource source(AsBytes(object));
  return Evaluated(rules, source, every_rule);
}

// Whether one condition holds for an object; `strings` may be empty.
inline bool Holds(std::string_view condition, std::string_view object = "", std::string_view strings = "",
                  Dialect dialect = Dialect::kYara) {
  std::string text = "import \"pe\" import \"math\" import \"string\" rule r { ";
  if (!strings.empty()) text += "strings: " + std::string(strings) + " ";
  text += "condition: " + std::string(condition) + " }";
  return Evaluated(CompileRules(text, dialect), object).rules == "r";
}

}  // namespace dl::yara
