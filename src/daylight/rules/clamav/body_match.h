// Where a body pattern matches: the slow, exact way, for signatures that the
// search for their triggers has made candidates.
//
//   BodyMatcher matcher(bytes, budget);
//   matcher.Find(pattern, window, matches);       // starts, ascending
//
// What counts as a match is what clamscan's Aho-Corasick matcher reports: each
// place at which the last part of a pattern ends a chain of its parts.
#pragma once

#include <cstdint>
#include <vector>

#include "daylight/bytes/bytes.h"
#include "daylight/rules/clamav/signature.h"

namespace dl::clamav {

// What evaluating may cost, in bytes looked at; shared by all signatures of an object.
class WorkBudget {
 public:
  explicit WorkBudget(std::uint64_t steps) : steps_(steps) {}
  // False, and from then on, when it is spent.
  bool Charge(std::uint64_t steps) {
    if (steps > steps_) {
      steps_ = 0;
      is_spent_ = true;
      return false;
    }
    steps_ -= steps;
    return true;
  }
  bool is_spent() const { return is_spent_; }

 private:
  std::uint64_t steps_;
  bool is_spent_ = false;
};

// Where a pattern's first part may start.
struct OffsetWindow {
  bool is_never = false;
  std::uint64_t min = 0;
  std::uint64_t max = ~std::uint64_t{0};  // Inclusive.
  // Every part may start at these only, ascending, when given (version information).
  const std::vector<std::uint32_t>* only = nullptr;
};

struct BodyMatch {
  std::uint64_t start = 0;  // Of the first part.
  std::uint64_t at = 0;     // Of the last part: the order in which matches are found.
};

class BodyMatcher {
 public:
  // Both borrowed.
  BodyMatcher(Bytes bytes, WorkBudget& budget) : bytes_(bytes), budget_(budget) {}

  // Appends the matches, at most `limit`, in the order of their last parts.
  void Find(const Pattern& pattern, const OffsetWindow& window, std::size_t limit, std::vector<BodyMatch>& matches);

 private:
  struct Span {
    std::uint64_t start = 0;
    std::uint64_t end = 0;
    std::uint64_t first = 0;  // Where the first part of its chain starts.
  };
  // The matches of one part that start in [min, max].
  void FindPart(const Part& part, bool is_wide, std::uint64_t min, std::uint64_t max, std::size_t limit,
                std::vector<Span>& found);
  bool MatchForward(const Part& part, std::size_t token, std::uint64_t at, std::uint64_t& end, int depth);
  bool MatchBackward(const Part& part, std::size_t tokens, std::uint64_t at, std::uint64_t& start, int depth);
  // How many bytes the token takes at `at`; 0: it does not fit.
  std::uint64_t MatchMarker(const Token& token, std::uint64_t at) const;
  bool LeftFits(const Part& part, bool is_wide, std::uint64_t start) const;
  bool RightFits(const Part& part, bool is_wide, std::uint64_t end) const;
  std::uint8_t At(std::uint64_t at) const { return std::to_integer<std::uint8_t>(bytes_[at]); }

  Bytes bytes_;
  WorkBudget& budget_;
};

// How many bytes what a part's token matches may have.
struct Width {
  std::size_t least = 1;
  std::size_t most = 1;
};
Width WidthOf(const Part& part, const Token& token);

// The longest run of bytes that every match of a part contains, for searching.
struct FixedRun {
  std::size_t first = 0;  // Token.
  std::size_t count = 0;
  bool is_nocase = false;  // Some are letters of either case.
};
FixedRun LongestRun(const Part& part);

}  // namespace dl::clamav
