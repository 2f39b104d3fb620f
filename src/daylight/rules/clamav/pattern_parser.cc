// Body patterns: gaps split a pattern into parts, a part is read byte by byte.
#include "daylight/rules/clamav/pattern_parser.h"

#include <algorithm>

#include "daylight/rules/clamav/reader.h"
#include "daylight/rules/clamav/text.h"

namespace dl::clamav {
namespace internal {

bool ParseMaskedByte(char high, char low, bool nocase, MaskedByte& byte) {
  const int high_value = HexValue(high);
  const int low_value = HexValue(low);
  if (high_value >= 0 && low_value >= 0) {
    byte.value = static_cast<std::uint8_t>(high_value * 16 + low_value);
    byte.mask = 0xff;
    if (nocase && IsLetter(byte.value)) {
      byte.mask = 0xdf;
      byte.value &= 0xdf;
    }
    return true;
  }
  if ((high_value < 0 && high != '?') || (low_value < 0 && low != '?')) return false;
  byte.mask = static_cast<std::uint8_t>((high_value >= 0 ? 0xf0 : 0) | (low_value >= 0 ? 0x0f : 0));
  byte.value = static_cast<std::uint8_t>((high_value >= 0 ? high_value * 16 : 0) + (low_value >= 0 ? low_value : 0));
  return true;
}

}  // namespace internal

namespace {

using internal::Modifiers;

constexpr std::size_t kMinPartBytes = 2;
constexpr std::size_t kMinBoyerMooreBytes = 3;
// As far as clamscan's prefilter looks into a part.
constexpr std::size_t kPrefilterBytes = 255;

// Targets whose patterns clamscan searches with a prefilter, and those it does
// not search with Aho-Corasick alone.
bool HasPrefilter(std::uint32_t target) { return target == 0 || target == 1 || target == 4 || target == 7; }
bool HasBoyerMoore(std::uint32_t target) { return target <= 1; }

class PartParser {
 public:
  PartParser(const Modifiers& modifiers, const PatternContext& context) : modifiers_(modifiers), context_(context) {}

  Status Parse(std::string_view text, Part& part) {
    if (text.size() / 2 < kMinPartBytes) return Fail(ErrorCode::kMalformed, "a part is shorter than two bytes");
    if (text.find('[') != std::string_view::npos) DL_TRY_STATUS(TakeAnchors(text, part));
    groups_are_of_bytes_.clear();
    part.tokens.reserve(text.size() / 2);
    for (std::size_t at = 0; at < text.size();) {
      const bool is_negated = text[at] == '!' && at + 1 < text.size() && text[at + 1] == '(';
      if (text[at] == '(' || is_negated) {
        DL_TRY(at, TakeGroup(text, at, is_negated, part));
        continue;
      }
      if (at + 1 == text.size()) return Fail(ErrorCode::kMalformed, "odd number of hexadecimal digits");
      Token token;
      if (!internal::ParseMaskedByte(text[at], text[at + 1], modifiers_.nocase, token.byte)) {
        return Fail(ErrorCode::kMalformed, "not a hexadecimal byte, wildcard or group");
      }
      part.tokens.push_back(token);
      at += 2;
    }
    return Check(part);
  }

 private:
  // aa[x-y] in front and [x-y]aa at the end; leaves what is between them.
  Status TakeAnchors(std::string_view& text, Part& part) {
    for (int round = 0; round < 2; ++round) {
      const std::size_t open = text.find('[');
      if (open == std::string_view::npos) return {};
      const std::size_t close = text.find(']', open);
      if (close == std::string_view::npos) return Fail(ErrorCode::kMalformed, "[ without ]");
      std::string_view range = text.substr(open + 1, close - open - 1);
      std::uint32_t min = 0;
      if (!ScanUnsigned(range, min)) return Fail(ErrorCode::kMalformed, "[x-y]: x is not a number");
      std::uint32_t max = min;
      if (range.starts_with('-')) {
        range.remove_prefix(1);
        if (!ScanUnsigned(range, max)) max = min;
      }
      if (min > max || max > kMaxAnchorDistance)
        return Fail(ErrorCode::kMalformed, "[x-y]: x to y is not within 0 to 32");
      const std::string_view before = text.substr(0, open);
      const std::string_view after = text.substr(close + 1);
      if (before.size() == 2) {
        if (round > 0)
          return Fail(ErrorCode::kMalformed, "only a single byte in front of [x-y] or behind it is possible");
        DL_TRY_STATUS(SetAnchor(before, min, max, part.before));
        text = after;
      } else if (after.size() == 2) {
        DL_TRY_STATUS(SetAnchor(after, min, max, part.after));
        text = before;
        return {};
      } else {
        return Fail(ErrorCode::kMalformed, "[x-y] must stand beside the first or the last byte of a part");
      }
    }
    return {};
  }

  Status SetAnchor(std::string_view digits, std::uint32_t min, std::uint32_t max, Anchor& anchor) const {
    if (!internal::ParseMaskedByte(digits[0], digits[1], modifiers_.nocase, anchor.byte)) {
      return Fail(ErrorCode::kMalformed, "the byte beside [x-y] is not hexadecimal");
    }
    // A ?? there is not looked for at all, nor is a byte whose low nibble is
    // free: its flag has the bit of ??.
    anchor.is_there = (anchor.byte.mask & 0x0f) != 0;
    anchor.min = static_cast<std::uint8_t>(min);
    anchor.max = static_cast<std::uint8_t>(max);
    return {};
  }

  // The group at `at`; returns the position behind it.
  Result<std::size_t> TakeGroup(std::string_view text, std::size_t at, bool is_negated, Part& part) {
    const std::size_t open = at + (is_negated ? 1 : 0);
    std::size_t nested = 0;
    std::size_t level = 0;
    std::size_t close = open + 1;
    for (; close < text.size(); ++close) {
      if (text[close] == '(') {
        ++nested;
        ++level;
      } else if (text[close] == ')') {
        if (level == 0) break;
        --level;
      }
    }
    if (close == text.size()) return Fail(ErrorCode::kMalformed, "( without )");
    const std::string_view inside = text.substr(open + 1, close - open - 1);
    if (inside.empty()) return Fail(ErrorCode::kMalformed, "empty parentheses");
    if (nested > kMaxNestedGroups) return Fail(ErrorCode::kMalformed, "more than 15 groups within a group");
    if (inside == "B" || inside == "L" || inside == "W") {
      TakeMarker(inside[0], is_negated, open == 0, close + 1 == text.size(), part);
      return close + 1;
    }
    DL_TRY(auto choices, internal::ParseChoices(inside, is_negated, modifiers_, choices_left_, bytes_left_));
    Token token;
    token.kind = TokenKind::kAlternative;
    token.is_negated = is_negated;
    token.index = static_cast<std::uint32_t>(part.alternatives.size());
    part.alternatives.push_back(std::move(choices.alternative));
    part.tokens.push_back(token);
    groups_are_of_bytes_.push_back(choices.is_of_bytes);
    return close + 1;
  }

  // A negated marker at the start is one within the part: clamscan looks for
  // the parenthesis, and finds the exclamation mark.
  static void TakeMarker(char marker, bool is_negated, bool is_first, bool is_last, Part& part) {
    const int flag = marker == 'B' ? kMarkBoundary : marker == 'L' ? kMarkLine : kMarkWord;
    const auto flags = static_cast<std::uint8_t>(is_negated ? flag * 3 : flag);
    if (is_last) {
      part.right |= flags;
    } else if (is_first) {
      part.left |= flags;
    } else {
      Token token;
      token.kind = marker == 'B'   ? TokenKind::kBoundary
                   : marker == 'L' ? TokenKind::kLineMarker
                                   : TokenKind::kWordMarker;
      token.is_negated = is_negated;
      part.tokens.push_back(token);
    }
  }

  Status Check(const Part& part) const {
    if (part.tokens.size() < kMinPartBytes) return Fail(ErrorCode::kMalformed, "a part is shorter than two bytes");
    if (part.tokens.size() > kMaxPartBytes) return Fail(ErrorCode::kMalformed, "a part is longer than 65535 bytes");
    if (context_.target && HasPrefilter(*context_.target)) DL_TRY_STATUS(CheckPrefilter(part));
    for (std::size_t i = 1; i < part.tokens.size(); ++i) {
      if (IsExact(part.tokens[i - 1]) && IsExact(part.tokens[i])) return {};
    }
    return Fail(ErrorCode::kMalformed, "a part without two neighbouring bytes that are no wildcards");
  }

  static bool IsExact(const Token& token) { return token.kind == TokenKind::kByte && (token.byte.mask | 0x20) == 0xff; }

  // For the targets whose files it prefilters, clamscan refuses parts of which
  // it can make no filter: of the bytes before the first marker or group of
  // texts, two neighbours must be there that are not both ??.
  Status CheckPrefilter(const Part& part) const {
    std::size_t group = 0;
    const auto is_usable = [&](const Token& token) {
      if (token.kind == TokenKind::kByte) return true;
      return token.kind == TokenKind::kAlternative && groups_are_of_bytes_[group];
    };
    std::size_t at = 0;
    while (at < part.tokens.size() && !is_usable(part.tokens[at])) {
      if (part.tokens[at].kind == TokenKind::kAlternative) ++group;
      ++at;
    }
    bool has_before = false;
    bool before_is_any = false;
    for (; at < std::min(part.tokens.size(), kPrefilterBytes) && is_usable(part.tokens[at]); ++at) {
      if (part.tokens[at].kind == TokenKind::kAlternative) ++group;
      const bool is_any = part.tokens[at].kind == TokenKind::kByte && part.tokens[at].byte.mask == 0;
      if (has_before && !(before_is_any && is_any)) return {};
      has_before = true;
      before_is_any = is_any;
    }
    return Fail(ErrorCode::kMalformed, "no two bytes before the first group or marker to prefilter by");
  }

  const Modifiers& modifiers_;
  const PatternContext& context_;
  std::vector<bool> groups_are_of_bytes_;
  std::size_t choices_left_ = kMaxChoices;
  std::size_t bytes_left_ = kMaxChoiceBytes;
};

// Leading {n} below 128 become as many ??: up to the first gap that is not one.
Result<std::string> ExpandShortGaps(std::string_view text, std::size_t open) {
  std::string expanded;
  while (true) {
    std::string_view rest = text.substr(open + 1);
    std::uint64_t n = 0;
    if (!ScanUnsigned64(rest, n) || !rest.starts_with('}') || n == 0 || n >= kGapsThatAreBytes) break;
    expanded += text.substr(0, open);
    expanded.append(2 * n, '?');
    if (expanded.size() > kMaxPatternText) return Fail(ErrorCode::kBudget, "a pattern with too many wildcard bytes");
    text = rest.substr(1);
    open = text.find('{');
    if (open == std::string_view::npos) break;
  }
  expanded += text;
  return expanded;
}

// n, n-m, -m, n-, - or nothing between braces. No upper bound is the same as 0.
Status ParseGap(std::string_view text, Part& part) {
  const auto number = [](std::string_view digits, std::uint32_t& value) {
    if (!IsNumber(digits) || Atoi(digits) < 0) return false;
    value = AtoiUnsigned(digits);
    return true;
  };
  std::uint32_t min = 0;
  std::uint32_t max = 0;
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) {
    if (!number(text, min)) return Fail(ErrorCode::kMalformed, "{n}: n is not a number");
    max = min;
  } else {
    // Dashes in a row count as one, and those at the end not at all.
    std::string_view rest = text.substr(dash);
    rest.remove_prefix(std::min(rest.find_first_not_of('-'), rest.size()));
    while (rest.ends_with('-')) rest.remove_suffix(1);
    if (rest.find('-') != std::string_view::npos || !number(text.substr(0, dash), min) || !number(rest, max)) {
      return Fail(ErrorCode::kMalformed, "{n-m}: n and m are not numbers");
    }
  }
  part.gap_min = min;
  part.gap_max = max == 0 ? kUnbounded : max;
  return {};
}

Status CheckNesting(std::string_view text) {
  std::size_t level = 0;  // Wraps below zero, as there: then any gap is refused.
  for (const char c : text) {
    if (c == '(') ++level;
    if (c == ')') --level;
    if ((c == '{' || c == '*') && level != 0) {
      return Fail(ErrorCode::kMalformed, "* and {n-m} are not possible within parentheses");
    }
  }
  return {};
}

Result<Pattern> ParseText(std::string_view text, const Modifiers& modifiers, const PatternContext& context) {
  std::string expanded;
  std::size_t open = text.find('{');
  if (open != std::string_view::npos) {
    DL_TRY(expanded, ExpandShortGaps(text, open));
    text = expanded;
    open = text.find('{');
  }
  const bool has_gaps = open != std::string_view::npos || text.find('*') != std::string_view::npos;
  if (has_gaps) DL_TRY_STATUS(CheckNesting(text));
  Pattern pattern;
  pattern.is_wide = modifiers.wide;
  PartParser parser(modifiers, context);
  Part part;
  while (has_gaps) {
    const std::size_t gap = text.find_first_of("{*");
    if (gap == std::string_view::npos) break;
    DL_TRY_STATUS(parser.Parse(text.substr(0, gap), part));
    pattern.parts.push_back(std::move(part));
    part = Part{};
    part.gap_max = kUnbounded;
    if (text[gap] == '*') {
      text.remove_prefix(gap + 1);
      continue;
    }
    const std::size_t close = text.find('}', gap);
    if (close == std::string_view::npos) return Fail(ErrorCode::kMalformed, "{ without }");
    DL_TRY_STATUS(ParseGap(text.substr(gap + 1, close - gap - 1), part));
    text.remove_prefix(close + 1);
  }
  DL_TRY_STATUS(parser.Parse(text, part));
  pattern.parts.push_back(std::move(part));
  return pattern;
}

}  // namespace

Result<std::vector<Pattern>> ParseModified(std::string_view text, std::string_view letters,
                                           const PatternContext& context) {
  Modifiers modifiers;
  for (const char letter : letters) {
    switch (letter) {
      case 'i': modifiers.nocase = true; break;
      case 'f': modifiers.fullword = true; break;
      case 'w': modifiers.wide = true; break;
      case 'a': modifiers.ascii = true; break;
      default: return Fail(ErrorCode::kMalformed, "a modifier that is not i, f, w or a");
    }
  }
  std::vector<Pattern> patterns;
  std::string marked;
  if (modifiers.fullword) {
    DL_TRY(marked, internal::WithWordMarkers(text));
    text = marked;
  }
  if (modifiers.wide) {
    DL_TRY(const std::string wide, internal::Widened(text));
    DL_TRY(Pattern pattern, ParseText(wide, modifiers, context));
    patterns.push_back(std::move(pattern));
    if (!modifiers.ascii) return patterns;
    modifiers.wide = false;
  }
  DL_TRY(Pattern pattern, ParseText(text, modifiers, context));
  patterns.push_back(std::move(pattern));
  return patterns;
}

Result<Pattern> ParsePlain(std::string_view text, std::string_view offset, const PatternContext& context) {
  if (context.target && HasBoyerMoore(*context.target)) {
    const bool is_plain = text.find_first_of("{*?([") == std::string_view::npos;
    const bool is_off_limits = *context.target == 1 && (offset == "*" || offset.find(',') != std::string_view::npos);
    if (is_plain && !is_off_limits && offset.find("VI") == std::string_view::npos &&
        offset.find('$') == std::string_view::npos) {
      if (text.size() / 2 < kMinBoyerMooreBytes) {
        return Fail(ErrorCode::kMalformed, "shorter than three bytes, the least for this target and offset");
      }
      return ParseText(text, {}, {});
    }
  }
  return ParseText(text, {}, context);
}

Result<Pattern> ParsePattern(std::string_view text) { return ParseText(text, {}, {}); }

}  // namespace dl::clamav
