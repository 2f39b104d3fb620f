// Sets of Unicode code points as trees over bytes: what `.` and classes become
// where (?u) is in force.
//
//   DL_TRY_PARSE(Built any, BuildUtf8({{0, 0x10ffff}}, offset));
//
// Private to the parser of YARA-X's expressions.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "daylight/match/regexp_builder.h"

namespace dl::match {

inline constexpr std::uint32_t kMaxCodePoint = 0x10ffff;

using CodePointRanges = std::vector<std::pair<std::uint32_t, std::uint32_t>>;

// Sorted, disjoint, without surrogates.
CodePointRanges Normalize(CodePointRanges ranges);
// All other code points. Takes normalized ranges.
CodePointRanges Complement(const CodePointRanges& ranges);

std::string EncodeUtf8(std::uint32_t code_point);
// Decodes the character at `at`; false when it is not well-formed (Unicode 15,
// table 3-7). *length is how many bytes it has.
bool DecodeUtf8(std::string_view text, std::size_t at, std::uint32_t* code_point, std::size_t* length);

// One code point out of `ranges` (normalized), as alternatives of byte classes.
ParseResult<Built> BuildUtf8(const CodePointRanges& ranges, std::size_t offset);

}  // namespace dl::match
