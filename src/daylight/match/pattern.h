// Pattern is one thing to look for, as the compilers of content describe it.
#pragma once

#include <cstdint>
#include <string>

#include "daylight/match/regexp_ast.h"

namespace dl::match {

struct Pattern {
  bool is_text = true;
  std::string text;         // is_text: the exact bytes, at least one.
  ParsedRegexp expression;  // Otherwise.
  bool ascii = true;
  bool wide = false;    // Every byte followed by a zero byte.
  bool nocase = false;  // Text only: expressions carry it in their classes.
  bool fullword = false;
  bool is_xor = false;  // Text only: with each one-byte key in [xor_min, xor_max].
  std::uint8_t xor_min = 0;
  std::uint8_t xor_max = 255;
  bool base64 = false;      // Text only: the three ways the text can lie in base64 text...
  bool base64wide = false;  // ...and that with every byte followed by a zero byte.
  std::string base64_alphabet;
  Dialect dialect = Dialect::kYara;
  // Only whether there is a match is ever asked: the search may stop at one.
  bool first_match_only = false;
  // The pattern's group: only groups that are live for an object are searched.
  std::uint32_t group = 0;
};

// One match. The bytes from a given offset on match at most once.
struct Match {
  std::uint64_t offset = 0;  // In the object, in bytes.
  std::uint64_t length = 0;  // In bytes.
  std::uint8_t xor_key = 0;
};

}  // namespace dl::match
