#include "daylight/unpack/encoded/runs.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include "daylight/unpack/encoded/decode.h"
#include "daylight/unpack/encoded/encoded_script.h"
#include "daylight/unpack/encoded/literals.h"
#include "daylight/unpack/encoded/run_scan.h"

namespace dl::unpack {

namespace {

constexpr CharSet kBase64Chars = SetOf("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_=\r\n");
constexpr CharSet kBackslashChars = SetOf("\\xu0123456789abcdefABCDEF");
constexpr CharSet kPercentChars = SetOf("%uU0123456789abcdefABCDEF");
constexpr CharSet kNumberChars = SetOf("xXhH&, \t\r\n0123456789abcdefABCDEF");

constexpr std::size_t kMinBase64 = 100;
constexpr std::size_t kMinHex = 128;
// Of 64 bytes, as IsWorthOpening() wants them.
constexpr std::size_t kMinBackslash = 64 * 4;
constexpr std::size_t kMinPercent = 64 * 3;
constexpr std::size_t kMinNumbers = 64 * 2;
// Lines that are shorter are no encoder's.
constexpr std::size_t kMinLine = 40;

bool Give(const std::string& bytes, const VisitRun& visit, bool counts_size = true) {
  return !IsWorthOpening(bytes, counts_size) || visit(bytes);
}

// Digits of base64 or base16, perhaps in lines of one length.
bool GiveDigits(std::string_view digits, const VisitRun& visit) {
  std::string reversed;
  if (digits.starts_with('=')) {
    reversed.assign(digits.rbegin(), digits.rend());
    digits = reversed;
  }
  if (digits.starts_with("0x") || digits.starts_with("0X")) digits.remove_prefix(2);
  std::array<bool, 256> seen{};
  std::size_t distinct = 0;
  bool is_hex = true;
  for (const char c : digits) {
    if (c == '\r' || c == '\n') continue;
    bool& known = seen[static_cast<unsigned char>(c)];
    if (!known) {
      known = true;
      ++distinct;
      is_hex = is_hex && HexDigit(c) >= 0;
    }
  }
  if (is_hex && digits.size() >= kMinHex) return distinct < 3 || Give(DecodeHex(digits), visit);
  // Lines that are drawn, and the like.
  if (distinct < 12) return true;
  return Give(DecodeBase64(digits), visit);
}

// A run of digits and ends of lines: those of one length, and the next that is shorter, are one.
bool GiveLines(std::string_view text, std::size_t begin, std::size_t end, const RunOptions& options,
               const VisitRun& visit) {
  if (options.skips_data_uris && begin >= 7 && text.substr(begin - 7, 7) == "base64,") return true;
  const std::string_view run = text.substr(begin, end - begin);
  std::size_t first = 0;  // Of the lines at hand.
  std::size_t last = 0;   // Their end.
  std::size_t length = 0;
  std::size_t count = 0;
  const auto give = [&] {
    const bool is_given =
        (count == 1 && length >= kMinBase64) || (count > 1 && options.joins_lines && last - first >= kMinBase64);
    const bool goes_on = !is_given || GiveDigits(run.substr(first, last - first), visit);
    count = 0;
    return goes_on;
  };
  for (std::size_t at = 0; at < run.size();) {
    std::size_t line_end = at;
    while (line_end < run.size() && run[line_end] != '\r' && run[line_end] != '\n') ++line_end;
    const std::size_t n = line_end - at;
    const std::string_view line = run.substr(at, n);
    if (line.starts_with("--") || line.ends_with("--")) {
      // What PEM puts around a block (RFC 7468).
      if (count > 0 && !give()) return false;
    } else if (n == 0) {
      // "\r\n" has none between its two; an empty line ends a block.
      const bool is_pair = at > 0 && run[at - 1] == '\r' && run[at] == '\n';
      if (!is_pair && count > 0 && !give()) return false;
    } else if (count > 0 && n == length && length >= kMinLine) {
      ++count;
      last = line_end;
    } else if (count > 0 && n < length && length >= kMinLine) {
      ++count;
      last = line_end;
      if (!give()) return false;
    } else {
      if (count > 0 && !give()) return false;
      first = at;
      last = line_end;
      length = n;
      count = 1;
    }
    at = line_end + 1;
  }
  return count == 0 || give();
}

// "77, 90" or "0x4d,0x5a". What is a byte too large, or no number, begins anew.
bool GiveNumbers(std::string_view text, std::size_t begin, std::size_t end, const VisitRun& visit) {
  std::string bytes;
  bool is_hex = true;
  const char before = begin > 0 ? text[begin - 1] : '\0';
  bool is_list = before == '(' || before == '[' || before == '{';
  // Numbers without a sign that they are bytes are a table, unless they mean something.
  const auto give = [&](bool is_closed) {
    const bool is_given = !bytes.empty() && (is_hex || (is_list && is_closed));
    const bool goes_on = !is_given || Give(bytes, visit, is_hex);
    bytes.clear();
    is_hex = true;
    is_list = false;
    return goes_on;
  };
  std::size_t at = begin;
  while (at < end) {
    const char c = text[at];
    if (c == ',' || c == ' ' || c == '\t' || c == '\r' || c == '\n') {
      ++at;
      continue;
    }
    const std::size_t token = at;
    while (at < end && std::string_view(", \t\r\n").find(text[at]) == std::string_view::npos) ++at;
    const std::string_view number = text.substr(token, at - token);
    const int value = ParseByte(number);
    if (value < 0) {
      if (!give(false)) return false;
      continue;
    }
    is_hex = is_hex && number.size() > 2 && (number[1] == 'x' || number[1] == 'X' || number[0] == '&');
    bytes.push_back(static_cast<char>(value));
  }
  const char after = end < text.size() ? text[end] : '\0';
  return give(after == ')' || after == ']' || after == '}');
}

bool FindInPart(std::string_view text, const RunOptions& options, const VisitRun& visit) {
  const auto escapes = [&](const CharSet& set, std::size_t least, char sign, std::string (*decode)(std::string_view)) {
    return ForEachRun(text, set, least, [&](std::size_t begin, std::size_t end) {
      begin = std::min(text.find(sign, begin), end);
      const std::string_view run = text.substr(begin, end - begin);
      // Mostly escapes, no digits with one among them.
      const auto signs = static_cast<std::size_t>(std::count(run.begin(), run.end(), sign));
      return signs * 8 < run.size() || Give(decode(run), visit);
    });
  };
  return ForEachRun(text, kBase64Chars, kMinBase64,
                    [&](std::size_t begin, std::size_t end) { return GiveLines(text, begin, end, options, visit); }) &&
         escapes(kBackslashChars, kMinBackslash, '\\', DecodeBackslash) &&
         escapes(kPercentChars, kMinPercent, '%', DecodePercent) &&
         ForEachRun(text, kNumberChars, kMinNumbers,
                    [&](std::size_t begin, std::size_t end) { return GiveNumbers(text, begin, end, visit); }) &&
         ForEachCharCalls(text, [&](const std::string& bytes) { return Give(bytes, visit); });
}

}  // namespace

bool FindEncoded(std::string_view text, const RunOptions& options, const VisitRun& visit) {
  if (!ForEachEncodedScript(text, [&](const std::string& script) { return visit(script); })) return false;
  std::size_t done = 0;
  const bool goes_on = ForEachConcatenation(text, [&](std::size_t begin, std::size_t end, const std::string& joined) {
    const std::string_view before = text.substr(done, begin - done);
    done = end;
    return FindInPart(before, options, visit) && FindInPart(joined, options, visit);
  });
  return goes_on && FindInPart(text.substr(done), options, visit);
}

}  // namespace dl::unpack
