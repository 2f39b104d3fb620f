#include "daylight/formats/html/js_scanner.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <iterator>
#include <limits>

namespace dl::html {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsNamePart(char c) { return IsDigit(c) || IsLetter(c) || c == '$' || c == '_'; }
bool IsNameStart(char c) { return IsLetter(c) || c == '$' || c == '_' || c == '\\'; }

// ECMA-262 3rd edition, 7.7: longer ones first where one begins another.
constexpr std::string_view kOperators[] = {
    ">>>=", "===", ">>>", "!==", "<<=", ">>=", "<<", "<=", "==", ">=", ">>", "||", "--",
    "!=",   "&&",  "++",  "*=",  "/=",  "%=",  "+=", "-=", "&=", "^=", "|=", "=",  "+",
    "&",    ":",   "/",   "!",   ">",   "<",   "-",  "*",  "|",  "%",  "?",  "~",  "^"};

// 7.5.2, 7.5.3, 7.8.1 and 7.8.2: words that are no names.
constexpr std::string_view kWords[] = {
    "abstract",   "boolean",      "break",    "byte",       "case",   "catch",     "char",     "class",  "const",
    "continue",   "debugger",     "default",  "delete",     "do",     "double",    "else",     "enum",   "export",
    "extends",    "false",        "final",    "finally",    "float",  "for",       "function", "goto",   "if",
    "implements", "import",       "in",       "instanceof", "int",    "interface", "long",     "native", "new",
    "null",       "package",      "private",  "protected",  "public", "return",    "short",    "static", "super",
    "switch",     "synchronized", "this",     "throw",      "throws", "transient", "true",     "try",    "typeof",
    "var",        "void",         "volatile", "while",      "with"};

int HexValue(char c) {
  if (IsDigit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}
int HexOrZero(char c) { return std::max(0, HexValue(c)); }

// UTF-8 of one unit of UTF-16, surrogate or not; never a NUL.
void AppendUnit(unsigned unit, std::string& out) {
  const auto add = [&](unsigned byte) { out.push_back(static_cast<char>(static_cast<unsigned char>(byte))); };
  unit &= 0xffff;
  if (unit < 0x80) {
    add(unit == 0 ? 1 : unit);
  } else if (unit < 0x800) {
    add(0xc0 | unit >> 6);
    add(0x80 | (unit & 0x3f));
  } else {
    add(0xe0 | unit >> 12);
    add(0x80 | (unit >> 6 & 0x3f));
    add(0x80 | (unit & 0x3f));
  }
}

// As many digits as there are; the last one, when invalid, sets all bits.
unsigned HexUnit(std::string_view digits) {
  int value = 0;
  for (std::size_t i = 0; i + 1 < digits.size(); ++i) value = value << 4 | HexOrZero(digits[i]);
  return static_cast<unsigned>(value << 4 | HexValue(digits.back()));
}

void AppendByte(unsigned byte, std::string& out) {
  const auto c = static_cast<unsigned char>(byte);
  out.push_back(static_cast<char>(c == 0 ? 1 : c));
}

}  // namespace

void AppendUnescaped(std::string_view text, std::string& out) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '\\' && i + 1 < text.size()) {
      switch (text[++i]) {
        case '0': c = '\0'; break;
        case 'b': c = '\b'; break;
        case 't': c = '\t'; break;
        case 'n': c = '\n'; break;
        case 'v': c = '\v'; break;
        case 'f': c = '\f'; break;
        case 'r': c = '\r'; break;
        case 'x':
          if (i + 2 < text.size()) c = static_cast<char>(HexUnit(text.substr(i + 1, 2)));
          i += 2;
          break;
        case 'u':
          if (i + 4 < text.size()) {
            AppendUnit(HexUnit(text.substr(i + 1, 4)), out);
            i += 4;
            continue;
          }
          break;
        default: c = text[i]; break;
      }
    }
    AppendByte(static_cast<unsigned char>(c), out);
  }
}

std::string UnescapePercent(std::string_view text) {
  std::string out;
  const auto all_hex = [&](std::size_t from, std::size_t count) {
    return from + count <= text.size() && std::all_of(text.begin() + static_cast<std::ptrdiff_t>(from),
                                                      text.begin() + static_cast<std::ptrdiff_t>(from + count),
                                                      [](char c) { return HexValue(c) >= 0; });
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 1 < text.size()) {
      if (text[i + 1] == 'u' && all_hex(i + 2, 4)) {
        AppendUnit(HexUnit(text.substr(i + 2, 4)), out);
        i += 5;
        continue;
      }
      if (all_hex(i + 1, 2)) {
        AppendByte(HexUnit(text.substr(i + 1, 2)), out);
        i += 2;
        continue;
      }
    }
    AppendByte(static_cast<unsigned char>(text[i]), out);
  }
  return out;
}

void JsScanner::Feed(std::string_view piece) {
  in_ = piece;
  at_ = 0;
  last_at_ = std::numeric_limits<std::size_t>::max();
  last_state_ = State::kNone;
}

char JsScanner::OpenQuote() const {
  if (state_ == State::kDoubleQuoted) return '"';
  return state_ == State::kSingleQuoted ? '\'' : '\0';
}

std::optional<JsLexeme> JsScanner::Next() {
  if (at_ == last_at_ && state_ == last_state_) ++at_;  // No progress: skip a character.
  last_at_ = at_;
  last_state_ = state_;
  while (at_ < in_.size()) {
    switch (state_) {
      case State::kInitial:
        buffer_.clear();
        if (auto token = ScanInitial()) return token;
        if (state_ != State::kInitial && state_ != State::kComment && state_ != State::kLineComment)
          return std::nullopt;
        break;
      case State::kDoubleQuoted: return ScanString('"', State::kDoubleQuoted);
      case State::kSingleQuoted: return ScanString('\'', State::kSingleQuoted);
      case State::kName: return ScanName();
      case State::kNumber: return ScanNumber();
      case State::kComment: SkipComment(); break;
      case State::kLineComment: SkipLineComment(); break;
      case State::kNone: return std::nullopt;
    }
  }
  return std::nullopt;
}

std::optional<JsLexeme> JsScanner::ScanInitial() {
  const char c = in_[at_];
  const auto punctuation = [&](JsKind kind) {
    ++at_;
    return JsLexeme{kind, in_.substr(at_ - 1, 1), 0, 0};
  };
  switch (c) {
    case '[': return punctuation(JsKind::kBracketOpen);
    case ']': return punctuation(JsKind::kBracketClose);
    case ',': return punctuation(JsKind::kComma);
    case '{': return punctuation(JsKind::kCurlyOpen);
    case '}': return punctuation(JsKind::kCurlyClose);
    case '(': return punctuation(JsKind::kParOpen);
    case ')': return punctuation(JsKind::kParClose);
    case '.': return punctuation(JsKind::kDot);
    case ';': return punctuation(JsKind::kSemicolon);
    case '"': ++at_; return ScanString('"', State::kDoubleQuoted);
    case '\'': ++at_; return ScanString('\'', State::kSingleQuoted);
    case '/':
      if (at_ + 1 < in_.size() && (in_[at_ + 1] == '*' || in_[at_ + 1] == '/')) {
        state_ = in_[at_ + 1] == '*' ? State::kComment : State::kLineComment;
        at_ += 2;
        return std::nullopt;
      }
      return ScanOperator();
    default: break;
  }
  if (IsDigit(c)) return ScanNumber();
  if (IsNameStart(c)) return ScanName();
  if (std::string_view("!%&*+-:<=>?^|~").find(c) != std::string_view::npos) return ScanOperator();
  ++at_;  // White space, and what can stand nowhere.
  return std::nullopt;
}

// A backslash before a quote always hides it, even one that is itself hidden.
std::optional<JsLexeme> JsScanner::ScanString(char quote, State unfinished) {
  const std::string_view rest = in_.substr(at_);
  std::size_t end = rest.find(quote);
  while (end != std::string_view::npos && end > 0 && rest[end - 1] == '\\') end = rest.find(quote, end + 1);
  AppendUnescaped(rest.substr(0, end), buffer_);
  if (end == std::string_view::npos) {
    at_ = in_.size();
    state_ = unfinished;
    return std::nullopt;
  }
  at_ += end + 1;
  state_ = State::kInitial;
  return JsLexeme{JsKind::kString, buffer_, 0, 0};
}

std::optional<JsLexeme> JsScanner::ScanNumber() {
  // Where a number is cut, its point is forgotten.
  bool is_float = false;
  while (at_ < in_.size()) {
    char c = in_[at_++];
    if (IsDigit(c) || (c == '.' && !is_float)) {
      is_float |= c == '.';
      buffer_.push_back(c);
      continue;
    }
    if ((c == 'e' || c == 'E') && is_float) {
      buffer_.push_back(c);
      if (at_ < in_.size()) {
        c = in_[at_++];
        if (c == '+' || c == '-' || IsDigit(c)) {
          buffer_.push_back(c);
          continue;
        }
      }
    }
    --at_;
    state_ = State::kInitial;
    JsLexeme token;
    if (is_float) {
      token.kind = JsKind::kFloat;
      token.real = std::strtod(buffer_.c_str(), nullptr);
    } else {
      // As the C library's atoi: out of range, the low bits of the greatest
      // 64-bit number.
      token.kind = JsKind::kInteger;
      std::int64_t value = 0;
      if (std::from_chars(buffer_.data(), buffer_.data() + buffer_.size(), value).ec ==
          std::errc::result_out_of_range) {
        value = std::numeric_limits<std::int64_t>::max();
      }
      token.integer = static_cast<std::int32_t>(static_cast<std::uint32_t>(value));
    }
    return token;
  }
  state_ = State::kNumber;
  return std::nullopt;
}

std::optional<JsLexeme> JsScanner::ScanName() {
  state_ = State::kInitial;
  while (at_ < in_.size()) {
    const char c = in_[at_++];
    if (IsNamePart(c)) {
      buffer_.push_back(c);
      continue;
    }
    if (c == '\\') {
      // Of \u only the backslash is kept. Any other escape ends the name and
      // vanishes, with the character after it where that is the last one.
      if (at_ < in_.size() && in_[at_++] == 'u') {
        buffer_.push_back(c);
        continue;
      }
      if (at_ == in_.size()) ++at_;
    }
    --at_;
    const auto* word = std::lower_bound(std::begin(kWords), std::end(kWords), std::string_view(buffer_));
    if (word == std::end(kWords) || *word != buffer_) return JsLexeme{JsKind::kName, buffer_, 0, 0};
    JsLexeme token{JsKind::kOther, *word, 0, 0};
    if (*word == "function") token.kind = JsKind::kFunction;
    if (*word == "var") token.kind = JsKind::kVar;
    return token;
  }
  state_ = State::kName;
  return std::nullopt;
}

JsLexeme JsScanner::ScanOperator() {
  const std::string_view rest = in_.substr(at_);
  for (const std::string_view text : kOperators) {
    if (!rest.starts_with(text)) continue;
    at_ += text.size();
    return {text == "+" ? JsKind::kPlus : JsKind::kOther, text, 0, 0};
  }
  ++at_;
  return {};
}

void JsScanner::SkipComment() {
  const std::size_t end = in_.find("*/", at_);
  if (end == std::string_view::npos) {
    at_ = in_.size();
    return;
  }
  at_ = end + 2;
  state_ = State::kInitial;
}

// The HTML normaliser has made blanks of line ends, so a blank ends it too.
void JsScanner::SkipLineComment() {
  at_ = std::min(in_.find_first_of("\n ", at_), in_.size());
  state_ = State::kInitial;
}

}  // namespace dl::html
