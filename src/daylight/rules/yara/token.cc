#include "daylight/rules/yara/token.h"

#include <array>
#include <utility>

namespace dl::yara {
namespace {

struct Keyword {
  std::string_view word;
  Tok kind;
};

// Sorted, so that all words with one first letter are neighbours.
constexpr std::array kKeywords = {
    Keyword{"all", Tok::kAll},
    Keyword{"and", Tok::kAnd},
    Keyword{"any", Tok::kAny},
    Keyword{"ascii", Tok::kAscii},
    Keyword{"at", Tok::kAt},
    Keyword{"base64", Tok::kBase64},
    Keyword{"base64wide", Tok::kBase64Wide},
    Keyword{"condition", Tok::kCondition},
    Keyword{"contains", Tok::kContains},
    Keyword{"defined", Tok::kDefined},
    Keyword{"endswith", Tok::kEndsWith},
    Keyword{"entrypoint", Tok::kEntrypoint},
    Keyword{"false", Tok::kFalse},
    Keyword{"filesize", Tok::kFilesize},
    Keyword{"for", Tok::kFor},
    Keyword{"fullword", Tok::kFullword},
    Keyword{"global", Tok::kGlobal},
    Keyword{"icontains", Tok::kIContains},
    Keyword{"iendswith", Tok::kIEndsWith},
    Keyword{"iequals", Tok::kIEquals},
    Keyword{"import", Tok::kImport},
    Keyword{"in", Tok::kIn},
    Keyword{"include", Tok::kInclude},
    Keyword{"int16", Tok::kReadInteger},
    Keyword{"int16be", Tok::kReadInteger},
    Keyword{"int32", Tok::kReadInteger},
    Keyword{"int32be", Tok::kReadInteger},
    Keyword{"int8", Tok::kReadInteger},
    Keyword{"int8be", Tok::kReadInteger},
    Keyword{"istartswith", Tok::kIStartsWith},
    Keyword{"matches", Tok::kMatches},
    Keyword{"meta", Tok::kMeta},
    Keyword{"nocase", Tok::kNocase},
    Keyword{"none", Tok::kNone},
    Keyword{"not", Tok::kNot},
    Keyword{"of", Tok::kOf},
    Keyword{"or", Tok::kOr},
    Keyword{"private", Tok::kPrivate},
    Keyword{"rule", Tok::kRule},
    Keyword{"startswith", Tok::kStartsWith},
    Keyword{"strings", Tok::kStrings},
    Keyword{"them", Tok::kThem},
    Keyword{"true", Tok::kTrue},
    Keyword{"uint16", Tok::kReadInteger},
    Keyword{"uint16be", Tok::kReadInteger},
    Keyword{"uint32", Tok::kReadInteger},
    Keyword{"uint32be", Tok::kReadInteger},
    Keyword{"uint8", Tok::kReadInteger},
    Keyword{"uint8be", Tok::kReadInteger},
    Keyword{"wide", Tok::kWide},
    Keyword{"xor", Tok::kXor},
};

// first_of[c - 'a'] is where the words that begin with c start.
constexpr std::array<std::uint8_t, 27> kFirst = [] {
  std::array<std::uint8_t, 27> first{};
  for (std::size_t letter = 0; letter < 27; ++letter) {
    std::size_t i = 0;
    while (i < kKeywords.size() && static_cast<std::size_t>(kKeywords[i].word[0] - 'a') < letter) ++i;
    first[letter] = static_cast<std::uint8_t>(i);
  }
  return first;
}();

}  // namespace

Tok KeywordOrIdentifier(std::string_view word) {
  if (word.size() < 2 || word.size() > 11 || word[0] < 'a' || word[0] > 'z') return Tok::kIdentifier;
  const auto letter = static_cast<std::size_t>(word[0] - 'a');
  for (std::size_t i = kFirst[letter]; i < kFirst[letter + 1]; ++i) {
    if (kKeywords[i].word == word) return kKeywords[i].kind;
  }
  return Tok::kIdentifier;
}

std::string_view TokenName(Tok kind) {
  switch (kind) {
    case Tok::kEnd: return "the end of the file";
    case Tok::kError: return "an invalid token";
    case Tok::kIdentifier: return "an identifier";
    case Tok::kInteger: return "an integer";
    case Tok::kFloat: return "a floating-point number";
    case Tok::kText: return "a text string";
    case Tok::kRegexp: return "a regular expression";
    case Tok::kStringId: return "a string identifier";
    case Tok::kStringWildcard: return "a string identifier with a wildcard";
    case Tok::kStringCount: return "a string count";
    case Tok::kStringOffset: return "a string offset";
    case Tok::kStringLength: return "a string length";
    case Tok::kReadInteger: return "an integer function";
    case Tok::kLeftBrace: return "\"{\"";
    case Tok::kRightBrace: return "\"}\"";
    case Tok::kLeftParen: return "\"(\"";
    case Tok::kRightParen: return "\")\"";
    case Tok::kLeftBracket: return "\"[\"";
    case Tok::kRightBracket: return "\"]\"";
    case Tok::kColon: return "\":\"";
    case Tok::kComma: return "\",\"";
    case Tok::kAssign: return "\"=\"";
    case Tok::kDot: return "\".\"";
    case Tok::kDotDot: return "\"..\"";
    case Tok::kPlus: return "\"+\"";
    case Tok::kMinus: return "\"-\"";
    case Tok::kStar: return "\"*\"";
    case Tok::kBackslash: return "\"\\\"";
    case Tok::kPercent: return "\"%\"";
    case Tok::kAmpersand: return "\"&\"";
    case Tok::kPipe: return "\"|\"";
    case Tok::kCaret: return "\"^\"";
    case Tok::kTilde: return "\"~\"";
    case Tok::kShiftLeft: return "\"<<\"";
    case Tok::kShiftRight: return "\">>\"";
    case Tok::kLess: return "\"<\"";
    case Tok::kLessEqual: return "\"<=\"";
    case Tok::kGreater: return "\">\"";
    case Tok::kGreaterEqual: return "\">=\"";
    case Tok::kEqual: return "\"==\"";
    case Tok::kNotEqual: return "\"!=\"";
    case Tok::kOther: return "a character";
    default: break;
  }
  for (const Keyword& keyword : kKeywords) {
    if (keyword.kind == kind) return keyword.word;
  }
  return "a token";
}

}  // namespace dl::yara
