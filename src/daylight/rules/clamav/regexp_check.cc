#include "daylight/rules/clamav/regexp_check.h"

#include "daylight/rules/clamav/text.h"

namespace dl::clamav {
namespace {

// {n}, {n,} or {n,m} at `at`, n and m up to 255; the position behind it, or 0.
std::size_t EndOfBound(std::string_view text, std::size_t at) {
  constexpr int kMaxRepeat = 255;
  const auto number = [&](int& value) {
    const std::size_t first = at;
    for (value = 0; at < text.size() && IsDigit(text[at]) && value <= kMaxRepeat; ++at)
      value = value * 10 + text[at] - '0';
    return at > first && value <= kMaxRepeat;
  };
  ++at;
  int min = 0;
  if (!number(min)) return 0;
  if (at < text.size() && text[at] == ',') {
    ++at;
    int max = 0;
    if (at < text.size() && IsDigit(text[at]) && (!number(max) || max < min)) return 0;
  }
  return at < text.size() && text[at] == '}' ? at + 1 : 0;
}

// One element of a bracket expression, at `at`: a character, [.x.], [=x=] or
// [:class:]; moves behind it. `value` is its character, or -1 of a class. False
// when it has no end.
bool TakeElement(std::string_view text, std::size_t& at, int& value) {
  value = static_cast<unsigned char>(text[at]);
  if (text[at] == '[' && at + 1 < text.size() && (text[at + 1] == ':' || text[at + 1] == '.' || text[at + 1] == '=')) {
    const char close[] = {text[at + 1], ']'};
    const std::size_t end = text.find(std::string_view(close, 2), at + 2);
    if (end == std::string_view::npos || end == at + 2) return false;
    value = close[0] == ':' || end != at + 3 ? -1 : static_cast<unsigned char>(text[at + 2]);
    at = end + 2;
  } else {
    ++at;
  }
  return true;
}

// The position behind the bracket expression that begins at `at`, or 0.
std::size_t EndOfBrackets(std::string_view text, std::size_t at) {
  ++at;
  if (at < text.size() && text[at] == '^') ++at;
  bool is_first = true;
  while (at < text.size() && (is_first || text[at] != ']')) {
    is_first = false;
    int from = 0;
    if (!TakeElement(text, at, from)) return 0;
    if (at + 1 >= text.size() || text[at] != '-' || text[at + 1] == ']') continue;
    ++at;
    int to = 0;
    if (!TakeElement(text, at, to) || from < 0 || to < 0 || from > to) return 0;
  }
  return at < text.size() ? at + 1 : 0;
}

}  // namespace

Status CheckExtendedExpression(std::string_view pattern) {
  std::size_t level = 0;
  bool can_repeat = false;  // Something stands before that * and + may repeat.
  bool is_empty = true;     // Of the branch so far.
  std::size_t at = 0;
  while (at < pattern.size()) {
    const char c = pattern[at];
    if (c == '|' || c == '(') {
      if (c == '|' && is_empty) return Fail(ErrorCode::kMalformed, "the expression has an empty branch", at);
      if (c == '(') ++level;
      can_repeat = false;
      is_empty = true;
      ++at;
      // () is taken, and matches nothing.
      if (c == '(' && at < pattern.size() && pattern[at] == ')') is_empty = false;
    } else if (c == ')' && level > 0) {
      if (is_empty) return Fail(ErrorCode::kMalformed, "the expression has an empty branch", at);
      --level;
      can_repeat = true;
      is_empty = false;
      ++at;
    } else if (c == '*' || c == '+' || c == '?' || (c == '{' && at + 1 < pattern.size() && IsDigit(pattern[at + 1]))) {
      if (!can_repeat) return Fail(ErrorCode::kMalformed, "the expression repeats nothing", at);
      can_repeat = false;  // Not twice.
      at = c == '{' ? EndOfBound(pattern, at) : at + 1;
      if (at == 0) return Fail(ErrorCode::kMalformed, "the expression has a bound that is none");
    } else if (c == '[') {
      at = EndOfBrackets(pattern, at);
      if (at == 0) return Fail(ErrorCode::kMalformed, "the expression has a [ ] that is none");
      can_repeat = true;
      is_empty = false;
    } else {  // Also a ) without (.
      if (c == '\\' && ++at == pattern.size()) return Fail(ErrorCode::kMalformed, "the expression ends in a backslash");
      can_repeat = c != '^';
      is_empty = false;
      ++at;
    }
  }
  if (level != 0) return Fail(ErrorCode::kMalformed, "the expression has ( without )");
  if (is_empty) return Fail(ErrorCode::kMalformed, "the expression is empty or has an empty branch");
  return {};
}

}  // namespace dl::clamav
