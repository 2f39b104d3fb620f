// Regular expressions in YARA's own syntax (YARA manual, "Regular expressions";
// the finer points were found by asking yara).
//
//   alternative   = concatenation { "|" [ concatenation ] }
//   concatenation = repeat { repeat }
//   repeat        = "^" | "$" | "\b" | "\B" | single [ quantifier [ "?" ] ]
//   single        = "(" alternative ")" | "." | class | character
#include <limits>
#include <optional>

#include "daylight/match/regexp_builder.h"

namespace dl::match {
namespace {

using Kind = RegexpError::Kind;

constexpr std::uint32_t kMaxRange = 32767;      // RE_MAX_RANGE of YARA.
constexpr std::uint32_t kChainThreshold = 200;  // Longer jumps are chained.

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

int HexValue(char c) {
  if (IsDigit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

class YaraParser {
 public:
  YaraParser(std::string_view source, const RegexpOptions& options) : source_(source), options_(options) {}

  ParseResult<ParsedRegexp> Parse() {
    DL_TRY_PARSE(Built root, ParseAlternative(0));
    if (!at_end()) {  // Only ")" ends an alternative early.
      return ParseError(Kind::kSyntax, position_, 1, "unmatched `)`", "write `\\)` for the character itself");
    }
    ParsedRegexp parsed;
    parsed.root = std::move(root.node);
    if (parsed.root.kind == RegexpKind::kEmpty && never_ && !options_.for_search) {
      DL_TRY_PARSE(Built repeat, BuildRepeat(std::move(*never_), {.min = 0, .max = 0}));
      parsed.root = std::move(repeat.node);
    }
    parsed.greedy = seen_greedy_;
    return parsed;
  }

 private:
  bool at_end() const { return position_ >= source_.size(); }
  char Peek(std::size_t ahead = 0) const {
    return position_ + ahead < source_.size() ? source_[position_ + ahead] : '\0';
  }
  bool Has(std::size_t ahead) const { return position_ + ahead < source_.size(); }
  bool StartsRepeat() const {
    if (at_end()) return false;
    const char c = Peek();
    return c != '|' && c != ')';
  }

  ParseResult<Built> ParseAlternative(int level) {
    const std::size_t start = position_;
    std::vector<Built> branches;
    DL_TRY_PARSE(Built first, ParseConcatenation(level));
    branches.push_back(std::move(first));
    while (!at_end() && Peek() == '|') {
      ++position_;
      if (branches.size() >= kMaxRegexpSize) {
        return ParseError(Kind::kTooLarge, position_ - 1, 1, "expression is too large");
      }
      if (!StartsRepeat()) {
        branches.push_back(BuildLeaf(RegexpKind::kEmpty));
        continue;
      }
      DL_TRY_PARSE(Built next, ParseConcatenation(level));
      branches.push_back(std::move(next));
    }
    return BuildAlternate(std::move(branches), start);
  }

  ParseResult<Built> ParseConcatenation(int level) {
    const std::size_t start = position_;
    if (!StartsRepeat()) {
      if (at_end()) return ParseError(Kind::kSyntax, position_, 1, "unexpected end of the expression");
      return ParseError(Kind::kSyntax, position_, 1, std::string("unexpected `") + Peek() + "`",
                        "an empty alternative may only stand last, as in `(a|)`");
    }
    ConcatBuilder items;
    while (StartsRepeat()) {
      DL_TRY_PARSE(Built item, ParseRepeat(level));
      DL_CHECK_PARSE(items.Add(std::move(item), position_));
    }
    return std::move(items).Finish(start);
  }

  ParseResult<Built> ParseRepeat(int level) {
    if (Peek() == '^' || Peek() == '$') {
      const char anchor = source_[position_++];
      return BuildLeaf(anchor == '^' ? RegexpKind::kStart : RegexpKind::kEnd);
    }
    if (Peek() == '\\' && (Peek(1) == 'b' || Peek(1) == 'B')) {
      const char which = Peek(1);
      position_ += 2;
      return BuildLeaf(which == 'b' ? RegexpKind::kWordBoundary : RegexpKind::kNotWordBoundary);
    }
    const bool is_dot = Peek() == '.';
    DL_TRY_PARSE(Built item, ParseSingle(level));

    RepeatSpec spec;
    spec.offset = position_;
    bool counted = false;
    switch (Peek()) {
      case '*':
        spec.min = 0;
        spec.max = kUnbounded;
        ++position_;
        break;
      case '+':
        spec.min = 1;
        spec.max = kUnbounded;
        ++position_;
        break;
      case '?':
        spec.min = 0;
        spec.max = 1;
        ++position_;
        break;
      case '{': {
        DL_TRY_PARSE(counted, ParseRange(&spec));
        if (!counted) return item;  // A literal brace follows.
        break;
      }
      default: return item;
    }
    if (Peek() == '?' && !at_end()) {
      spec.greedy = false;
      ++position_;
    }
    spec.length = position_ - spec.offset;
    DL_CHECK_PARSE(NoteGreediness(spec));
    // libyara makes a chain of what stands around a long lazy `.{n,m}?`.
    spec.is_jump = is_dot && counted && !spec.greedy;
    const bool chained = spec.is_jump && (spec.min > kChainThreshold || spec.max > kChainThreshold);
    if (counted && spec.max == 0) {
      if (!never_) never_ = std::move(item);
      return BuildLeaf(RegexpKind::kEmpty);
    }
    // Elsewhere {n,} is as good as unbounded, as no match exceeds the reach;
    // between the links of a chain the distance of 32767 counts.
    if (counted && !chained && spec.max == kMaxRange) spec.max = kUnbounded;
    return BuildRepeat(std::move(item), spec);
  }

  ParseResult<void> NoteGreediness(const RepeatSpec& spec) {
    (spec.greedy ? seen_greedy_ : seen_lazy_) = true;
    if (seen_greedy_ && seen_lazy_) {
      return ParseError(Kind::kMixedGreediness, spec.offset, spec.length,
                        "greedy and lazy quantifiers are mixed in one expression",
                        spec.greedy ? "the quantifiers before are lazy; add `?` to this one"
                                    : "the quantifiers before are greedy; remove the `?`");
    }
    return {};
  }

  // {n} {n,} {,m} {n,m} {,}, with spaces beside the comma. Anything else after
  // "{" makes the brace a literal: then false, and nothing is consumed.
  ParseResult<bool> ParseRange(RepeatSpec* spec) {
    std::size_t at = position_ + 1;
    const auto digits = [&]() {
      const std::size_t first = at;
      while (at < source_.size() && IsDigit(source_[at])) ++at;
      return source_.substr(first, at - first);
    };
    const auto spaces = [&]() {
      while (at < source_.size() && source_[at] == ' ') ++at;
    };
    const std::string_view low = digits();
    std::string_view high = low;
    bool has_comma = false;
    if (at < source_.size() && source_[at] != '}') {
      spaces();
      if (at >= source_.size() || source_[at] != ',') return false;
      has_comma = true;
      ++at;
      spaces();
      high = digits();
    }
    if (at >= source_.size() || source_[at] != '}') return false;
    if (!has_comma && low.empty()) return false;
    ++at;

    const std::size_t length = at - position_;
    spec->min = Number(low, 0);
    spec->max = Number(high, kMaxRange);
    if (spec->max > kMaxRange || spec->min > kMaxRange) {
      return ParseError(Kind::kRange, position_, length, "repeat count is too large",
                        "at most " + std::to_string(kMaxRange));
    }
    if (spec->max < spec->min) {
      return ParseError(Kind::kRange, position_, length, "repeat range is reversed", "write the smaller number first");
    }
    position_ = at;
    return true;
  }

  static std::uint32_t Number(std::string_view digits, std::uint32_t if_empty) {
    if (digits.empty()) return if_empty;
    std::uint32_t value = 0;
    for (const char c : digits) {
      value = value * 10 + static_cast<std::uint32_t>(c - '0');
      if (value > kMaxRange) return kMaxRange + 1;
    }
    return value;
  }

  ParseResult<Built> ParseSingle(int level) {
    const std::size_t start = position_;
    const char c = source_[position_];
    switch (c) {
      case '(': {
        if (level >= kMaxRegexpDepth) {
          return ParseError(Kind::kTooDeep, start, 1, "groups are nested too deeply",
                            "at most " + std::to_string(kMaxRegexpDepth) + " levels");
        }
        ++position_;
        DL_TRY_PARSE(Built inner, ParseAlternative(level + 1));
        if (at_end()) return ParseError(Kind::kSyntax, start, 1, "this `(` is never closed");
        ++position_;  // The ")".
        return inner;
      }
      case '*':
      case '+':
      case '?':
        return ParseError(Kind::kSyntax, start, 1, std::string("nothing that `") + c + "` could repeat",
                          std::string("write `\\") + c + "` for the character itself");
      case '{': {
        RepeatSpec unused;
        DL_TRY_PARSE(const bool is_range, ParseRange(&unused));
        if (is_range) {
          return ParseError(Kind::kSyntax, start, position_ - start, "nothing that this could repeat",
                            "write `\\{` for the character itself");
        }
        ++position_;
        return Literal('{');
      }
      case '.': {
        ++position_;
        ByteSet set = ByteSet::All();
        if (!options_.dot_all) set.Remove('\n');
        return BuildClass(set);
      }
      case '[': return ParseClass();
      case '\\': return ParseEscape();
      default: ++position_; return Literal(static_cast<std::uint8_t>(c));
    }
  }

  Built Literal(std::uint8_t byte) const {
    ByteSet set = ByteSet::Single(byte);
    if (options_.nocase) set.FoldCase();
    return BuildClass(set);
  }

  // \w and its like; position_ is at the backslash. False: it is none of them.
  bool PerlClass(ByteSet* set) const {
    switch (Peek(1)) {
      case 'w': *set = WordSet(); return true;
      case 'W':
        *set = WordSet();
        set->Invert();
        return true;
      case 's': *set = SpaceSet(); return true;
      case 'S':
        *set = SpaceSet();
        set->Invert();
        return true;
      case 'd': *set = DigitSet(); return true;
      case 'D':
        *set = DigitSet();
        set->Invert();
        return true;
      default: return false;
    }
  }

  ParseResult<Built> ParseEscape() {
    ByteSet set;
    if (PerlClass(&set)) {
      position_ += 2;
      return BuildClass(set);
    }
    if (Has(1) && IsDigit(Peek(1))) {
      return ParseError(Kind::kUnsupported, position_, 2, "backreferences are not supported",
                        "write the byte as `\\xHH`");
    }
    DL_TRY_PARSE(const std::uint8_t byte, ReadEscapedByte());
    return Literal(byte);
  }

  // The byte an escape stands for; unknown ones are the character itself.
  ParseResult<std::uint8_t> ReadEscapedByte() {
    const std::size_t start = position_;
    if (!Has(1)) return ParseError(Kind::kEscape, start, 1, "backslash at the end of the expression");
    const char c = Peek(1);
    position_ += 2;
    switch (c) {
      case 'n': return std::uint8_t{'\n'};
      case 't': return std::uint8_t{'\t'};
      case 'r': return std::uint8_t{'\r'};
      case 'f': return std::uint8_t{'\f'};
      case 'a': return std::uint8_t{'\a'};
      case 'x': {
        const int high = HexValue(Peek(0));
        const int low = HexValue(Peek(1));
        if (high < 0 || low < 0) {
          return ParseError(Kind::kEscape, start, 2, "`\\x` needs two hexadecimal digits", "as in `\\x0a`");
        }
        position_ += 2;
        return static_cast<std::uint8_t>(high * 16 + low);
      }
      default: return static_cast<std::uint8_t>(c);
    }
  }

  // One end of a range, or a lone character of a class.
  ParseResult<std::uint8_t> ReadClassByte() {
    if (Peek() == '\\') return ReadEscapedByte();
    return static_cast<std::uint8_t>(source_[position_++]);
  }

  // How many characters the item at position_ has, if "-" could follow it.
  std::size_t ClassItemLength() const {
    if (Peek() != '\\') return 1;
    if (Peek(1) == 'x' && HexValue(Peek(2)) >= 0 && HexValue(Peek(3)) >= 0) return 4;
    return 2;
  }

  ParseResult<Built> ParseClass() {
    const std::size_t start = position_;
    ++position_;
    bool negated = false;
    if (Peek() == '^') {
      negated = true;
      ++position_;
    }
    ByteSet set;
    if (Peek() == ']') {  // First of all it is itself.
      set.Add(']');
      ++position_;
    }
    while (true) {
      if (at_end()) {
        return ParseError(Kind::kSyntax, start, 1, "this `[` is never closed",
                          "a `]` right after `[` or `[^` is a character of the class");
      }
      if (Peek() == ']') break;
      const std::size_t item = position_;
      const std::size_t item_length = ClassItemLength();
      // "x-y", unless the hyphen is last. YARA reads \w-z as from `w` to `z`.
      if (Peek(item_length) == '-' && Has(item_length + 1) && Peek(item_length + 1) != ']') {
        DL_TRY_PARSE(const std::uint8_t first, ReadClassByte());
        ++position_;
        DL_TRY_PARSE(const std::uint8_t last, ReadClassByte());
        if (last < first) {
          return ParseError(Kind::kClassRange, item, position_ - item,
                            "range is reversed: " + ShowByte(first) + " comes after " + ShowByte(last),
                            "write the smaller byte first");
        }
        set.AddRange(first, last);
        continue;
      }
      ByteSet perl;
      if (Peek() == '\\' && PerlClass(&perl)) {
        set.Union(perl);
        position_ += 2;
        continue;
      }
      const char c = Peek();
      if (c != '\\' && (static_cast<std::uint8_t>(c) < 0x20 || static_cast<std::uint8_t>(c) >= 0x7f)) {
        return ParseError(Kind::kSyntax, item, 1, "a class may only contain printable ASCII characters",
                          "write " + ShowByte(static_cast<std::uint8_t>(c)));
      }
      DL_TRY_PARSE(const std::uint8_t byte, ReadClassByte());
      set.Add(byte);
    }
    ++position_;  // The "]".
    // Case folds first: [^a] excludes `A` too.
    if (options_.nocase) set.FoldCase();
    if (negated) set.Invert();
    return BuildClass(set);
  }

  std::string_view source_;
  const RegexpOptions& options_;
  std::size_t position_ = 0;
  bool seen_greedy_ = false;
  bool seen_lazy_ = false;
  std::optional<Built> never_;  // The first thing that is repeated zero times.
};

}  // namespace

ParseResult<ParsedRegexp> ParseYaraRegexp(std::string_view source, const RegexpOptions& options) {
  return YaraParser(source, options).Parse();
}

tl::expected<ParsedRegexp, RegexpError> ParseRegexp(std::string_view source, const RegexpOptions& options) {
  return options.dialect == Dialect::kYara ? ParseYaraRegexp(source, options) : ParseYaraXRegexp(source, options);
}

}  // namespace dl::match
