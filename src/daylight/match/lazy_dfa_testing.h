// For tests and fuzz targets: a program run both ways, by its automaton and by
// the simulators.
#pragma once

#include <string>

#include "daylight/match/lazy_dfa.h"
#include "daylight/match/priority_simulator.h"
#include "daylight/match/random_patterns.h"

namespace dl::match {

// Runs over one text, one after the other, as one automaton and the simulators
// answer them. The text is at least as old as this.
class AutomatonTwins {
 public:
  AutomatonTwins(const CompiledPrograms& programs, const Text& text)
      : programs_(programs),
        text_(text),
        forward_(view(false), LazyDfa::Direction::kForward, steps_),
        backward_(view(true), LazyDfa::Direction::kBackward, steps_) {}

  LazyDfa& forward() { return forward_; }
  // Whether an automaton answered the last run.
  bool answered() const { return answered_; }

  // Both ends; empty when they are the same.
  std::string CompareForward(std::uint32_t entry, std::size_t at, std::size_t stop) {
    std::size_t end = 0;
    std::size_t expected_end = 0;
    const std::optional<bool> found = forward_.Forward(entry, text_, at, stop, end, {});
    answered_ = found.has_value();
    if (!answered_) return {};
    priorities_.ForgetRuns();
    const bool expected = priorities_.Forward(view(false), entry, text_, at, stop, expected_end);
    if (*found == expected && (!expected || end == expected_end)) return {};
    const auto answer = [](bool is_found, std::size_t where) { return is_found ? std::to_string(where) : "none"; };
    return "forward " + Run(entry, at, stop) + answer(*found, end) + ", not " + answer(expected, expected_end);
  }
  std::string CompareBackward(std::uint32_t entry, std::size_t at, std::size_t limit) {
    std::vector<std::size_t> starts;
    std::vector<std::size_t> expected;
    answered_ = backward_.Backward(entry, text_, at, limit, starts);
    if (!answered_) return {};
    simulator_.Backward(view(true), entry, text_, at, limit, expected);
    if (starts == expected) return {};
    return "backward " + Run(entry, at, limit) + std::to_string(starts.size()) + " starts, not " +
           std::to_string(expected.size());
  }

 private:
  static std::string Run(std::uint32_t entry, std::size_t at, std::size_t limit) {
    return std::to_string(entry) + " at " + std::to_string(at) + ", " + std::to_string(limit) + ": ";
  }
  ProgramView view(bool backward) const { return ProgramView(programs_.words, backward); }

  const CompiledPrograms& programs_;
  Text text_;
  std::uint64_t steps_ = 0;
  LazyDfa forward_;
  LazyDfa backward_;
  PrioritySimulator priorities_;
  Simulator simulator_;
  bool answered_ = false;
};

// A program, a text and some runs made from `recipe`: how the answers differ,
// or nothing.
inline std::string CompareAutomata(std::string_view recipe) {
  ByteFeed feed(recipe);
  RegexpOptions options;
  options.dot_all = feed.OneIn(2);
  options.dialect = feed.OneIn(4) ? Dialect::kYaraX : Dialect::kYara;
  const unsigned flags = feed.Next();
  const std::string source = ExpressionWriter(feed, feed.OneIn(2)).Alternation(2);
  const auto parsed = ParseRegexp(source, options);
  if (!parsed) return {};
  const auto form = Normalize(parsed->root);
  if (!form) return {};
  const auto programs = CompilePrograms(*form, /*with_backward=*/true);
  if (!programs || !LazyDfa::Suits(ProgramView(programs->words, false))) return {};
  std::vector<unsigned> runs(24);
  for (unsigned& run : runs) run = feed.Next() << 8 | feed.Next();
  std::string object = MakeObject(feed, 200);
  // Runs that are remembered are long ones.
  while (!object.empty() && object.size() < 400) object += object;
  const std::string_view bytes = object;
  const Text text{AsBytes(bytes), (flags & 1) != 0, (flags & 2) != 0, (flags & 4) != 0 ? std::size_t{2} : 1, false};
  AutomatonTwins twins(*programs, text);
  for (const unsigned run : runs) {
    const std::size_t at = (run >> 3) % (object.size() + 1);
    const std::size_t limit = (run & 1) != 0 ? object.size() : run % 97;
    std::string difference = twins.CompareForward(0, at, at + limit);
    if (difference.empty()) difference = twins.CompareBackward(0, at, limit);
    if (!difference.empty()) return "/" + source + "/ " + difference;
  }
  // Neighbours, which share most of what they read.
  for (std::size_t at = object.size() / 2; at < object.size() / 2 + 40 && at < object.size(); ++at) {
    std::string difference = twins.CompareForward(0, at, at + 150);
    if (difference.empty()) difference = twins.CompareBackward(0, at, 150);
    if (!difference.empty()) return "/" + source + "/ " + difference;
  }
  return {};
}

}  // namespace dl::match
