#include "daylight/rules/yara/pattern_errors.h"

#include <algorithm>

#include "daylight/rules/yara/codes.h"
#include "daylight/rules/yara/pattern_cost.h"

namespace dl::yara {
namespace {

using Kind = match::RegexpError::Kind;

Span Locate(const match::RegexpError& error, const Span& source) {
  const std::size_t size = source.end - source.begin;
  const std::size_t begin = std::min(error.offset, size);
  const std::size_t end = std::min(begin + std::max<std::size_t>(error.length, 1), size);
  return {source.file, source.begin + static_cast<std::uint32_t>(begin),
          source.begin + static_cast<std::uint32_t>(std::max(begin, end))};
}

const char* RegexpCode(Kind kind) {
  switch (kind) {
    case Kind::kTooLarge:
    case Kind::kTooDeep:
    case Kind::kOverflow: return code::kRegexpTooLarge;
    case Kind::kMixedGreediness: return code::kMixedGreediness;
    case Kind::kEscape: return code::kRegexpEscape;
    case Kind::kUnsupported: return code::kRegexpUnsupported;
    case Kind::kArbitraryPrefix: return code::kArbitraryPrefix;
    default: return code::kRegexpSyntax;
  }
}

const char* HexCode(Kind kind) {
  switch (kind) {
    case Kind::kTooLarge:
    case Kind::kTooDeep: return code::kHexTooLarge;
    case Kind::kJumpAtEdge:
    case Kind::kJumpInAlternative:
    case Kind::kInvalidJump:
    case Kind::kOverflow:
    case Kind::kRange: return code::kHexJump;
    default: return code::kHexSyntax;
  }
}

}  // namespace

RegexpText SplitRegexp(std::string_view token) {
  RegexpText out;
  const std::size_t slash = token.rfind('/');
  if (slash == std::string_view::npos || slash == 0) return out;
  out.source = token.substr(1, slash - 1);
  for (const char flag : token.substr(slash + 1)) {
    if (flag == 'i') out.nocase = true;
    if (flag == 's') out.dot_all = true;
  }
  return out;
}

void ReportRegexpError(Diagnostics& diagnostics, const match::RegexpError& error, const Span& source) {
  diagnostics.Error(RegexpCode(error.kind), Locate(error, source), "invalid regular expression",
                    Printable(error.message), Printable(error.hint));
}

bool CheckRegexpSize(Diagnostics& diagnostics, const match::ParsedRegexp& parsed, const Span& span) {
  if (WrittenOut(parsed.root) <= kMaxWrittenOut) return true;
  diagnostics.Error(code::kRegexpTooLarge, span, "invalid regular expression", "its repeats multiply to too much",
                    "repeat less inside a repeated group");
  return false;
}

void ReportHexError(Diagnostics& diagnostics, const match::RegexpError& error, const Span& source) {
  diagnostics.Error(HexCode(error.kind), Locate(error, source), "invalid hex string", Printable(error.message),
                    Printable(error.hint));
}

}  // namespace dl::yara
