#include "daylight/match/simulate.h"

#include <algorithm>

namespace dl::match {

namespace {

bool IsWordByte(std::uint8_t byte) {
  return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_';
}

std::uint8_t ByteAt(const Text& text, std::size_t at) { return static_cast<std::uint8_t>(text.bytes[at]); }

bool HasCharacter(const Text& text, std::size_t at) {
  return text.bytes.size() - at >= text.step && (text.step == 1 || text.is_loose || ByteAt(text, at + 1) == 0);
}

// How far from an edge of the object still counts as there, in bytes.
std::size_t Slack(const Text& text) { return text.is_loose ? 1 : 0; }

// Whether a word character stands at `at`, or ends there.
bool IsWordAt(const Text& text, std::size_t at) { return HasCharacter(text, at) && IsWordByte(ByteAt(text, at)); }
bool IsWordBefore(const Text& text, std::size_t at) { return at >= text.step && IsWordAt(text, at - text.step); }

// Whether this character stands at `at`, or ends there.
bool IsAfter(const Text& text, std::size_t at, std::uint8_t byte) {
  return HasCharacter(text, at) && ByteAt(text, at) == byte;
}
bool IsBefore(const Text& text, std::size_t at, std::uint8_t byte) {
  return at >= text.step && IsAfter(text, at - text.step, byte);
}

}  // namespace

bool AssertionHolds(RegexpKind assertion, const Text& text, std::size_t at) {
  const std::size_t size = text.bytes.size();
  switch (assertion) {
    case RegexpKind::kStart: return text.starts_object && at <= Slack(text);
    case RegexpKind::kEnd: return text.ends_object && size - at <= Slack(text);
    case RegexpKind::kWordBoundary:
    case RegexpKind::kNotWordBoundary:
      return (IsWordBefore(text, at) != IsWordAt(text, at)) == (assertion == RegexpKind::kWordBoundary);
    case RegexpKind::kWordStart: return !IsWordBefore(text, at) && IsWordAt(text, at);
    case RegexpKind::kWordEnd: return IsWordBefore(text, at) && !IsWordAt(text, at);
    case RegexpKind::kWordStartHalf: return !IsWordBefore(text, at);
    case RegexpKind::kWordEndHalf: return !IsWordAt(text, at);
    // Lines end with \n, \r or \r\n, and none ends or begins inside the latter.
    case RegexpKind::kLineStart:
      return (text.starts_object && at <= Slack(text)) || IsBefore(text, at, '\n') ||
             (IsBefore(text, at, '\r') && !IsAfter(text, at, '\n'));
    case RegexpKind::kLineEnd:
      return (text.ends_object && size - at <= Slack(text)) || IsAfter(text, at, '\r') ||
             (IsAfter(text, at, '\n') && !IsBefore(text, at, '\r'));
    default: return false;
  }
}

void Simulator::Prepare(const ProgramView& program) {
  if (seen_.size() < program.size()) seen_.resize(program.size(), 0);
  if (counters_.size() < program.counters()) counters_.resize(program.counters());
  for (std::uint32_t i = 0; i < program.counters(); ++i) {
    counters_[i].runs.clear();
    counters_[i].head = 0;
  }
  current_.clear();
  next_.clear();
  read_ = 0;
  matched_ = false;
  NextGeneration();
}

void Simulator::NextGeneration() {
  if (++generation_ != 0) return;
  std::fill(seen_.begin(), seen_.end(), 0);
  for (Counter& counter : counters_) counter.listed = 0;
  generation_ = 1;
}

void Simulator::Enter(std::uint32_t pc, const Instruction& instruction, const CountRange& range) {
  Counter& counter = counters_[instruction.b];
  const bool empty = counter.head == counter.runs.size();
  if (empty) {
    counter.runs.clear();
    counter.head = 0;
  }
  if (empty || counter.runs.back().last != read_) {
    // Without an upper bound the oldest count says everything, but it may yet
    // die on the byte just read, so the newest is kept beside it.
    if (range.max == kUnbounded && counter.runs.size() >= 2) counter.runs.pop_back();
    if (!counter.runs.empty() && counter.runs.back().last + 1 == read_) {
      counter.runs.back().last = read_;
    } else {
      counter.runs.push_back({read_, read_});
    }
  }
  if (counter.listed != generation_) {
    counter.listed = generation_;
    next_.push_back(pc);
  }
}

void Simulator::Add(const ProgramView& program, std::uint32_t start, const Text& text, std::size_t at) {
  stack_.push_back(start);
  while (!stack_.empty()) {
    const std::uint32_t pc = stack_.back();
    stack_.pop_back();
    ++steps_;
    if (pc >= program.size() || seen_[pc] == generation_) continue;
    seen_[pc] = generation_;
    const Instruction& instruction = program.at(pc);
    switch (instruction.opcode()) {
      case Opcode::kByte:
      case Opcode::kSet: next_.push_back(pc); break;
      case Opcode::kCount:
      case Opcode::kLazyCount:
        if (instruction.b >= program.counters()) break;
        Enter(pc, instruction, program.count(instruction.b));
        if (program.count(instruction.b).min == 0) stack_.push_back(pc + 1);
        break;
      case Opcode::kSplit:
        stack_.push_back(instruction.b);
        stack_.push_back(instruction.a());
        break;
      case Opcode::kJump: stack_.push_back(instruction.b); break;
      case Opcode::kAssert:
        if (AssertionHolds(static_cast<RegexpKind>(instruction.b), text, at)) stack_.push_back(pc + 1);
        break;
      case Opcode::kMatch: matched_ = true; break;
      case Opcode::kFail:
      default: break;
    }
  }
}

void Simulator::AdvanceCount(const ProgramView& program, std::uint32_t pc, const Instruction& instruction,
                             std::uint8_t byte, const Text& text, std::size_t at) {
  Counter& counter = counters_[instruction.b];
  const CountRange& range = program.count(instruction.b);
  if (!program.SetContains(instruction.a(), byte)) {
    // Only a count that began behind this byte goes on.
    const bool fresh = counter.head < counter.runs.size() && counter.runs.back().last == read_;
    counter.runs.clear();
    counter.head = 0;
    if (fresh) counter.runs.push_back({read_, read_});
    return;
  }
  if (range.max != kUnbounded && read_ > range.max) {
    const std::uint32_t oldest = read_ - range.max;  // Counts that began before are past the maximum.
    while (counter.head < counter.runs.size() && counter.runs[counter.head].last < oldest) ++counter.head;
    if (counter.head < counter.runs.size()) {
      Counter::Run& run = counter.runs[counter.head];
      run.first = std::max(run.first, oldest);
    }
    // Keeps the vector short: what is behind the head is dropped in bulk.
    if (counter.head > 64 && counter.head * 2 > counter.runs.size()) {
      counter.runs.erase(counter.runs.begin(), counter.runs.begin() + static_cast<std::ptrdiff_t>(counter.head));
      counter.head = 0;
    }
  }
  if (counter.head == counter.runs.size()) return;
  if (counter.listed != generation_) {
    counter.listed = generation_;
    next_.push_back(pc);
  }
  const std::uint32_t longest = read_ - counter.runs[counter.head].first;
  if (longest > 0 && longest >= range.min) Add(program, pc + 1, text, at);
}

void Simulator::Step(const ProgramView& program, std::uint8_t byte, const Text& text, std::size_t at) {
  NextGeneration();
  ++read_;
  current_.swap(next_);
  next_.clear();
  matched_ = false;
  steps_ += current_.size();
  for (const std::uint32_t pc : current_) {
    const Instruction& instruction = program.at(pc);
    switch (instruction.opcode()) {
      case Opcode::kByte:
        if (instruction.ByteFits(byte)) Add(program, pc + 1, text, at);
        break;
      case Opcode::kSet:
        if (program.SetContains(instruction.b, byte)) Add(program, pc + 1, text, at);
        break;
      case Opcode::kCount:
      case Opcode::kLazyCount: AdvanceCount(program, pc, instruction, byte, text, at); break;
      default: break;
    }
  }
}

void Simulator::Backward(const ProgramView& program, std::uint32_t entry, const Text& text, std::size_t at,
                         std::size_t limit, std::vector<std::size_t>& starts) {
  starts.clear();
  Prepare(program);
  const std::size_t stop = limit < at ? at - limit : 0;
  Add(program, entry, text, at);
  while (true) {
    if (matched_) starts.push_back(at);
    if (next_.empty() || at - stop < text.step) return;
    if (text.step == 2 && ByteAt(text, at - 1) != 0) return;
    at -= text.step;
    Step(program, ByteAt(text, at), text, at);
  }
}

bool Simulator::Search(const ProgramView& program, const Text& text) {
  Prepare(program);
  Add(program, 0, text, 0);
  for (std::size_t at = 0; !matched_ && at < text.bytes.size(); ++at) {
    Step(program, ByteAt(text, at), text, at + 1);
    if (!matched_) Add(program, 0, text, at + 1);
  }
  return matched_;
}

}  // namespace dl::match
