// How many matches are where, and how many turns a percentage is.
#pragma once

#include <cstdint>
#include <span>

#include "daylight/match/pattern.h"

namespace dl::yara {

// Matches are in the order of their offsets.
bool FoundAt(std::span<const match::Match> matches, std::int64_t offset);
// From `first` to `last`, both included.
std::int64_t CountIn(std::span<const match::Match> matches, std::int64_t first, std::int64_t last);

// The least number of `total` that makes up the percentage. YARA compares
// the quotient in floating point: 29 of 50 are not 58 % there. YARA-X
// computes the count, and they are.
std::uint64_t CountForPercent(std::int64_t percent, std::uint64_t total, match::Dialect dialect);

}  // namespace dl::yara
