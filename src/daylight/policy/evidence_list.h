// EvidenceList is what speaks for one product in one root: the strongest of it is kept,
// the rest is counted.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "daylight/policy/assessment.h"

namespace dl::policy {

inline constexpr std::size_t kMaxEvidence = 100;

class EvidenceList {
 public:
  struct Item {
    Evidence evidence;
    bool is_file = false;  // Whose digest can be told.
  };
  // The same again says nothing. `may_keep`: where it is false only its grade counts. Says whether it takes memory.
  bool Add(Evidence evidence, bool is_file, bool may_keep);
  void Merge(EvidenceList&& other);
  bool empty() const { return items_.empty() && more_ == 0; }
  Grade grade() const { return grade_; }
  std::uint64_t more() const { return more_; }
  std::size_t size() const { return items_.size(); }
  // Strongest first, then by kind and path.
  std::vector<Item> Take();

 private:
  void Keep(Item item);

  std::vector<Item> items_;
  std::set<std::uint64_t> seen_;  // Hashes.
  std::uint64_t more_ = 0;
  Grade grade_ = Grade::kMention;
};

}  // namespace dl::policy
