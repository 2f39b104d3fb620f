// A body pattern of a type definition, cut into parts of fixed length with gaps
// between them, and the offset it is bound to.
//
//   DL_TRY(const TypePattern pattern, ParseTypePattern("3c6120*(68|48)72", "*"));
//   pattern.parts[1].Matches(bytes, position);
#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "daylight/base/error.h"
#include "daylight/bytes/bytes.h"

namespace dl::filetype {

struct PatternByte {
  std::uint8_t value = 0;
  std::uint8_t mask = 0xff;   // Of value.
  std::int16_t choices = -1;  // Index in PatternPart::choices instead of value.
};

struct PatternPart {
  std::vector<PatternByte> bytes;
  std::vector<std::bitset<256>> choices;
  // From the end of the part before; no limit without gap_max.
  std::uint32_t gap_min = 0;
  std::optional<std::uint32_t> gap_max;
  // The search looks for bytes[anchor_end - 1] and bytes[anchor_end], which
  // are literal.
  std::uint32_t anchor_end = 0;

  bool Matches(Bytes bytes_to_search, std::uint64_t position) const;
  std::uint16_t AnchorKey() const;
};

struct PatternOffset {
  enum class From : std::uint8_t { kAnywhere, kStart, kEnd };
  From from = From::kAnywhere;
  std::uint32_t value = 0;
  std::uint32_t shift = 0;

  // Whether a match at `position` of `size` bytes counts. `size` is unknown
  // (and nothing at the end is found) when only the head is looked at.
  bool Allows(std::uint64_t position, std::optional<std::uint64_t> size) const;
};

struct TypePattern {
  std::vector<PatternPart> parts;
  PatternOffset offset;
};

inline constexpr std::size_t kMaxPatternBytes = 8192;

Result<PatternOffset> ParsePatternOffset(std::string_view text);
Result<TypePattern> ParseTypePattern(std::string_view hex, std::string_view offset);
// Plain hexadecimal.
Result<std::vector<std::uint8_t>> ParseHexBytes(std::string_view hex);

}  // namespace dl::filetype
