// The matcher finds all patterns of a database in an object.
//
//   MatcherBuilder builder(/*groups=*/2);
//   const std::uint32_t id = builder.Add(pattern);
//   builder.Finish(writer, unit);                      // sections of a .dldb
//
//   DL_TRY(const Matcher matcher, Matcher::Open(database, unit));
//   MatchState state(matcher);                         // scratch: one a thread
//   state.Begin(live_groups, live_patterns);
//   do { DL_TRY(window, source.NextWindow(matcher.overlap_bytes())); state.Feed(window); } while (!window.last);
//   state.Finish();
//   for (std::uint32_t id : state.touched()) Use(state.matches(id));
//
// How it works: a prefilter hashes a window of a few bytes at every position
// against an L1-sized bitmap; survivors are looked up in exact tables of atoms;
// an atom that is there is verified by a masked compare or by running the
// pattern's automaton forwards and backwards from the atom. A Matcher is an
// immutable view of database sections; any number of threads may share it.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "daylight/bytes/object_source.h"
#include "daylight/database/database.h"
#include "daylight/match/pattern.h"

namespace dl::match {

// How expensive a pattern is to look for; what slow-pattern warnings are made of.
struct PatternCost {
  // Length in bytes of the shortest atom that must be there; 0: every
  // position of the object is a candidate.
  std::uint32_t atom_length = 0;
  std::uint32_t atom_count = 0;
  // An unbounded part can run up to the reach from every candidate.
  bool unbounded = false;
};

class MatcherBuilder {
 public:
  // `stride`: of the positions that the prefilter looks at, 1 or 2. Two is
  // faster, and every text has twice the entries in the tables: up to several
  // hundred thousand texts it pays.
  explicit MatcherBuilder(std::uint32_t groups, std::uint32_t stride = 2);
  ~MatcherBuilder();
  // Returns the pattern's id: 0, 1, 2... kBudget when the pattern's automaton
  // would exceed kMaxProgramStates.
  Result<std::uint32_t> Add(const Pattern& pattern);
  const PatternCost& cost(std::uint32_t pattern) const;
  // Writes the sections of this unit.
  Status Finish(database::Writer& writer, std::uint32_t unit);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// How many matches of one pattern are kept; past it the pattern is `limited`.
inline constexpr std::size_t kMaxMatches = 1'000'000;
// How far an automaton runs from an atom in each direction, in bytes.
inline constexpr std::size_t kRegexpReach = 4096;

class MatcherTables;  // Views over the sections; defined in matcher_tables.h.

class Matcher {
 public:
  static Result<Matcher> Open(const database::Database& database, std::uint32_t unit);
  Matcher(Matcher&&) noexcept;
  ~Matcher();
  std::uint32_t pattern_count() const;
  std::uint32_t group_count() const;
  // What NextWindow() must be given so that no match is lost at a boundary.
  std::size_t overlap_bytes() const;
  // Whether a damaged page has been met. Large tables are checked as they are
  // read, so this may only be known after Feed(): from then on there may be
  // more matches than are found.
  bool damaged() const;
  const MatcherTables& tables() const { return *tables_; }

 private:
  explicit Matcher(std::unique_ptr<MatcherTables> tables);
  std::unique_ptr<MatcherTables> tables_;
};

// A set of small integers, one bit each.
class BitSet {
 public:
  void Resize(std::size_t bits) {
    words_.assign((bits + 63) / 64, 0);
    bits_ = bits;
  }
  std::size_t size() const { return bits_; }
  void Set(std::size_t i) { words_[i >> 6] |= std::uint64_t{1} << (i & 63); }
  void Clear(std::size_t i) { words_[i >> 6] &= ~(std::uint64_t{1} << (i & 63)); }
  bool Test(std::size_t i) const { return (words_[i >> 6] >> (i & 63)) & 1; }
  std::span<std::uint64_t> words() { return words_; }
  std::span<const std::uint64_t> words() const { return words_; }

 private:
  std::vector<std::uint64_t> words_;
  std::size_t bits_ = 0;
};

// What searching has cost, over many objects.
struct SearchProfile {
  std::uint64_t verify_ns = 0;  // Looking closer where an atom of a pattern was found.
  struct PatternCost {
    std::uint64_t verified = 0;  // How often an atom of the pattern was found, so its bytes were looked at.
    std::uint64_t ns = 0;
  };
  std::vector<PatternCost> patterns;
};

struct KernelInfo;  // Which of the prefilter's kernels to use; see prefilter.h.
class JointSearch;  // Searches with several states at once; see joint_search.h.

class MatchState {
 public:
  explicit MatchState(const Matcher& matcher);  // Borrows. Uses the best kernel.
  MatchState(const Matcher& matcher, const KernelInfo& kernel);
  ~MatchState();
  // Starts an object. live_groups has a bit for each group; live_patterns one
  // for each pattern (a pattern is sought when both are set). Borrowed until
  // Finish(). `all_matches`: ignore first_match_only.
  void Begin(const BitSet& live_groups, const BitSet& live_patterns, bool all_matches);
  // Searches with this state alone.
  void Feed(const Window& window);
  // After the last window. Sorts the matches.
  void Finish();

  // Patterns with at least one match and those that are limited, each once.
  std::span<const std::uint32_t> touched() const;
  // By ascending offset.
  std::span<const Match> matches(std::uint32_t pattern) const;
  // There may be more matches than were found: more than kMaxMatches, or the
  // search for them became too expensive and was ended.
  bool limited(std::uint32_t pattern) const;
  struct Counters {
    std::uint64_t positions = 0;   // Bytes the prefilter looked at.
    std::uint64_t candidates = 0;  // Survivors of the prefilter.
    std::uint64_t verified = 0;    // Atoms found, so automata or compares run.
  };
  const Counters& counters() const;
  // From now on adds up what is spent where; null: no longer. Borrowed. Looking
  // at the clock has its price: a scan with it is slower.
  void SetProfile(SearchProfile* profile);

  class Impl;

 private:
  friend class JointSearch;
  std::unique_ptr<Impl> impl_;
  std::unique_ptr<JointSearch> alone_;  // Of this state, once it is searched with so.
  bool is_alone_ = false;               // In the object at hand.
};

// A single expression to search for in short texts: the `matches` operator and
// functions that take a regular expression.
//
// CompileSearch gives a flat program to store in a section; 4-byte aligned.
Result<std::vector<std::byte>> CompileSearch(const ParsedRegexp& expression);
class SearchScratch;
class RegexpSearcher {
 public:
  RegexpSearcher();
  ~RegexpSearcher();
  // Whether `program` matches anywhere in `text`, in time linear in
  // text.size() times the program's size. A damaged program matches nothing.
  bool Search(Bytes program, std::string_view text);

 private:
  std::unique_ptr<SearchScratch> scratch_;
};

}  // namespace dl::match
