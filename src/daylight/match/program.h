// Programs: automata as flat code, run by the Simulator (simulate.h).
//
//   const CompiledPrograms compiled = CompilePrograms(form);
//   const ProgramView view(words);   // compiled.words, from wherever they were stored
//
// One block of words holds two programs for the same expression, one that reads
// forwards and one that reads backwards, and the sets both use:
//
//   ProgramHeader
//   Instruction[forward_count]
//   Instruction[backward_count]
//   CountRange[count_count]
//   u32[8][set_count]
//
// The backward program reads the bytes before a place in reverse. A leaf (see
// normal_form.h) is entered by starting the forward program at its instruction
// and the backward program behind its instruction: whatever stands before the
// leaf is what is left to read there.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "daylight/base/error.h"
#include "daylight/match/normal_form.h"

namespace dl::match {

enum class Opcode : std::uint32_t {
  kFail,       // What damaged programs read as.
  kByte,       // One byte with (byte & (a >> 8)) == (a & 0xff); then the next instruction.
  kSet,        // One byte of set b; then the next instruction.
  kCount,      // As many bytes of set a as count b says, the more the better; then the next instruction.
  kLazyCount,  // The same, the fewer the better.
  kSplit,      // Both a and b; a is preferred.
  kJump,       // b.
  kAssert,     // b is a RegexpKind that must hold here; then the next instruction.
  kMatch,
};

struct Instruction {
  std::uint32_t op = 0;  // Opcode | a << 8.
  std::uint32_t b = 0;

  Opcode opcode() const { return static_cast<Opcode>(op & 0xff); }
  std::uint32_t a() const { return op >> 8; }
  bool ByteFits(std::uint8_t byte) const { return (byte & (op >> 16)) == ((op >> 8) & 0xff); }
};
static_assert(sizeof(Instruction) == 8);

struct CountRange {
  std::uint32_t min = 0;
  std::uint32_t max = 0;  // kUnbounded.
};
static_assert(sizeof(CountRange) == 8);

struct ProgramHeader {
  std::uint32_t forward_count = 0;
  std::uint32_t backward_count = 0;
  std::uint32_t set_count = 0;
  std::uint32_t count_count = 0;
};
static_assert(sizeof(ProgramHeader) == 16);

struct CompiledPrograms {
  std::vector<std::uint32_t> words;
  // By leaf: where to enter each program. Only of leaves outside of kUpTo.
  std::vector<std::uint32_t> forward_entry;
  std::vector<std::uint32_t> backward_entry;
};

// `with_backward`: false leaves the backward program empty.
Result<CompiledPrograms> CompilePrograms(const NormalForm& form, bool with_backward);

// One direction of a block of words. Whatever the words are, reading through
// it is safe: instructions past the end are kFail, sets past the end are empty.
class ProgramView {
  static constexpr Instruction kFailInstruction{};
  static constexpr CountRange kNoCount{1, 0};

 public:
  ProgramView() = default;
  ProgramView(std::span<const std::uint32_t> words, bool backward);

  std::uint32_t size() const { return static_cast<std::uint32_t>(code_.size()); }
  std::uint32_t counters() const { return static_cast<std::uint32_t>(counts_.size()); }
  // Past their ends: a range that no count lies in, and kFail.
  const CountRange& count(std::uint32_t count) const { return count < counts_.size() ? counts_[count] : kNoCount; }
  const Instruction& at(std::uint32_t pc) const { return pc < code_.size() ? code_[pc] : kFailInstruction; }
  bool SetContains(std::uint32_t set, std::uint8_t byte) const {
    const std::size_t word = std::size_t{set} * 8 + (byte >> 5);
    return word < sets_.size() && ((sets_[word] >> (byte & 31)) & 1) != 0;
  }

 private:
  std::span<const Instruction> code_;
  std::span<const std::uint32_t> sets_;
  std::span<const CountRange> counts_;
};

}  // namespace dl::match
