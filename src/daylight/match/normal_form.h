// The normal form of an expression: what programs are compiled from and atoms
// are chosen from.
//
//   DL_TRY(const NormalForm form, Normalize(parsed.root));
//   const PairOfPrograms programs = CompilePrograms(form);
//
// Repeats of groups are written out, a repeat of one class stays one counted
// term, alternatives of single bytes become a class, and every class that
// bytes are matched against has a number of its own (a leaf), so that the
// forward and the backward program can be entered at the same place.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "daylight/base/error.h"
#include "daylight/match/regexp_ast.h"

namespace dl::match {

// The most instructions a program may have.
inline constexpr std::uint32_t kMaxProgramStates = 65'536;

enum class TermKind : std::uint8_t {
  kEmpty,
  kSet,    // One byte out of `set`; `leaf` is its number.
  kCount,  // min to max bytes out of `set`.
  kConcat,
  kAlternate,
  kStar,    // The only child, any number of times.
  kPlus,    // The only child, once or more.
  kUpTo,    // The children are copies; a prefix of them.
  kAssert,  // `assertion` holds here.
};

struct Term {
  TermKind kind = TermKind::kEmpty;
  RegexpKind assertion = RegexpKind::kEmpty;
  std::uint32_t min = 0;
  std::uint32_t max = 0;  // kUnbounded.
  std::uint32_t leaf = 0;
  bool greedy = true;  // kCount, kStar, kPlus, kUpTo: more rounds are preferred to fewer.
  ByteSet set;
  std::vector<Term> children;
};

struct NormalForm {
  Term root;
  std::uint32_t leaf_count = 0;
  bool unbounded = false;  // Has a repeat without an upper bound.
};

// kBudget when writing the repeats out takes more than kMaxProgramStates.
Result<NormalForm> Normalize(const RegexpNode& root);
// The same for a sequence of nodes, as the parts of a chain are.
Result<NormalForm> NormalizeSequence(std::span<const RegexpNode> nodes);

// Whether the term matches the empty string (assertions count as true).
bool IsNullable(const Term& term);
// The bytes a non-empty match can begin with.
ByteSet FirstBytes(const Term& term);
// How many bytes at least every match begins with that are all members of `set`;
// at most kUnbounded - 1.
std::uint32_t LeadingRun(const Term& term, const ByteSet& set);
// The number of bytes that every match of the term has; absent if they differ.
std::optional<std::uint32_t> FixedLength(const Term& term);
// By leaf: its distance from the start, if every match passes through it, and
// always at the same distance; otherwise kNoFixedOffset.
inline constexpr std::uint32_t kNoFixedOffset = 0xffffffff;
std::vector<std::uint32_t> LeavesAtFixedOffsets(const NormalForm& form);
// Whether the preferred match is the longest of those with the same start, or
// the shortest: so it is when at most one thing has a choice of lengths.
bool PrefersByLength(const Term& root, bool& longest);

// Whether all members of the set are the bytes b with (b & mask) == value.
bool AsMasked(const ByteSet& set, std::uint8_t& value, std::uint8_t& mask);

}  // namespace dl::match
