// How a condition uses each string of its rule, and so how much of the search
// it needs: any match will do, all matches, or only the one at a fixed place.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "daylight/rules/yara/ast.h"

namespace dl::yara {

struct StringUsage {
  // Nothing but whether there is a match is ever asked.
  bool existence_only = true;
  // Every use is `at` this constant, and the string is literal: matches
  // elsewhere are not even listed (as in YARA, which lists those of other
  // strings wherever they are).
  std::optional<std::uint64_t> fixed_offset;
};

// One for each string of the rule.
std::vector<StringUsage> AnalyzeStringUsage(const Rule& rule);

// A string as bytes to compare in place: (object[i] & mask[i]) == value[i].
struct AnchoredForm {
  std::string value;
  std::string mask;
  std::uint32_t fullword = 0;  // 0 no, 1 ASCII, 2 wide.
};

// The forms to try in order, or none when the string is not a plain sequence
// of bytes (then it is searched, and its matches elsewhere are dropped).
std::vector<AnchoredForm> AnchoredForms(const StringDefinition& string);

}  // namespace dl::yara
