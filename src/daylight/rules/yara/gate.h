// Gate is a necessary condition of a rule that is cheap to test: bytes near
// the object's beginning and bounds of its size.
//
//   const Gate gate = DeriveGate(rule.condition, ...);
//
// A gate is proven from the condition: when the gate is closed the condition
// is false, whatever else the object holds. An open gate promises nothing.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <vector>

#include "daylight/rules/yara/ast.h"

namespace dl::yara {

struct Magic {
  std::uint32_t offset = 0;
  std::uint32_t length = 0;  // At most 8.
  std::array<std::uint8_t, 8> value{};
  std::array<std::uint8_t, 8> mask{};
  auto operator<=>(const Magic&) const = default;
};

struct Gate {
  // One of these must be there; `any` is true when nothing is required. A gate
  // that requires one of no magics is never open.
  bool any = true;
  std::vector<Magic> magics;  // Sorted, without duplicates.
  std::uint64_t min_filesize = 0;
  std::uint64_t max_filesize = std::numeric_limits<std::uint64_t>::max();

  static Gate Open() { return {}; }
  static Gate Never();
};

// What must hold when both must, or one of both must.
Gate Both(const Gate& a, const Gate& b);
Gate Either(const Gate& a, const Gate& b);

// `rule_gates`: those of the rules before, which this one may refer to.
Gate DeriveGate(const Rule& rule, const Compilation& compilation, const std::vector<Gate>& rule_gates);

// Whether the condition can be true, or speak to the user, although no string of
// the rule matches and no rule that it refers to came to hold by a match.
bool MattersWithoutMatch(const Rule& rule, const Compilation& compilation, const std::vector<bool>& rules_that_do);

// The gate of that case, for a rule that matters without a match: narrower than
// its own where only a part of the condition needs none, as in
// `any of them or (uint16(0) == 0x5a4d and pe.imphash() == "...")`.
Gate DeriveGateWithoutMatch(const Rule& rule, const Compilation& compilation, const std::vector<Gate>& rule_gates,
                            const std::vector<bool>& rules_that_do);

}  // namespace dl::yara
