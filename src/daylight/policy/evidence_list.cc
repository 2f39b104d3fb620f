#include "daylight/policy/evidence_list.h"

#include <algorithm>
#include <functional>
#include <tuple>

namespace dl::policy {

namespace {

constexpr std::size_t kMaxSeen = 4096;

std::uint64_t HashOf(const Evidence& evidence) {
  const std::hash<std::string> hash;
  std::uint64_t sum = static_cast<std::uint64_t>(evidence.grade);
  for (const std::string* const text : {&evidence.kind, &evidence.path, &evidence.detail}) {
    sum = sum * 0x9e3779b97f4a7c15 + hash(*text);
  }
  return sum;
}

}  // namespace

bool EvidenceList::Add(Evidence evidence, bool is_file, bool may_keep) {
  grade_ = std::max(grade_, evidence.grade);  // First: what hashes alike may be strongest.
  const std::uint64_t hash = HashOf(evidence);
  if (seen_.count(hash) != 0) {
    // A file comes as a file and, with its digest, as a program.
    for (Item& item : items_) {
      if (!evidence.sha256.empty() && item.evidence.sha256.empty() && HashOf(item.evidence) == hash) {
        item.evidence.sha256 = std::move(evidence.sha256);
        return false;
      }
    }
    return false;
  }
  if (!may_keep && !items_.empty()) {
    ++more_;
    return false;
  }
  const bool is_remembered = seen_.size() < kMaxSeen;
  if (is_remembered) seen_.insert(hash);
  const std::size_t before = items_.size();
  Keep({std::move(evidence), is_file});
  return is_remembered || items_.size() > before;
}

void EvidenceList::Keep(Item item) {
  if (items_.size() < kMaxEvidence) {
    items_.push_back(std::move(item));
    return;
  }
  ++more_;
  const auto weakest = std::min_element(
      items_.begin(), items_.end(), [](const Item& a, const Item& b) { return a.evidence.grade < b.evidence.grade; });
  if (weakest->evidence.grade < item.evidence.grade) *weakest = std::move(item);
}

void EvidenceList::Merge(EvidenceList&& other) {
  grade_ = std::max(grade_, other.grade_);
  more_ += other.more_;
  for (Item& item : other.items_) Keep(std::move(item));
}

std::vector<EvidenceList::Item> EvidenceList::Take() {
  std::stable_sort(items_.begin(), items_.end(), [](const Item& a, const Item& b) {
    return std::tie(b.evidence.grade, a.evidence.kind, a.evidence.path) <
           std::tie(a.evidence.grade, b.evidence.kind, b.evidence.path);
  });
  return std::move(items_);
}

}  // namespace dl::policy
