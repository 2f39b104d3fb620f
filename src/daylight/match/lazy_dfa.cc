#include "daylight/match/lazy_dfa.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace dl::match {

namespace {

// Most runs end within a few bytes: only what is longer is compared with an
// earlier run and remembered. In characters.
constexpr std::size_t kUntraced = 32;
// At least what a run may read, to both sides of an atom.
constexpr std::size_t kTraceSize = 8192;
// States that have not been used for so many bytes each, on average, when they
// are dropped cost more to make than they save.
constexpr std::uint64_t kMinBytesPerState = 16;
// A byte costs a fraction of what a simulator's step does.
constexpr unsigned kBytesPerStepLog2 = 1;
constexpr std::size_t kTableSize = 1u << 13;
constexpr std::size_t kMaxStates = kTableSize / 4 * 3;
// What a state may list: more is not worth its memory.
constexpr std::size_t kMaxItems = 2048;

bool IsWordByte(std::uint8_t byte) {
  return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_';
}

}  // namespace

LazyDfa::LazyDfa(const ProgramView& program, Direction direction, std::uint64_t& steps)
    : program_(program), is_forward_(direction == Direction::kForward), steps_(steps) {
  MakeClasses();
  seen_.resize(program_.size());
  landed_.resize(program_.size());
  saturated_.resize(program_.counters());
  table_.resize(kTableSize);
  DropStates();
}

void LazyDfa::SplitClasses(const std::array<bool, 256>& members) {
  // By old class: the class of its members that are in the set, and not. 0: none yet.
  std::array<std::array<std::uint16_t, 2>, 256> split{};
  std::uint16_t count = 0;
  for (std::size_t byte = 0; byte < 256; ++byte) {
    std::uint16_t& place = split[classes_[byte]][members[byte] ? 1 : 0];
    if (place == 0) place = ++count;
    classes_[byte] = static_cast<std::uint8_t>(place - 1);
  }
  symbols_ = count;
}

void LazyDfa::MakeClasses() {
  std::array<bool, 256> members{};
  const auto split_by = [&](auto&& contains) {
    for (unsigned byte = 0; byte < 256; ++byte) members[byte] = contains(static_cast<std::uint8_t>(byte));
    SplitClasses(members);
  };
  symbols_ = 1;
  std::vector<std::uint32_t> sets;
  std::vector<std::uint32_t> masked;
  for (std::uint32_t pc = 0; pc < program_.size(); ++pc) {
    const Instruction& instruction = program_.at(pc);
    switch (instruction.opcode()) {
      case Opcode::kByte: masked.push_back(instruction.op); break;
      case Opcode::kSet: sets.push_back(instruction.b); break;
      case Opcode::kCount:
      case Opcode::kLazyCount: sets.push_back(instruction.a()); break;
      case Opcode::kAssert: has_assertions_ = true; break;
      default: break;
    }
  }
  for (std::vector<std::uint32_t>* list : {&sets, &masked}) {
    std::sort(list->begin(), list->end());
    list->erase(std::unique(list->begin(), list->end()), list->end());
  }
  for (const std::uint32_t set : sets) split_by([&](std::uint8_t byte) { return program_.SetContains(set, byte); });
  for (const std::uint32_t op : masked) split_by([&](std::uint8_t byte) { return Instruction{op, 0}.ByteFits(byte); });
  if (has_assertions_) {
    for (const Side side : {kWord, kLineFeed, kCarriageReturn}) {
      split_by([&](std::uint8_t byte) { return SideOf(byte) == side; });
    }
  }
  members_.resize(symbols_);
  for (unsigned byte = 0; byte < 256; ++byte) members_[classes_[byte]] = static_cast<std::uint8_t>(byte);
  symbols_ += 2;
}

std::size_t LazyDfa::memory_bytes() const {
  const auto bytes = [](const auto& vector) { return vector.capacity() * sizeof(vector[0]); };
  return sizeof(*this) + bytes(states_) + bytes(items_) + bytes(transitions_) + bytes(table_) + bytes(trace_states_) +
         bytes(trace_starts_) + bytes(ready_) + bytes(next_) + bytes(stack_) + bytes(seen_) + bytes(landed_) +
         bytes(saturated_);
}

void LazyDfa::DropStates() {
  states_.assign(kDeadState + 1, State{});
  items_.clear();
  // Whatever the dead state reads, it stays dead.
  transitions_.assign(std::size_t{kDeadState + 1} * symbols_, kDeadState << 1);
  std::fill(table_.begin(), table_.end(), 0);
  starts_ = {};
  trace_ = {};
  bytes_read_ = 0;
  ++drops_;
}

// --- What is beside a boundary.

LazyDfa::Side LazyDfa::SideOf(std::uint8_t byte) const {
  if (!has_assertions_) return kOther;
  if (byte == '\n') return kLineFeed;
  if (byte == '\r') return kCarriageReturn;
  return IsWordByte(byte) ? kWord : kOther;
}

LazyDfa::Side LazyDfa::SideOfSymbol(std::uint32_t symbol) const {
  if (symbol < members_.size()) return SideOf(members_[symbol]);
  return symbol == symbols_ - 1 ? kEdge : kNothing;
}

LazyDfa::Side LazyDfa::SideBefore(const Text& text, std::size_t at) const {
  return has_assertions_ ? SideOfSymbol(SymbolBefore(text, at)) : kOther;
}

LazyDfa::Side LazyDfa::SideBehind(const Text& text, std::size_t at) const {
  return has_assertions_ ? SideOfSymbol(SymbolBehind(text, at)) : kOther;
}

std::uint32_t LazyDfa::SymbolBefore(const Text& text, std::size_t at) const {
  if (at > 0) return classes_[static_cast<std::uint8_t>(text.bytes[at - 1])];
  return symbols_ - (text.starts_object ? 1 : 2);
}

std::uint32_t LazyDfa::SymbolBehind(const Text& text, std::size_t at) const {
  if (at < text.bytes.size()) return classes_[static_cast<std::uint8_t>(text.bytes[at])];
  return symbols_ - (text.ends_object ? 1 : 2);
}

// --- States and transitions.

void LazyDfa::NextGeneration() {
  if (++generation_ != 0) return;
  for (std::vector<std::uint32_t>* marks : {&seen_, &landed_, &saturated_}) std::fill(marks->begin(), marks->end(), 0);
  generation_ = 1;
}

LazyDfa::Start& LazyDfa::StartOf(std::uint32_t entry, Side behind) {
  Start& start = starts_[(entry * 6 + behind) % starts_.size()];
  if (start.state != 0 && start.entry == entry && start.behind == behind) return start;
  next_.assign(1, Item{entry | kLanded, 0});
  // What was dropped for it has taken `starts_` along.
  const std::uint32_t state = StateOfNext(behind);
  start = {entry, behind, state, 0};
  return start;
}

bool LazyDfa::IsOneClass(const Lead& lead) {
  if (lead.set == nullptr) return false;
  if (lead.set != lead_set_) {
    lead_set_ = lead.set;
    std::array<bool, 256> classes{};
    for (unsigned byte = 0; byte < 256; ++byte) {
      if (((lead.set[byte >> 3] >> (byte & 7)) & 1) != 0) classes[classes_[byte]] = true;
    }
    is_lead_one_class_ = std::count(classes.begin(), classes.end(), true) == 1;
  }
  return is_lead_one_class_;
}

std::uint32_t LazyDfa::StateOfNext(Side behind) {
  if (next_.empty()) return kDeadState;
  std::uint64_t hash = behind;
  for (const Item& item : next_) {
    hash = (hash ^ (std::uint64_t{item.count} << 32 | item.pc)) * 0x9e3779b97f4a7c15;
    hash ^= hash >> 29;
  }
  const auto is_same = [](const Item& a, const Item& b) { return a.pc == b.pc && a.count == b.count; };
  std::size_t slot = hash % kTableSize;
  for (; table_[slot] != 0; slot = (slot + 1) % kTableSize) {
    const State& state = states_[table_[slot]];
    if (state.behind == behind && state.item_count == next_.size() &&
        std::equal(next_.begin(), next_.end(), items_.begin() + state.first_item, is_same)) {
      return table_[slot];
    }
  }
  const std::size_t bytes = states_.size() * sizeof(State) + (items_.size() + next_.size()) * sizeof(Item) +
                            transitions_.size() * sizeof(Transition);
  if (bytes > kMaxStateBytes || states_.size() >= kMaxStates) {
    if (bytes_read_ < kMinBytesPerState * states_.size()) has_given_up_ = true;
    DropStates();
    slot = hash % kTableSize;
  }
  ++growth_;
  const auto id = static_cast<std::uint32_t>(states_.size());
  states_.push_back({static_cast<std::uint32_t>(items_.size()), static_cast<std::uint32_t>(next_.size()), behind});
  items_.insert(items_.end(), next_.begin(), next_.end());
  transitions_.resize(transitions_.size() + symbols_);
  table_[slot] = id;
  return id;
}

bool LazyDfa::Close(std::uint32_t start, Side left, Side right) {
  constexpr std::uint32_t kListCount = kLanded;  // On the stack: list the count at this pc.
  const auto holds = [&](RegexpKind assertion) {
    const bool word_before = left == kWord;
    const bool word_behind = right == kWord;
    switch (assertion) {
      case RegexpKind::kStart: return left == kEdge;
      case RegexpKind::kEnd: return right == kEdge;
      case RegexpKind::kWordBoundary: return word_before != word_behind;
      case RegexpKind::kNotWordBoundary: return word_before == word_behind;
      case RegexpKind::kWordStart: return !word_before && word_behind;
      case RegexpKind::kWordEnd: return word_before && !word_behind;
      case RegexpKind::kWordStartHalf: return !word_before;
      case RegexpKind::kWordEndHalf: return !word_behind;
      case RegexpKind::kLineStart:
        return left == kEdge || left == kLineFeed || (left == kCarriageReturn && right != kLineFeed);
      case RegexpKind::kLineEnd:
        return right == kEdge || right == kCarriageReturn || (right == kLineFeed && left != kCarriageReturn);
      default: return false;
    }
  };
  bool matched = false;
  stack_.assign(1, start);
  while (!stack_.empty()) {
    const std::uint32_t pc = stack_.back();
    stack_.pop_back();
    ++steps_;
    if ((pc & kListCount) != 0) {
      ready_.push_back({pc & ~kListCount, 0});
      continue;
    }
    if (pc >= program_.size() || seen_[pc] == generation_) continue;
    seen_[pc] = generation_;
    const Instruction& instruction = program_.at(pc);
    switch (instruction.opcode()) {
      case Opcode::kByte:
      case Opcode::kSet: ready_.push_back({pc, 0}); break;
      case Opcode::kCount:
      case Opcode::kLazyCount: {
        if (instruction.b >= program_.counters()) break;
        const bool lazy = instruction.opcode() == Opcode::kLazyCount;
        if (lazy) stack_.push_back(pc | kListCount);
        if (program_.count(instruction.b).min == 0) stack_.push_back(pc + 1);
        if (!lazy) ready_.push_back({pc, 0});
        break;
      }
      case Opcode::kSplit:
        stack_.push_back(instruction.b & ~kListCount);
        stack_.push_back(instruction.a());
        break;
      case Opcode::kJump: stack_.push_back(instruction.b & ~kListCount); break;
      case Opcode::kAssert:
        if (holds(static_cast<RegexpKind>(instruction.b))) stack_.push_back(pc + 1);
        break;
      case Opcode::kMatch:
        if (is_forward_) return true;  // What is less preferred is not looked at.
        matched = true;
        break;
      case Opcode::kFail:
      default: break;
    }
  }
  return matched;
}

void LazyDfa::Land(std::uint32_t pc) {
  if (pc >= program_.size() || landed_[pc] == generation_) return;
  landed_[pc] = generation_;
  next_.push_back({pc | kLanded, 0});
}

void LazyDfa::ReadCounted(const Item& item, const Instruction& instruction, std::uint8_t byte) {
  if (!program_.SetContains(instruction.a(), byte)) return;
  const CountRange& range = program_.count(instruction.b);
  std::uint32_t count = item.count + 1;
  if (count > range.max) return;  // Only in damaged programs.
  bool goes_on = count < range.max;
  if (range.max == kUnbounded && count >= range.min) {
    // Past the minimum all counts are alike: the most preferred stands for all.
    if (saturated_[instruction.b] == generation_) return;
    saturated_[instruction.b] = generation_;
    count = range.min;
    goes_on = true;
  }
  const bool lazy = instruction.opcode() == Opcode::kLazyCount;
  if (goes_on && !lazy) next_.push_back({item.pc, count});
  if (count >= range.min) Land(item.pc + 1);
  if (goes_on && lazy) next_.push_back({item.pc, count});
}

void LazyDfa::Read(const Item& item, std::uint8_t byte) {
  const Instruction& instruction = program_.at(item.pc);
  switch (instruction.opcode()) {
    case Opcode::kByte:
      if (instruction.ByteFits(byte)) Land(item.pc + 1);
      break;
    case Opcode::kSet:
      if (program_.SetContains(instruction.b, byte)) Land(item.pc + 1);
      break;
    case Opcode::kCount:
    case Opcode::kLazyCount: ReadCounted(item, instruction, byte); break;
    default: break;
  }
}

LazyDfa::Transition LazyDfa::MakeTransition(std::uint32_t from, std::uint32_t symbol) {
  NextGeneration();
  const auto behind = static_cast<Side>(states_[from].behind);
  const Side ahead = SideOfSymbol(symbol);
  const Side left = is_forward_ ? behind : ahead;
  const Side right = is_forward_ ? ahead : behind;
  bool matched = false;
  ready_.clear();
  for (std::uint32_t i = 0; i < states_[from].item_count; ++i) {
    const Item item = items_[states_[from].first_item + i];
    if ((item.pc & kLanded) == 0) {
      ready_.push_back(item);
      continue;
    }
    matched = Close(item.pc & ~kLanded, left, right) || matched;
    if (matched && is_forward_) break;
  }
  steps_ += ready_.size();
  next_.clear();
  if (symbol < members_.size()) {
    for (const Item& item : ready_) Read(item, members_[symbol]);
  }
  if (!is_forward_) {
    const auto key = [](const Item& item) { return std::uint64_t{item.pc} << 32 | item.count; };
    std::sort(next_.begin(), next_.end(), [&](const Item& a, const Item& b) { return key(a) < key(b); });
    next_.erase(std::unique(next_.begin(), next_.end(), [&](const Item& a, const Item& b) { return key(a) == key(b); }),
                next_.end());
  }
  steps_ += next_.size();
  if (next_.size() > kMaxItems) has_given_up_ = true;
  if (has_given_up_) return kDeadState << 1;  // The run ends, and its answer is not used.
  const std::uint32_t drops = drops_;
  const std::uint32_t to = StateOfNext(symbol < members_.size() ? SideOf(members_[symbol]) : kOther);
  const Transition transition = to << 1 | (matched ? 1 : 0);
  if (drops == drops_) transitions_[std::size_t{from} * symbols_ + symbol] = transition;
  return transition;
}

// --- Runs.

bool LazyDfa::MatchesAtStop(const Text& text, const Run& run) {
  return (Next(run.state, SymbolBehind(text, run.at)) & 1) != 0;
}

LazyDfa::Outcome LazyDfa::RunUntil(const Text& text, std::size_t stop, Run& run) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.bytes.data());
  while (stop - run.at >= text.step) {
    if (text.step == 2 && bytes[run.at + 1] != 0) return Outcome::kStopped;
    const Transition transition = Next(run.state, classes_[bytes[run.at]]);
    if ((transition & 1) != 0) {
      run.found = true;
      run.end = run.at;
    }
    run.state = transition >> 1;
    if (run.state == kDeadState) return Outcome::kDied;
    run.at += text.step;
  }
  return Outcome::kGoesOn;
}

void LazyDfa::PrepareTrace() {
  if (!trace_states_.empty()) return;
  trace_states_.resize(kTraceSize);
  if (!is_forward_) trace_starts_.reserve(kTraceSize / 2);
  ++growth_;
}

void LazyDfa::RunTraced(const Text& text, std::size_t stop, Run& run) {
  PrepareTrace();
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.bytes.data());
  const std::size_t step = text.step;
  Trace old = trace_;
  // An older trace must not be overwritten before it is read.
  if (old.step != step || (run.at - old.low) % step != 0 || old.high > run.at + kTraceSize) old = {};
  std::size_t low = run.at;
  std::uint32_t drops = drops_;
  bool is_cut = false;
  while (true) {
    if (drops != drops_) {  // States have other numbers now.
      drops = drops_;
      old = {};
      low = run.at;
    }
    std::uint32_t& traced = trace_states_[run.at % kTraceSize];
    if (run.at >= old.low && run.at < old.high && traced == run.state &&
        (stop + 1 >= old.high || !old.found || old.end <= stop)) {
      if (old.found && old.end >= run.at) {
        run.found = true;
        run.end = old.end;
      }
      if (old.is_cut && stop >= old.high) {
        // It stopped where this one goes on.
        run.skipped += old.high - 1 - run.at;
        run.at = old.high - 1;
        run.state = trace_states_[run.at % kTraceSize];
        old = {};
        continue;
      }
      if (low < run.at) trace_ = {low, old.high, step, run.found, run.end, old.is_cut};
      return;
    }
    traced = run.state;
    is_cut = stop - run.at < step;
    if (is_cut || (step == 2 && bytes[run.at + 1] != 0)) {
      if (MatchesAtStop(text, run)) {
        run.found = true;
        run.end = run.at;
      }
      break;
    }
    const Transition transition = Next(run.state, classes_[bytes[run.at]]);
    if ((transition & 1) != 0) {
      run.found = true;
      run.end = run.at;
    }
    if (transition >> 1 == kDeadState) break;
    run.state = transition >> 1;
    run.at += step;
  }
  if (drops != drops_ || has_given_up_) {
    trace_ = {};
    return;
  }
  if (run.at - low >= kTraceSize) low += (run.at - low - kTraceSize + step) / step * step;
  trace_ = {low, run.at + 1, step, run.found, run.end, is_cut};
}

std::optional<bool> LazyDfa::Forward(std::uint32_t entry, const Text& text, std::size_t at, std::size_t stop,
                                     std::size_t& end, const Lead& lead) {
  if (!CanRunOver(text)) return std::nullopt;
  stop = std::min(stop, text.bytes.size());
  if (at > stop) return std::nullopt;
  Start& start = StartOf(entry, SideBefore(text, at));
  Run run;
  run.at = at;
  run.state = start.state;
  std::size_t traced_from = at + kUntraced * text.step;
  // Bytes of one class lead to the same state wherever they are.
  if (text.step == 1 && lead.length <= stop - at && IsOneClass(lead)) {
    traced_from = std::max<std::size_t>(at, traced_from - lead.length);
    if (start.after_lead != 0) {
      run.at += lead.length;
      run.skipped = lead.length;
      run.state = start.after_lead;
    } else {
      const std::uint32_t drops = drops_;
      const Outcome outcome = RunUntil(text, at + lead.length, run);
      if (outcome == Outcome::kGoesOn && !run.found && drops == drops_) start.after_lead = run.state;
    }
  }
  Outcome outcome = run.state == kDeadState ? Outcome::kDied : Outcome::kGoesOn;
  if (outcome == Outcome::kGoesOn) outcome = RunUntil(text, std::clamp(traced_from, run.at, stop), run);
  if (outcome == Outcome::kStopped) {
    if (MatchesAtStop(text, run)) run = {run.at, run.state, true, run.at, run.skipped};
  } else if (outcome == Outcome::kGoesOn) {
    RunTraced(text, stop, run);
  }
  const std::size_t read = run.at - at - run.skipped;
  bytes_read_ += read;
  steps_ += 1 + (read >> kBytesPerStepLog2);
  if (has_given_up_) return std::nullopt;
  if (run.found) end = run.end;
  return run.found;
}

bool LazyDfa::Backward(std::uint32_t entry, const Text& text, std::size_t at, std::size_t limit,
                       std::vector<std::size_t>& starts) {
  if (!CanRunOver(text)) return false;
  PrepareTrace();
  starts.clear();
  const std::size_t step = text.step;
  const std::size_t from = at;
  const std::size_t stop = limit < at ? at - limit : 0;
  // Traced from here down.
  std::size_t top = kUntraced * step < at ? at - kUntraced * step : 0;
  Trace old = trace_;
  if (old.step != step || (top + 1 - old.high) % step != 0 || top - old.low >= kTraceSize) old = {};
  std::uint32_t drops = drops_;
  std::uint32_t state = StartOf(entry, SideBehind(text, at)).state;
  bool is_cut = false;
  bool is_joined = false;
  while (true) {
    if (drops != drops_) {  // States have other numbers now.
      drops = drops_;
      old = {};
      top = std::min(top, at);
    }
    if (at <= top) {
      std::uint32_t& traced = trace_states_[at % kTraceSize];
      is_joined = at >= old.low && at < old.high && traced == state && (!old.is_cut || stop >= old.low);
      if (is_joined) break;
      traced = state;
    }
    is_cut = at - stop < step;
    const bool is_last = is_cut || (step == 2 && static_cast<std::uint8_t>(text.bytes[at - 1]) != 0);
    // Wide programs have no assertions here: any symbol tells whether there is a match.
    const Transition transition = Next(state, SymbolBefore(text, is_last ? at : at - step + 1));
    if ((transition & 1) != 0) starts.push_back(at);
    state = transition >> 1;
    if (is_last || state == kDeadState) break;
    at -= step;
  }
  bytes_read_ += from - at;
  steps_ += 1 + ((from - at) >> kBytesPerStepLog2);
  std::size_t low = at;
  if (is_joined) {
    // The nearest first: those from here down to the limit.
    const auto first = std::lower_bound(trace_starts_.begin(), trace_starts_.end(), at, std::greater<>());
    const auto last = std::upper_bound(first, trace_starts_.end(), stop, std::greater<>());
    starts.insert(starts.end(), first, last);
    low = std::max(old.low, stop);
    is_cut = old.is_cut || stop > old.low;
  }
  if (has_given_up_ || drops != drops_) {
    trace_ = {};
  } else if (at <= top) {
    if (top - low >= kTraceSize) {
      low = top - kTraceSize + 1;
      is_cut = true;
    }
    trace_ = {low, top + 1, step, false, 0, is_cut};
    trace_starts_ = starts;
  }
  return !has_given_up_;
}

}  // namespace dl::match
