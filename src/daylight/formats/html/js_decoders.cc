// The parts of a script that hide others: unescape(), eval() of a constant, the
// packer of Dean Edwards (function(p,a,c,k,e,r|d)) and the encoder of
// scriptasylum.com (dF). Only constants are looked at.
#include <algorithm>
#include <utility>

#include "daylight/formats/html/js_normaliser.h"

namespace dl::html {
namespace {

// Tokens looked at, moved or produced by all decoders of a script.
constexpr std::uint64_t kMaxWork = 50'000'000;
constexpr std::size_t kMaxUnpackedBytes = 16 * 1024 * 1024;

bool IsAlnum(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

}  // namespace

bool JsNormaliser::IsCallOf(std::size_t at, std::string_view name) const {
  return at + 2 < tokens_.size() && tokens_[at].kind == JsKind::kName && TextOf(tokens_[at]) == name &&
         tokens_[at + 1].kind == JsKind::kParOpen;
}

// unescape("...") and whatever is in the place of its parenthesis become the string.
void JsNormaliser::UndoUnescape() {
  std::size_t to = 0;
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    if (IsCallOf(i, "unescape") && tokens_[i + 2].kind == JsKind::kString && i + 4 <= tokens_.size()) {
      const std::string text = UnescapePercent(TextOf(tokens_[i + 2]));
      tokens_[to++] = MakeToken({JsKind::kString, text, 0, 0});
      i += 3;
      continue;
    }
    if (to != i) tokens_[to] = tokens_[i];
    ++to;
  }
  tokens_.resize(to);
}

bool JsNormaliser::HasParameters(std::size_t at, std::string_view letters) const {
  if (at + 2 * letters.size() >= tokens_.size() || tokens_[at].kind != JsKind::kParOpen) return false;
  for (std::size_t i = 0; i < letters.size(); ++i) {
    const JsToken& name = tokens_[at + 1 + 2 * i];
    if (name.kind != JsKind::kName || TextOf(name) != letters.substr(i, 1)) return false;
    const JsKind after = tokens_[at + 2 + 2 * i].kind;
    if (after != (i + 1 < letters.size() ? JsKind::kComma : JsKind::kParClose)) return false;
  }
  return true;
}

// Words of the first argument are numbers in base `a` that stand for the words
// of the fourth.
void JsNormaliser::UnpackWords(const std::vector<std::size_t>& arguments, std::string& out) {
  const JsToken& packed_token = tokens_[arguments[0]];
  const JsToken& words_token = tokens_[arguments[3]];
  if (packed_token.value > JsToken::Value::kString || words_token.value != JsToken::Value::kString) return;
  const std::int64_t base =
      tokens_[arguments[1]].value == JsToken::Value::kInteger ? tokens_[arguments[1]].integer : -1;
  const std::string_view packed = TextOf(packed_token);
  std::vector<std::string_view> words;
  for (std::string_view rest = TextOf(words_token);;) {
    const std::size_t bar = rest.find('|');
    words.push_back(rest.substr(0, bar));
    if (bar == std::string_view::npos) break;
    rest.remove_prefix(bar + 1);
  }
  for (std::size_t i = 0; i < packed.size();) {
    if (out.size() >= kMaxUnpackedBytes) {
      complete_ = false;
      return;
    }
    if (!IsAlnum(packed[i])) {
      if (packed[i] == '\\' && i + 1 < packed.size() && (packed[i + 1] == '\'' || packed[i + 1] == '"'))
        ++i;
      else
        out.push_back(packed[i++]);
      continue;
    }
    const std::size_t begin = i;
    std::uint32_t value = 0;
    for (; i < packed.size() && IsAlnum(packed[i]); ++i) {
      const char c = packed[i];
      const int digit = c >= 'a' ? 10 + c - 'a' : c >= 'A' ? 36 + c - 'A' : c - '0';
      value = static_cast<std::uint32_t>(std::uint64_t{value} * static_cast<std::uint64_t>(base) +
                                         static_cast<std::uint64_t>(digit));
    }
    const bool known = value < words.size() && !words[value].empty();
    out.append(known ? words[value] : packed.substr(begin, i - begin));
  }
}

// `start` is where the function's parameters begin. A named function is called
// later, perhaps often; a nameless one at once.
void JsNormaliser::DecodePacker(std::size_t start, std::string_view name, Decoded& result) {
  std::size_t i = start;
  std::size_t nesting = 1;
  for (; i < tokens_.size(); ++i) {
    ++work_;
    if (tokens_[i].kind != JsKind::kFunction) continue;
    nesting += tokens_[i].scope != JsToken::kNoScope ? std::size_t{1} : ~std::size_t{0};
    if (nesting == 0) break;
  }
  if (nesting != 0) return;
  constexpr std::size_t kArguments = 6;
  std::vector<std::size_t> arguments;
  std::size_t first = 0;
  std::size_t last = 0;
  bool found = false;
  const auto read_call = [&] {  // From after the parenthesis.
    arguments.clear();
    while (arguments.size() < kArguments && i < tokens_.size()) {
      arguments.push_back(i++);
      const JsKind until = arguments.size() < kArguments ? JsKind::kComma : JsKind::kParClose;
      while (i < tokens_.size() && tokens_[i].kind != until) {
        ++i;
        ++work_;
      }
      ++i;
    }
    if (arguments.size() < kArguments) return;
    if (!found) first = arguments.front();
    found = true;
    last = arguments.back();
    UnpackWords(arguments, result.text);
  };
  if (!name.empty()) {
    for (; i + 2 < tokens_.size(); ++i) {
      ++work_;
      if (!IsCallOf(i, name)) continue;
      i += 2;
      read_call();
    }
  } else {
    while (i < tokens_.size() && tokens_[i].kind != JsKind::kParOpen) ++i;
    if (++i >= tokens_.size()) return;
    read_call();
  }
  if (!found) return;
  result.begin = first;
  result.end = last + 1;
  const auto kind_at = [&](std::size_t at) { return tokens_[at].kind; };
  if (result.end + 2 < tokens_.size() && kind_at(result.end) == JsKind::kBracketOpen &&
      kind_at(result.end + 1) == JsKind::kBracketClose && kind_at(result.end + 2) == JsKind::kParClose) {
    result.end += 3;
  } else if (result.end < tokens_.size()) {
    ++result.end;
  }
}

// dF("..."): the last character is by how much the others are shifted.
void JsNormaliser::DecodeShifted(std::size_t at, Decoded& result) const {
  if (tokens_[at].kind != JsKind::kString) return;
  const std::string_view text = TextOf(tokens_[at]);
  if (text.empty()) return;
  const int shift = text.back() - '0';
  std::string shifted = UnescapePercent(text.substr(0, text.size() - 1));
  for (char& c : shifted) c = static_cast<char>(c - shift);
  shifted.resize(std::min(shifted.find('\0'), shifted.size()));
  result.text = UnescapePercent(shifted);
  result.begin = at - 2;
  result.end = at + 2;
  result.append = true;
}

void JsNormaliser::DecodeEval(std::size_t at, Decoded& result) {
  if (at + 1 >= tokens_.size() || tokens_[at].value != JsToken::Value::kString ||
      tokens_[at + 1].kind != JsKind::kParClose) {
    return;
  }
  result.text = TextOf(tokens_[at]);
  result.begin = at - 2;
  result.end = at + 2;
}

// The decoded text's tokens take the place of those that hid it.
void JsNormaliser::Replace(Decoded& decoded) {
  if (decoded.end < tokens_.size() && tokens_[decoded.end].kind == JsKind::kSemicolon) ++decoded.end;
  std::vector<JsToken> outer = std::exchange(tokens_, {});
  Process(decoded.text);
  const bool inside = decoded.begin < outer.size() && decoded.end <= outer.size();
  work_ += outer.size() - std::min(decoded.begin, outer.size()) + 2 * tokens_.size();
  std::vector<JsToken> inner = std::exchange(tokens_, std::move(outer));
  const auto at = [&](std::size_t i) { return tokens_.begin() + static_cast<std::ptrdiff_t>(i); };
  if (inside) tokens_.erase(at(decoded.begin), at(decoded.end));
  if (decoded.append) {
    tokens_.insert(tokens_.end(), inner.begin(), inner.end());
  } else if (inside) {
    tokens_.insert(at(decoded.begin), inner.begin(), inner.end());
  }
}

void JsNormaliser::RunDecoders() {
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    if (work_ > kMaxWork) {
      complete_ = false;
      return;
    }
    Decoded decoded;
    if (tokens_[i].kind == JsKind::kFunction && i + 13 < tokens_.size()) {
      std::string name;
      if (tokens_[++i].kind == JsKind::kName) name = TextOf(tokens_[i++]);
      if (HasParameters(i, "packer") || HasParameters(i, "packed")) DecodePacker(i, name, decoded);
    } else if (IsCallOf(i, "dF")) {
      DecodeShifted(i + 2, decoded);
    } else if (IsCallOf(i, "eval")) {
      DecodeEval(i + 2, decoded);
    }
    if (decoded.end > decoded.begin) Replace(decoded);
    if (i < tokens_.size()) EnterScope(tokens_[i]);
  }
}

}  // namespace dl::html
