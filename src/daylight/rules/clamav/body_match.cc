#include "daylight/rules/clamav/body_match.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace dl::clamav {

namespace {

// Alternatives in alternatives are multiplied out, so this is how many may follow one another in a part.
constexpr int kMaxDepth = 512;

// Which bytes (B) takes for a boundary: before a pattern (1), after it (2).
constexpr std::array<std::uint8_t, 256> MakeBoundaries() {
  std::array<std::uint8_t, 256> table{};
  for (const char c : {'\n', '\r', '"', '\'', '=', '>'}) table[static_cast<unsigned char>(c)] = 2;
  for (const char c : {'.', '<', '@'}) table[static_cast<unsigned char>(c)] = 1;
  for (const char c : {' ', '-', '/', '_'}) table[static_cast<unsigned char>(c)] = 3;
  return table;
}
constexpr std::array<std::uint8_t, 256> kBoundaries = MakeBoundaries();

bool IsAlphanumeric(std::uint8_t byte) {
  return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}
bool Fits(MaskedByte token, std::uint8_t byte) { return (byte & token.mask) == token.value; }
bool IsLetterMask(const Token& token) {
  return token.byte.mask == 0xdf && token.byte.value >= 'A' && token.byte.value <= 'Z';
}

}  // namespace

Width WidthOf(const Part& part, const Token& token) {
  if (token.kind == TokenKind::kLineMarker) return {1, 2};
  if (token.kind != TokenKind::kAlternative || token.index >= part.alternatives.size()) return {1, 1};
  const auto& choices = part.alternatives[token.index].choices;
  const auto [low, high] = std::minmax_element(choices.begin(), choices.end(),
                                               [](const auto& a, const auto& b) { return a.size() < b.size(); });
  if (low == choices.end()) return {0, 0};
  return {low->size(), high->size()};
}

FixedRun LongestRun(const Part& part) {
  FixedRun best;
  for (std::size_t i = 0; i < part.tokens.size();) {
    FixedRun run{i, 0, false};
    while (i < part.tokens.size() && part.tokens[i].kind == TokenKind::kByte &&
           (part.tokens[i].byte.mask == 0xff || IsLetterMask(part.tokens[i]))) {
      run.is_nocase = run.is_nocase || part.tokens[i].byte.mask != 0xff;
      ++run.count;
      ++i;
    }
    if (run.count > best.count) best = run;
    if (run.count == 0) ++i;
  }
  return best;
}

std::uint64_t BodyMatcher::MatchMarker(const Token& token, std::uint64_t at) const {
  const std::uint8_t byte = At(at);
  switch (token.kind) {
    case TokenKind::kBoundary: return (kBoundaries[byte] != 0) != token.is_negated ? 1 : 0;
    case TokenKind::kWordMarker: return !IsAlphanumeric(byte) != token.is_negated ? 1 : 0;
    case TokenKind::kLineMarker:
      if (byte == '\n') return token.is_negated ? 0 : 1;
      if (byte == '\r' && at + 1 < bytes_.size() && At(at + 1) == '\n') return token.is_negated ? 0 : 2;
      return token.is_negated ? 1 : 0;
    default: return 0;
  }
}

bool BodyMatcher::MatchForward(const Part& part, std::size_t token, std::uint64_t at, std::uint64_t& end, int depth) {
  for (; token < part.tokens.size(); ++token) {
    if (at >= bytes_.size() || !budget_.Charge(1)) return false;
    const Token& t = part.tokens[token];
    if (t.kind == TokenKind::kByte) {
      if (!Fits(t.byte, At(at))) return false;
      ++at;
      continue;
    }
    if (t.kind != TokenKind::kAlternative) {
      const std::uint64_t n = MatchMarker(t, at);
      if (n == 0) return false;
      at += n;
      continue;
    }
    if (t.index >= part.alternatives.size() || depth >= kMaxDepth) return false;
    const Alternative& alternative = part.alternatives[t.index];
    std::uint64_t length = 0;
    bool any = false;
    for (const auto& choice : alternative.choices) {
      if (!budget_.Charge(choice.size())) return false;
      length = choice.size();
      if (choice.size() > bytes_.size() - at) continue;
      bool fits = true;
      for (std::size_t i = 0; fits && i < choice.size(); ++i) fits = Fits(choice[i], At(at + i));
      if (!fits) continue;
      any = true;
      if (!alternative.is_negated && MatchForward(part, token + 1, at + choice.size(), end, depth + 1)) return true;
    }
    if (!alternative.is_negated || any || length > bytes_.size() - at) return false;
    at += length;
  }
  end = at;
  return true;
}

// Tokens [0, tokens) end before `at`.
bool BodyMatcher::MatchBackward(const Part& part, std::size_t tokens, std::uint64_t at, std::uint64_t& start,
                                int depth) {
  while (tokens > 0) {
    if (at == 0 || !budget_.Charge(1)) return false;
    const Token& t = part.tokens[tokens - 1];
    if (t.kind == TokenKind::kByte) {
      if (!Fits(t.byte, At(at - 1))) return false;
      --at;
    } else if (t.kind == TokenKind::kLineMarker) {
      const bool is_newline = At(at - 1) == '\n';
      if (is_newline == t.is_negated) return false;
      --at;
      if (is_newline && at > 0 && At(at - 1) == '\r' && depth < kMaxDepth) {
        // "\r\n" is one line's end; what is before it may also be the '\r' itself.
        if (MatchBackward(part, tokens - 1, at - 1, start, depth + 1)) return true;
      }
    } else if (t.kind != TokenKind::kAlternative) {
      if (MatchMarker(t, at - 1) != 1) return false;
      --at;
    } else {
      if (t.index >= part.alternatives.size() || depth >= kMaxDepth) return false;
      const Alternative& alternative = part.alternatives[t.index];
      std::uint64_t length = 0;
      bool any = false;
      for (const auto& choice : alternative.choices) {
        if (!budget_.Charge(choice.size())) return false;
        length = choice.size();
        if (choice.size() > at) continue;
        bool fits = true;
        for (std::size_t i = 0; fits && i < choice.size(); ++i) fits = Fits(choice[i], At(at - choice.size() + i));
        if (!fits) continue;
        any = true;
        if (!alternative.is_negated && MatchBackward(part, tokens - 1, at - choice.size(), start, depth + 1)) {
          return true;
        }
      }
      if (!alternative.is_negated || any || length > at) return false;
      at -= length;
    }
    --tokens;
  }
  start = at;
  return true;
}

bool BodyMatcher::LeftFits(const Part& part, bool is_wide, std::uint64_t start) const {
  if ((part.left & kMarkBoundary) != 0) {
    const bool is_boundary = start == 0 || (kBoundaries[At(start - 1)] & 1) != 0;
    if (is_boundary == ((part.left & kMarkBoundaryNegated) != 0)) return false;
  }
  if ((part.left & kMarkLine) != 0) {
    const bool is_line = start == 0 || At(start - 1) == '\n';
    if (is_line == ((part.left & kMarkLineNegated) != 0)) return false;
  }
  if ((part.left & kMarkWord) != 0) {
    bool is_word_edge = start == 0;
    if (start > 0 && is_wide) {
      is_word_edge = start == 1 || !(IsAlphanumeric(At(start - 2)) && At(start - 1) == 0);
    } else if (start > 0) {
      is_word_edge = !IsAlphanumeric(At(start - 1));
    }
    if (is_word_edge == ((part.left & kMarkWordNegated) != 0)) return false;
  }
  if (!part.before.is_there) return true;
  for (std::uint64_t gap = part.before.min; gap <= part.before.max; ++gap) {
    if (gap + 1 > start) return false;
    if (Fits(part.before.byte, At(start - gap - 1))) return true;
  }
  return false;
}

bool BodyMatcher::RightFits(const Part& part, bool is_wide, std::uint64_t end) const {
  const std::uint64_t size = bytes_.size();
  if ((part.right & kMarkBoundary) != 0) {
    const bool is_boundary = end == size || (kBoundaries[At(end)] & 2) != 0;
    if (is_boundary == ((part.right & kMarkBoundaryNegated) != 0)) return false;
  }
  if ((part.right & kMarkLine) != 0) {
    const bool is_line = end == size || At(end) == '\n' || (At(end) == '\r' && end + 1 < size && At(end + 1) == '\n');
    if (is_line == ((part.right & kMarkLineNegated) != 0)) return false;
  }
  if ((part.right & kMarkWord) != 0) {
    bool is_word_edge = end == size;
    if (end < size && is_wide && end + 1 < size) {
      is_word_edge = !(IsAlphanumeric(At(end)) && At(end + 1) == 0);
    } else if (end < size) {
      is_word_edge = !IsAlphanumeric(At(end));
    }
    if (is_word_edge == ((part.right & kMarkWordNegated) != 0)) return false;
  }
  if (!part.after.is_there) return true;
  for (std::uint64_t gap = part.after.min; gap <= part.after.max; ++gap) {
    if (gap >= size - end) return false;
    if (Fits(part.after.byte, At(end + gap))) return true;
  }
  return false;
}

void BodyMatcher::FindPart(const Part& part, bool is_wide, std::uint64_t min, std::uint64_t max, std::size_t limit,
                           std::vector<Span>& found) {
  const std::uint64_t size = bytes_.size();
  const FixedRun run = LongestRun(part);
  if (run.count == 0 || min >= size) return;
  std::string needle;
  for (std::size_t i = 0; i < run.count; ++i) {
    needle.push_back(static_cast<char>(part.tokens[run.first + i].byte.value));
  }
  // How far behind the part's start the run can be.
  std::uint64_t shift_min = 0;
  std::uint64_t shift_max = 0;
  for (std::size_t i = 0; i < run.first; ++i) {
    const Width width = WidthOf(part, part.tokens[i]);
    shift_min += width.least;
    shift_max += width.most;
  }
  if (shift_min > size || min > size - shift_min) return;
  std::uint64_t at = min + shift_min;
  const std::uint64_t last = max > size || shift_max > size - max ? size : max + shift_max;  // Of the run, inclusive.
  while (at <= last && at + needle.size() <= size && found.size() < limit) {
    // The next place of the run.
    const std::uint64_t room = std::min(size, last + needle.size()) - at;
    std::uint64_t hit = at;
    if (run.is_nocase) {
      const auto* bytes = reinterpret_cast<const std::uint8_t*>(bytes_.data());
      bool is_there = false;
      for (; hit + needle.size() <= at + room; ++hit) {
        std::size_t i = 0;
        while (i < needle.size() && Fits(part.tokens[run.first + i].byte, bytes[hit + i])) ++i;
        if (i == needle.size()) {
          is_there = true;
          break;
        }
      }
      if (!budget_.Charge(2 * (hit - at) + needle.size())) return;
      if (!is_there) return;
    } else {
      const void* place = ::memmem(bytes_.data() + at, room, needle.data(), needle.size());
      if (place == nullptr) {
        static_cast<void>(budget_.Charge(room));
        return;
      }
      hit = static_cast<std::uint64_t>(static_cast<const std::byte*>(place) - bytes_.data());
      if (!budget_.Charge(hit - at + needle.size())) return;
    }
    at = hit + 1;
    Span span;
    if (!MatchForward(part, run.first + run.count, hit + run.count, span.end, 0)) continue;
    if (!MatchBackward(part, run.first, hit, span.start, 0)) continue;
    if (span.start < min || span.start > max) continue;
    if (!LeftFits(part, is_wide, span.start) || !RightFits(part, is_wide, span.end)) continue;
    span.first = span.start;
    found.push_back(span);
  }
}

void BodyMatcher::Find(const Pattern& pattern, const OffsetWindow& window, std::size_t limit,
                       std::vector<BodyMatch>& matches) {
  if (window.is_never || pattern.parts.empty() || window.min > window.max) return;
  // More matches of one part than this say nothing more.
  constexpr std::size_t kMaxSpans = 1u << 20;
  std::vector<Span> before;
  for (std::size_t p = 0; p < pattern.parts.size(); ++p) {
    const Part& part = pattern.parts[p];
    const bool is_last = p + 1 == pattern.parts.size();
    std::vector<Span> found;
    if (p == 0) {
      FindPart(part, pattern.is_wide, window.min, window.max, is_last && window.only == nullptr ? limit : kMaxSpans,
               found);
    } else {
      std::sort(before.begin(), before.end(), [](const Span& a, const Span& b) { return a.end < b.end; });
      std::uint64_t min = before.front().end + part.gap_min;
      std::uint64_t max = ~std::uint64_t{0};
      if (part.gap_max != kUnbounded) max = before.back().end + part.gap_max;
      std::vector<Span> all;
      FindPart(part, pattern.is_wide, min, max, kMaxSpans, all);
      for (Span& span : all) {
        // The earliest part before it that is at the right distance.
        const std::uint64_t lowest =
            part.gap_max == kUnbounded || part.gap_max > span.start ? 0 : span.start - part.gap_max;
        const auto previous = std::lower_bound(before.begin(), before.end(), lowest,
                                               [](const Span& a, std::uint64_t end) { return a.end < end; });
        if (previous == before.end() || previous->end > span.start || span.start - previous->end < part.gap_min) {
          continue;
        }
        span.first = previous->first;
        found.push_back(span);
        if (is_last && window.only == nullptr && found.size() >= limit) break;
      }
    }
    // clamscan asks this of every part.
    if (window.only != nullptr) {
      std::erase_if(found, [&](const Span& span) {
        return span.start > 0xffffffff ||
               !std::binary_search(window.only->begin(), window.only->end(), static_cast<std::uint32_t>(span.start));
      });
    }
    if (found.empty()) return;
    before = std::move(found);
  }
  std::sort(before.begin(), before.end(), [](const Span& a, const Span& b) { return a.start < b.start; });
  for (const Span& span : before) matches.push_back({span.first, span.start});
}

}  // namespace dl::clamav
