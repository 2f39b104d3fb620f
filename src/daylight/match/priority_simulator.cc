#include "daylight/match/priority_simulator.h"

#include <algorithm>

namespace dl::match {

void PrioritySimulator::Prepare(const ProgramView& program) {
  if (seen_.size() < program.size()) seen_.resize(program.size(), 0);
  if (counters_.size() < program.counters()) counters_.resize(program.counters());
  current_.Clear();
  next_.Clear();
  read_ = 0;
  NextGeneration();
}

void PrioritySimulator::NextGeneration() {
  if (++generation_ != 0) return;
  std::fill(seen_.begin(), seen_.end(), 0);
  std::fill(counters_.begin(), counters_.end(), Counter{});
  generation_ = 1;
}

bool PrioritySimulator::Add(const ProgramView& program, std::uint32_t start, const Text& text, std::size_t at) {
  stack_.Clear();
  stack_.Push(start & ~kListCount);
  while (stack_.size() > 0) {
    const std::uint32_t pc = stack_.Pop();
    ++steps_;
    if ((pc & kListCount) != 0) {
      // A damaged program's jumps may carry this mark too.
      const std::uint32_t count = pc & ~kListCount;
      if (count < program.size() && program.at(count).opcode() == Opcode::kLazyCount &&
          program.at(count).b < program.counters()) {
        next_.Push({count, read_});
      }
      continue;
    }
    if (pc >= program.size() || seen_[pc] == generation_) continue;
    seen_[pc] = generation_;
    const Instruction& instruction = program.at(pc);
    switch (instruction.opcode()) {
      case Opcode::kByte:
      case Opcode::kSet: next_.Push({pc, 0}); break;
      case Opcode::kCount:
      case Opcode::kLazyCount: {
        if (instruction.b >= program.counters()) break;
        const bool lazy = instruction.opcode() == Opcode::kLazyCount;
        if (lazy) stack_.Push(pc | kListCount);
        if (program.count(instruction.b).min == 0) stack_.Push(pc + 1);
        if (!lazy) next_.Push({pc, read_});
        break;
      }
      case Opcode::kSplit:
        stack_.Push(instruction.b & ~kListCount);
        stack_.Push(instruction.a());
        break;
      case Opcode::kJump: stack_.Push(instruction.b & ~kListCount); break;
      case Opcode::kAssert:
        if (AssertionHolds(static_cast<RegexpKind>(instruction.b), text, at)) stack_.Push(pc + 1);
        break;
      case Opcode::kMatch: return true;
      case Opcode::kFail:
      default: break;
    }
  }
  return false;
}

bool PrioritySimulator::AdvanceCount(const ProgramView& program, const Thread& thread, const Instruction& instruction,
                                     std::uint8_t byte, const Text& text, std::size_t at) {
  if (!program.SetContains(instruction.a(), byte)) return false;
  const CountRange& range = program.count(instruction.b);
  const std::uint32_t count = read_ - thread.entered;
  if (count > range.max) return false;  // Only in damaged programs.
  bool goes_on = count < range.max;
  if (range.max == kUnbounded && count >= range.min) {
    // Past the minimum all counts are alike: the most preferred stands for all.
    Counter& counter = counters_[instruction.b];
    if (counter.saturated == generation_) return false;
    counter.saturated = generation_;
    goes_on = true;
  }
  const bool lazy = instruction.opcode() == Opcode::kLazyCount;
  if (goes_on && !lazy) next_.Push(thread);
  if (count >= range.min && Add(program, thread.pc + 1, text, at)) return true;
  if (goes_on && lazy) next_.Push(thread);
  return false;
}

bool PrioritySimulator::Step(const ProgramView& program, std::uint8_t byte, const Text& text, std::size_t at) {
  NextGeneration();
  ++read_;
  current_.Swap(next_);
  next_.Clear();
  steps_ += current_.size();
  for (const Thread& thread : current_) {
    const Instruction& instruction = program.at(thread.pc);
    bool matched = false;
    switch (instruction.opcode()) {
      case Opcode::kByte: matched = instruction.ByteFits(byte) && Add(program, thread.pc + 1, text, at); break;
      case Opcode::kSet:
        matched = program.SetContains(instruction.b, byte) && Add(program, thread.pc + 1, text, at);
        break;
      case Opcode::kCount:
      case Opcode::kLazyCount: matched = AdvanceCount(program, thread, instruction, byte, text, at); break;
      default: break;
    }
    if (matched) return true;
  }
  return false;
}

bool PrioritySimulator::RunAlone(const ProgramView& program, const Text& text, std::size_t& at, std::size_t stop) {
  std::uint32_t pc = next_.begin()->pc;
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.bytes.data());
  while (pc < program.size() && program.at(pc).opcode() == Opcode::kByte) {
    if (stop - at < text.step || !program.at(pc).ByteFits(bytes[at])) return false;
    if (text.step == 2 && bytes[at + 1] != 0) return false;
    at += text.step;
    ++read_;
    ++steps_;
    ++pc;
  }
  next_.Clear();
  next_.Push({pc, 0});
  return true;
}

bool PrioritySimulator::EndsInCount(const ProgramView& program) const {
  const std::uint32_t pc = next_.begin()->pc;
  return program.at(pc).opcode() == Opcode::kCount && pc + 1 < program.size() &&
         program.at(pc + 1).opcode() == Opcode::kMatch;
}

bool PrioritySimulator::FinishCount(const ProgramView& program, const Text& text, std::size_t& at, std::size_t stop) {
  const Thread thread = *next_.begin();
  const Instruction& instruction = program.at(thread.pc);
  const CountRange& range = program.count(instruction.b);
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.bytes.data());
  Run& run = last_run_;
  const bool is_known = run.code == &instruction && run.text == text.bytes.data() && run.step == text.step &&
                        run.from <= at && at <= run.end && (at - run.from) % run.step == 0;
  if (!is_known) run = {&instruction, text.bytes.data(), text.step, at, at, true};
  while (run.is_cut && stop > run.end && stop - run.end >= run.step) {
    ++steps_;
    if (!program.SetContains(instruction.a(), bytes[run.end]) || (run.step == 2 && bytes[run.end + 1] != 0)) {
      run.is_cut = false;
      break;
    }
    run.end += run.step;
  }
  const std::uint32_t count = read_ - thread.entered;
  const std::size_t left = range.max == kUnbounded ? run.end : range.max - std::min(count, range.max);
  const std::size_t more = std::min({(std::min(run.end, stop) - at) / text.step, left});
  at += more * text.step;
  return more > 0 && count + more >= range.min;
}

bool PrioritySimulator::Forward(const ProgramView& program, std::uint32_t entry, const Text& text, std::size_t at,
                                std::size_t stop, std::size_t& end) {
  Prepare(program);
  stop = std::min(stop, text.bytes.size());
  bool found = false;
  bool matched = Add(program, entry, text, at);
  while (true) {
    if (matched) {
      found = true;
      end = at;
    }
    if (next_.size() == 1 && program.at(next_.begin()->pc).opcode() == Opcode::kByte) {
      if (!RunAlone(program, text, at, stop)) return found;
      const std::uint32_t pc = next_.begin()->pc;
      next_.Clear();
      NextGeneration();
      matched = Add(program, pc, text, at);
      continue;
    }
    if (next_.size() == 1 && EndsInCount(program)) {
      if (FinishCount(program, text, at, stop)) {
        found = true;
        end = at;
      }
      return found;
    }
    if (next_.size() == 0 || stop - at < text.step) return found;
    if (text.step == 2 && static_cast<std::uint8_t>(text.bytes[at + 1]) != 0) return found;
    const auto byte = static_cast<std::uint8_t>(text.bytes[at]);
    at += text.step;
    matched = Step(program, byte, text, at);
  }
}

}  // namespace dl::match
