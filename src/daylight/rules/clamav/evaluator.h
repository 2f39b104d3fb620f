// Evaluator decides whether a candidate signature matches a view of an object.
//
//   Evaluator evaluator(view, macros, budget);
//   const Evaluator::Outcome outcome = evaluator.Evaluate(signature);
//
// A view is bytes that signatures are matched on: a file as it is, or a form of
// it (HTML without comments, text normalised). One thread; borrows everything.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "daylight/rules/clamav/body_match.h"
#include "daylight/rules/clamav/expression.h"
#include "daylight/rules/clamav/signature.h"

namespace dl::clamav {

// What offsets and conditions ask of a program's headers.
struct Executable {
  // Absent headers: the view is no program. Broken ones: no offset has a
  // meaning, not even from the end of the file.
  enum class State : std::uint8_t { kNone, kBroken, kParsed } state = State::kNone;
  std::uint32_t entry_point = 0;  // In the file.
  struct Section {
    std::uint32_t raw = 0;  // In the file.
    std::uint32_t size = 0;
  };
  std::vector<Section> sections;
  std::vector<std::uint32_t> version_offsets;  // Ascending.
};

// Facts that few signatures ask for, derived when first asked.
class ObjectFacts {
 public:
  virtual ~ObjectFacts() = default;
  virtual const Executable& executable() = 0;
  virtual std::optional<std::array<std::uint8_t, 8>> image_hash() = 0;
  // Of a PE file: an icon that belongs to both groups ("" or "*": any).
  virtual bool HasIcon(const std::string& group_1, const std::string& group_2) = 0;
};

struct View {
  Bytes bytes;
  std::uint32_t target = 0;     // 0: of no particular type.
  std::uint64_t file_size = 0;  // What FileSize compares.
  // Types of what it lies in, the nearest first: "CL_TYPE_ZIP".
  std::vector<std::string> containers;
  ObjectFacts* facts = nullptr;
};

// Body signatures whose offset is $group$, of one target.
using MacroMembers = std::function<std::vector<LogicalSignature>(std::uint32_t target, std::uint32_t group)>;

class Evaluator {
 public:
  Evaluator(const View& view, MacroMembers macros, WorkBudget& budget);

  struct Outcome {
    bool matches = false;
    bool is_limited = false;  // Beyond what deciding it may take: may match.
    std::uint64_t at = 0;     // Of a plain signature: where in the order of finding.
  };
  Outcome Evaluate(const LogicalSignature& signature);

 private:
  struct SubState {
    std::uint32_t count = 0;
    std::uint64_t last = kNowhere;  // Start of the last match.
  };
  static constexpr std::uint64_t kNowhere = ~std::uint64_t{0};

  bool GatesHold(const LogicalSignature& signature);
  OffsetWindow WindowOf(const Offset& offset, const Pattern* pattern);
  std::vector<BodyMatch> FindBody(const BodySubsignature& body, std::size_t limit);
  void CountBody(const LogicalSignature& signature, std::size_t index, std::size_t limit,
                 std::vector<SubState>& states);
  void CountWithMacro(const std::vector<BodyMatch>& matches, const MacroSubsignature& macro, std::uint32_t target,
                      SubState& state, SubState& macro_state);
  void CountRegexp(const Regexp& regexp, SubState& state, const std::vector<std::uint32_t>& counts);
  // Byte comparisons and hashes of images.
  void CountOthers(const std::vector<Subsignature>& subs, std::vector<SubState>& states);
  bool HoldsAsConjunction(const LogicalSignature& signature, const Expression& expression);
  // `limit`: so many matches of a subsignature are counted.
  bool HoldsByCounts(const LogicalSignature& signature, const Expression& expression, std::size_t limit);
  const std::vector<BodyMatch>& MacroMatches(std::uint32_t target, std::uint32_t group);

  const View& view_;
  MacroMembers macros_;
  WorkBudget& budget_;
  bool is_limited_ = false;
  std::array<std::optional<std::vector<BodyMatch>>, 32> macro_matches_;
};

}  // namespace dl::clamav
