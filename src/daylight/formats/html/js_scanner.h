// JavaScript cut into the tokens of clamscan's normaliser.
//
//   JsScanner scanner;
//   scanner.Feed("var a = 'x';");
//   while (const auto token = scanner.Next()) Use(*token);
//
// Text comes in pieces; strings, names, numbers and comments may go on from one
// to the next. A name or number that the end of the last piece cuts is lost, as
// it is there. Recognised are operators and words of ECMAScript 3; regular
// expressions are not.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dl::html {

enum class JsKind : std::uint8_t {
  kName,
  kMember,  // A name after a dot.
  kString,
  kInteger,
  kFloat,
  kFunction,  // The word, and the mark of a function's end.
  kVar,
  kPlus,
  kDot,
  kComma,
  kSemicolon,
  kParOpen,
  kParClose,
  kCurlyOpen,
  kCurlyClose,
  kBracketOpen,
  kBracketClose,
  kOther,  // Any other operator or word.
};

struct JsLexeme {
  JsKind kind = JsKind::kOther;
  std::string_view text;  // Of names and strings (decoded) until the next call, else static.
  std::int64_t integer = 0;
  double real = 0;
};

class JsScanner {
 public:
  void Feed(std::string_view piece);
  // Nothing at the end of the piece.
  std::optional<JsLexeme> Next();
  // The quote that would end an unfinished string, or 0.
  char OpenQuote() const;

 private:
  enum class State : std::uint8_t {
    kInitial,
    kComment,
    kLineComment,
    kNumber,
    kDoubleQuoted,
    kSingleQuoted,
    kName,
    kNone
  };

  std::optional<JsLexeme> ScanInitial();
  std::optional<JsLexeme> ScanString(char quote, State unfinished);
  std::optional<JsLexeme> ScanNumber();
  std::optional<JsLexeme> ScanName();
  JsLexeme ScanOperator();
  void SkipComment();
  void SkipLineComment();

  std::string_view in_;
  std::size_t at_ = 0;
  std::size_t last_at_ = 0;
  State state_ = State::kInitial;
  State last_state_ = State::kNone;
  std::string buffer_;  // Of the token under way.
};

// A JavaScript string's escapes undone, byte by byte.
void AppendUnescaped(std::string_view text, std::string& out);
// What the function unescape() gives: %xx and %uxxxx, the latter as UTF-8.
std::string UnescapePercent(std::string_view text);

}  // namespace dl::html
