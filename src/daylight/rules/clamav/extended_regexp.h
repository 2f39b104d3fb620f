// POSIX extended regular expressions, as the phishing databases have them, for
// our automata, which need linear time whatever the expression.
//
//   DL_TRY(const match::ParsedRegexp parsed, ParseExtendedRegexp(".+\\.example\\.com/"));
//   DL_TRY(const std::vector<std::string> endings, EndingsOf(text));
//
// The syntax is that of the library which clamscan carries (bytes, case counts,
// `.` is any byte, repetitions up to 255).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daylight/base/error.h"
#include "daylight/match/regexp_ast.h"

namespace dl::clamav {

Result<match::ParsedRegexp> ParseExtendedRegexp(std::string_view text);

// clamscan tries an expression only on texts that contain one of its endings:
// the literal texts (backwards) that it can end in, as far back as they are
// literal. Its way to find them knows less than the expressions themselves (it
// takes braces and ^ for text, and character classes for their letters), so
// that some expressions never match; the same is done here. Each has at least
// two bytes: an expression with a shorter one is refused, as there.
Result<std::vector<std::string>> EndingsOf(std::string_view text);

}  // namespace dl::clamav
