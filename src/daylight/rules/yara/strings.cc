// The strings of a rule: values, modifiers, and which go together.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "daylight/rules/yara/codes.h"
#include "daylight/rules/yara/pattern_errors.h"
#include "daylight/rules/yara/rule_parser.h"

namespace dl::yara {
namespace {

constexpr std::string_view kStandardAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string_view KindName(StringKind kind) {
  switch (kind) {
    case StringKind::kText: return "text strings";
    case StringKind::kHex: return "hex strings";
    default: return "regular expressions";
  }
}

bool IsModifier(Tok kind) {
  switch (kind) {
    case Tok::kAscii:
    case Tok::kWide:
    case Tok::kNocase:
    case Tok::kFullword:
    case Tok::kPrivate:
    case Tok::kXor:
    case Tok::kBase64:
    case Tok::kBase64Wide: return true;
    default: return false;
  }
}

// A text string takes all; a regular expression neither xor nor base64; a hex
// string only `private`.
bool Allows(StringKind kind, Tok modifier) {
  if (kind == StringKind::kText || modifier == Tok::kPrivate) return true;
  if (kind == StringKind::kHex) return false;
  return modifier != Tok::kXor && modifier != Tok::kBase64 && modifier != Tok::kBase64Wide;
}

}  // namespace

// $name = VALUE MODIFIERS
bool RuleParser::String(Rule& rule) {
  if (!tokens_.Is(Tok::kStringId)) {
    return tokens_.Unexpected(rule.strings.empty() ? "a string such as `$a = \"text\"`"
                                                   : "a modifier, another string or `condition:`");
  }
  if (rule.strings.size() >= kMaxStringsInRule || ++session_.strings > kMaxStrings) {
    Error(code::kTooManyStrings, tokens_.span(),
          session_.strings > kMaxStrings ? "too many strings and meta entries in all rules together"
                                         : fmt::format("more than {} strings in one rule", kMaxStringsInRule));
    session_.stopped = session_.strings > kMaxStrings;
    return false;
  }
  StringDefinition& string = rule.strings.emplace_back();
  string.identifier = tokens_.text();
  string.span = tokens_.span();
  tokens_.Advance();
  if (!tokens_.Expect(Tok::kAssign)) return false;
  if (!StringValue(string)) return false;
  if (!Modifiers(string)) return false;
  string.span.end = tokens_.SpanFrom(string.span.begin).end;
  return true;
}

bool RuleParser::StringValue(StringDefinition& string) {
  const Span span = tokens_.span();
  switch (tokens_.kind()) {
    case Tok::kText:
      string.kind = StringKind::kText;
      string.text = DecodeText(tokens_.text());
      if (string.text.empty()) {
        Error(code::kEmptyString, span, fmt::format("string \"{}\" is empty", string.identifier));
      }
      break;
    case Tok::kRegexp: {
      const RegexpText regexp = SplitRegexp(tokens_.text());
      string.kind = StringKind::kRegexp;
      string.text = regexp.source;
      string.nocase = regexp.nocase;
      string.dot_all = regexp.dot_all;
      break;
    }
    case Tok::kLeftBrace: {
      if (!tokens_.ReadHexString()) {
        failed_ = true;
        return false;
      }
      string.kind = StringKind::kHex;
      const std::string_view text = tokens_.text();
      string.text = text.substr(1, text.size() - 2);
      break;
    }
    default: return tokens_.Unexpected("a text string, a regular expression or a hex string");
  }
  if (string.text.size() > kMaxOnePatternBytes) {
    Error(code::kPatternTooLong, span, fmt::format("string \"{}\" is too long", string.identifier), "",
          fmt::format("at most {} bytes", kMaxOnePatternBytes));
    return false;
  }
  tokens_.Advance();
  return true;
}

bool RuleParser::Modifiers(StringDefinition& string) {
  const bool flag_nocase = string.nocase;
  string.nocase = false;
  bool alphabet_given = false;
  while (IsModifier(tokens_.kind())) {
    const Tok modifier = tokens_.kind();
    const Span span = tokens_.span();
    const std::string_view word = tokens_.text();
    if (!Allows(string.kind, modifier)) {
      Error(code::kWrongModifier, span, fmt::format("{} cannot be `{}`", KindName(string.kind), word));
    }
    bool* flag = nullptr;
    switch (modifier) {
      case Tok::kAscii: flag = &string.ascii; break;
      case Tok::kWide: flag = &string.wide; break;
      case Tok::kNocase: flag = &string.nocase; break;
      case Tok::kFullword: flag = &string.fullword; break;
      case Tok::kPrivate: flag = &string.is_private; break;
      case Tok::kXor: flag = &string.is_xor; break;
      case Tok::kBase64: flag = &string.base64; break;
      default: flag = &string.base64wide; break;
    }
    if (*flag) Error(code::kDuplicateModifier, span, fmt::format("`{}` is written twice", word));
    *flag = true;
    tokens_.Advance();
    if (modifier == Tok::kXor && !XorRange(string)) return false;
    if ((modifier == Tok::kBase64 || modifier == Tok::kBase64Wide) && !Base64Alphabet(string, alphabet_given)) {
      return false;
    }
  }
  string.span.end = tokens_.SpanFrom(string.span.begin).end;
  CheckModifiers(string);
  if (flag_nocase) string.nocase = true;
  if (!string.ascii && !string.wide) string.ascii = true;
  if ((string.base64 || string.base64wide) && string.base64_alphabet.empty()) {
    string.base64_alphabet = kStandardAlphabet;
  }
  if (string.kind != StringKind::kText) ParsePattern(string);
  return true;
}

// xor, xor(key), xor(low-high)
bool RuleParser::XorRange(StringDefinition& string) {
  if (!tokens_.Accept(Tok::kLeftParen)) return true;
  const std::uint32_t begin = tokens_.token().begin;
  const std::int64_t low = tokens_.token().integer;
  if (!tokens_.Expect(Tok::kInteger)) return false;
  std::int64_t high = low;
  if (tokens_.Accept(Tok::kMinus)) {
    high = tokens_.token().integer;
    if (!tokens_.Expect(Tok::kInteger)) return false;
  }
  const Span span = tokens_.SpanFrom(begin);
  if (!tokens_.Expect(Tok::kRightParen)) return false;
  if (low > 255 || high > 255) {
    Error(code::kXorRange, span, "a key of `xor` is one byte: at most 255");
    return true;
  }
  if (low > high) {
    Error(code::kXorRange, span, "the lower key of `xor` is greater than the upper one");
    return true;
  }
  string.xor_min = static_cast<std::uint8_t>(low);
  string.xor_max = static_cast<std::uint8_t>(high);
  return true;
}

// base64, base64("alphabet")
bool RuleParser::Base64Alphabet(StringDefinition& string, bool& given) {
  std::string alphabet(kStandardAlphabet);
  Span span = tokens_.span();
  if (tokens_.Accept(Tok::kLeftParen)) {
    span = tokens_.span();
    if (!tokens_.Is(Tok::kText)) return tokens_.Unexpected("an alphabet of 64 characters in quotes");
    alphabet = DecodeText(tokens_.text());
    tokens_.Advance();
    if (!tokens_.Expect(Tok::kRightParen)) return false;
    if (alphabet.size() != 64) {
      Error(code::kBase64Alphabet, span, "an alphabet of base64 has 64 characters",
            fmt::format("this one has {}", alphabet.size()));
      return true;
    }
    if (session_.yara_x() && std::set<char>(alphabet.begin(), alphabet.end()).size() != 64) {
      Error(code::kBase64Alphabet, span, "a character stands twice in the alphabet of base64");
      return true;
    }
  }
  if (given && alphabet != string.base64_alphabet) {
    Error(code::kModifierConflict, span, "`base64` and `base64wide` of one string have different alphabets");
  }
  given = true;
  string.base64_alphabet = std::move(alphabet);
  return true;
}

void RuleParser::CheckModifiers(StringDefinition& string) {
  const bool base64 = string.base64 || string.base64wide;
  const auto conflict = [&](std::string_view a, std::string_view b) {
    Error(code::kModifierConflict, string.span, fmt::format("`{}` and `{}` cannot stand together", a, b));
  };
  if (string.kind != StringKind::kText) return;
  const std::string_view base64_name = string.base64 ? "base64" : "base64wide";
  if (string.is_xor && string.nocase) conflict("xor", "nocase");
  if (base64 && string.nocase) conflict(base64_name, "nocase");
  if (base64 && string.fullword) conflict(base64_name, "fullword");
  if (base64 && string.is_xor) conflict(base64_name, "xor");
  if (base64 && session_.yara_x() && string.text.size() < 3 && !string.text.empty()) {
    Error(code::kBase64TooShort, string.span, fmt::format("`{}` needs a string of at least 3 bytes", base64_name));
  }
}

void RuleParser::ParsePattern(StringDefinition& string) {
  session_.pattern_bytes += string.text.size() * (string.kind == StringKind::kHex ? 1 : 2);
  if (session_.pattern_bytes > kMaxPatternBytes) {
    Error(code::kPatternTooLong, string.span, "too many regular expressions and hex strings in all rules together");
    session_.stopped = true;
    return;
  }
  // Where the source began: after `/` or `{`.
  const std::string_view text = session_.files[string.span.file].text;
  const auto source = static_cast<std::uint32_t>(
      text.find(string.kind == StringKind::kHex ? '{' : '/', text.find('=', string.span.begin)) + 1);
  const Span span = {string.span.file, source, source + static_cast<std::uint32_t>(string.text.size())};
  const Dialect dialect = session_.options.dialect;
  const bool is_hex = string.kind == StringKind::kHex;
  auto parsed = is_hex ? match::ParseHexString(string.text, dialect)
                       : match::ParseRegexp(string.text,
                                            {.nocase = string.nocase, .dot_all = string.dot_all, .dialect = dialect});
  if (parsed) {
    if (!is_hex && !CheckRegexpSize(session_.diagnostics, *parsed, span)) failed_ = true;
    string.parsed = *std::move(parsed);
    return;
  }
  failed_ = true;
  (is_hex ? ReportHexError : ReportRegexpError)(session_.diagnostics, parsed.error(), span);
}

}  // namespace dl::yara
