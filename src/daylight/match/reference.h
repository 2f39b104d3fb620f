// The slow, obvious matcher: the oracle that every faster one is compared
// with. It tries each start offset and enumerates all ends from the syntax
// tree, with no atoms, no prefilter and no automaton.
//
//   for (const Match& match : FindAllSlowly(pattern, AsBytes("x=abc")))
//     Use(match.offset, match.length);
//
// What it says is what YARA says (tests/differential/regexp_vs_yara.py holds
// it against the real one), with one exception: YARA runs an expression at most
// kRegexpReach bytes in each direction from an atom. There are no atoms here,
// so there is no limit. Time grows with the square of the object.
#pragma once

#include <vector>

#include "daylight/bytes/bytes.h"
#include "daylight/match/pattern.h"

namespace dl::match {

// All matches of `pattern` in `object`, by ascending offset.
std::vector<Match> FindAllSlowly(const Pattern& pattern, Bytes object);

// All lengths that a match at `start` could have, the preferred first: for
// comparisons with matchers that prefer another. Not for texts or chains.
std::vector<std::uint64_t> PossibleLengths(const Pattern& pattern, Bytes object, std::size_t start);

}  // namespace dl::match
