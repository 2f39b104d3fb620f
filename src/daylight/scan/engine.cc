#include "daylight/scan/engine.h"

#include <algorithm>

namespace dl::scan {

Result<std::shared_ptr<const Engine>> Engine::Open(std::vector<std::shared_ptr<const database::Database>> databases) {
  auto impl = std::make_unique<Impl>();
  std::uint32_t number = 0;
  for (const auto& database : databases) {
    for (std::uint32_t unit = 0; unit < database->unit_count(); ++unit, ++number) {
      if (clamav::SignatureSet::IsIn(*database, unit)) {
        DL_TRY(auto signatures, clamav::SignatureSet::Open(database, unit));
        impl->overlap_bytes = std::max(impl->overlap_bytes, signatures->matcher().overlap_bytes());
        impl->signature_sets.push_back(std::move(signatures));
        impl->signature_units.push_back(number);
        continue;
      }
      DL_TRY(auto rules, yara::RuleSet::Open(database, unit));
      impl->overlap_bytes = std::max(impl->overlap_bytes, rules->matcher().overlap_bytes());
      impl->rule_sets.push_back(std::move(rules));
      impl->rule_units.push_back(number);
    }
  }
  return std::shared_ptr<const Engine>(new Engine(std::move(impl)));
}

Engine::Engine(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Engine::~Engine() = default;

}  // namespace dl::scan
