// Would clamscan take this regular expression?
//
//   DL_TRY_STATUS(CheckRegexp("a(b|c)+", "is"));
//
// No state. Both compile what they check, within bounds, and forget it.
#pragma once

#include <string_view>

#include "daylight/base/error.h"

namespace dl::clamav {

// Of PCRE subsignatures; of the flags, i, s, m, x, A, E and U count.
Status CheckRegexp(std::string_view pattern, std::string_view flags);

// POSIX extended expressions, of .cdb, .zmd and .rmd: their syntax only.
Status CheckExtendedExpression(std::string_view pattern);

}  // namespace dl::clamav
