#include "daylight/rules/yara/token_stream.h"

#include <fmt/format.h>

#include <cstring>

#include "daylight/rules/yara/codes.h"

namespace dl::yara {
namespace {

// Eight bytes a step; only to find equal rule bodies, not against an adversary.
std::uint64_t Mix(std::uint64_t hash, std::string_view text) {
  constexpr std::uint64_t kPrime = 0x9e3779b97f4a7c15;
  while (text.size() >= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data(), 8);
    hash = (hash ^ word) * kPrime;
    hash ^= hash >> 29;
    text.remove_prefix(8);
  }
  std::uint64_t word = 0;
  if (!text.empty()) std::memcpy(&word, text.data(), text.size());
  hash = (hash ^ word ^ (static_cast<std::uint64_t>(text.size()) << 56) ^ 0xff) * kPrime;
  return hash ^ (hash >> 32);
}

}  // namespace

TokenStream::TokenStream(Session& session, std::uint32_t file)
    : session_(session), file_(file), lexer_(session.files[file].text, file, &session.diagnostics) {
  const std::string_view text = session.files[file].text;
  if (text.starts_with("\xef\xbb\xbf")) lexer_.set_position(3);  // UTF-8 byte order mark.
  if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff")) {
    session.diagnostics.Error(code::kEncoding, {file, 0, 2}, "the file is UTF-16", "",
                              "save it as UTF-8 or plain ASCII");
    lexer_.set_position(static_cast<std::uint32_t>(text.size()));
  }
  token_ = lexer_.Next();
}

void TokenStream::Advance() {
  last_end_ = token_.end;
  hash_ = Mix(hash_, lexer_.text(token_));
  ++hashed_;
  token_ = lexer_.Next();
}

bool TokenStream::Accept(Tok kind) {
  if (token_.kind != kind) return false;
  Advance();
  return true;
}

bool TokenStream::Expect(Tok kind, std::string_view what) {
  if (Accept(kind)) return true;
  return Unexpected(what.empty() ? TokenName(kind) : what);
}

bool TokenStream::Unexpected(std::string_view expected) {
  if (token_.kind == Tok::kError) return false;
  std::string found;
  if (token_.kind == Tok::kEnd) {
    found = "unexpected end of the file";
  } else {
    found = fmt::format("unexpected `{}`", Shown(text()));
  }
  session_.diagnostics.Error(code::kSyntax, span(), std::move(found), fmt::format("expected {}", expected));
  return false;
}

bool TokenStream::ReadHexString() {
  token_ = lexer_.HexString(token_);
  return token_.kind != Tok::kError;
}

// Whether a declaration begins here, even in the middle of a broken rule: none
// of these can stand inside one, so a missing brace costs one rule, not all.
bool TokenStream::StartsDeclaration() const {
  Lexer ahead = LookAhead();
  switch (token_.kind) {
    case Tok::kRule: {
      if (ahead.Next().kind != Tok::kIdentifier) return false;
      const Tok after = ahead.Next().kind;
      return after == Tok::kLeftBrace || after == Tok::kColon;
    }
    case Tok::kImport:
    case Tok::kInclude: return ahead.Next().kind == Tok::kText;
    case Tok::kGlobal:
    case Tok::kPrivate: {
      Token next = ahead.Next();
      for (int i = 0; i < 4 && (next.kind == Tok::kGlobal || next.kind == Tok::kPrivate); ++i) next = ahead.Next();
      return next.kind == Tok::kRule && ahead.Next().kind == Tok::kIdentifier;
    }
    default: return false;
  }
}

void TokenStream::Recover() {
  Lexer full = lexer_;
  lexer_ = lexer_.Quiet();
  while (token_.kind != Tok::kEnd && !StartsDeclaration()) token_ = lexer_.Next();
  full.set_position(lexer_.position());
  lexer_ = full;
}

}  // namespace dl::yara
