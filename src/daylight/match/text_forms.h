// The byte sequences that a text pattern is looked for as.
//
//   for (const TextForm& form : FormsOfText(pattern)) Index(form);
//
// Forms with base64 are pieces of base64 text: a text can begin at any of the
// three bytes that four characters carry, and the characters at its ends that
// also carry bits of unknown neighbours are left out.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "daylight/match/pattern.h"

namespace dl::match {

struct TextForm {
  std::vector<std::uint8_t> values;
  std::vector<std::uint8_t> masks;  // Empty: every byte exactly.
  bool wide = false;                // For the neighbours that fullword looks at.
  bool is_xor = false;
  std::uint8_t rank = 0;            // Of two forms at one offset the lower counts.
  // Base64: the characters next to this form that carry some of the text's
  // bits, as they must be for the text to be there (YARA-X checks them).
  bool is_base64 = false;
  std::string leading;   // Which characters may stand right before; empty: any or none.
  std::string trailing;  // ...and right behind.
};

std::vector<TextForm> FormsOfText(const Pattern& pattern);

}  // namespace dl::match
