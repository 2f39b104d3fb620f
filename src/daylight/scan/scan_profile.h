// Where the time of a Scanner's scans went, when somebody asks.
//
//   ScanProfile profile;
//   scanner.SetProfile(&profile);
//   ... scanner.Scan(...) ...
//   report::Profile told = TakeProfile(*engine, profile);
#pragma once

#include <vector>

#include "daylight/match/matcher.h"
#include "daylight/report/profile.h"
#include "daylight/rules/yara/evaluator.h"
#include "daylight/scan/scanner.h"

namespace dl::scan {

// Of one unit of YARA rules.
struct UnitProfile {
  match::SearchProfile search;
  yara::EvaluationProfile conditions;
};

struct ScanProfile {
  std::uint64_t total_ns = 0;
  std::uint64_t read_ns = 0;
  std::uint64_t unpack_ns = 0;  // Without the scans of what was unpacked.
  std::uint64_t hash_ns = 0;
  std::uint64_t search_ns = 0;     // For all units, in the bytes as they pass.
  std::uint64_t clamav_ns = 0;     // All else that units of ClamAV signatures do, without their digests.
  std::vector<UnitProfile> units;  // By the order of the engine's rule sets.
};

// The same with names, and sets all to zero. Of rules and strings only the costliest.
report::Profile TakeProfile(const Engine& engine, ScanProfile& profile);

}  // namespace dl::scan
