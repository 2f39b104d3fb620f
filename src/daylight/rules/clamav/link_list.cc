#include <algorithm>

#include "daylight/match/matcher.h"
#include "daylight/rules/clamav/extended_regexp.h"
#include "daylight/rules/clamav/phishing.h"

namespace dl::clamav {

namespace {

// As in clamscan, whose lines have no more.
constexpr std::size_t kMaxPatternBytes = 8188;

bool IsAlnum(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

std::uint16_t KeyOf(std::string_view text) {
  return static_cast<std::uint16_t>(static_cast<unsigned char>(text[0]) << 8 | static_cast<unsigned char>(text[1]));
}

// Whether the text has this ending at its front (both are backwards). What is
// longer than the text matches, too, once so many bytes do.
bool MatchesAtEnd(std::string_view text, std::string_view ending) {
  constexpr std::size_t kEnough = 32;
  if (text.size() >= ending.size() || text.size() < kEnough) return text.starts_with(ending);
  return ending.starts_with(text);
}

// The byte of what was shown that became byte `place` (from 1) of the host: the
// spaces that were removed in between are skipped.
char ShownByte(const LinkList::Lookup& lookup, std::size_t place) {
  const std::string_view shown = lookup.shown;
  const auto at = [&](std::size_t i) { return i < shown.size() ? shown[i] : '\0'; };
  std::size_t i = 0;
  std::size_t left = place + lookup.host_start;
  while (at(i) != '\0' && !IsAlnum(at(i))) ++i;
  for (; at(i) != '\0' && left > 0; --left) {
    while (at(i) == ' ') ++i;
    ++i;
  }
  while (at(i) == ' ') ++i;
  if (left > 0 && at(i) == '\0') return '\0';
  return at(i > 0 ? i - 1 : 0);
}

char ByteAt(const LinkList::Lookup& lookup, std::size_t place) {
  if (lookup.has_shown) return ShownByte(lookup, place);
  if (place > lookup.text.size()) return '\0';
  const std::size_t i = place > 0 ? place - 1 : 0;
  return i < lookup.text.size() ? lookup.text[i] : '\0';
}

}  // namespace

Status LinkList::AddExpression(std::string_view text) {
  // Only hosts are compared; what stands for paths at the end goes.
  std::string pattern = std::string(text) + "/";
  for (const std::string_view tail : {"([/?].*)?/", "([/?].*)/"}) {
    if (pattern.size() <= tail.size() + 1 || !pattern.ends_with(tail)) continue;
    pattern.resize(pattern.size() - tail.size());
    pattern += '/';
  }
  if (pattern.size() > kMaxPatternBytes) return Fail(ErrorCode::kMalformed, "expression: too long");
  DL_TRY(const match::ParsedRegexp parsed, ParseExtendedRegexp(pattern));
  DL_TRY(std::vector<std::string> endings, EndingsOf(pattern));
  DL_TRY(std::vector<std::byte> program, match::CompileSearch(parsed));
  const auto entry = static_cast<std::uint32_t>(entries_.size());
  for (std::string& ending : endings) {
    const std::uint16_t key = KeyOf(ending);
    endings_[key].push_back({std::move(ending), entry});
  }
  entries_.push_back({false, 0, std::move(program)});
  return {};
}

Status LinkList::AddHost(std::string_view text) {
  if (text.empty()) return Fail(ErrorCode::kMalformed, "no host");
  if (text.size() > kMaxPatternBytes) return Fail(ErrorCode::kMalformed, "the host is too long");
  std::string backwards = "/" + std::string(text.rbegin(), text.rend());
  const std::uint16_t key = KeyOf(backwards);
  endings_[key].push_back({std::move(backwards), static_cast<std::uint32_t>(entries_.size())});
  entries_.push_back({true, text.size() + 1, {}});
  return {};
}

LinkList::Match LinkList::TryHost(const Entry& entry, const Lookup& lookup) const {
  const std::size_t size = lookup.text.size();
  const auto is_one_of = [](char c, std::string_view set) { return set.find(c) != std::string_view::npos; };
  if (!is_one_of(ByteAt(lookup, size + 1), std::string_view(" \0/?", 4))) return {};
  if (entry.host_bytes == size) return {true, 0};
  if (entry.host_bytes > size || !is_one_of(ByteAt(lookup, size - entry.host_bytes), ". ")) return {};
  return {true, entry.host_bytes - 1};
}

LinkList::Match LinkList::Find(const Lookup& lookup, std::uint64_t& work) const {
  if (lookup.text.size() < 3 || entries_.empty()) return {};
  const std::string backwards(lookup.text.rbegin(), lookup.text.rend());
  std::vector<std::uint32_t> candidates;
  for (std::size_t i = 0; i + 1 < backwards.size(); ++i) {
    const std::string_view rest = std::string_view(backwards).substr(i);
    const auto found = endings_.find(KeyOf(rest));
    if (found == endings_.end()) continue;
    work += found->second.size();
    for (const Ending& ending : found->second) {
      if (MatchesAtEnd(rest, ending.text)) candidates.push_back(ending.entry);
    }
  }
  std::sort(candidates.begin(), candidates.end());
  candidates.erase(std::unique(candidates.begin(), candidates.end()), candidates.end());
  match::RegexpSearcher searcher;
  for (const std::uint32_t candidate : candidates) {
    const Entry& entry = entries_[candidate];
    if (entry.is_host) {
      work += lookup.text.size() + lookup.shown.size();
      if (const Match match = TryHost(entry, lookup); match.is_found) return match;
    } else {
      work += (lookup.text.size() + 64) * (entry.program.size() / 16 + 1);
      if (searcher.Search(entry.program, lookup.text)) return {true, 0};
    }
  }
  return {};
}

}  // namespace dl::clamav
