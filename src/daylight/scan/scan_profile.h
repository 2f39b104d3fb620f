// Where the time of a Scanner's scans went, when somebody asks (Scanner::SetProfile).
#pragma once

#include <vector>

#include "daylight/match/matcher.h"
#include "daylight/rules/yara/evaluator.h"

namespace dl::scan {

// Of one unit of YARA rules.
struct UnitProfile {
  match::SearchProfile search;
  yara::EvaluationProfile conditions;
};

struct ScanProfile {
  std::uint64_t total_ns = 0;
  std::uint64_t read_ns = 0;
  std::uint64_t hash_ns = 0;
  std::uint64_t clamav_ns = 0;     // All that units of ClamAV signatures do, without their digests.
  std::vector<UnitProfile> units;  // By the order of the engine's rule sets.
};

}  // namespace dl::scan
