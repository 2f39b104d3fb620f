#include "daylight/match/normal_form.h"

#include <algorithm>
#include <bit>

namespace dl::match {

namespace {

// Repeats of one class are written out up to this many bytes, so that atoms
// can be taken from them; what is left is counted.
constexpr std::uint32_t kMaxUnrolled = 8;

class Normalizer {
 public:
  Result<Term> Build(const RegexpNode& node);
  Result<Term> BuildSequence(std::span<const RegexpNode> nodes);
  std::uint32_t leaf_count() const { return leaf_count_; }
  bool unbounded() const { return unbounded_; }

 private:
  Status Charge(std::uint32_t states) {
    if (states > kMaxProgramStates - used_) return Fail(ErrorCode::kBudget, "the expression is too large");
    used_ += states;
    return {};
  }
  Result<Term> Set(const ByteSet& set);
  Result<Term> Alternate(const RegexpNode& node);
  Result<Term> Repeat(const RegexpNode& node);
  Result<Term> RepeatSet(const ByteSet& set, std::uint32_t min, std::uint32_t max, bool greedy);

  std::uint32_t used_ = 1;
  std::uint32_t leaf_count_ = 0;
  bool unbounded_ = false;
};

// Appends `term` to the concatenation, which stays flat.
void Append(Term& concat, Term term) {
  if (term.kind == TermKind::kEmpty) return;
  if (term.kind == TermKind::kConcat) {
    for (Term& child : term.children) concat.children.push_back(std::move(child));
    return;
  }
  concat.children.push_back(std::move(term));
}

Term Simplify(Term concat) {
  if (concat.children.empty()) return Term{};
  if (concat.children.size() == 1) {
    Term only = std::move(concat.children.front());
    return only;
  }
  return concat;
}

Term NewConcat() {
  Term term;
  term.kind = TermKind::kConcat;
  return term;
}

// The class a node is, seen through groups and {1,1}.
const ByteSet* SingleClass(const RegexpNode& node) {
  const RegexpNode* at = &node;
  while (true) {
    if (at->kind == RegexpKind::kClass) return &at->set;
    const bool wrapper = (at->kind == RegexpKind::kConcat || at->kind == RegexpKind::kAlternate ||
                          (at->kind == RegexpKind::kRepeat && at->min == 1 && at->max == 1)) &&
                         at->children.size() == 1;
    if (!wrapper) return nullptr;
    at = &at->children.front();
  }
}

Result<Term> Normalizer::Set(const ByteSet& set) {
  DL_TRY_STATUS(Charge(1));
  Term term;
  term.kind = TermKind::kSet;
  term.set = set;
  term.leaf = leaf_count_++;
  return term;
}

Result<Term> Normalizer::RepeatSet(const ByteSet& set, std::uint32_t min, std::uint32_t max, bool greedy) {
  Term concat = NewConcat();
  const std::uint32_t unrolled = std::min(min, kMaxUnrolled);
  for (std::uint32_t i = 0; i < unrolled; ++i) {
    DL_TRY(Term copy, Set(set));
    Append(concat, std::move(copy));
  }
  min -= unrolled;
  if (max != kUnbounded) max -= unrolled;
  if (max == 0) return Simplify(std::move(concat));
  DL_TRY_STATUS(Charge(4));
  Term rest;
  rest.set = set;
  rest.greedy = greedy;
  if (min == 0 && max == 1) {
    rest.kind = TermKind::kUpTo;
    DL_TRY(Term copy, Set(set));
    rest.children.push_back(std::move(copy));
  } else {
    rest.kind = TermKind::kCount;
    rest.min = min;
    rest.max = max;
  }
  concat.children.push_back(std::move(rest));
  return Simplify(std::move(concat));
}

Result<Term> Normalizer::Repeat(const RegexpNode& node) {
  if (node.children.size() != 1 || node.max == 0) return Term{};
  const RegexpNode& child = node.children.front();
  if (node.max == kUnbounded) unbounded_ = true;
  if (const ByteSet* set = SingleClass(child)) return RepeatSet(*set, node.min, node.max, node.greedy);
  if (node.min == 1 && node.max == 1) return Build(child);

  Term concat = NewConcat();
  // x{n,} is n-1 copies and x+; x{n,m} is n copies and a prefix of m-n more.
  const bool endless = node.max == kUnbounded;
  const std::uint32_t copies = endless && node.min > 0 ? node.min - 1 : node.min;
  for (std::uint32_t i = 0; i < copies; ++i) {
    DL_TRY_STATUS(Charge(1));  // Also for children that take none, so the loop is bounded.
    DL_TRY(Term copy, Build(child));
    Append(concat, std::move(copy));
  }
  if (endless) {
    DL_TRY_STATUS(Charge(2));
    Term loop;
    loop.greedy = node.greedy;
    loop.kind = node.min > 0 ? TermKind::kPlus : TermKind::kStar;
    DL_TRY(Term copy, Build(child));
    if (loop.kind == TermKind::kPlus && node.greedy && IsNullable(copy)) {
      // A round that reads nothing may not end a greedy loop that could go on:
      // such an x+ is xx*.
      loop.kind = TermKind::kStar;
      Append(concat, std::move(copy));
      DL_TRY(copy, Build(child));
    }
    loop.children.push_back(std::move(copy));
    concat.children.push_back(std::move(loop));
  } else if (node.max > node.min) {
    Term rest;
    rest.kind = TermKind::kUpTo;
    rest.greedy = node.greedy;
    for (std::uint32_t i = node.min; i < node.max; ++i) {
      DL_TRY_STATUS(Charge(1));
      DL_TRY(Term copy, Build(child));
      rest.children.push_back(std::move(copy));
    }
    concat.children.push_back(std::move(rest));
  }
  return Simplify(std::move(concat));
}

Result<Term> Normalizer::Alternate(const RegexpNode& node) {
  ByteSet merged;
  bool all_single = !node.children.empty();
  for (const RegexpNode& child : node.children) {
    const ByteSet* set = SingleClass(child);
    if (set == nullptr) {
      all_single = false;
      break;
    }
    merged.Union(*set);
  }
  if (all_single) return Set(merged);
  Term term;
  term.kind = TermKind::kAlternate;
  for (const RegexpNode& child : node.children) {
    DL_TRY_STATUS(Charge(2));
    DL_TRY(Term alternative, Build(child));
    term.children.push_back(std::move(alternative));
  }
  return term;
}

Result<Term> Normalizer::Build(const RegexpNode& node) {
  switch (node.kind) {
    case RegexpKind::kEmpty: return Term{};
    case RegexpKind::kClass: return Set(node.set);
    case RegexpKind::kConcat: return BuildSequence(node.children);
    case RegexpKind::kAlternate:
      if (node.children.size() == 1) return Build(node.children.front());
      return Alternate(node);
    case RegexpKind::kRepeat: return Repeat(node);
    default: {  // The assertions.
      DL_TRY_STATUS(Charge(1));
      Term term;
      term.kind = TermKind::kAssert;
      term.assertion = node.kind;
      return term;
    }
  }
}

Result<Term> Normalizer::BuildSequence(std::span<const RegexpNode> nodes) {
  Term concat = NewConcat();
  for (const RegexpNode& node : nodes) {
    DL_TRY(Term term, Build(node));
    Append(concat, std::move(term));
  }
  return Simplify(std::move(concat));
}

}  // namespace

Result<NormalForm> NormalizeSequence(std::span<const RegexpNode> nodes) {
  Normalizer normalizer;
  NormalForm form;
  DL_TRY(form.root, normalizer.BuildSequence(nodes));
  form.leaf_count = normalizer.leaf_count();
  form.unbounded = normalizer.unbounded();
  return form;
}

Result<NormalForm> Normalize(const RegexpNode& root) { return NormalizeSequence(std::span(&root, 1)); }

bool IsNullable(const Term& term) {
  switch (term.kind) {
    case TermKind::kEmpty:
    case TermKind::kStar:
    case TermKind::kUpTo:
    case TermKind::kAssert: return true;
    case TermKind::kSet: return false;
    case TermKind::kCount: return term.min == 0;
    case TermKind::kPlus:
    case TermKind::kConcat: return std::all_of(term.children.begin(), term.children.end(), IsNullable);
    case TermKind::kAlternate: return std::any_of(term.children.begin(), term.children.end(), IsNullable);
  }
  return true;
}

ByteSet FirstBytes(const Term& term) {
  ByteSet first;
  switch (term.kind) {
    case TermKind::kEmpty:
    case TermKind::kAssert: break;
    case TermKind::kSet:
    case TermKind::kCount: return term.set;
    case TermKind::kAlternate:
    case TermKind::kStar:
    case TermKind::kPlus:
      for (const Term& child : term.children) first.Union(FirstBytes(child));
      break;
    case TermKind::kConcat:
    case TermKind::kUpTo:
      for (const Term& child : term.children) {
        first.Union(FirstBytes(child));
        if (!IsNullable(child)) break;
      }
      break;
  }
  return first;
}

namespace {

// What of a term's matches is sure to be members of a set.
struct Run {
  std::uint32_t length = 0;  // At least so many bytes at the beginning...
  bool is_all = true;        // ...and all others too.
};

bool IsSubset(const ByteSet& set, const ByteSet& of) {
  for (std::size_t i = 0; i < set.words().size(); ++i) {
    if ((set.words()[i] & ~of.words()[i]) != 0) return false;
  }
  return true;
}

Run RunOf(const Term& term, const ByteSet& set) {
  Run run;
  switch (term.kind) {
    case TermKind::kEmpty:
    case TermKind::kAssert: break;
    case TermKind::kSet:
    case TermKind::kCount:
      run.is_all = IsSubset(term.set, set);
      if (run.is_all) run.length = term.kind == TermKind::kSet ? 1 : term.min;
      break;
    case TermKind::kConcat:
      for (const Term& child : term.children) {
        const Run next = RunOf(child, set);
        run.length += std::min(next.length, kUnbounded - 1 - run.length);
        run.is_all = next.is_all;
        if (!run.is_all) break;
      }
      break;
    case TermKind::kAlternate:
      run.length = kUnbounded - 1;
      for (const Term& child : term.children) {
        const Run next = RunOf(child, set);
        run.length = std::min(run.length, next.length);
        run.is_all = run.is_all && next.is_all;
      }
      break;
    case TermKind::kPlus: run = RunOf(term.children.front(), set); break;
    case TermKind::kStar:
    case TermKind::kUpTo:
      for (const Term& child : term.children) run.is_all = run.is_all && RunOf(child, set).is_all;
      break;
  }
  return run;
}

}  // namespace

std::uint32_t LeadingRun(const Term& term, const ByteSet& set) { return RunOf(term, set).length; }

std::optional<std::uint32_t> FixedLength(const Term& term) {
  switch (term.kind) {
    case TermKind::kEmpty:
    case TermKind::kAssert: return 0;
    case TermKind::kSet: return 1;
    case TermKind::kCount: return term.min == term.max ? std::optional(term.min) : std::nullopt;
    case TermKind::kConcat: {
      std::uint64_t sum = 0;
      for (const Term& child : term.children) {
        const std::optional<std::uint32_t> length = FixedLength(child);
        if (!length) return std::nullopt;
        sum += *length;
      }
      if (sum > 0xffffffff) return std::nullopt;
      return static_cast<std::uint32_t>(sum);
    }
    case TermKind::kAlternate: {
      const std::optional<std::uint32_t> first = FixedLength(term.children.front());
      for (const Term& child : term.children) {
        if (FixedLength(child) != first) return std::nullopt;
      }
      return first;
    }
    case TermKind::kPlus:
    case TermKind::kStar:
    case TermKind::kUpTo: break;
  }
  return std::nullopt;
}

std::vector<std::uint32_t> LeavesAtFixedOffsets(const NormalForm& form) {
  std::vector<std::uint32_t> fixed(form.leaf_count, kNoFixedOffset);
  std::uint64_t offset = 0;
  const Term& root = form.root;
  const std::span<const Term> terms =
      root.kind == TermKind::kConcat ? std::span<const Term>(root.children) : std::span<const Term>(&root, 1);
  for (const Term& term : terms) {
    const std::optional<std::uint32_t> length = FixedLength(term);
    if (!length || offset + *length >= kNoFixedOffset) break;
    if (term.kind == TermKind::kSet) fixed[term.leaf] = static_cast<std::uint32_t>(offset);
    offset += *length;
  }
  return fixed;
}

bool PrefersByLength(const Term& root, bool& longest) {
  const std::span<const Term> terms =
      root.kind == TermKind::kConcat ? std::span<const Term>(root.children) : std::span<const Term>(&root, 1);
  longest = false;
  bool found = false;
  for (const Term& term : terms) {
    if (FixedLength(term)) continue;
    if (found || term.kind == TermKind::kAlternate) return false;
    found = true;
    longest = term.greedy;
    for (const Term& child : term.children) {
      if (FixedLength(child).value_or(0) == 0) return false;
    }
  }
  return true;
}

bool AsMasked(const ByteSet& set, std::uint8_t& value, std::uint8_t& mask) {
  const auto& words = set.words();
  unsigned first = 256;
  unsigned last = 0;
  int count = 0;
  for (unsigned i = 0; i < 4; ++i) {
    if (words[i] == 0) continue;
    if (first == 256) first = 64 * i + static_cast<unsigned>(std::countr_zero(words[i]));
    last = 64 * i + 63 - static_cast<unsigned>(std::countl_zero(words[i]));
    count += std::popcount(words[i]);
  }
  // The members are the smallest one with any of the varying bits added.
  const unsigned varying = first ^ last;
  if (count == 0 || (first & varying) != 0 || count != 1 << std::popcount(varying)) return false;
  if (count < 256) {
    for (unsigned part = varying; part != 0; part = (part - 1) & varying) {
      if (!set.Contains(static_cast<std::uint8_t>(first | part))) return false;
    }
  }
  mask = static_cast<std::uint8_t>(~varying & 0xff);
  value = static_cast<std::uint8_t>(first);
  return true;
}

}  // namespace dl::match
