// The byte sequences that a text pattern is looked for as.
//
//   for (const TextForm& form : FormsOfText(pattern)) Index(form);
//
// Forms with base64 are pieces of base64 text: a text can begin at any of the
// three bytes that four characters carry, and the characters at its ends that
// also carry bits of unknown neighbours are left out.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "daylight/match/pattern.h"

namespace dl::match {

struct TextForm {
  std::vector<std::uint8_t> values;
  std::vector<std::uint8_t> masks;  // Empty: every byte exactly.
  bool wide = false;                // For the neighbours that fullword looks at.
  bool is_xor = false;
  std::uint8_t rank = 0;  // Of two forms at one offset the lower counts.
  // Base64: what is encoded behind `base64_shift` bytes of a group of three.
  bool is_base64 = false;
  std::uint8_t base64_shift = 0;
  std::vector<std::uint8_t> plain;
};

std::vector<TextForm> FormsOfText(const Pattern& pattern);

// 64 characters: the pattern's own or those of RFC 4648, 4.
std::string_view Base64Alphabet(const Pattern& pattern);

}  // namespace dl::match
