#include "daylight/policy/path_index.h"

#include <algorithm>

#include "daylight/os/glob.h"
#include "daylight/policy/names.h"

namespace dl::policy {

namespace {

// FNV-1a over lower-case bytes.
constexpr std::uint64_t kSeed = 0xcbf29ce484222325;
constexpr std::uint64_t kPrime = 0x100000001b3;

unsigned char LowerOf(char c) { return static_cast<unsigned char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c); }
std::uint64_t Step(std::uint64_t hash, char c) { return (hash ^ LowerOf(c)) * kPrime; }
// Never 0: that is a free place.
std::uint64_t Joined(std::uint64_t prefix, std::uint64_t part) {
  const std::uint64_t hash = (prefix ^ part) * 0x9e3779b97f4a7c15;
  return (hash ^ (hash >> 29)) | 1;
}
std::uint64_t HashOf(std::string_view part) {
  std::uint64_t hash = kSeed;
  for (const char c : part) hash = Step(hash, c);
  return hash;
}
// As a key: the low bits of FNV-1a are good enough, but 0 must not come.
std::uint64_t Key(std::uint64_t hash) { return (hash ^ (hash >> 32)) | 1; }

std::string_view LastPart(std::string_view path) { return path.substr(path.rfind('/') + 1); }

std::string_view ExtensionOf(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  return dot == std::string_view::npos ? std::string_view() : name.substr(dot);
}

bool SameText(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return LowerOf(x) == LowerOf(y); });
}

// Whether `path[0, end)` ends with the parts of `text`; gives where they begin.
bool EndsWithParts(std::string_view path, std::size_t end, std::string_view text, std::size_t& begin) {
  if (text.size() > end) return false;
  begin = end - text.size();
  return (begin == 0 || path[begin - 1] == '/') && SameText(path.substr(begin, text.size()), text);
}

}  // namespace

void PathIndex::Table::Reserve(std::size_t count) {
  std::size_t size = 64;
  while (size < count * 8) size *= 2;
  hashes.assign(size, 0);
  rules.assign(size, {});
}

void PathIndex::Table::Add(std::uint64_t hash, const PathRule* rule) {
  std::size_t at = hash & (hashes.size() - 1);
  while (hashes[at] != 0 && hashes[at] != hash) at = (at + 1) & (hashes.size() - 1);
  hashes[at] = hash;
  rules[at].push_back(rule);
}

void PathIndex::Add(PathRule rule) {
  rule.number = static_cast<std::uint32_t>(rules_.size());
  rules_.push_back(std::move(rule));
}

void PathIndex::Build() {
  prefixes_.Reserve(rules_.size());
  parts_.Reserve(rules_.size());
  extensions_.Reserve(rules_.size());
  for (const PathRule& rule : rules_) {
    const std::string_view last = LastPart(rule.text);
    if (rule.kind == PathRule::Kind::kPrograms || rule.kind == PathRule::Kind::kData) {
      std::uint64_t prefix = kSeed;
      for (std::size_t start = 0; start <= rule.text.size();) {
        const std::size_t end = std::min(rule.text.find('/', start), rule.text.size());
        prefix = Joined(prefix, HashOf(std::string_view(rule.text).substr(start, end - start)));
        start = end + 1;
      }
      prefixes_.Add(prefix, &rule);
    } else if (last.find_first_of("*?") == std::string_view::npos) {
      parts_.Add(Key(HashOf(last)), &rule);
    } else if (const std::string_view extension = ExtensionOf(last);
               extension.size() > 1 && extension.find_first_of("*?") == std::string_view::npos) {
      extensions_.Add(Key(HashOf(extension)), &rule);
    } else {
      globs_.push_back(&rule);
    }
  }
}

// Rules with wildcards, which stand for the last part.
void PathIndex::MatchLast(std::string_view path, std::size_t start, std::vector<PathHit>& hits) const {
  const std::string_view name = path.substr(start);
  const auto match = [&](const PathRule* rule) {
    const std::string_view last = LastPart(rule->text);
    if (name.size() > 255 || !os::GlobMatches(Lower(last), Lower(name))) return;
    std::size_t begin = start;
    if (last.size() < rule->text.size()) {
      // Parts in front of it, and the slash between.
      const std::string_view front = std::string_view(rule->text).substr(0, rule->text.size() - last.size() - 1);
      if (start == 0 || !EndsWithParts(path, start - 1, front, begin)) return;
    }
    hits.push_back({rule, begin, path.size()});
  };
  if (const std::string_view extension = ExtensionOf(name); !extension.empty()) {
    if (const auto* const rules = extensions_.Find(Key(HashOf(extension)))) {
      for (const PathRule* const rule : *rules) match(rule);
    }
  }
  for (const PathRule* const rule : globs_) match(rule);
}

void PathIndex::Match(std::string_view path, std::vector<PathHit>& hits) const {
  hits.clear();
  std::uint64_t prefix = kSeed;
  std::size_t start = 0;
  while (start < path.size()) {
    std::uint64_t part = kSeed;
    std::size_t end = start;
    for (; end < path.size() && path[end] != '/'; ++end) part = Step(part, path[end]);
    if (end > start) {
      prefix = Joined(prefix, part);
      if (const auto* const rules = prefixes_.Find(prefix)) {
        for (const PathRule* const rule : *rules) {
          if (path.substr(0, end) == rule->text) hits.push_back({rule, 0, end});
        }
      }
      if (const auto* const rules = parts_.Find(Key(part))) {
        for (const PathRule* const rule : *rules) {
          const bool is_last_only = rule->kind == PathRule::Kind::kFile || rule->kind == PathRule::Kind::kEngine;
          std::size_t begin = 0;
          if (is_last_only && end != path.size()) continue;
          if (EndsWithParts(path, end, rule->text, begin)) hits.push_back({rule, begin, end});
        }
      }
      if (end == path.size()) MatchLast(path, start, hits);
    }
    start = end + 1;
  }
}

}  // namespace dl::policy
