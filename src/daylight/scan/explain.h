// Why a rule did or did not match: its condition term by term.
#pragma once

#include <optional>
#include <string>

#include "daylight/report/jobs.h"
#include "daylight/scan/unit_scanner.h"

namespace dl::scan {

// By "name" or "namespace:name".
std::optional<std::uint32_t> FindRule(const yara::RuleSet& rules, const std::string& name);

// After unit.FinishForExplanation(). `head`: the object's first bytes; `size`: all of them.
report::ExplainAnswer ExplainRule(UnitScanner& unit, std::uint32_t rule, Bytes head, bool head_is_whole,
                                  std::uint64_t size);

}  // namespace dl::scan
