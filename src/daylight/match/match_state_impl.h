// One matcher's part in the search of an object: what becomes of the positions
// that the filter lets pass, and of those that it does not look at. JointSearch
// runs the filter. Private to match.
#pragma once

#include <cstring>
#include <vector>

#include "daylight/base/stopwatch.h"
#include "daylight/match/live_sets.h"
#include "daylight/match/live_tables.h"
#include "daylight/match/match_lists.h"
#include "daylight/match/matcher.h"
#include "daylight/match/verifier.h"

namespace dl::match {

// Positions that one call of a kernel looks at: few enough that the bytes are
// still in the first-level cache when candidates are looked up.
inline constexpr std::size_t kBlock = 4096;

class MatchState::Impl {
 public:
  Impl(const Matcher& matcher, const KernelInfo& kernel);

  void Begin(const BitSet& live_groups, const BitSet& live_patterns, bool all_matches);
  // A window whose positions from `begin` until `end` are to be searched.
  void Open(const Window& window, std::size_t begin, std::size_t end);
  // Looks up those of the filter's candidates that the bitmap of what atoms know
  // has. `candidates` are relative to `base`, a place in the window; `hashes` is
  // of each.
  void LookUpFiltered(std::size_t base, std::span<const std::uint32_t> candidates,
                      std::span<const ConfirmHashes> hashes);
  // Seeks short atoms at `count` positions from `begin` on, in their bytes or a copy.
  void ScanShorts(const std::uint8_t* bytes, std::size_t begin, std::size_t count);
  // Seeks what has no atoms, in all of the window's positions.
  void ScanEverywhere(std::size_t begin, std::size_t end);
  void Finish();

  const MatcherTables& tables() const { return tables_; }
  const KernelInfo& kernel() const { return kernel_; }
  // Those with patterns: others are live or not without a difference here.
  const std::vector<std::uint64_t>& every_group() const { return sets_.every(); }
  const std::vector<std::uint64_t>& live_groups() const { return live_groups_; }
  void SetProfile(SearchProfile* profile) {
    profile_ = profile;
    if (profile_ != nullptr) profile_->patterns.resize(tables_.header().pattern_count);
  }

  std::vector<std::uint32_t> touched;
  Counters counters;
  const MatchLists& lists() const { return lists_; }

 private:
  bool IsLive(std::uint32_t pattern) const { return TestBit(live_patterns_, pattern) && !stopped_.Test(pattern); }
  bool IsSought(const SubRecord& sub) const {
    return sub.pattern < tables_.header().pattern_count && sub.list < tables_.header().list_count &&
           TestBit(live_groups_, sub.group) && IsLive(sub.pattern);
  }
  struct Lookup {
    std::size_t at;
    std::uint32_t window;
  };
  struct FoundRun {
    std::size_t at;
    std::uint32_t first;
  };
  // Of the first `count` of candidates_, relative to `base`, those whose bit is
  // set, cut to `length` bytes.
  template <typename BitOf>
  void LookUpSome(std::size_t base, std::size_t count, std::uint32_t length, const std::vector<std::uint32_t>& bitmap,
                  BitOf bit_of);
  // Looks up the first `count` of lookups_.
  void LookUp(std::size_t count, std::uint32_t length);
  // Tries all atoms of a run.
  void TryRun(std::uint32_t first, std::size_t at);
  void TryAtom(const AtomEntry& entry, std::size_t at);
  void ScanEverywhere(const SubRecord& sub, std::size_t begin, std::size_t end);
  // Runs a call of the verifier for a pattern, and counts it.
  template <typename Run>
  void Verify(const SubRecord& sub, Run run) {
    ++counters.verified;
    if (profile_ == nullptr) return run();
    SearchProfile::PatternCost& cost = profile_->patterns[sub.pattern];
    std::uint64_t spent = 0;
    {
      const Stopwatch watch(&spent);
      run();
    }
    ++cost.verified;
    cost.ns += spent;
    profile_->verify_ns += spent;
  }
  void Stop(std::uint32_t pattern) {
    if (!stopped_.Test(pattern)) all_stopped_.push_back(pattern);
    stopped_.Set(pattern);
  }
  // Ends the search for a pattern that has become too expensive.
  void ChargeSteps(const SubRecord& sub);
  // Takes what verifying found.
  void Keep(const SubRecord& sub);
  void JoinChain(std::uint32_t id);

  const MatcherTables& tables_;
  const KernelInfo& kernel_;
  std::uint32_t factor_;
  MatchLists lists_;
  Verifier verifier_;

  std::vector<std::uint64_t> live_groups_;
  std::span<const std::uint64_t> live_patterns_;  // Borrowed.
  BitSet stopped_;                                // Patterns whose search has ended in this object.
  std::vector<std::uint32_t> all_stopped_;
  bool all_matches_ = false;
  LiveSets<LiveTables> sets_;
  const LiveTables* live_ = nullptr;

  std::span<const std::uint8_t> bytes_;
  std::vector<std::uint32_t> candidates_;
  std::vector<Lookup> lookups_;
  std::vector<FoundRun> found_runs_;
  std::vector<MatchRecord> found_;

  // By pattern: what its automata have cost in this object. Empty until one has.
  std::vector<std::uint64_t> steps_;
  std::vector<std::uint32_t> stepped_;  // Patterns with any.
  std::uint64_t all_steps_ = 0;

  SearchProfile* profile_ = nullptr;
};

// Bytes from `at` - `before` on as one number, the first the lowest; those
// outside of the text are 0.
std::uint64_t LoadBytes(std::span<const std::uint8_t> bytes, std::size_t at, std::size_t before, std::size_t count);

// Four bytes, folded.
inline std::uint32_t WindowAt(std::span<const std::uint8_t> bytes, std::size_t at) {
  std::uint32_t window;
  if (bytes.size() - at >= sizeof window) {
    std::memcpy(&window, bytes.data() + at, sizeof window);
  } else {
    window = static_cast<std::uint32_t>(LoadBytes(bytes, at, 0, sizeof window));
  }
  return FoldWindow(window);
}

}  // namespace dl::match
