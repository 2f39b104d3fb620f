#include "daylight/os/glob.h"

namespace dl::os {

namespace {

// Matches one byte against the pattern's element at `at`; sets `next` behind it.
bool ElementMatches(std::string_view pattern, std::size_t at, unsigned char byte, std::size_t& next) {
  const char first = pattern[at];
  if (first == '?') {
    next = at + 1;
    return true;
  }
  if (first == '\\' && at + 1 < pattern.size()) {
    next = at + 2;
    return static_cast<unsigned char>(pattern[at + 1]) == byte;
  }
  if (first == '[') {
    std::size_t i = at + 1;
    bool negated = false;
    if (i < pattern.size() && (pattern[i] == '!' || pattern[i] == '^')) {
      negated = true;
      ++i;
    }
    bool found = false;
    // A `]` right at the beginning is itself a member.
    for (bool start = true; i < pattern.size() && (start || pattern[i] != ']'); start = false) {
      if (pattern[i] == '\\' && i + 1 < pattern.size()) ++i;
      const auto low = static_cast<unsigned char>(pattern[i]);
      auto high = low;
      if (i + 2 < pattern.size() && pattern[i + 1] == '-' && pattern[i + 2] != ']') {
        high = static_cast<unsigned char>(pattern[i + 2]);
        i += 2;
      }
      if (low <= byte && byte <= high) found = true;
      ++i;
    }
    if (i < pattern.size()) {
      next = i + 1;
      return found != negated;
    }
    // No closing bracket: a literal `[`.
  }
  next = at + 1;
  return static_cast<unsigned char>(first) == byte;
}

}  // namespace

bool GlobMatches(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  // Only the last star is ever taken up again: an earlier one has nothing to
  // gain by eating more.
  std::size_t star = std::string_view::npos;
  std::size_t star_text = 0;
  while (t < text.size()) {
    std::size_t next = 0;
    if (p < pattern.size() && pattern[p] == '*') {
      star = ++p;
      star_text = t;
    } else if (p < pattern.size() && ElementMatches(pattern, p, static_cast<unsigned char>(text[t]), next)) {
      p = next;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star;
      t = ++star_text;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool Excluded(std::string_view pattern, std::string_view path, std::string_view name) {
  while (pattern.size() > 1 && pattern.back() == '/') pattern.remove_suffix(1);
  return GlobMatches(pattern, pattern.find('/') == std::string_view::npos ? name : path);
}

}  // namespace dl::os
