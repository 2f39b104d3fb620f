#include "daylight/match/program.h"

#include <algorithm>
#include <cstring>

namespace dl::match {

namespace {

class Compiler {
 public:
  Compiler(bool backward, std::vector<ByteSet>& sets, std::vector<CountRange>& counts, std::uint32_t leaves)
      : backward_(backward), sets_(sets), counts_(counts), entries_(leaves, 0) {}

  Status Compile(const Term& root) {
    DL_TRY_STATUS(Emit(root));
    return Push(Opcode::kMatch);
  }
  std::vector<Instruction>& code() { return code_; }
  std::vector<std::uint32_t>& entries() { return entries_; }

 private:
  std::uint32_t pc() const { return static_cast<std::uint32_t>(code_.size()); }
  Status Push(Opcode opcode, std::uint32_t a = 0, std::uint32_t b = 0) {
    if (code_.size() >= kMaxProgramStates) return Fail(ErrorCode::kBudget, "the expression is too large");
    code_.push_back({static_cast<std::uint32_t>(opcode) | a << 8, b});
    return {};
  }
  void SetBranches(std::uint32_t split, std::uint32_t more, std::uint32_t out, bool greedy) {
    code_[split].op |= (greedy ? more : out) << 8;
    code_[split].b = greedy ? out : more;
  }
  std::uint32_t SetIndex(const ByteSet& set) {
    const auto found = std::find(sets_.begin(), sets_.end(), set);
    if (found != sets_.end()) return static_cast<std::uint32_t>(found - sets_.begin());
    sets_.push_back(set);
    return static_cast<std::uint32_t>(sets_.size() - 1);
  }
  Status Emit(const Term& term);
  Status EmitSet(const Term& term);
  Status EmitCount(const Term& term);
  Status EmitAlternate(const Term& term);

  bool backward_;
  std::vector<ByteSet>& sets_;
  std::vector<CountRange>& counts_;
  std::vector<std::uint32_t> entries_;
  std::vector<Instruction> code_;
};

Status Compiler::EmitSet(const Term& term) {
  if (term.leaf < entries_.size()) entries_[term.leaf] = backward_ ? pc() + 1 : pc();
  std::uint8_t value = 0;
  std::uint8_t mask = 0;
  if (AsMasked(term.set, value, mask)) return Push(Opcode::kByte, value | std::uint32_t{mask} << 8);
  return Push(Opcode::kSet, 0, SetIndex(term.set));
}

Status Compiler::EmitCount(const Term& term) {
  counts_.push_back({term.min, term.max});
  return Push(term.greedy ? Opcode::kCount : Opcode::kLazyCount, SetIndex(term.set),
              static_cast<std::uint32_t>(counts_.size() - 1));
}

Status Compiler::EmitAlternate(const Term& term) {
  std::vector<std::uint32_t> jumps;
  for (std::size_t i = 0; i < term.children.size(); ++i) {
    const bool last = i + 1 == term.children.size();
    const std::uint32_t split = pc();
    if (!last) DL_TRY_STATUS(Push(Opcode::kSplit));
    DL_TRY_STATUS(Emit(term.children[i]));
    if (last) break;
    jumps.push_back(pc());
    DL_TRY_STATUS(Push(Opcode::kJump));
    SetBranches(split, split + 1, pc(), /*greedy=*/true);
  }
  for (const std::uint32_t jump : jumps) code_[jump].b = pc();
  return {};
}

Status Compiler::Emit(const Term& term) {
  switch (term.kind) {
    case TermKind::kEmpty: return {};
    case TermKind::kSet: return EmitSet(term);
    case TermKind::kCount: return EmitCount(term);
    case TermKind::kAssert: return Push(Opcode::kAssert, 0, static_cast<std::uint32_t>(term.assertion));
    case TermKind::kConcat:
      if (backward_) {
        for (auto child = term.children.rbegin(); child != term.children.rend(); ++child) DL_TRY_STATUS(Emit(*child));
      } else {
        for (const Term& child : term.children) DL_TRY_STATUS(Emit(child));
      }
      return {};
    case TermKind::kAlternate: return EmitAlternate(term);
    case TermKind::kStar: {
      const std::uint32_t split = pc();
      DL_TRY_STATUS(Push(Opcode::kSplit));
      DL_TRY_STATUS(Emit(term.children.front()));
      DL_TRY_STATUS(Push(Opcode::kJump, 0, split));
      SetBranches(split, split + 1, pc(), term.greedy);
      return {};
    }
    case TermKind::kPlus: {
      const std::uint32_t body = pc();
      DL_TRY_STATUS(Emit(term.children.front()));
      DL_TRY_STATUS(Push(Opcode::kSplit));
      SetBranches(pc() - 1, body, pc(), term.greedy);
      return {};
    }
    case TermKind::kUpTo: {
      // The copies are equal, so a prefix of them reads the same both ways.
      std::vector<std::uint32_t> splits;
      for (const Term& child : term.children) {
        splits.push_back(pc());
        DL_TRY_STATUS(Push(Opcode::kSplit));
        DL_TRY_STATUS(Emit(child));
      }
      for (const std::uint32_t split : splits) SetBranches(split, split + 1, pc(), term.greedy);
      return {};
    }
  }
  return {};
}

}  // namespace

Result<CompiledPrograms> CompilePrograms(const NormalForm& form, bool with_backward) {
  std::vector<ByteSet> sets;
  std::vector<CountRange> counts;
  Compiler forward(false, sets, counts, form.leaf_count);
  DL_TRY_STATUS(forward.Compile(form.root));
  Compiler backward(true, sets, counts, form.leaf_count);
  if (with_backward) DL_TRY_STATUS(backward.Compile(form.root));

  CompiledPrograms out;
  ProgramHeader header;
  header.forward_count = static_cast<std::uint32_t>(forward.code().size());
  header.backward_count = static_cast<std::uint32_t>(backward.code().size());
  header.set_count = static_cast<std::uint32_t>(sets.size());
  header.count_count = static_cast<std::uint32_t>(counts.size());
  const auto append = [&]<typename T>(const std::vector<T>& items) {
    const std::size_t at = out.words.size();
    out.words.resize(at + items.size() * (sizeof(T) / 4));
    if (!items.empty()) std::memcpy(out.words.data() + at, items.data(), items.size() * sizeof(T));
  };
  append(std::vector<ProgramHeader>{header});
  append(forward.code());
  append(backward.code());
  append(counts);
  for (const ByteSet& set : sets) {
    for (const std::uint64_t word : set.words()) {
      out.words.push_back(static_cast<std::uint32_t>(word));
      out.words.push_back(static_cast<std::uint32_t>(word >> 32));
    }
  }
  out.forward_entry = std::move(forward.entries());
  out.backward_entry = std::move(backward.entries());
  return out;
}

ProgramView::ProgramView(std::span<const std::uint32_t> words, bool backward) {
  if (words.size() < 4) return;
  ProgramHeader header;
  std::memcpy(static_cast<void*>(&header), words.data(), sizeof header);
  const std::uint64_t code_words = 2 * (std::uint64_t{header.forward_count} + header.backward_count);
  const std::uint64_t count_words = 2 * std::uint64_t{header.count_count};
  const std::uint64_t set_words = 8 * std::uint64_t{header.set_count};
  if (header.forward_count > kMaxProgramStates || header.backward_count > kMaxProgramStates ||
      code_words + count_words + set_words > words.size() - 4) {
    return;
  }
  const std::uint32_t* code = words.data() + 4 + (backward ? std::size_t{2} * header.forward_count : 0);
  code_ = {reinterpret_cast<const Instruction*>(code), backward ? header.backward_count : header.forward_count};
  const std::uint32_t* counts = words.data() + 4 + code_words;
  counts_ = {reinterpret_cast<const CountRange*>(counts), header.count_count};
  sets_ = words.subspan(static_cast<std::size_t>(4 + code_words + count_words), static_cast<std::size_t>(set_words));
}

}  // namespace dl::match
