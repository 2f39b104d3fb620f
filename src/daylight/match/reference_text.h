// The text half of the reference matcher: all the ways a text may lie in an
// object (wide, xored, in base64), spelled out one by one.
//
//   const auto variants = TextVariants(pattern);
//   const auto match = MatchText(pattern, variants, object, offset);
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daylight/bytes/bytes.h"
#include "daylight/match/pattern.h"

namespace dl::match {

// One sequence of bytes that means the text is there.
struct TextVariant {
  std::string bytes;
  bool wide = false;
  std::uint8_t xor_key = 0;
  // In base64: how many bytes of the first group stand before the text, and so
  // how many characters were trimmed.
  int base64_shift = -1;
  std::string plain;  // In base64: what is encoded.
};

// By descending preference: at one offset the first that matches counts.
std::vector<TextVariant> TextVariants(const Pattern& pattern);

std::optional<Match> MatchText(const Pattern& pattern, const std::vector<TextVariant>& variants, Bytes object,
                               std::size_t start);

// Whether no letter or digit touches [start, end). With wide, that is one
// followed by a zero byte. `key` undoes an xor of the neighbours.
bool IsFullWord(Bytes object, std::size_t start, std::size_t end, bool wide, std::uint8_t key);

}  // namespace dl::match
