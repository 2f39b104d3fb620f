// The syntax tree that regular expressions and hex strings are parsed into:
// what the automata are built from and what atoms are chosen from.
//
//   const auto parsed = ParseRegexp("ab.*c", {.dot_all = true});
//   if (!parsed) Report(parsed.error().offset, parsed.error().message);
//
// A tree is a value: owned by whoever holds it, no sharing. Depth is bounded by
// kMaxRegexpDepth, so recursion over a tree is safe.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace dl::match {

inline constexpr std::uint32_t kUnbounded = 0xffffffff;
inline constexpr int kMaxRegexpDepth = 200;

// A set of byte values.
class ByteSet {
 public:
  static ByteSet All();
  static ByteSet Single(std::uint8_t byte);
  // All b with (b & mask) == value.
  static ByteSet Masked(std::uint8_t value, std::uint8_t mask);
  void Add(std::uint8_t byte) { words_[byte >> 6] |= std::uint64_t{1} << (byte & 63); }
  void AddRange(std::uint8_t first, std::uint8_t last);
  void Remove(std::uint8_t byte) { words_[byte >> 6] &= ~(std::uint64_t{1} << (byte & 63)); }
  bool Contains(std::uint8_t byte) const { return (words_[byte >> 6] >> (byte & 63)) & 1; }
  void Invert();
  void Union(const ByteSet& other);
  // Adds the other case of every ASCII letter.
  void FoldCase();
  int Count() const;
  bool operator==(const ByteSet&) const = default;
  const std::array<std::uint64_t, 4>& words() const { return words_; }

 private:
  std::array<std::uint64_t, 4> words_{};
};

enum class RegexpKind : std::uint8_t {
  kEmpty,            // Matches the empty string.
  kClass,            // One byte out of `set`.
  kConcat,           // Children in order.
  kAlternate,        // One of the children.
  kRepeat,           // The only child, min to max times.
  kWordBoundary,     // \b
  kNotWordBoundary,  // \B
  // With wide in YARA-X, one odd byte before ^ or after $ is let pass.
  kStart,  // ^: offset 0 of the object.
  kEnd,    // $: the end of the object.
  // YARA-X only.
  kLineStart,      // (?m)^: offset 0 or after \n, \r or \r\n.
  kLineEnd,        // (?m)$: the end or before \n, \r or \r\n.
  kWordStart,      // \b{start}: no word byte before, one after.
  kWordEnd,        // \b{end}: a word byte before, none after.
  kWordStartHalf,  // \b{start-half}: no word byte before.
  kWordEndHalf,    // \b{end-half}: no word byte after.
};

struct RegexpNode {
  RegexpKind kind = RegexpKind::kEmpty;
  bool greedy = true;     // kRepeat.
  bool is_jump = false;   // kRepeat: written as a jump of a hex string, or .{n,m}? (may be chained).
  std::uint32_t min = 0;  // kRepeat.
  std::uint32_t max = 0;  // kRepeat; kUnbounded.
  ByteSet set;            // kClass.
  std::vector<RegexpNode> children;
};

struct ParsedRegexp {
  RegexpNode root;
  // In YARA, what occurs zero times only and is all there is, as in /a{,0}/,
  // stays in the tree: such an expression matches the empty string, but only
  // where what is repeated matches.
  bool matches_nothing() const { return root.kind == RegexpKind::kRepeat && root.max == 0; }
  // A greedy quantifier occurs. Which of several matches at one start counts
  // does not follow from it: in YARA and YARA-X alike that is the first in
  // order of priority, as in Perl (earlier alternatives first, greedy
  // quantifiers try more first, lazy ones fewer): /the (cat|caterpillar)/ finds
  // "the cat", the other way round "the caterpillar".
  bool greedy = false;
  // Byte offsets in the source of things the compiler warns about.
  std::vector<std::size_t> consecutive_jumps;
};

struct RegexpError {
  enum class Kind : std::uint8_t {
    kSyntax,
    kRange,
    kClassRange,
    kEmptyClass,
    kTooLarge,
    kTooDeep,
    kMixedGreediness,
    kEscape,
    kUnsupported,
    kOverflow,
    kJumpAtEdge,
    kJumpInAlternative,
    kInvalidJump,
    kUnevenHex,
    kNegatedWildcard,
    kArbitraryPrefix,
    kMatchesEmpty,
  };
  Kind kind = Kind::kSyntax;
  std::size_t offset = 0;  // In the source text.
  std::size_t length = 1;
  std::string message;  // What is wrong, as a diagnostic prints it.
  std::string hint;     // How to mend it; may be empty.
};

enum class Dialect : std::uint8_t { kYara, kYaraX };

struct RegexpOptions {
  bool nocase = false;
  bool dot_all = false;
  Dialect dialect = Dialect::kYara;
  // For the `matches` operator and functions that take an expression: YARA-X's
  // rules for strings (nothing that matches the empty string, no arbitrary
  // prefix, no mixed greediness) do not apply.
  bool for_search = false;
};

// `source` is what stands between the slashes, with `\/` still escaped.
tl::expected<ParsedRegexp, RegexpError> ParseRegexp(std::string_view source, const RegexpOptions& options);

// `source` is what stands between the braces, comments included.
tl::expected<ParsedRegexp, RegexpError> ParseHexString(std::string_view source, Dialect dialect);

}  // namespace dl::match
