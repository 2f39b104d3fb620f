// Lexer cuts YARA text into tokens.
//
//   Lexer lexer(text, file, diagnostics);
//   for (Token t = lexer.Next(); t.kind != Tok::kEnd; t = lexer.Next()) ...
//
// A cheap value: copy it to look ahead (a copy made by Quiet() reports
// nothing). Borrows the text. Every error is reported once and leaves the
// position behind what is wrong, so lexing always gets on. Where the token's
// end is plain (an illegal escape, an integer too large) it is given all the
// same, so that what follows is still looked at; else it is kError.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "daylight/rules/yara/diagnostics.h"
#include "daylight/rules/yara/token.h"

namespace dl::yara {

class Lexer {
 public:
  // `diagnostics` may be null: then errors are only tokens.
  Lexer(std::string_view text, std::uint32_t file, Diagnostics* diagnostics);
  Token Next();
  // With `brace` the "{" that Next() just gave: the whole hex string up to its
  // "}" (comments may hold braces). kError when it does not end.
  Token HexString(const Token& brace);
  Lexer Quiet() const;

  std::string_view text(const Token& token) const { return text_.substr(token.begin, token.end - token.begin); }
  std::uint32_t position() const { return position_; }
  void set_position(std::uint32_t position) { position_ = position; }

 private:
  char At(std::size_t i) const { return i < text_.size() ? text_[i] : '\0'; }
  bool SkipSpace(Token& error);
  Token Make(Tok kind, std::uint32_t begin, std::uint32_t end);
  Token Fail(const char* code, std::uint32_t begin, std::uint32_t end, std::string message, std::string hint = "",
             std::string label = "");
  Token Word();
  Token Number();
  Token StringName(Tok kind);
  Token Text();
  Token Regexp();
  Token Punctuation();

  std::string_view text_;
  std::uint32_t file_;
  Diagnostics* diagnostics_;
  std::uint32_t position_ = 0;
};

// The bytes of a kText token, escapes resolved. `text` is the token's, with quotes.
std::string DecodeText(std::string_view text);

}  // namespace dl::yara
