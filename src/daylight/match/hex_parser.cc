// Hex strings: { 4D 5A ?? [2-4] ( 50 45 | ~00 ) }.
//
//   tokens     = token [ { token | jump } token ]
//   token      = byte | "(" tokens { "|" tokens } ")"
//   byte       = [ "~" ] two of hexadecimal digits and "?"
//   jump       = "[" number "]" | "[" [ number ] "-" [ number ] "]"
#include "daylight/match/regexp_builder.h"

namespace dl::match {
namespace {

using Kind = RegexpError::Kind;

constexpr std::uint32_t kMaxInAlternative = 200;
// What the numbers of YARA and of YARA-X hold.
constexpr std::uint64_t kMaxJump = 0x7fffffff;
constexpr std::uint64_t kMaxJumpYaraX = 0xffffffff;

bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

int DigitValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool IsNibble(char c) { return c == '?' || DigitValue(c) >= 0; }

class HexParser {
 public:
  HexParser(std::string_view source, Dialect dialect) : source_(source), dialect_(dialect) {}

  ParseResult<ParsedRegexp> Parse() {
    DL_TRY_PARSE(Built root, ParseTokens(0));
    if (!at_end()) return Unexpected();
    parsed_.root = std::move(root.node);
    parsed_.greedy = false;
    return std::move(parsed_);
  }

 private:
  bool at_end() const { return position_ >= source_.size(); }
  char Peek(std::size_t ahead = 0) const {
    return position_ + ahead < source_.size() ? source_[position_ + ahead] : '\0';
  }

  tl::unexpected<RegexpError> Unexpected() const {
    if (at_end()) return ParseError(Kind::kSyntax, position_, 1, "unexpected end of the hex string");
    return ParseError(Kind::kSyntax, position_, 1,
                      "unexpected " + ShowByte(static_cast<std::uint8_t>(Peek())) + " in a hex string",
                      "hexadecimal digits, `?`, `~`, jumps and alternatives may stand here");
  }

  // Spaces, // and /* */ comments.
  ParseResult<void> SkipBlank() {
    while (!at_end()) {
      if (IsSpace(Peek())) {
        ++position_;
      } else if (Peek() == '/' && Peek(1) == '/') {
        const std::size_t end = source_.find('\n', position_);
        position_ = end == std::string_view::npos ? source_.size() : end + 1;
      } else if (Peek() == '/' && Peek(1) == '*') {
        const std::size_t end = source_.find("*/", position_ + 2);
        if (end == std::string_view::npos) {
          return ParseError(Kind::kSyntax, position_, 2, "this comment is never closed");
        }
        position_ = end + 2;
      } else {
        break;
      }
    }
    return {};
  }

  ParseResult<Built> ParseTokens(int level) {
    const std::size_t start = position_;
    ConcatBuilder items;
    bool after_jump = false;
    std::size_t jump_offset = 0;
    std::size_t jump_length = 1;
    while (true) {
      DL_CHECK_PARSE(SkipBlank());
      if (at_end() || Peek() == '|' || Peek() == ')') break;
      if (Peek() == '[') {
        jump_offset = position_;
        if (items.empty()) return JumpAtEdge(position_, "begin");
        DL_TRY_PARSE(Built jump, ParseJump(level));
        jump_length = position_ - jump_offset;
        if (after_jump) parsed_.consecutive_jumps.push_back(jump_offset);
        DL_CHECK_PARSE(items.Add(std::move(jump), jump_offset));
        after_jump = true;
        continue;
      }
      const std::size_t token = position_;
      if (Peek() == '(') {
        DL_TRY_PARSE(Built group, ParseAlternatives(level));
        DL_CHECK_PARSE(items.Add(std::move(group), token));
      } else {
        DL_TRY_PARSE(const ByteSet set, ParseByte());
        DL_CHECK_PARSE(items.Add(BuildClass(set), token));
      }
      after_jump = false;
    }
    if (items.empty()) return Unexpected();
    if (after_jump) return JumpAtEdge(jump_offset, "end", jump_length);
    return std::move(items).Finish(start);
  }

  static tl::unexpected<RegexpError> JumpAtEdge(std::size_t offset, std::string_view edge, std::size_t length = 1) {
    return ParseError(Kind::kJumpAtEdge, offset, length,
                      "a hex string or alternative may not " + std::string(edge) + " with a jump",
                      "use `??` for single unknown bytes");
  }

  ParseResult<Built> ParseAlternatives(int level) {
    const std::size_t start = position_;
    if (level >= kMaxRegexpDepth) {
      return ParseError(Kind::kTooDeep, start, 1, "alternatives are nested too deeply",
                        "at most " + std::to_string(kMaxRegexpDepth) + " levels");
    }
    ++position_;
    std::vector<Built> branches;
    while (true) {
      DL_TRY_PARSE(Built branch, ParseTokens(level + 1));
      branches.push_back(std::move(branch));
      if (at_end()) return ParseError(Kind::kSyntax, start, 1, "this `(` is never closed");
      const char c = source_[position_++];
      if (c == ')') break;
      if (branches.size() >= kMaxRegexpSize) {
        return ParseError(Kind::kTooLarge, position_ - 1, 1, "hex string is too large");
      }
    }
    return BuildAlternate(std::move(branches), start);
  }

  ParseResult<ByteSet> ParseByte() {
    const std::size_t start = position_;
    const bool negated = Peek() == '~';
    if (negated) ++position_;
    const char high = Peek();
    if (at_end() || !IsNibble(high)) return Unexpected();
    const char low = Peek(1);
    if (!IsNibble(low)) {
      return ParseError(Kind::kUnevenHex, start, position_ + 1 - start, "uneven number of digits in a hex string",
                        "every byte has two digits; `?` stands for an unknown one");
    }
    position_ += 2;
    std::uint8_t value = 0;
    std::uint8_t mask = 0;
    if (high != '?') {
      value = static_cast<std::uint8_t>(DigitValue(high) << 4);
      mask = 0xf0;
    }
    if (low != '?') {
      value = static_cast<std::uint8_t>(value | DigitValue(low));
      mask = static_cast<std::uint8_t>(mask | 0x0f);
    }
    if (negated && mask == 0) {
      return ParseError(Kind::kNegatedWildcard, start, 3, "`~??` can never match", "remove the `~`");
    }
    ByteSet set = ByteSet::Masked(value, mask);
    if (negated) set.Invert();
    return set;
  }

  void SkipJumpSpace() {
    while (!at_end() && IsSpace(Peek())) ++position_;
  }

  // position_ is at the "[".
  ParseResult<Built> ParseJump(int level) {
    const std::size_t start = position_;
    ++position_;
    SkipJumpSpace();
    bool has_low = false;
    bool has_high = false;
    std::uint32_t low = 0;
    std::uint32_t high = kUnbounded;
    DL_CHECK_PARSE(ReadNumber(&has_low, &low));
    SkipJumpSpace();
    const bool is_range = Peek() == '-';
    if (is_range) {
      ++position_;
      SkipJumpSpace();
      DL_CHECK_PARSE(ReadNumber(&has_high, &high));
      SkipJumpSpace();
    } else {
      high = low;
    }
    // "[-5]" is no jump: YARA has no form without a lower bound but "[-]".
    if (Peek() != ']' || (!is_range && !has_low) || (!has_low && has_high)) {
      return ParseError(Kind::kSyntax, start, position_ + (at_end() ? 0 : 1) - start, "malformed jump",
                        "as in `[4]`, `[2-6]`, `[2-]` or `[-]`");
    }
    ++position_;
    const std::size_t length = position_ - start;
    if (high == 0 && (!is_range || dialect_ == Dialect::kYaraX)) {
      return ParseError(Kind::kInvalidJump, start, length, "a jump over no bytes", "remove it");
    }
    if (low > high) {
      return ParseError(Kind::kInvalidJump, start, length, "jump range is reversed", "write the smaller number first");
    }
    // YARA chains what stands around a long jump, which it can do only at the
    // top level; YARA-X has no such limit.
    if (level > 0 && dialect_ == Dialect::kYara && high > kMaxInAlternative) {
      return ParseError(Kind::kJumpInAlternative, start, length,
                        high == kUnbounded ? "unbounded jumps are not allowed inside alternatives"
                                           : "jumps over 200 bytes are not allowed inside alternatives",
                        "move the jump out of the parentheses, or give it a smaller bound");
    }
    RepeatSpec spec{low, high, /*greedy=*/false, /*is_jump=*/true, start, length};
    return BuildRepeat(BuildClass(ByteSet::All()), spec);
  }

  // YARA reads decimal numbers only; YARA-X's hexadecimal and octal ones are
  // accepted in both dialects, as YARA has no other meaning for them.
  ParseResult<void> ReadNumber(bool* found, std::uint32_t* value) {
    const std::size_t start = position_;
    std::uint64_t base = 10;
    if (Peek() == '0' && (Peek(1) == 'x' || Peek(1) == 'o')) {
      base = Peek(1) == 'x' ? 16 : 8;
      position_ += 2;
    }
    const std::size_t digits = position_;
    std::uint64_t number = 0;
    bool overflow = false;
    const std::uint64_t limit = dialect_ == Dialect::kYara ? kMaxJump : kMaxJumpYaraX;
    while (!at_end()) {
      const int digit = DigitValue(Peek());
      if (digit < 0 || static_cast<std::uint64_t>(digit) >= base) break;
      number = number * base + static_cast<std::uint64_t>(digit);
      if (number > limit) {
        overflow = true;
        number = limit;
      }
      ++position_;
    }
    if (position_ == digits) {
      if (base == 10) return {};
      return ParseError(Kind::kSyntax, start, 2, "a number needs digits after its prefix");
    }
    if (overflow) {
      return ParseError(Kind::kOverflow, start, position_ - start, "jump length is too large",
                        "`[n-]` jumps over any number of bytes");
    }
    *found = true;
    *value = static_cast<std::uint32_t>(number);
    return {};
  }

  std::string_view source_;
  Dialect dialect_;
  std::size_t position_ = 0;
  ParsedRegexp parsed_;
};

}  // namespace

tl::expected<ParsedRegexp, RegexpError> ParseHexString(std::string_view source, Dialect dialect) {
  return HexParser(source, dialect).Parse();
}

}  // namespace dl::match
