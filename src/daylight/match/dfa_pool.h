// DfaPool keeps the automata of the programs that are run again and again.
//
//   DfaPool pool;
//   pool.SetText(/*is_new_object=*/true);
//   LazyDfa* dfa = pool.Find(sub.data, words, LazyDfa::Direction::kForward);
//   if (dfa == nullptr) ...              // simulate
//
// All together take at most kMaxBytes; past it they are dropped, and made anew
// where that pays. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>
#include <utility>

#include "daylight/match/lazy_dfa.h"

namespace dl::match {

class DfaPool {
 public:
  static constexpr std::size_t kMaxBytes = 8u << 20;

  // Runs are over other bytes from now on.
  void SetText(bool is_new_object);
  // The automaton of a program (the words of program.h), named by where it stands in the database, or
  // null: the program has not been run often enough yet to make one, or it is
  // better simulated. Valid until the next call.
  LazyDfa* Find(std::uint32_t name, std::span<const std::uint32_t> words, LazyDfa::Direction direction);
  // What runs have cost since the last call.
  std::uint64_t TakeSteps() {
    steps_since_drop_ += steps_;
    return std::exchange(steps_, 0);
  }
  // For tests.
  std::size_t memory_bytes() const;

 private:
  struct Entry {
    std::unique_ptr<LazyDfa> dfa;
    std::uint32_t runs = 0;
    std::uint32_t growth = 0;  // Of the automaton, when its bytes were counted.
    std::size_t bytes = 0;
    std::uint64_t text = 0;    // Which text it was last used for.
    std::uint64_t object = 0;  // Which object.
  };
  // The few that are used by turns are found without the map.
  struct Recent {
    std::uint64_t key = 0;
    Entry* entry = nullptr;
  };
  Entry& EntryOf(std::uint64_t key);
  void CountBytes(Entry& entry);
  void DropAll();

  std::unordered_map<std::uint64_t, Entry> entries_;
  std::array<Recent, 256> recent_{};
  Entry* last_ = nullptr;
  std::size_t bytes_ = 0;
  std::uint64_t text_ = 1;
  std::uint64_t object_ = 1;
  std::uint64_t steps_ = 0;
  std::uint64_t steps_since_drop_ = 0;
  std::uint64_t resting_object_ = 0;  // None is used for it: they were dropped too soon.
};

}  // namespace dl::match
