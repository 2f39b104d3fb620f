// An estimate of how well a string can be searched for: how long a piece of
// fixed bytes every match must hold. The matcher picks its own atoms; this one
// only decides which strings are worth a warning, so it errs towards silence.
#pragma once

#include "daylight/rules/yara/ast.h"

namespace dl::yara {

struct SearchCost {
  // Fixed bytes in the best place: enough from 2 on. A byte of two values (a
  // letter of either case) counts as fixed, one unknown byte may lie between.
  int fixed_bytes = 0;
  // All those bytes are one that files are full of (00, 20, CC, FF, 90).
  bool only_common = false;
  // `.*`, `.+` or `.{n,}` stands between two parts of the expression.
  bool unbounded_inside = false;
};

// How many byte positions an expression has with its repeats written out (jumps
// are not: they are only counted down). Past kMaxWrittenOut it is refused.
inline constexpr std::uint64_t kMaxWrittenOut = 1'000'000;
std::uint64_t WrittenOut(const match::RegexpNode& node);

SearchCost EstimateCost(const StringDefinition& string);

}  // namespace dl::yara
