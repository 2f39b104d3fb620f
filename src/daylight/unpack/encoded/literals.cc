#include "daylight/unpack/encoded/literals.h"

#include <algorithm>

#include "daylight/unpack/encoded/decode.h"
#include "daylight/unpack/encoded/run_scan.h"

namespace dl::unpack {

namespace {

constexpr std::size_t kMinJoined = 100;
constexpr std::size_t kMinCalls = 64;
// Between two literals; the longest first one that is looked back for.
constexpr std::size_t kMaxGap = 120;
constexpr std::size_t kMaxFirst = 4096;

bool IsQuote(char c) { return c == '"' || c == '\'' || c == '`'; }
bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
bool IsWord(char c) { return (Lower(c) >= 'a' && Lower(c) <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '$'; }

// Whether what stands between two literals adds the second to the first.
bool Adds(std::string_view gap) {
  bool has_sign = false;
  bool has_equals = false;
  bool has_word = false;
  char last = '\0';
  for (const char c : gap) {
    if (IsBlank(c) || c == ';' || c == '_') continue;
    if (c == '+' || c == '&' || c == '.') {
      has_sign = true;
    } else if (c == '=') {
      has_equals = true;
    } else if (IsWord(c)) {
      has_word = true;
    } else {
      return false;
    }
    last = c;
  }
  if (!has_sign || (last != '+' && last != '&' && last != '.' && last != '=')) return false;
  return has_equals == has_word;
}

}  // namespace

int ParseByte(std::string_view number) {
  int base = 10;
  if (number.starts_with("0x") || number.starts_with("0X") || number.starts_with("&H") || number.starts_with("&h")) {
    base = 16;
    number.remove_prefix(2);
  }
  if (number.empty() || number.size() > 3) return -1;
  int value = 0;
  for (const char c : number) {
    const int digit = HexDigit(c);
    if (digit < 0 || digit >= base) return -1;
    value = value * base + digit;
  }
  return value <= 255 ? value : -1;
}

bool ForEachConcatenation(std::string_view text, const VisitConcatenation& visit) {
  std::size_t done = 0;
  std::size_t plus = 0;
  std::size_t ampersand = 0;
  // PHP's sign is everybody's full stop.
  const bool has_dots = text.substr(0, 4096).find("<?") != std::string_view::npos;
  std::size_t dot = 0;
  const auto next_sign = [&](std::size_t from) {
    if (plus <= from) plus = std::min(text.find('+', from), text.size());
    if (ampersand <= from) ampersand = std::min(text.find('&', from), text.size());
    if (has_dots && dot <= from) dot = std::min(text.find('.', from), text.size());
    return std::min({plus, ampersand, has_dots ? dot : text.size()});
  };
  for (std::size_t at = next_sign(0); at < text.size(); at = next_sign(std::max(at + 1, done))) {
    // Its right side must be a literal.
    std::size_t right = at + 1;
    while (right < text.size() && right - at < kMaxGap &&
           (IsBlank(text[right]) || text[right] == '_' || text[right] == '=')) {
      ++right;
    }
    if (right >= text.size() || !IsQuote(text[right])) continue;
    const char quote = text[right];
    std::size_t begin = right;
    std::string joined;
    std::size_t count = 0;
    // The one before it, if that is what it is added to.
    const std::size_t near = std::max(done, right - std::min(right, kMaxGap));
    if (const std::size_t close = text.substr(near, right - near).rfind(quote);
        close != std::string_view::npos && Adds(text.substr(near + close + 1, right - near - close - 1))) {
      const std::size_t last = near + close;
      const std::size_t from = std::max(done, last - std::min(last, kMaxFirst));
      const std::size_t open = text.substr(from, last - from).rfind(quote);
      if (open != std::string_view::npos) {
        begin = from + open;
        joined = text.substr(begin + 1, last - 1 - begin);
        ++count;
      }
    }
    std::size_t end = right;
    for (std::size_t open = right;;) {
      const std::size_t close = text.find(quote, open + 1);
      if (close == std::string_view::npos) break;
      joined += text.substr(open + 1, close - open - 1);
      ++count;
      end = close + 1;
      const std::size_t next = text.substr(0, std::min(text.size(), end + kMaxGap)).find(quote, end);
      if (next == std::string_view::npos || !Adds(text.substr(end, next - end))) break;
      open = next;
    }
    if (count < 2) continue;
    done = end;
    if (joined.size() >= kMinJoined && !visit(begin, end, joined)) return false;
  }
  return true;
}

namespace {

constexpr CharSet kCallChars = SetOf("chrwbCHRWB$()[]&.+,_ \t\r\n;\"'xX0123456789adefADEF");
constexpr CharSet kBetweenCalls = SetOf(" \t\r\n.+&_,;\"'");

bool Is(std::string_view text, std::size_t at, std::string_view lower) {
  if (text.size() < at || text.size() - at < lower.size()) return false;
  for (std::size_t i = 0; i < lower.size(); ++i) {
    if (Lower(text[at + i]) != lower[i]) return false;
  }
  return true;
}

// Reads a call or a cast; how long it is, 0 if it is none.
std::size_t ReadCall(std::string_view text, std::size_t at, char& out) {
  std::size_t next = at;
  if (Is(text, at, "[char]")) {
    next += 6;
  } else if (Is(text, at, "chr")) {
    next += 3;
    for (const char* more : {"w", "b", "$"}) next += Is(text, next, more) ? 1u : 0u;
    if (!Is(text, next, "(")) return 0;
  } else {
    return 0;
  }
  const bool has_bracket = Is(text, next, "(");
  next += has_bracket ? 1u : 0u;
  // A number of at most five characters.
  std::size_t end = next;
  if (Is(text, next, "0x") || Is(text, next, "&h")) end += 2;
  while (end < text.size() && end - next < 5 && HexDigit(text[end]) >= 0) ++end;
  const int value = ParseByte(text.substr(next, end - next));
  if (value < 0) return 0;
  if (has_bracket) {
    // Visual Basic's sign of a long one.
    if (Is(text, end, "&")) ++end;
    if (!Is(text, end, ")")) return 0;
    ++end;
  }
  out = static_cast<char>(value);
  return end - at;
}

}  // namespace

bool ForEachCharCalls(std::string_view text, const std::function<bool(const std::string& bytes)>& visit) {
  constexpr std::size_t kShortest = 6;  // "chr(9)", and one between two.
  return ForEachRun(text, kCallChars, kMinCalls * kShortest, [&](std::size_t begin, std::size_t end) {
    const std::string_view run = text.substr(begin, end - begin);
    std::string bytes;
    for (std::size_t at = 0; at < run.size();) {
      char c = '\0';
      const std::size_t n = ReadCall(run, at, c);
      if (n == 0) {
        if (bytes.size() >= kMinCalls && !visit(bytes)) return false;
        bytes.clear();
        ++at;
        continue;
      }
      bytes.push_back(c);
      at += n;
      while (at < run.size() && kBetweenCalls[static_cast<unsigned char>(run[at])]) ++at;
    }
    return bytes.size() < kMinCalls || visit(bytes);
  });
}

}  // namespace dl::unpack
