// Would clamscan take this regular expression?
//
//   DL_TRY_STATUS(CheckExtendedExpression("a(b|c)+"));
//
// No state.
#pragma once

#include <string_view>

#include "daylight/base/error.h"

namespace dl::clamav {

// POSIX extended expressions, of .cdb, .zmd and .rmd: their syntax only.
Status CheckExtendedExpression(std::string_view pattern);

}  // namespace dl::clamav
