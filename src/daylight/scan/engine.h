// The inside of scan::Engine, for Scanner and Explain.
#pragma once

#include <memory>
#include <vector>

#include "daylight/rules/clamav/signature_set.h"
#include "daylight/rules/yara/rule_set.h"
#include "daylight/scan/scanner.h"

namespace dl::scan {

class Engine::Impl {
 public:
  std::vector<std::shared_ptr<const yara::RuleSet>> rule_sets;
  std::vector<std::shared_ptr<const clamav::SignatureSet>> signature_sets;
  // The numbers of their units, counted over all databases.
  std::vector<std::uint32_t> rule_units;
  std::vector<std::uint32_t> signature_units;
  std::size_t overlap_bytes = 0;  // The largest that any rule set needs.
};

}  // namespace dl::scan
