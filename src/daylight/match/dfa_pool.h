// DfaPool keeps the automata of the programs that are run again and again.
//
//   DfaPool pool;
//   pool.SetText(/*is_new_object=*/true);
//   LazyDfa* dfa = pool.Find(sub.data, program, LazyDfa::Direction::kForward);
//   if (dfa == nullptr) ...              // simulate
//
// All together take at most kMaxBytes; past it they are dropped, and made anew
// where that pays. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>

#include "daylight/match/lazy_dfa.h"

namespace dl::match {

class DfaPool {
 public:
  static constexpr std::size_t kMaxBytes = 8u << 20;

  // Runs are over other bytes from now on.
  void SetText(bool is_new_object);
  // The automaton of a program, named by where it stands in the database, or
  // null: the program has not been run often enough yet to make one, or it is
  // better simulated. Valid until the next call.
  LazyDfa* Find(std::uint32_t name, const ProgramView& program, LazyDfa::Direction direction);
  std::uint64_t TakeSteps();
  // For tests.
  std::size_t memory_bytes() const;

 private:
  struct Entry {
    std::unique_ptr<LazyDfa> dfa;
    std::size_t bytes = 0;  // Of it, when it was last left.
    std::uint32_t runs = 0;
    std::uint64_t text = 0;    // Which text it was last used for.
    std::uint64_t object = 0;  // Which object.
  };
  void CollectSteps();
  void Leave();
  void DropAll();

  std::unordered_map<std::uint64_t, Entry> entries_;
  Entry* last_ = nullptr;
  std::uint64_t last_key_ = 0;
  std::size_t bytes_ = 0;
  std::uint64_t text_ = 1;
  std::uint64_t object_ = 1;
  std::uint64_t steps_ = 0;
  std::uint64_t steps_since_drop_ = 0;
  std::uint64_t resting_object_ = 0;  // None is used for it: they were dropped too soon.
};

}  // namespace dl::match
