// TokenStream is the parser's place in one file: the current token, what may
// come after it, and a running hash of what was consumed.
#pragma once

#include <string>
#include <string_view>

#include "daylight/rules/yara/lexer.h"
#include "daylight/rules/yara/session.h"

namespace dl::yara {

class TokenStream {
 public:
  TokenStream(Session& session, std::uint32_t file);

  const Token& token() const { return token_; }
  Tok kind() const { return token_.kind; }
  bool Is(Tok kind) const { return token_.kind == kind; }
  std::string_view text() const { return lexer_.text(token_); }
  std::string_view text(const Token& token) const { return lexer_.text(token); }
  void Advance();
  // Advances when the current token is `kind`.
  bool Accept(Tok kind);
  // The same, or error[E101] `expected ...`.
  bool Expect(Tok kind, std::string_view what = "");
  // Error[E101] at the current token; nothing when the lexer already reported one. Returns false.
  bool Unexpected(std::string_view expected);
  // With the current token "{": replaces it by the whole hex string.
  bool ReadHexString();
  // The kinds of the tokens after the current one; reports nothing.
  Lexer LookAhead() const { return lexer_.Quiet(); }

  // Moves to the next token at which a rule, import or include can begin.
  void Recover();

  Span span() const { return {file_, token_.begin, token_.end}; }
  Span span(const Token& token) const { return {file_, token.begin, token.end}; }
  // From `begin` to the end of the token consumed last.
  Span SpanFrom(std::uint32_t begin) const { return {file_, begin, std::max(begin, last_end_)}; }
  std::uint32_t file() const { return file_; }

  void ResetHash() {
    hash_ = kHashSeed;
    hashed_ = 0;
  }
  std::uint64_t hash() const { return hash_; }
  std::uint32_t hashed_tokens() const { return hashed_; }

 private:
  static constexpr std::uint64_t kHashSeed = 0xcbf29ce484222325;
  bool StartsDeclaration() const;

  Session& session_;
  std::uint32_t file_;
  Lexer lexer_;
  Token token_;
  std::uint32_t last_end_ = 0;
  std::uint64_t hash_ = kHashSeed;
  std::uint32_t hashed_ = 0;
};

}  // namespace dl::yara
