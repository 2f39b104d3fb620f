// Regular expressions and hex strings as they stand in the text, and what is
// wrong with them as diagnostics.
#pragma once

#include <string_view>

#include "daylight/match/regexp_ast.h"
#include "daylight/rules/yara/diagnostics.h"

namespace dl::yara {

struct RegexpText {
  std::string_view source;  // Between the slashes, `\/` still escaped.
  bool nocase = false;
  bool dot_all = false;
};
// `token` is /.../flags.
RegexpText SplitRegexp(std::string_view token);

// `source` is where the source begins, after its `/` or `{`.
void ReportRegexpError(Diagnostics& diagnostics, const match::RegexpError& error, const Span& source);
// Error[E411] when the expression, or its repeats written out, is too large.
bool CheckRegexpSize(Diagnostics& diagnostics, const match::ParsedRegexp& parsed, const Span& span);
void ReportHexError(Diagnostics& diagnostics, const match::RegexpError& error, const Span& source);

}  // namespace dl::yara
