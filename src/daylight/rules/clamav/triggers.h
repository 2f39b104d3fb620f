// Triggers: of each signature a few fixed texts, at least one of which is in
// whatever it matches. The search looks for these alone.
//
//   const std::vector<match::Pattern> triggers = ChooseTriggers(signature, group);
//
// Empty: nothing must be there (a negation, an image's hash), so the signature
// is a candidate for every object of its target.
#pragma once

#include <vector>

#include "daylight/match/pattern.h"
#include "daylight/rules/clamav/signature.h"

namespace dl::clamav {

std::vector<match::Pattern> ChooseTriggers(const LogicalSignature& signature, std::uint32_t group);

}  // namespace dl::clamav
