// PathIndex says of a path which of a policy's paths, folders, names and marks it is at
// or below: a million paths of which none matches cost some tenths of a second.
//
//   PathIndex index;
//   index.Add({.kind = PathRule::Kind::kPrograms, .product = 3, .text = "opt/kaspersky/kesl"});
//   index.Build();
//   index.Match("opt/kaspersky/kesl/bin/kesl", hits);   // One hit, of 18 bytes
//
// Each part of a path is hashed once, in lower case; a prefix by the hashes of its parts.
// What a hash says is held against the text. Built once, then for any number of threads.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dl::policy {

struct PathRule {
  enum class Kind : std::uint8_t {
    kPrograms,  // From the root, exact case; and what is below.
    kData,      // The same.
    kFolder,    // Anywhere, whatever the case; and what is below.
    kWord,      // A part, whatever the case; and what is below.
    kFile,      // The last parts, whatever the case; the last one may have wildcards.
    kEngine,    // The same.
  };
  Kind kind = Kind::kPrograms;
  std::uint32_t product = 0;
  std::uint32_t mark = 0;  // Of an engine.
  std::string text;
  std::uint32_t number = 0;  // By Add(), from 0.
};

struct PathHit {
  const PathRule* rule = nullptr;
  std::size_t begin = 0;  // Where in the path it begins,
  std::size_t end = 0;    // and ends.
};

class PathIndex {
 public:
  PathIndex() = default;
  PathIndex(const PathIndex&) = delete;  // Its tables point to its rules.
  PathIndex& operator=(const PathIndex&) = delete;
  void Add(PathRule rule);
  void Build();
  std::size_t size() const { return rules_.size(); }
  // Replaces `hits`; in the order of the path, then of Add().
  void Match(std::string_view path, std::vector<PathHit>& hits) const;

 private:
  // Open addressing, at most an eighth full.
  struct Table {
    std::vector<std::uint64_t> hashes;
    std::vector<std::vector<const PathRule*>> rules;
    void Reserve(std::size_t count);
    void Add(std::uint64_t hash, const PathRule* rule);
    const std::vector<const PathRule*>* Find(std::uint64_t hash) const {
      std::size_t at = hash & (hashes.size() - 1);
      for (; hashes[at] != 0; at = (at + 1) & (hashes.size() - 1)) {
        if (hashes[at] == hash) return &rules[at];
      }
      return nullptr;
    }
  };
  void MatchLast(std::string_view path, std::size_t start, std::vector<PathHit>& hits) const;

  std::vector<PathRule> rules_;
  Table prefixes_;
  Table parts_;
  Table extensions_;
  std::vector<const PathRule*> globs_;  // Without an extension.
};

}  // namespace dl::policy
