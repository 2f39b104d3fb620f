// Reads body patterns as clamscan's loader does: what it refuses is refused,
// with the reason.
//
//   PatternContext context;
//   context.target = 1;
//   DL_TRY(auto patterns, ParseModified("4d5a??[1-3]90", "iw", context));
//
// No state. ParsePattern() of reader.h is the form without modifiers.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daylight/base/error.h"
#include "daylight/rules/clamav/signature.h"

namespace dl::clamav {

// All choices of all alternatives of one pattern, multiplied out, and their
// bytes. clamscan's own bounds are its lines (32 KiB) and 15 groups in a group.
inline constexpr std::size_t kMaxChoices = 1U << 16;
inline constexpr std::size_t kMaxChoiceBytes = 1U << 20;
inline constexpr std::size_t kMaxNestedGroups = 15;
inline constexpr std::size_t kMaxAnchorDistance = 32;
// A part's length is kept in 16 bits there.
inline constexpr std::size_t kMaxPartBytes = 65535;
// {n} below this many bytes stands for as many ??.
inline constexpr std::uint64_t kGapsThatAreBytes = 128;
// A {n} costs four characters and stands for up to 127 bytes.
inline constexpr std::size_t kMaxPatternText = 1U << 21;

struct PatternContext {
  // The target whose patterns these are; nullopt: none, so that what depends on
  // the target is not checked.
  std::optional<std::uint32_t> target;
};

// `modifiers`: letters of i, w, f and a, in any order. One pattern, or two with
// w and a: the wide one first.
Result<std::vector<Pattern>> ParseModified(std::string_view text, std::string_view modifiers,
                                           const PatternContext& context);

// The pattern of a .db or .ndb line. `offset` decides what is too short: two
// bytes, or three where clamscan searches with its Boyer-Moore matcher.
Result<Pattern> ParsePlain(std::string_view text, std::string_view offset, const PatternContext& context);

// "EOF-100,10". `target` decides which kinds there are.
Result<Offset> ParseOffset(std::string_view text, std::uint32_t target);

namespace internal {

struct Modifiers {
  bool nocase = false;
  bool wide = false;
  bool fullword = false;
  bool ascii = false;
  bool any() const { return nocase || wide || fullword || ascii; }
};

// (W)...(W) of f and the zero bytes of w, as text.
Result<std::string> WithWordMarkers(std::string_view text);
Result<std::string> Widened(std::string_view text);

// What stands between the parentheses of a group.
struct Choices {
  Alternative alternative;
  bool is_of_bytes = false;  // Of single bytes without wildcards.
};
Result<Choices> ParseChoices(std::string_view text, bool is_negated, const Modifiers& modifiers,
                             std::size_t& budget_choices, std::size_t& budget_bytes);

// Two characters: aa, a?, ?a or ??. False when they are none of these.
bool ParseMaskedByte(char high, char low, bool nocase, MaskedByte& byte);

}  // namespace internal
}  // namespace dl::clamav
