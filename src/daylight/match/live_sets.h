// LiveSets remembers what was made for the sets of groups that were live last:
// objects of a few types alternate, and to fill tables takes as long as to
// search a megabyte. Private to match.
//
//   LiveSets<FilterTables> sets(every_group);
//   const FilterTables* live = &sets.Choose(groups, fill);      // At an object's beginning.
//   if (const FilterTables* better = sets.Search(bytes, fill)) live = better;
//
// `Tables` have `groups`, a word for each 64 groups, which is set here, and
// `keys`, how much there is to search for; fill(tables) makes the rest.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace dl::match {

template <typename Tables>
class LiveSets {
 public:
  // `every`: the groups that any set is a part of.
  explicit LiveSets(std::vector<std::uint64_t> every) : every_(std::move(every)) {}
  const std::vector<std::uint64_t>& every() const { return every_; }

  // Tables for these groups or more; valid until the next call of Choose() or Search().
  template <typename Fill>
  const Tables& Choose(const std::vector<std::uint64_t>& groups, Fill fill) {
    waiting_ = nullptr;
    if (live_ == nullptr || live_->tables.groups != groups) {
      const bool is_first = live_ == nullptr;
      live_ = nullptr;
      for (Remembered& each : remembered_) {
        const Tables& tables = each.tables;
        if (HasAll(tables.groups, groups) &&
            (live_ == nullptr || tables.keys < live_->tables.keys || tables.groups == groups)) {
          live_ = &each;
        }
        if (tables.groups == groups) break;
      }
      if (is_first) live_ = &Make(groups, fill);
      if (live_ == nullptr) live_ = &Make(every_, fill);
      if (live_->tables.groups != groups) waiting_ = &WaitingOf(groups);
    }
    live_->last_use = ++objects_;
    return live_->tables;
  }

  // Tells that so many positions are searched with what was chosen. Once these
  // have become so many that tables of their own pay, these; otherwise null.
  template <typename Fill>
  const Tables* Search(std::uint64_t positions, Fill fill) {
    if (waiting_ == nullptr || (waiting_->positions += positions) <= kWorthTables) return nullptr;
    waiting_->positions = 0;
    live_ = &Make(std::exchange(waiting_, nullptr)->groups, fill);
    return &live_->tables;
  }

 private:
  struct Remembered {
    Tables tables;
    std::uint64_t last_use = 0;  // Which object it was.
  };
  // A set of groups that makes do with the tables of a larger one for now.
  struct Waiting {
    std::vector<std::uint64_t> groups;
    std::uint64_t positions = 0;  // That were searched so.
  };
  static constexpr std::size_t kRemembered = 16;
  static constexpr std::size_t kWaiting = 64;
  static constexpr std::uint64_t kWorthTables = 1u << 20;

  static bool HasAll(const std::vector<std::uint64_t>& all, const std::vector<std::uint64_t>& some) {
    return std::equal(some.begin(), some.end(), all.begin(),
                      [](std::uint64_t ours, std::uint64_t theirs) { return (ours & ~theirs) == 0; });
  }
  Waiting& WaitingOf(const std::vector<std::uint64_t>& groups) {
    waiting_sets_.reserve(kWaiting);
    for (Waiting& each : waiting_sets_) {
      if (each.groups == groups) return each;
    }
    if (waiting_sets_.size() < kWaiting) return waiting_sets_.emplace_back(Waiting{groups, 0});
    Waiting& oldest = waiting_sets_[next_waiting_];
    next_waiting_ = (next_waiting_ + 1) % kWaiting;
    oldest = {groups, 0};
    return oldest;
  }
  // In place of those that were not used for longest.
  template <typename Fill>
  Remembered& Make(const std::vector<std::uint64_t>& groups, Fill fill) {
    remembered_.reserve(kRemembered);
    const auto is_older = [](const Remembered& a, const Remembered& b) { return a.last_use < b.last_use; };
    Remembered& made = remembered_.size() < kRemembered
                           ? remembered_.emplace_back()
                           : *std::min_element(remembered_.begin(), remembered_.end(), is_older);
    made.last_use = ++objects_;
    made.tables.groups = groups;
    fill(made.tables);
    return made;
  }

  std::vector<std::uint64_t> every_;
  std::vector<Remembered> remembered_;
  std::vector<Waiting> waiting_sets_;
  std::size_t next_waiting_ = 0;  // Which is given up first.
  Waiting* waiting_ = nullptr;    // Of the groups that were chosen for.
  std::uint64_t objects_ = 0;
  Remembered* live_ = nullptr;
};

}  // namespace dl::match
