#include "daylight/rules/yara/lexer.h"

#include <fmt/format.h>

#include <charconv>
#include <cstring>
#include <limits>

#include "daylight/rules/yara/codes.h"

namespace dl::yara {
namespace {

constexpr std::uint32_t kMaxIdentifier = 128;  // As YARA has it.

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsWordStart(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool IsWord(char c) { return IsWordStart(c) || IsDigit(c); }
int HexDigit(char c) {
  if (IsDigit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

Lexer::Lexer(std::string_view text, std::uint32_t file, Diagnostics* diagnostics)
    : text_(text), file_(file), diagnostics_(diagnostics) {}

Lexer Lexer::Quiet() const {
  Lexer copy = *this;
  copy.diagnostics_ = nullptr;
  return copy;
}

Token Lexer::Make(Tok kind, std::uint32_t begin, std::uint32_t end) {
  position_ = end;
  Token token;
  token.kind = kind;
  token.begin = begin;
  token.end = end;
  return token;
}

Token Lexer::Fail(const char* code, std::uint32_t begin, std::uint32_t end, std::string message, std::string hint,
                  std::string label) {
  if (diagnostics_ != nullptr) {
    diagnostics_->Error(code, {file_, begin, end}, std::move(message), std::move(label), std::move(hint));
  }
  return Make(Tok::kError, begin, end);
}

// Skips white space and comments; false when a comment does not end.
bool Lexer::SkipSpace(Token& error) {
  const std::size_t size = text_.size();
  std::size_t i = position_;
  while (i < size) {
    const char c = text_[i];
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      ++i;
    } else if (c == '/' && At(i + 1) == '/') {
      const void* newline = std::memchr(text_.data() + i, '\n', size - i);
      i = newline == nullptr ? size : static_cast<std::size_t>(static_cast<const char*>(newline) - text_.data());
    } else if (c == '/' && At(i + 1) == '*') {
      const std::size_t end = text_.find("*/", i + 2);
      if (end == std::string_view::npos) {
        const auto begin = static_cast<std::uint32_t>(i);
        error = Fail(code::kUnterminatedComment, begin, begin + 2, "unterminated comment", "close it with `*/`",
                     "the comment starts here");
        position_ = static_cast<std::uint32_t>(size);
        return false;
      }
      i = end + 2;
    } else {
      break;
    }
  }
  position_ = static_cast<std::uint32_t>(i);
  return true;
}

Token Lexer::Next() {
  Token error;
  if (!SkipSpace(error)) return error;
  if (position_ >= text_.size()) {
    const auto end = static_cast<std::uint32_t>(text_.size());
    return Make(Tok::kEnd, end, end);
  }
  const char c = text_[position_];
  if (IsWordStart(c)) return Word();
  if (IsDigit(c)) return Number();
  switch (c) {
    case '"': return Text();
    case '/': return Regexp();
    case '$': return StringName(Tok::kStringId);
    case '#': return StringName(Tok::kStringCount);
    case '@': return StringName(Tok::kStringOffset);
    case '!':
      if (At(position_ + 1) == '=') return Make(Tok::kNotEqual, position_, position_ + 2);
      return StringName(Tok::kStringLength);
    default: return Punctuation();
  }
}

Token Lexer::Word() {
  const std::uint32_t begin = position_;
  std::uint32_t end = begin;
  while (end < text_.size() && IsWord(text_[end])) ++end;
  if (end - begin > kMaxIdentifier) {
    Fail(code::kIdentifierTooLong, begin, end, "identifier too long",
         fmt::format("use at most {} characters", kMaxIdentifier));
    return Make(Tok::kIdentifier, begin, end);
  }
  const std::string_view word = text_.substr(begin, end - begin);
  Token token = Make(KeywordOrIdentifier(word), begin, end);
  if (token.kind == Tok::kReadInteger) {
    const bool is_unsigned = word[0] == 'u';
    const bool big_endian = word.ends_with("be");
    const std::string_view rest = word.substr(is_unsigned ? 4 : 3);
    const int bits = rest[0] == '8' ? 8 : rest[0] == '1' ? 16 : 32;
    const int value = bits + (big_endian ? 1000 : 0);
    token.integer = is_unsigned ? value : -value;
  }
  return token;
}

Token Lexer::StringName(Tok kind) {
  const std::uint32_t begin = position_;
  std::uint32_t end = begin + 1;
  while (end < text_.size() && IsWord(text_[end])) ++end;
  if (end - begin > kMaxIdentifier) {
    Fail(code::kIdentifierTooLong, begin, end, "identifier too long",
         fmt::format("use at most {} characters", kMaxIdentifier));
    return Make(kind, begin, end);
  }
  if (kind == Tok::kStringId && At(end) == '*') return Make(Tok::kStringWildcard, begin, end + 1);
  return Make(kind, begin, end);
}

Token Lexer::Number() {
  const std::uint32_t begin = position_;
  std::uint32_t end = begin;
  int base = 10;
  if (text_[begin] == '0' && At(begin + 1) == 'x' && HexDigit(At(begin + 2)) >= 0) {
    base = 16;
    end = begin + 2;
    while (end < text_.size() && HexDigit(text_[end]) >= 0) ++end;
  } else if (text_[begin] == '0' && At(begin + 1) == 'o' && At(begin + 2) >= '0' && At(begin + 2) <= '7') {
    base = 8;
    end = begin + 2;
    while (end < text_.size() && text_[end] >= '0' && text_[end] <= '7') ++end;
  } else {
    while (end < text_.size() && IsDigit(text_[end])) ++end;
    if (At(end) == '.' && IsDigit(At(end + 1))) {
      ++end;
      while (end < text_.size() && IsDigit(text_[end])) ++end;
      Token token = Make(Tok::kFloat, begin, end);
      // from_chars takes time linear in the digits; out of range gives infinity.
      const auto parsed = std::from_chars(text_.data() + begin, text_.data() + end, token.real);
      if (parsed.ec != std::errc()) token.real = std::numeric_limits<double>::infinity();
      return token;
    }
  }
  const std::uint32_t digits_end = end;
  std::int64_t unit = 1;
  if (base == 10 && At(end + 1) == 'B' && (At(end) == 'K' || At(end) == 'M')) {
    unit = At(end) == 'K' ? 1024 : 1024 * 1024;
    end += 2;
  }
  std::int64_t value = 0;
  const char* first = text_.data() + begin + (base == 10 ? 0 : 2);
  const auto parsed = std::from_chars(first, text_.data() + digits_end, value, base);
  if (parsed.ec != std::errc() || value > std::numeric_limits<std::int64_t>::max() / unit) {
    Fail(code::kIntegerTooLarge, begin, end, "integer too large",
         "integers have 64 bits and a sign: the largest is 0x7fffffffffffffff");
    Token token = Make(Tok::kInteger, begin, end);
    token.integer = 1;  // A value that no other error can come of.
    return token;
  }
  Token token = Make(Tok::kInteger, begin, end);
  token.integer = value * unit;
  return token;
}

Token Lexer::Text() {
  const std::uint32_t begin = position_;
  std::size_t i = begin + 1;
  while (i < text_.size()) {
    const char c = text_[i];
    if (c == '"') return Make(Tok::kText, begin, static_cast<std::uint32_t>(i + 1));
    if (c == '\n') break;
    const auto at = static_cast<std::uint32_t>(i);
    if (c == '\0') {
      Fail(code::kIllegalCharacter, at, at + 1, "NUL byte in a text string", "write it as \\x00");
    } else if (c == '\\') {
      const char escape = At(i + 1);
      if (escape == 'x' && HexDigit(At(i + 2)) >= 0 && HexDigit(At(i + 3)) >= 0) {
        i += 4;
        continue;
      }
      if (escape == '"' || escape == '\\' || escape == 't' || escape == 'n' || escape == 'r') {
        i += 2;
        continue;
      }
      if (escape == '\n' || i + 1 >= text_.size()) break;
      Fail(code::kIllegalEscape, at, at + 2, "illegal escape sequence",
           "a text string knows \\\" \\\\ \\t \\n \\r and \\xHH; write a backslash as \\\\");
      // The escaped character itself may be anything, also a multi-byte one.
      i += 2;
      continue;
    }
    ++i;
  }
  const auto end = static_cast<std::uint32_t>(std::min(i, text_.size()));
  return Fail(code::kUnterminatedString, begin, end, "unterminated text string",
              "close it with `\"` on the same line; write a line break as \\n");
}

// Never empty: `//` begins a comment.
Token Lexer::Regexp() {
  const std::uint32_t begin = position_;
  std::size_t i = begin + 1;
  bool closed = false;
  while (i < text_.size() && text_[i] != '\n') {
    const char c = text_[i];
    if (c == '/') {
      closed = true;
      break;
    }
    if (c == '\0') {
      const auto at = static_cast<std::uint32_t>(i);
      return Fail(code::kIllegalCharacter, at, at + 1, "NUL byte in a regular expression", "write it as \\x00");
    }
    i += c == '\\' && i + 1 < text_.size() && text_[i + 1] != '\n' ? 2u : 1u;
  }
  const auto end = static_cast<std::uint32_t>(std::min(i, text_.size()));
  if (!closed) {
    return Fail(code::kUnterminatedRegexp, begin, end, "unterminated regular expression",
                "close it with `/` on the same line; integer division is written `\\`");
  }
  std::uint32_t flags_end = end + 1;
  bool seen_i = false;
  bool seen_s = false;
  while (flags_end < text_.size() && IsWord(text_[flags_end])) {
    const char flag = text_[flags_end];
    if ((flag == 'i' && !seen_i) || (flag == 's' && !seen_s)) {
      (flag == 'i' ? seen_i : seen_s) = true;
      ++flags_end;
      continue;
    }
    std::uint32_t word_end = flags_end;
    while (word_end < text_.size() && IsWord(text_[word_end])) ++word_end;
    Fail(code::kRegexpFlag, flags_end, flags_end + 1,
         flag == 'i' || flag == 's' ? "repeated flag of a regular expression" : "unknown flag of a regular expression",
         "the flags are `i` (ignore case) and `s` (`.` matches line breaks too)");
    flags_end = word_end;
    break;
  }
  return Make(Tok::kRegexp, begin, flags_end);
}

Token Lexer::HexString(const Token& brace) {
  std::size_t i = brace.end;
  while (i < text_.size()) {
    const char c = text_[i];
    if (c == '}') return Make(Tok::kText, brace.begin, static_cast<std::uint32_t>(i + 1));
    if (c == '/' && At(i + 1) == '/') {
      const std::size_t newline = text_.find('\n', i);
      i = newline == std::string_view::npos ? text_.size() : newline;
    } else if (c == '/' && At(i + 1) == '*') {
      const std::size_t end = text_.find("*/", i + 2);
      if (end == std::string_view::npos) break;
      i = end + 2;
    } else if (c == '$' || c == '"' || c == '=' || c == ':' || c == '{') {
      break;  // Nothing that a hex string may hold: the brace is missing.
    } else {
      ++i;
    }
  }
  return Fail(code::kUnterminatedHex, brace.begin, brace.end, "unterminated hex string", "close it with `}`",
              "the hex string starts here");
}

Token Lexer::Punctuation() {
  const std::uint32_t at = position_;
  const char c = text_[at];
  const char next = At(at + 1);
  const auto one = [&](Tok kind) { return Make(kind, at, at + 1); };
  const auto two = [&](Tok kind) { return Make(kind, at, at + 2); };
  switch (c) {
    case '{': return one(Tok::kLeftBrace);
    case '}': return one(Tok::kRightBrace);
    case '(': return one(Tok::kLeftParen);
    case ')': return one(Tok::kRightParen);
    case '[': return one(Tok::kLeftBracket);
    case ']': return one(Tok::kRightBracket);
    case ':': return one(Tok::kColon);
    case ',': return one(Tok::kComma);
    case '.': return next == '.' ? two(Tok::kDotDot) : one(Tok::kDot);
    case '=': return next == '=' ? two(Tok::kEqual) : one(Tok::kAssign);
    case '<': return next == '<' ? two(Tok::kShiftLeft) : next == '=' ? two(Tok::kLessEqual) : one(Tok::kLess);
    case '>': return next == '>' ? two(Tok::kShiftRight) : next == '=' ? two(Tok::kGreaterEqual) : one(Tok::kGreater);
    case '+': return one(Tok::kPlus);
    case '-': return one(Tok::kMinus);
    case '*': return one(Tok::kStar);
    case '\\': return one(Tok::kBackslash);
    case '%': return one(Tok::kPercent);
    case '&': return one(Tok::kAmpersand);
    case '|': return one(Tok::kPipe);
    case '^': return one(Tok::kCaret);
    case '~': return one(Tok::kTilde);
    default: break;
  }
  const auto byte = static_cast<unsigned char>(c);
  if (byte > 0x20 && byte < 0x7f) return one(Tok::kOther);
  if (byte >= 0x80) {
    // One error for a run of them, not one for each byte.
    std::uint32_t end = at;
    while (end < text_.size() && static_cast<unsigned char>(text_[end]) >= 0x80) ++end;
    return Fail(code::kIllegalCharacter, at, end, "non-ASCII character outside a string or comment",
                "look for typographic quotes, dashes or spaces that came with copied text");
  }
  return Fail(code::kIllegalCharacter, at, at + 1,
              byte == 0 ? std::string("NUL byte in the text") : fmt::format("control character 0x{:02x}", byte));
}

// An illegal escape, already reported, loses its backslash.
std::string DecodeText(std::string_view text) {
  std::string out;
  if (text.size() < 2) return out;
  text = text.substr(1, text.size() - 2);
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 >= text.size()) {
      out.push_back(text[i]);
      continue;
    }
    switch (text[++i]) {
      case 't': out.push_back('\t'); break;
      case 'n': out.push_back('\n'); break;
      case 'r': out.push_back('\r'); break;
      case 'x':
        if (i + 2 < text.size() && HexDigit(text[i + 1]) >= 0 && HexDigit(text[i + 2]) >= 0) {
          out.push_back(static_cast<char>(HexDigit(text[i + 1]) * 16 + HexDigit(text[i + 2])));
          i += 2;
        }
        break;
      default: out.push_back(text[i]);
    }
  }
  return out;
}

}  // namespace dl::yara
