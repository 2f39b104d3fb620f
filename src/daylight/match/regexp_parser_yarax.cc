// Regular expressions as YARA-X reads them: the syntax of Rust's regex-syntax
// crate (docs.rs/regex/latest/regex/#syntax), with Unicode off by default. So
// unknown escapes and stray braces are errors, groups may carry flags, classes
// nest and know set operations.
#include <algorithm>

#include "daylight/match/regexp_builder.h"
#include "daylight/match/utf8_ranges.h"

namespace dl::match {
namespace {

using Kind = RegexpError::Kind;

struct Flags {
  bool nocase = false;
  bool dot_all = false;
  bool multi_line = false;
  bool swap_greed = false;
  bool unicode = false;
  bool verbose = false;
  bool crlf = false;
};

// A character of the source that stands for itself: a code point, or with
// \xHH above 7f a byte.
struct Character {
  std::uint32_t value = 0;
  bool is_byte = false;
};

bool IsBlank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool IsAsciiAlnum(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The POSIX classes, [[:alpha:]].
bool PosixSet(std::string_view name, ByteSet* set) {
  const auto ranges = [&](std::initializer_list<std::pair<int, int>> list) {
    for (const auto& [first, last] : list) {
      set->AddRange(static_cast<std::uint8_t>(first), static_cast<std::uint8_t>(last));
    }
    return true;
  };
  if (name == "alnum") return ranges({{'0', '9'}, {'A', 'Z'}, {'a', 'z'}});
  if (name == "alpha") return ranges({{'A', 'Z'}, {'a', 'z'}});
  if (name == "ascii") return ranges({{0, 0x7f}});
  if (name == "blank") return ranges({{'\t', '\t'}, {' ', ' '}});
  if (name == "cntrl") return ranges({{0, 0x1f}, {0x7f, 0x7f}});
  if (name == "digit") return ranges({{'0', '9'}});
  if (name == "graph") return ranges({{'!', '~'}});
  if (name == "lower") return ranges({{'a', 'z'}});
  if (name == "print") return ranges({{' ', '~'}});
  if (name == "punct") return ranges({{'!', '/'}, {':', '@'}, {'[', '`'}, {'{', '~'}});
  if (name == "space") return ranges({{'\t', '\r'}, {' ', ' '}});
  if (name == "upper") return ranges({{'A', 'Z'}});
  if (name == "word") return ranges({{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}});
  if (name == "xdigit") return ranges({{'0', '9'}, {'A', 'F'}, {'a', 'f'}});
  return false;
}

// What a class contains: bytes where Unicode is off, code points where it is
// on. Those are brought in order only now and then, so that a class of very
// many characters costs no more than sorting them.
struct ClassSet {
  ByteSet bytes;
  CodePointRanges points;
  std::size_t settled = 0;  // So many were left when they were last in order.

  void AddPoints(std::uint32_t first, std::uint32_t last) {
    points.emplace_back(first, last);
    if (points.size() > 2 * settled + 64) Settle();
  }
  void Settle() {
    points = Normalize(std::move(points));
    settled = points.size();
  }
};

class YaraXParser {
 public:
  YaraXParser(std::string_view source, const RegexpOptions& options) : source_(source), options_(options) {
    flags_.nocase = options.nocase;
    flags_.dot_all = options.dot_all;
  }

  ParseResult<ParsedRegexp> Parse() {
    DL_TRY_PARSE(Built root, ParseAlternative(0));
    if (!at_end()) {
      return ParseError(Kind::kSyntax, position_, 1, "unopened group", "write `\\)` for the character itself");
    }
    if (options_.for_search && root.copies > kMaxSearchCopies) {
      return ParseError(Kind::kTooLarge, 0, source_.size(), "expression is too large", "use smaller repeat counts");
    }
    ParsedRegexp parsed;
    parsed.root = std::move(root.node);
    parsed.greedy = seen_greedy_;
    if (!options_.for_search && MatchesEmpty(parsed.root)) {
      return ParseError(Kind::kMatchesEmpty, 0, source_.size(), "this expression can match empty strings",
                        "require at least one byte");
    }
    return parsed;
  }

 private:
  bool at_end() const { return position_ >= source_.size(); }
  char Peek(std::size_t ahead = 0) const {
    return position_ + ahead < source_.size() ? source_[position_ + ahead] : '\0';
  }
  bool StartsWith(std::string_view text) const { return source_.substr(position_).starts_with(text); }

  // With (?x), spaces and comments mean nothing.
  void SkipVerbose() {
    while (flags_.verbose && !at_end()) {
      if (IsBlank(Peek())) {
        ++position_;
      } else if (Peek() == '#') {
        const std::size_t end = source_.find('\n', position_);
        position_ = end == std::string_view::npos ? source_.size() : end + 1;
      } else {
        return;
      }
    }
  }

  // Flags set inside a group end with it; set in one branch they hold in the
  // ones after it.
  ParseResult<Built> ParseAlternative(int level) {
    const std::size_t start = position_;
    std::vector<Built> branches;
    while (true) {
      DL_TRY_PARSE(Built branch, ParseConcatenation(level));
      branches.push_back(std::move(branch));
      if (at_end() || Peek() != '|') {
        if (level == 0 && branches.size() == 1) DL_CHECK_PARSE(CheckPrefix());
        break;
      }
      ++position_;
      if (branches.size() >= kMaxRegexpSize) {
        return ParseError(Kind::kTooLarge, position_ - 1, 1, "expression is too large");
      }
    }
    return BuildAlternate(std::move(branches), start);
  }

  ParseResult<Built> ParseConcatenation(int level) {
    const std::size_t start = position_;
    ConcatBuilder items;
    bool repeatable = false;        // The last item may be repeated.
    std::vector<std::size_t> ends;  // Of the items, in the source.
    while (true) {
      SkipVerbose();
      if (at_end() || Peek() == '|' || Peek() == ')') break;
      const std::size_t item = position_;
      const char c = Peek();
      if (c == '*' || c == '+' || c == '?' || c == '{') {
        if (!repeatable) {
          return ParseError(Kind::kSyntax, item, 1, "repetition operator missing expression",
                            std::string("write `\\") + c + "` for the character itself");
        }
        RepeatSpec spec;
        DL_CHECK_PARSE(ParseQuantifier(&spec));
        Built last = items.TakeLast();
        if (spec.max == 0) {
          last = BuildLeaf(RegexpKind::kEmpty);
        } else if (last.node.kind != RegexpKind::kEmpty) {
          spec.is_jump = !spec.greedy && last.node.kind == RegexpKind::kClass && last.node.set == ByteSet::All();
          DL_TRY_PARSE(last, BuildRepeat(std::move(last), spec));
        }
        DL_CHECK_PARSE(items.Add(std::move(last), item));
        ends.back() = position_;
        continue;
      }
      if (c == '(' && Peek(1) == '?') {
        DL_TRY_PARSE(const bool is_group, ParseGroupHead());
        if (!is_group) {  // (?i): for what follows.
          repeatable = false;
          continue;
        }
      } else if (c == '(') {
        group_flags_.push_back(flags_);
        ++position_;
      } else {
        DL_TRY_PARSE(Built single, ParseSingle());
        DL_CHECK_PARSE(items.Add(std::move(single), item));
        ends.push_back(position_);
        repeatable = true;
        continue;
      }
      if (level >= kMaxRegexpDepth) {
        return ParseError(Kind::kTooDeep, item, 1, "groups are nested too deeply",
                          "at most " + std::to_string(kMaxRegexpDepth) + " levels");
      }
      DL_TRY_PARSE(Built inner, ParseAlternative(level + 1));
      if (at_end()) return ParseError(Kind::kSyntax, item, 1, "unclosed group");
      ++position_;
      flags_ = group_flags_.back();
      group_flags_.pop_back();
      DL_CHECK_PARSE(items.Add(std::move(inner), item));
      ends.push_back(position_);
      repeatable = true;
    }
    if (level == 0) NotePrefix(items.items(), ends);
    return std::move(items).Finish(start);
  }

  // Whether `node` matches any sequence of at least so many bytes: nothing but
  // unrestricted bytes, without an upper bound. *pure: nothing but those.
  static bool IsArbitrary(const RegexpNode& node, bool* pure) {
    switch (node.kind) {
      case RegexpKind::kClass: *pure = node.set == ByteSet::All(); return false;
      case RegexpKind::kRepeat: {
        const bool inner = IsArbitrary(node.children.front(), pure);
        return *pure && (inner || node.max == kUnbounded);
      }
      case RegexpKind::kConcat: {
        bool any = false;
        *pure = true;
        for (const RegexpNode& child : node.children) {
          bool child_pure = false;
          any |= IsArbitrary(child, &child_pure);
          *pure &= child_pure;
        }
        return *pure && any;
      }
      case RegexpKind::kAlternate: {
        bool any = false;
        *pure = true;
        for (const RegexpNode& child : node.children) {
          bool child_pure = false;
          any |= IsArbitrary(child, &child_pure);
          *pure &= child_pure;
        }
        *pure |= any;
        return any;
      }
      default: *pure = false; return false;
    }
  }

  // An arbitrary prefix makes every offset before the rest a match. YARA-X
  // looks for it at the beginning of the expression, not inside a group that
  // also holds other bytes, and only where `s` is a flag of the whole.
  void NotePrefix(const std::vector<Built>& items, const std::vector<std::size_t>& ends) {
    if (!options_.dot_all || items.size() < 2) return;
    for (std::size_t i = 0; i < items.size(); ++i) {
      bool pure = false;
      if (IsArbitrary(items[i].node, &pure)) prefix_end_ = ends[i];
      if (!pure || prefix_end_ != 0) return;
    }
  }

  ParseResult<void> CheckPrefix() const {
    if (prefix_end_ == 0 || options_.for_search) return {};
    return ParseError(Kind::kArbitraryPrefix, 0, prefix_end_,
                      "this prefix can be arbitrarily long and matches all bytes",
                      "remove the prefix; what follows it is found without");
  }

  // At "(?". True: a group's body follows; false: it was (?flags) alone.
  ParseResult<bool> ParseGroupHead() {
    const std::size_t start = position_;
    position_ += 2;
    for (const std::string_view look : {"=", "!", "<=", "<!"}) {
      if (StartsWith(look)) {
        return ParseError(Kind::kUnsupported, start, 2 + look.size(),
                          "look-around, including look-ahead and look-behind, is not supported");
      }
    }
    group_flags_.push_back(flags_);
    if (StartsWith("P<") || StartsWith("<")) {  // A named group.
      position_ += StartsWith("P<") ? 2u : 1u;
      const std::size_t name = position_;
      while (!at_end() && (IsAsciiAlnum(Peek()) || Peek() == '_' || Peek() == '.' || Peek() == '[' || Peek() == ']')) {
        ++position_;
      }
      if (Peek() != '>' || position_ == name || (source_[name] >= '0' && source_[name] <= '9')) {
        return ParseError(Kind::kSyntax, name, position_ - name, "invalid capture group name");
      }
      ++position_;
      return true;
    }
    const bool empty = Peek() == ')';
    bool negated = false;
    bool after_dash = false;
    std::string seen;
    while (!at_end() && Peek() != ')' && Peek() != ':') {
      const char flag = source_[position_++];
      if (flag == '-') {
        if (negated) return ParseError(Kind::kSyntax, position_ - 1, 1, "flag negation operator repeated");
        negated = after_dash = true;
        continue;
      }
      after_dash = false;
      if (seen.find(flag) != std::string::npos) {
        return ParseError(Kind::kSyntax, position_ - 1, 1, "duplicate flag");
      }
      seen += flag;
      const bool value = !negated;
      switch (flag) {
        case 'i': flags_.nocase = value; break;
        case 's': flags_.dot_all = value; break;
        case 'm': flags_.multi_line = value; break;
        case 'U': flags_.swap_greed = value; break;
        case 'u': flags_.unicode = value; break;
        case 'x': flags_.verbose = value; break;
        case 'R': flags_.crlf = value; break;
        default: return ParseError(Kind::kSyntax, position_ - 1, 1, "unrecognized flag");
      }
    }
    if (at_end()) return ParseError(Kind::kSyntax, start, 2, "unclosed group");
    if (after_dash) return ParseError(Kind::kSyntax, position_ - 1, 1, "dangling flag negation operator");
    if (empty) {
      return ParseError(Kind::kSyntax, position_ - 1, 1, "repetition operator missing expression",
                        "`(?` needs flags, a name or `:`");
    }
    if (source_[position_++] == ':') return true;
    group_flags_.pop_back();
    return false;
  }

  ParseResult<void> ParseQuantifier(RepeatSpec* spec) {
    spec->offset = position_;
    switch (source_[position_]) {
      case '*':
        spec->max = kUnbounded;
        ++position_;
        break;
      case '+':
        spec->min = 1;
        spec->max = kUnbounded;
        ++position_;
        break;
      case '?':
        spec->max = 1;
        ++position_;
        break;
      default: DL_CHECK_PARSE(ParseCount(spec)); break;
    }
    SkipVerbose();
    if (Peek() == '?') {
      spec->greedy = false;
      ++position_;
    }
    if (flags_.swap_greed) spec->greedy = !spec->greedy;
    spec->length = position_ - spec->offset;
    (spec->greedy ? seen_greedy_ : seen_lazy_) = true;
    if (seen_greedy_ && seen_lazy_ && !options_.for_search) {
      return ParseError(Kind::kMixedGreediness, spec->offset, spec->length, "mixed greediness in regular expression",
                        spec->greedy ? "the quantifiers before are lazy; add `?` to this one"
                                     : "the quantifiers before are greedy; remove the `?`");
    }
    return {};
  }

  // {n} {n,} {n,m} {,m}, with spaces around the numbers.
  ParseResult<void> ParseCount(RepeatSpec* spec) {
    const std::size_t start = position_++;
    const auto unclosed = [&] {
      return ParseError(Kind::kSyntax, start, position_ - start, "unclosed counted repetition",
                        "write `\\{` for the character itself");
    };
    bool has_low = false;
    bool has_high = false;
    DL_CHECK_PARSE(ParseDecimal(&has_low, &spec->min));
    if (at_end()) return unclosed();
    spec->max = spec->min;
    if (Peek() == ',') {
      ++position_;
      if (at_end()) return unclosed();
      spec->max = kUnbounded;
      if (Peek() != '}') {
        DL_CHECK_PARSE(ParseDecimal(&has_high, &spec->max));
        if (!has_high) {
          return ParseError(Kind::kSyntax, start, position_ - start, "repetition quantifier expects a valid decimal",
                            "write `\\{` for the character itself");
        }
      }
    }
    if (at_end() || Peek() != '}') return unclosed();
    if (!has_low && !has_high) {
      return ParseError(Kind::kSyntax, start, position_ + 1 - start, "repetition quantifier expects a valid decimal",
                        "write `\\{` for the character itself");
    }
    ++position_;
    if (spec->min > spec->max) {
      return ParseError(Kind::kRange, start, position_ - start,
                        "invalid repetition count range, the start must be <= the end");
    }
    return {};
  }

  ParseResult<void> ParseDecimal(bool* found, std::uint32_t* value) {
    while (!at_end() && IsBlank(Peek())) ++position_;
    const std::size_t start = position_;
    std::uint64_t number = 0;
    bool overflow = false;
    while (!at_end() && Peek() >= '0' && Peek() <= '9') {
      number = number * 10 + static_cast<std::uint64_t>(Peek() - '0');
      if (number > 0xffffffff) {
        overflow = true;
        number = 0xffffffff;
      }
      ++position_;
    }
    if (overflow) {
      return ParseError(Kind::kRange, start, position_ - start, "decimal literal invalid", "the number is too large");
    }
    if (position_ != start) {
      *found = true;
      *value = static_cast<std::uint32_t>(number);
    }
    while (!at_end() && IsBlank(Peek())) ++position_;
    return {};
  }

  ParseResult<Built> ParseSingle() {
    const std::size_t start = position_;
    switch (source_[position_]) {
      case '.': {
        ++position_;
        if (flags_.unicode) {
          CodePointRanges all{{0, kMaxCodePoint}};
          if (!flags_.dot_all && flags_.crlf) {
            all = {{0, 9}, {11, 12}, {14, kMaxCodePoint}};
          } else if (!flags_.dot_all) {
            all = {{0, 9}, {11, kMaxCodePoint}};
          }
          return BuildUtf8(Normalize(std::move(all)), start);
        }
        ByteSet set = ByteSet::All();
        if (!flags_.dot_all) set.Remove('\n');
        if (!flags_.dot_all && flags_.crlf) set.Remove('\r');
        return BuildClass(set);
      }
      case '^':
      case '$': {
        const bool at_start = source_[position_++] == '^';
        if (!flags_.multi_line) return BuildLeaf(at_start ? RegexpKind::kStart : RegexpKind::kEnd);
        // YARA-X lets lines end with \r\n with or without (?R).
        return BuildLeaf(at_start ? RegexpKind::kLineStart : RegexpKind::kLineEnd);
      }
      case '[': {
        DL_TRY_PARSE(ClassSet set, ParseClass(0));
        if (flags_.unicode) return BuildUtf8(set.points, start);
        return BuildClass(set.bytes);
      }
      case '\\': {
        Built assertion;
        DL_TRY_PARSE(const bool is_assertion, ParseAssertion(&assertion));
        if (is_assertion) return assertion;
        ClassSet set;
        DL_TRY_PARSE(const bool is_perl, ParsePerlClass(&set));
        if (is_perl) return BuildClass(set.bytes);
        break;
      }
      default: break;
    }
    DL_TRY_PARSE(const Character character, ReadCharacter());
    return Literal(character, start);
  }

  ParseResult<Built> Literal(Character c, std::size_t offset) {
    if (c.is_byte) return BuildClass(ByteSet::Single(static_cast<std::uint8_t>(c.value)));
    if (flags_.unicode && flags_.nocase) {
      ClassSet set;
      set.points = {{c.value, c.value}};
      DL_CHECK_PARSE(FoldUnicode(&set.points, offset));
      return BuildUtf8(set.points, offset);
    }
    if (c.value < 0x80) {
      ByteSet set = ByteSet::Single(static_cast<std::uint8_t>(c.value));
      if (flags_.nocase) set.FoldCase();
      return BuildClass(set);
    }
    return BuildUtf8(Normalize({{c.value, c.value}}), offset);
  }

  // ASCII letters, with the two letters beyond ASCII that fold to one. Other
  // foldings would need Unicode's tables.
  ParseResult<void> FoldUnicode(CodePointRanges* points, std::size_t offset) const {
    CodePointRanges folded = *points;
    for (const auto& [first, last] : *points) {
      if (last >= 0x80 && !(first < 0x80 && last == kMaxCodePoint)) {
        return ParseError(Kind::kUnsupported, offset, position_ - offset,
                          "characters beyond ASCII cannot be matched without regard to case",
                          "use `(?-i)` or an alternation of both cases");
      }
      for (std::uint32_t c = first; c <= std::min(last, 0x7fu); ++c) {
        const bool lower = c >= 'a' && c <= 'z';
        if (!lower && !(c >= 'A' && c <= 'Z')) continue;
        folded.emplace_back(c ^ 0x20u, c ^ 0x20u);
        if ((c | 0x20u) == 'k') folded.emplace_back(0x212a, 0x212a);  // KELVIN SIGN
        if ((c | 0x20u) == 's') folded.emplace_back(0x17f, 0x17f);    // LATIN SMALL LETTER LONG S
      }
    }
    *points = Normalize(std::move(folded));
    return {};
  }

  // \A \z \b \B \b{...}; nothing is consumed when it is none of them.
  ParseResult<bool> ParseAssertion(Built* result) {
    const std::size_t start = position_;
    RegexpKind kind = RegexpKind::kEmpty;
    std::size_t length = 2;
    bool is_word = true;
    switch (Peek(1)) {
      case 'A':
        kind = RegexpKind::kStart;
        is_word = false;
        break;
      case 'z':
        kind = RegexpKind::kEnd;
        is_word = false;
        break;
      case 'B': kind = RegexpKind::kNotWordBoundary; break;
      case 'b': {
        kind = RegexpKind::kWordBoundary;
        if (Peek(2) != '{') break;
        const std::size_t close = source_.find('}', start);
        // "\b{" with a number is a count, which then fails to repeat a \b.
        const char first = Peek(3);
        if (!((first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z') || first == '-')) break;
        if (close == std::string_view::npos) {
          return ParseError(Kind::kSyntax, start, 3, "special word boundary assertion is either unclosed or empty");
        }
        length = close + 1 - start;
        const std::string_view name = source_.substr(start + 3, close - start - 3);
        if (name == "start") {
          kind = RegexpKind::kWordStart;
        } else if (name == "end") {
          kind = RegexpKind::kWordEnd;
        } else if (name == "start-half") {
          kind = RegexpKind::kWordStartHalf;
        } else if (name == "end-half") {
          kind = RegexpKind::kWordEndHalf;
        } else {
          return ParseError(Kind::kEscape, start, length, "unrecognized special word boundary assertion",
                            "valid choices are: start, end, start-half or end-half");
        }
        break;
      }
      default: return false;
    }
    if (is_word && flags_.unicode) {
      return ParseError(Kind::kUnsupported, start, length, "Unicode word boundaries are not supported",
                        "use `(?-u:\\b)` for the boundaries of ASCII words");
    }
    position_ += length;
    *result = BuildLeaf(kind);
    return true;
  }

  ParseResult<bool> ParsePerlClass(ClassSet* set) {
    ByteSet bytes;
    switch (Peek(1)) {
      case 'w':
      case 'W': bytes = WordSet(); break;
      case 's':
      case 'S': bytes = SpaceSet(); break;
      case 'd':
      case 'D': bytes = DigitSet(); break;
      case 'p':
      case 'P': return ParseError(Kind::kUnsupported, position_, 2, "Unicode classes are not supported");
      default: return false;
    }
    if (flags_.unicode) {
      return ParseError(Kind::kUnsupported, position_, 2, "Unicode classes are not supported",
                        std::string("use `(?-u:\\") + Peek(1) + ")` for the ASCII class");
    }
    if (Peek(1) < 'a') bytes.Invert();
    position_ += 2;
    set->bytes.Union(bytes);
    return true;
  }

  // One literal character or escape that stands for one.
  ParseResult<Character> ReadCharacter() {
    const std::size_t start = position_;
    if (Peek() != '\\') {
      Character c;
      std::size_t length = 1;
      if (!DecodeUtf8(source_, position_, &c.value, &length)) {
        return ParseError(Kind::kSyntax, start, 1, "the expression is not valid UTF-8",
                          "write " + ShowByte(static_cast<std::uint8_t>(Peek())));
      }
      position_ += length;
      return c;
    }
    if (start + 1 >= source_.size()) {
      return ParseError(Kind::kEscape, start, 1, "incomplete escape sequence, reached end of pattern prematurely");
    }
    const char c = Peek(1);
    const auto simple = [&](std::uint32_t value) {
      position_ += 2;
      return Character{value, false};
    };
    switch (c) {
      case 'a': return simple('\a');
      case 'f': return simple('\f');
      case 't': return simple('\t');
      case 'n': return simple('\n');
      case 'r': return simple('\r');
      case 'v': return simple('\v');
      case 'x': return ReadHex(2);
      case 'u': return ReadHex(4);
      case 'U': return ReadHex(8);
      default: break;
    }
    if (c >= '0' && c <= '9') {
      return ParseError(Kind::kUnsupported, start, 2, "backreferences are not supported");
    }
    const bool verbose_space = flags_.verbose && c == ' ';
    if (!verbose_space && (c <= ' ' || c >= 0x7f || IsAsciiAlnum(c))) {
      return ParseError(Kind::kEscape, start, 2, "unrecognized escape sequence", "remove the backslash");
    }
    return simple(static_cast<std::uint8_t>(c));
  }

  // \xHH \x{H...} and the same with u and U.
  ParseResult<Character> ReadHex(int digits) {
    const std::size_t start = position_;
    position_ += 2;
    const bool braces = Peek() == '{';
    if (braces) ++position_;
    std::uint32_t value = 0;
    int count = 0;
    while (braces ? Peek() != '}' : count < digits) {
      const int digit = HexDigit(Peek());
      if (digit < 0) {
        return ParseError(Kind::kEscape, start, position_ - start, "invalid hexadecimal digit",
                          "as in `\\x0a` or `\\x{1f600}`");
      }
      value = value * 16 + static_cast<std::uint32_t>(digit);
      if (value > kMaxCodePoint && braces) break;
      ++count;
      ++position_;
    }
    if (count == 0 || value > kMaxCodePoint || (value >= 0xd800 && value < 0xe000)) {
      return ParseError(Kind::kEscape, start, position_ - start, "hexadecimal literal is not a Unicode scalar value");
    }
    if (braces) ++position_;
    // \xHH is the byte; above 7f without Unicode it is no character.
    const bool is_byte = !flags_.unicode && digits == 2 && !braces && value > 0x7f;
    return Character{value, is_byte};
  }

  // -- Classes ------------------------------------------------------------

  CodePointRanges PointsOf(const ByteSet& bytes) const {
    CodePointRanges ranges;
    for (std::uint32_t c = 0; c < 0x80; ++c) {
      if (bytes.Contains(static_cast<std::uint8_t>(c))) ranges.emplace_back(c, c);
    }
    return Normalize(std::move(ranges));
  }

  void UnionWith(ClassSet* set, ClassSet other) const {
    set->bytes.Union(other.bytes);
    for (const auto& [first, last] : other.points) set->AddPoints(first, last);
  }

  void Invert(ClassSet* set) const {
    set->bytes.Invert();
    if (!flags_.unicode) return;
    set->Settle();
    set->points = Complement(set->points);
  }

  void IntersectWith(ClassSet* set, ClassSet other) const {
    Invert(set);
    Invert(&other);
    UnionWith(set, std::move(other));
    Invert(set);
  }

  ParseResult<void> Fold(ClassSet* set, std::size_t offset) const {
    set->Settle();
    if (!flags_.nocase) return {};
    set->bytes.FoldCase();
    return FoldUnicode(&set->points, offset);
  }

  // At "[". level counts nested classes.
  ParseResult<ClassSet> ParseClass(int level) {
    const std::size_t start = position_;
    const auto unclosed = [&] { return ParseError(Kind::kSyntax, start, 1, "unclosed character class"); };
    if (level >= kMaxRegexpDepth) {
      return ParseError(Kind::kTooDeep, start, 1, "classes are nested too deeply");
    }
    ++position_;
    SkipVerbose();
    bool negated = false;
    if (Peek() == '^') {
      negated = true;
      ++position_;
      SkipVerbose();
    }
    ClassSet items;
    // Hyphens, or else one "]", are characters at the beginning.
    bool first = true;
    while (Peek() == '-') {
      AddCharacter({'-', false}, &items);
      first = false;
      ++position_;
      SkipVerbose();
    }
    if (first && Peek() == ']') {
      AddCharacter({']', false}, &items);
      ++position_;
      SkipVerbose();
    }
    // left OP items, for the last operator && -- ~~ seen.
    ClassSet left;
    char operation = 0;
    while (true) {
      SkipVerbose();
      if (at_end()) return unclosed();
      const std::size_t item = position_;
      const char c = Peek();
      if (c == ']') break;
      if ((c == '&' || c == '-' || c == '~') && Peek(1) == c) {
        DL_CHECK_PARSE(Fold(&items, start));
        left = Combine(std::move(left), std::move(items), operation);
        items = {};
        operation = c;
        position_ += 2;
        continue;
      }
      if (c == '[') {
        DL_TRY_PARSE(const bool is_posix, ParsePosix(&items));
        if (is_posix) continue;
        DL_TRY_PARSE(ClassSet nested, ParseClass(level + 1));
        UnionWith(&items, std::move(nested));
        continue;
      }
      bool is_perl = false;
      if (c == '\\') {
        ClassSet perl;
        DL_TRY_PARSE(is_perl, ParsePerlClass(&perl));
        if (is_perl) UnionWith(&items, std::move(perl));
      }
      Character low;
      if (!is_perl) {
        DL_TRY_PARSE(low, ReadClassCharacter());
      }
      SkipVerbose();
      if (at_end()) return unclosed();
      // A hyphen between two items makes a range, but not before "]" or "-".
      const bool is_range = Peek() == '-' && Peek(1) != ']' && Peek(1) != '-';
      if (!is_range) {
        if (!is_perl) DL_CHECK_PARSE(CheckedAdd(low, low, item, &items));
        continue;
      }
      ++position_;
      SkipVerbose();
      if (at_end()) return unclosed();
      if (is_perl || (Peek() == '\\' && std::string_view("wWsSdDpP").find(Peek(1)) != std::string_view::npos)) {
        return ParseError(Kind::kClassRange, item, position_ - item, "invalid range boundary, must be a literal");
      }
      DL_TRY_PARSE(const Character high, ReadClassCharacter());
      if (high.value < low.value) {
        return ParseError(Kind::kClassRange, item, position_ - item,
                          "invalid character class range, the start must be <= the end");
      }
      DL_CHECK_PARSE(CheckedAdd(low, high, item, &items));
    }
    ++position_;
    DL_CHECK_PARSE(Fold(&items, start));
    ClassSet result = Combine(std::move(left), std::move(items), operation);
    if (negated) Invert(&result);
    result.Settle();
    return result;
  }

  ClassSet Combine(ClassSet left, ClassSet right, char operation) const {
    switch (operation) {
      case '&': IntersectWith(&left, std::move(right)); return left;
      case '-':
        Invert(&right);
        IntersectWith(&left, std::move(right));
        return left;
      case '~': {  // In one of both: (left or right) without (left and right).
        ClassSet both = left;
        IntersectWith(&both, right);
        Invert(&both);
        UnionWith(&left, std::move(right));
        IntersectWith(&left, std::move(both));
        return left;
      }
      default: return right;
    }
  }

  ParseResult<Character> ReadClassCharacter() {
    if (Peek() == '\\' && std::string_view("AzbB<>").find(Peek(1)) != std::string_view::npos && Peek(1) != '\0') {
      return ParseError(Kind::kEscape, position_, 2, "invalid escape sequence found in character class");
    }
    return ReadCharacter();
  }

  void AddCharacter(Character c, ClassSet* set) const {
    if (flags_.unicode) {
      set->AddPoints(c.value, c.value);
    } else {
      set->bytes.Add(static_cast<std::uint8_t>(c.value));
    }
  }

  ParseResult<void> CheckedAdd(Character low, Character high, std::size_t offset, ClassSet* set) const {
    if (flags_.unicode) {
      set->AddPoints(low.value, high.value);
      return {};
    }
    if ((!low.is_byte && low.value > 0x7f) || (!high.is_byte && high.value > 0x7f)) {
      return ParseError(Kind::kUnsupported, offset, position_ - offset, "Unicode not allowed here",
                        "put `(?u)` before a class of characters beyond ASCII");
    }
    set->bytes.AddRange(static_cast<std::uint8_t>(low.value), static_cast<std::uint8_t>(high.value));
    return {};
  }

  // [:alpha:] and [:^alpha:]. Anything else that begins with "[" is a class.
  ParseResult<bool> ParsePosix(ClassSet* set) {
    if (!StartsWith("[:")) return false;
    std::size_t at = position_ + 2;
    const bool negated = at < source_.size() && source_[at] == '^';
    if (negated) ++at;
    const std::size_t name_end = source_.find(":]", at);
    if (name_end == std::string_view::npos || name_end - at > 8) return false;
    ClassSet posix;
    if (!PosixSet(source_.substr(at, name_end - at), &posix.bytes)) return false;
    if (flags_.unicode) posix.points = PointsOf(posix.bytes);
    if (negated) Invert(&posix);
    UnionWith(set, std::move(posix));
    position_ = name_end + 2;
    return true;
  }

  std::string_view source_;
  const RegexpOptions& options_;
  std::size_t position_ = 0;
  Flags flags_;
  std::vector<Flags> group_flags_;  // To restore at each ")".
  std::size_t prefix_end_ = 0;      // Of an arbitrary prefix in the first branch.
  bool seen_greedy_ = false;
  bool seen_lazy_ = false;
};

}  // namespace

ParseResult<ParsedRegexp> ParseYaraXRegexp(std::string_view source, const RegexpOptions& options) {
  return YaraXParser(source, options).Parse();
}

}  // namespace dl::match
