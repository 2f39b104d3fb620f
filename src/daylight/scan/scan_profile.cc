#include "daylight/scan/scan_profile.h"

#include <algorithm>
#include <utility>

#include "daylight/scan/engine.h"

namespace dl::scan {

namespace {

report::ProfileLine NameOf(const yara::RuleSet& rules, const yara::RuleRecord& rule) {
  report::ProfileLine line;
  line.name_space = rules.text(rules.namespaces()[rule.name_space]);
  line.rule = rules.text(rule.identifier);
  return line;
}

// Of the first string that is this pattern; how many others are, in `also`.
report::ProfileLine NameOfPattern(const yara::RuleSet& rules, std::uint32_t pattern) {
  report::ProfileLine line;
  bool is_named = false;
  for (const std::uint32_t user : rules.users(pattern)) {
    const yara::RuleRecord& rule = rules.rules()[user];
    for (std::uint32_t s = 0; s < rule.strings.count; ++s) {
      const yara::StringRecord& string = rules.strings()[std::size_t{rule.strings.first} + s];
      if ((string.flags & yara::kStringAnchored) != 0 || string.pattern != pattern) continue;
      if (std::exchange(is_named, true)) {
        ++line.also;
        continue;
      }
      line = NameOf(rules, rule);
      line.string = rules.text(string.identifier);
    }
  }
  return line;
}

// The indices of the costliest; names are looked up for no others.
template <typename Cost>
std::vector<std::uint32_t> Costliest(const std::vector<Cost>& costs) {
  std::vector<std::uint32_t> found;
  for (std::size_t i = 0; i < costs.size(); ++i) {
    if (costs[i].ns != 0) found.push_back(static_cast<std::uint32_t>(i));
  }
  const auto end =
      found.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(found.size(), report::kMaxProfileLines));
  std::partial_sort(found.begin(), end, found.end(),
                    [&](std::uint32_t a, std::uint32_t b) { return costs[a].ns > costs[b].ns; });
  found.erase(end, found.end());
  return found;
}

void TakeUnit(const yara::RuleSet& rules, UnitProfile& unit, report::Profile& out) {
  out.verify_ns += std::exchange(unit.search.verify_ns, 0);
  out.conditions_ns += std::exchange(unit.conditions.conditions_ns, 0);
  out.facts_ns += std::exchange(unit.conditions.facts_ns, 0);
  for (const std::uint32_t rule : Costliest(unit.conditions.rules)) {
    const auto& cost = unit.conditions.rules[rule];
    report::ProfileLine line = NameOf(rules, rules.rules()[rule]);
    line.count = cost.evaluated;
    // Facts are for all rules, whoever comes first.
    line.ns = cost.ns - cost.facts_ns;
    out.rules.push_back(std::move(line));
  }
  for (const std::uint32_t pattern : Costliest(unit.search.patterns)) {
    const auto& cost = unit.search.patterns[pattern];
    report::ProfileLine line = NameOfPattern(rules, pattern);
    line.count = cost.verified;
    line.ns = cost.ns;
    out.strings.push_back(std::move(line));
  }
  std::fill(unit.conditions.rules.begin(), unit.conditions.rules.end(), yara::EvaluationProfile::RuleCost{});
  std::fill(unit.search.patterns.begin(), unit.search.patterns.end(), match::SearchProfile::PatternCost{});
}

}  // namespace

report::Profile TakeProfile(const Engine& engine, ScanProfile& profile) {
  report::Profile out;
  out.scan_ns = std::exchange(profile.total_ns, 0);
  out.read_ns = std::exchange(profile.read_ns, 0);
  out.unpack_ns = std::exchange(profile.unpack_ns, 0);
  out.hash_ns = std::exchange(profile.hash_ns, 0);
  out.clamav_ns = std::exchange(profile.clamav_ns, 0);
  out.search_ns = std::exchange(profile.search_ns, 0);
  const auto& rule_sets = engine.impl().rule_sets;
  const std::size_t units = std::min(rule_sets.size(), profile.units.size());
  for (std::size_t i = 0; i < units; ++i) TakeUnit(*rule_sets[i], profile.units[i], out);
  report::KeepCostliest(out.rules, report::kMaxProfileLines);
  report::KeepCostliest(out.strings, report::kMaxProfileLines);
  return out;
}

}  // namespace dl::scan
