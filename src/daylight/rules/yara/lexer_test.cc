#include "daylight/rules/yara/lexer.h"

#include <gtest/gtest.h>

#include "daylight/rules/yara/codes.h"

namespace dl::yara {
namespace {

struct Lexed {
  std::vector<Token> tokens;
  std::vector<std::string> codes;
};

Lexed Lex(std::string_view text) {
  std::deque<SourceFile> files(1);
  files[0].text = text;
  Diagnostics diagnostics(files, {});
  Lexer lexer(files[0].text, 0, &diagnostics);
  Lexed out;
  for (;;) {
    const Token token = lexer.Next();
    if (token.kind == Tok::kEnd) break;
    EXPECT_LE(token.begin, token.end);
    EXPECT_LE(token.end, text.size());
    out.tokens.push_back(token);
  }
  for (const Diagnostic& d : diagnostics.list()) out.codes.push_back(d.code);
  return out;
}

std::vector<Tok> Kinds(std::string_view text) {
  std::vector<Tok> kinds;
  for (const Token& token : Lex(text).tokens) kinds.push_back(token.kind);
  return kinds;
}

TEST(LexerTest, WordsAreKeywordsOrIdentifiers) {
  EXPECT_EQ(Kinds("rule Rule rules _x uint16be base64wide with"),
            (std::vector{Tok::kRule, Tok::kIdentifier, Tok::kIdentifier, Tok::kIdentifier, Tok::kReadInteger,
                         Tok::kBase64Wide, Tok::kIdentifier}));
}

TEST(LexerTest, EveryKeywordIsItsOwnName) {
  for (int kind = static_cast<int>(Tok::kAll); kind <= static_cast<int>(Tok::kXor); ++kind) {
    const Tok tok = static_cast<Tok>(kind);
    EXPECT_EQ(KeywordOrIdentifier(TokenName(tok)), tok) << TokenName(tok);
  }
}

TEST(LexerTest, IntegerReadersCarryWidthSignAndOrder) {
  const auto value = [](std::string_view text) { return Lex(text).tokens.at(0).integer; };
  EXPECT_EQ(value("uint8"), 8);
  EXPECT_EQ(value("int16"), -16);
  EXPECT_EQ(value("uint32be"), 1032);
  EXPECT_EQ(value("int8be"), -1008);
}

TEST(LexerTest, NumbersInAllBases) {
  const auto value = [](std::string_view text) { return Lex(text).tokens.at(0).integer; };
  EXPECT_EQ(value("017"), 17);
  EXPECT_EQ(value("0x1F"), 31);
  EXPECT_EQ(value("0o17"), 15);
  EXPECT_EQ(value("2KB"), 2048);
  EXPECT_EQ(value("3MB"), 3 << 20);
  EXPECT_EQ(value("9223372036854775807"), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(value("0x7fffffffffffffff"), std::numeric_limits<std::int64_t>::max());
}

TEST(LexerTest, NumbersPastSixtyThreeBitsAreErrors) {
  for (const char* text : {"9223372036854775808", "0x8000000000000000", "9007199254740993KB", "8796093022208MB",
                           "0o7777777777777777777777", "99999999999999999999"}) {
    EXPECT_EQ(Lex(text).codes, std::vector<std::string>{code::kIntegerTooLarge}) << text;
  }
  // One less is none.
  EXPECT_TRUE(Lex("9007199254740991KB 8796093022207MB").codes.empty());
}

TEST(LexerTest, ARangeIsNoFloat) {
  EXPECT_EQ(Kinds("(1..3) 1.5"),
            (std::vector{Tok::kLeftParen, Tok::kInteger, Tok::kDotDot, Tok::kInteger, Tok::kRightParen, Tok::kFloat}));
  EXPECT_DOUBLE_EQ(Lex("12.25").tokens.at(0).real, 12.25);
}

TEST(LexerTest, UnitsBelongToDecimalsOnly) {
  EXPECT_EQ(Kinds("0x1KB"), (std::vector{Tok::kInteger, Tok::kIdentifier}));
}

TEST(LexerTest, StringNames) {
  EXPECT_EQ(Kinds("$a $a* $ #a @a !a != ! $*"),
            (std::vector{Tok::kStringId, Tok::kStringWildcard, Tok::kStringId, Tok::kStringCount, Tok::kStringOffset,
                         Tok::kStringLength, Tok::kNotEqual, Tok::kStringLength, Tok::kStringWildcard}));
}

TEST(LexerTest, TextEscapes) {
  EXPECT_EQ(DecodeText(R"("a\t\n\r\"\\\x41\xfF")"), "a\t\n\r\"\\A\xff");
  EXPECT_EQ(DecodeText("\"\xc3\xa9\""), "\xc3\xa9");
}

TEST(LexerTest, TextErrors) {
  EXPECT_EQ(Lex("\"a\\qb\"").codes, std::vector<std::string>{code::kIllegalEscape});
  EXPECT_EQ(Lex("\"a\\x4\"").codes, std::vector<std::string>{code::kIllegalEscape});
  EXPECT_EQ(Lex("\"abc\nrule").codes, std::vector<std::string>{code::kUnterminatedString});
  EXPECT_EQ(Lex("\"abc\\").codes, std::vector<std::string>{code::kUnterminatedString});
  EXPECT_EQ(Lex(std::string_view("\"a\0b\"", 5)).codes, std::vector<std::string>{code::kIllegalCharacter});
  // The text goes on behind each.
  EXPECT_EQ(Kinds("\"a\\qb\" rule"), (std::vector{Tok::kText, Tok::kRule}));
}

TEST(LexerTest, CommentsAreSpace) {
  EXPECT_EQ(Kinds("a // b\nc /* d \n * e */ f // no line break"),
            (std::vector{Tok::kIdentifier, Tok::kIdentifier, Tok::kIdentifier}));
  EXPECT_EQ(Lex("a /* b").codes, std::vector<std::string>{code::kUnterminatedComment});
  EXPECT_EQ(Lex("a /*/").codes, std::vector<std::string>{code::kUnterminatedComment});
}

TEST(LexerTest, RegularExpressions) {
  EXPECT_EQ(Kinds(R"(/a\/b/is /x/)"), (std::vector{Tok::kRegexp, Tok::kRegexp}));
  EXPECT_EQ(Lex("/abc\n").codes, std::vector<std::string>{code::kUnterminatedRegexp});
  EXPECT_EQ(Lex("/abc\\").codes, std::vector<std::string>{code::kUnterminatedRegexp});
  EXPECT_EQ(Lex("/abc/ii").codes, std::vector<std::string>{code::kRegexpFlag});
  EXPECT_EQ(Lex("/abc/x").codes, std::vector<std::string>{code::kRegexpFlag});
}

TEST(LexerTest, HexStringsEndAtTheirBrace) {
  std::deque<SourceFile> files(1);
  files[0].text = "{ 01 /* } */ 02 // }\n 03 } rest";
  Diagnostics diagnostics(files, {});
  Lexer lexer(files[0].text, 0, &diagnostics);
  const Token brace = lexer.Next();
  ASSERT_EQ(brace.kind, Tok::kLeftBrace);
  EXPECT_EQ(lexer.text(lexer.HexString(brace)), "{ 01 /* } */ 02 // }\n 03 }");
  EXPECT_EQ(lexer.Next().kind, Tok::kIdentifier);
}

TEST(LexerTest, StrangeBytesAreOneErrorARun) {
  EXPECT_EQ(Lex("a \xe2\x80\x9c\xe2\x80\x9c b").codes, std::vector<std::string>{code::kIllegalCharacter});
  EXPECT_EQ(Lex(std::string_view("\0", 1)).codes, std::vector<std::string>{code::kIllegalCharacter});
  EXPECT_EQ(Lex("\x01").codes, std::vector<std::string>{code::kIllegalCharacter});
}

TEST(LexerTest, IdentifiersHaveALimit) {
  EXPECT_TRUE(Lex(std::string(128, 'a')).codes.empty());
  EXPECT_EQ(Lex(std::string(129, 'a')).codes, std::vector<std::string>{code::kIdentifierTooLong});
  EXPECT_TRUE(Lex("$" + std::string(127, 'a')).codes.empty());
  EXPECT_EQ(Lex("$" + std::string(128, 'a')).codes, std::vector<std::string>{code::kIdentifierTooLong});
}

TEST(LexerTest, AQuietCopyReportsNothing) {
  std::deque<SourceFile> files(1);
  files[0].text = "\"abc";
  Diagnostics diagnostics(files, {});
  Lexer lexer(files[0].text, 0, &diagnostics);
  EXPECT_EQ(lexer.Quiet().Next().kind, Tok::kError);
  EXPECT_TRUE(diagnostics.list().empty());
  EXPECT_EQ(lexer.Next().kind, Tok::kError);
  EXPECT_EQ(diagnostics.list().size(), 1u);
}

}  // namespace
}  // namespace dl::yara
