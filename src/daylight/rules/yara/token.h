// Tokens of YARA text: what Lexer makes and the parser consumes.
#pragma once

#include <cstdint>
#include <string_view>

namespace dl::yara {

enum class Tok : std::uint8_t {
  kEnd,
  kError,  // A lexical error, already reported.
  kIdentifier,
  kInteger,
  kFloat,
  kText,    // "..." with its quotes.
  kRegexp,  // /.../ with its flags.
  // $name, #name, @name, !name; the name may be empty.
  kStringId,
  kStringWildcard,
  kStringCount,
  kStringOffset,
  kStringLength,
  kReadInteger,  // uint8, int16be...; `integer` as in Op::kReadInteger.
  // Punctuation.
  kLeftBrace,
  kRightBrace,
  kLeftParen,
  kRightParen,
  kLeftBracket,
  kRightBracket,
  kColon,
  kComma,
  kAssign,
  kDot,
  kDotDot,
  kPlus,
  kMinus,
  kStar,
  kBackslash,
  kPercent,
  kAmpersand,
  kPipe,
  kCaret,
  kTilde,
  kShiftLeft,
  kShiftRight,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kEqual,
  kNotEqual,
  kOther,  // Any other printable character; never valid outside a hex string.
  // Keywords.
  kAll,
  kAnd,
  kAny,
  kAscii,
  kAt,
  kBase64,
  kBase64Wide,
  kCondition,
  kContains,
  kDefined,
  kEndsWith,
  kEntrypoint,
  kFalse,
  kFilesize,
  kFor,
  kFullword,
  kGlobal,
  kIContains,
  kIEndsWith,
  kIEquals,
  kImport,
  kIn,
  kInclude,
  kIStartsWith,
  kMatches,
  kMeta,
  kNocase,
  kNone,
  kNot,
  kOf,
  kOr,
  kPrivate,
  kRule,
  kStartsWith,
  kStrings,
  kThem,
  kTrue,
  kWide,
  kXor,
};

struct Token {
  Tok kind = Tok::kEnd;
  std::uint32_t begin = 0;  // Byte offsets in the text.
  std::uint32_t end = 0;
  std::int64_t integer = 0;  // kInteger, kReadInteger.
  double real = 0;           // kFloat.
};

// As a diagnostic names it: `identifier`, `"("`, `keyword "of"`.
std::string_view TokenName(Tok kind);
// A keyword's spelling in lower case gives its token; anything else kIdentifier.
Tok KeywordOrIdentifier(std::string_view word);

}  // namespace dl::yara
