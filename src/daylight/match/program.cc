#include "daylight/match/program.h"

#include <algorithm>
#include <cstring>

namespace dl::match {

namespace {

class Compiler {
 public:
  Compiler(bool backward, std::vector<ByteSet>& sets, std::uint32_t leaves)
      : backward_(backward), sets_(sets), entries_(leaves, 0) {}

  Status Compile(const Term& root) {
    DL_TRY_STATUS(Emit(root));
    return Push(Opcode::kMatch);
  }
  std::vector<Instruction>& code() { return code_; }
  std::vector<std::uint32_t>& entries() { return entries_; }
  std::uint32_t counters() const { return counters_; }

 private:
  std::uint32_t pc() const { return static_cast<std::uint32_t>(code_.size()); }
  Status Push(Opcode opcode, std::uint32_t x = 0, std::uint32_t y = 0, std::uint32_t z = 0, std::uint32_t counter = 0) {
    if (code_.size() >= kMaxProgramStates) return Fail(ErrorCode::kBudget, "the expression is too large");
    code_.push_back({static_cast<std::uint32_t>(opcode) | counter << 8, x, y, z});
    return {};
  }
  std::uint32_t SetIndex(const ByteSet& set) {
    const auto found = std::find(sets_.begin(), sets_.end(), set);
    if (found != sets_.end()) return static_cast<std::uint32_t>(found - sets_.begin());
    sets_.push_back(set);
    return static_cast<std::uint32_t>(sets_.size() - 1);
  }
  void SetBranches(std::uint32_t split, std::uint32_t more, std::uint32_t out, bool greedy) {
    code_[split].x = greedy ? more : out;
    code_[split].y = greedy ? out : more;
  }
  Status Emit(const Term& term);
  Status EmitSet(const Term& term);
  Status EmitAlternate(const Term& term);

  bool backward_;
  std::vector<ByteSet>& sets_;
  std::vector<std::uint32_t> entries_;
  std::vector<Instruction> code_;
  std::uint32_t counters_ = 0;
};

Status Compiler::EmitSet(const Term& term) {
  if (term.leaf < entries_.size()) entries_[term.leaf] = backward_ ? pc() + 1 : pc();
  std::uint8_t value = 0;
  std::uint8_t mask = 0;
  if (AsMasked(term.set, value, mask)) return Push(Opcode::kByte, value, mask);
  return Push(Opcode::kSet, SetIndex(term.set));
}

Status Compiler::EmitAlternate(const Term& term) {
  std::vector<std::uint32_t> jumps;
  for (std::size_t i = 0; i < term.children.size(); ++i) {
    const bool last = i + 1 == term.children.size();
    const std::uint32_t split = pc();
    if (!last) DL_TRY_STATUS(Push(Opcode::kSplit, split + 1));
    DL_TRY_STATUS(Emit(term.children[i]));
    if (last) break;
    jumps.push_back(pc());
    DL_TRY_STATUS(Push(Opcode::kJump));
    code_[split].y = pc();
  }
  for (const std::uint32_t jump : jumps) code_[jump].x = pc();
  return {};
}

Status Compiler::Emit(const Term& term) {
  switch (term.kind) {
    case TermKind::kEmpty:
      return {};
    case TermKind::kSet:
      return EmitSet(term);
    case TermKind::kCount:
      return Push(term.greedy ? Opcode::kCount : Opcode::kLazyCount, SetIndex(term.set), term.min, term.max, counters_++);
    case TermKind::kAssert:
      return Push(Opcode::kAssert, static_cast<std::uint32_t>(term.assertion));
    case TermKind::kConcat:
      if (backward_) {
        for (auto child = term.children.rbegin(); child != term.children.rend(); ++child) DL_TRY_STATUS(Emit(*child));
      } else {
        for (const Term& child : term.children) DL_TRY_STATUS(Emit(child));
      }
      return {};
    case TermKind::kAlternate:
      return EmitAlternate(term);
    case TermKind::kStar: {
      const std::uint32_t split = pc();
      DL_TRY_STATUS(Push(Opcode::kSplit));
      DL_TRY_STATUS(Emit(term.children.front()));
      DL_TRY_STATUS(Push(Opcode::kJump, split));
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
  Compiler forward(false, sets, form.leaf_count);
  DL_TRY_STATUS(forward.Compile(form.root));
  Compiler backward(true, sets, form.leaf_count);
  if (with_backward) DL_TRY_STATUS(backward.Compile(form.root));

  CompiledPrograms out;
  ProgramHeader header;
  header.forward_count = static_cast<std::uint32_t>(forward.code().size());
  header.backward_count = static_cast<std::uint32_t>(backward.code().size());
  header.set_count = static_cast<std::uint32_t>(sets.size());
  header.counter_count = forward.counters();
  out.words.resize(4 + std::size_t{4} * (header.forward_count + header.backward_count));
  std::memcpy(out.words.data(), &header, sizeof header);
  std::size_t at = 4;
  for (const std::vector<Instruction>* code : {&forward.code(), &backward.code()}) {
    if (code->empty()) continue;
    std::memcpy(out.words.data() + at, code->data(), code->size() * sizeof(Instruction));
    at += code->size() * 4;
  }
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
  if (header.forward_count > kMaxProgramStates || header.backward_count > kMaxProgramStates ||
      header.set_count > 2 * kMaxProgramStates || header.counter_count > kMaxProgramStates) {
    return;
  }
  const std::size_t forward_words = std::size_t{4} * header.forward_count;
  const std::size_t backward_words = std::size_t{4} * header.backward_count;
  const std::size_t set_words = std::size_t{8} * header.set_count;
  if (forward_words + backward_words + set_words > words.size() - 4) return;
  const std::uint32_t* code = words.data() + 4 + (backward ? forward_words : 0);
  code_ = {reinterpret_cast<const Instruction*>(code), backward ? header.backward_count : header.forward_count};
  sets_ = words.subspan(4 + forward_words + backward_words, set_words);
  counters_ = header.counter_count;
}

}  // namespace dl::match
