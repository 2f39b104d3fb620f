// The slow, obvious matcher: the oracle that every faster one is compared
// with. It tries each start offset and enumerates all ends from the syntax
// tree, with no atoms, no prefilter and no automaton.
#pragma once

#include <vector>

#include "daylight/match/pattern.h"
#include "daylight/bytes/bytes.h"

namespace dl::match {

// All matches of `pattern` in `object`, by ascending offset.
std::vector<Match> FindAllSlowly(const Pattern& pattern, Bytes object);

}  // namespace dl::match
