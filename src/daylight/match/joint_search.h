// JointSearch finds the patterns of several matchers in one object. Those whose
// filters agree are searched for in one pass over its bytes:
//
//   JointSearch search(states);                      // All that there are, borrowed.
//   for (MatchState* state : live) state->Begin(...);
//   search.Begin(live);
//   do { ...; search.Feed(window); } while (!window.last);
//   for (MatchState* state : live) state->Finish();
//
// What a state finds is what it would find by itself.
#pragma once

#include <memory>
#include <span>

#include "daylight/match/matcher.h"

namespace dl::match {

class JointSearch {
 public:
  explicit JointSearch(std::span<MatchState* const> states);
  ~JointSearch();
  // `live`: of these the ones that the next object is searched with. Each has begun.
  void Begin(std::span<MatchState* const> live);
  // Windows overlap by the most that any of the states' matchers asks for.
  void Feed(const Window& window);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dl::match
