// LazyDfa runs one program over bytes as a deterministic automaton, whose
// states are made when they are first reached: one table lookup a byte where
// the simulators step through every state of the program.
//
//   LazyDfa dfa(program, LazyDfa::Direction::kForward);
//   const std::optional<bool> found = dfa.Forward(entry, text, at, stop, end);
//   if (!found) ...                      // ask PrioritySimulator instead
//
// The answers are those of PrioritySimulator::Forward and Simulator::Backward.
// A state is what the simulator would have listed: instructions, in order of
// preference when running forwards, with the rounds of counted repeats.
// Assertions look at both neighbours, so a state is what has been reached
// before them, and its transition on the next byte also says whether there is
// a match before that byte (as in RE2).
//
// Runs that begin one after the other in a long stretch of bytes soon reach the
// same state at the same place. From there on the older one's answer is taken,
// so that `a.*b` is looked for in time linear in the bytes, not in bytes times
// reach.
//
// Memory is bounded: when the states are too large all of them are dropped. Where that happens
// too often, as counted repeats can bring about, the automaton gives up until
// Forgive(). One thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "daylight/match/program.h"
#include "daylight/match/simulate.h"

namespace dl::match {

class LazyDfa {
 public:
  enum class Direction { kForward, kBackward };
  // What an automaton takes at most, about: `kMaxStateBytes` is half of it, as
  // vectors double.
  static constexpr std::size_t kMaxBytes = 1u << 20;
  // Instructions of the largest program that is worth it.
  static constexpr std::uint32_t kMaxInstructions = 4096;

  static bool Suits(const ProgramView& program) { return program.size() > 0 && program.size() <= kMaxInstructions; }
  // Borrows what the program views, and `steps`: there it adds what runs cost,
  // in what the simulators call steps. Suits(program).
  LazyDfa(const ProgramView& program, Direction direction, std::uint64_t& steps);

  // What is known of the bytes a run begins with: `length` of them, which are
  // also the fewest a match from there can have, are members of a set. Its 256
  // bits stay where they are for as long as the automaton lives.
  struct Lead {
    const std::uint8_t* set = nullptr;
    std::uint32_t length = 0;
  };

  // As PrioritySimulator::Forward; nothing when it has given up or cannot tell.
  std::optional<bool> Forward(std::uint32_t entry, const Text& text, std::size_t at, std::size_t stop, std::size_t& end,
                              const Lead& lead);
  // As Simulator::Backward; false when it has given up or cannot tell.
  bool Backward(std::uint32_t entry, const Text& text, std::size_t at, std::size_t limit,
                std::vector<std::size_t>& starts);

  // The bytes that runs were over have changed, or may have.
  void ForgetRuns() { trace_ = {}; }
  // Gives an automaton another chance that has given up.
  void Forgive() { has_given_up_ = false; }
  std::size_t memory_bytes() const;
  // Changes whenever memory_bytes() may have.
  std::uint32_t growth() const { return growth_; }

 private:
  // What a run is about to do: an instruction it has come to and not looked at
  // yet (kLanded is set), or a counted repeat that has read `count` bytes.
  struct Item {
    std::uint32_t pc;
    std::uint32_t count;
  };
  static constexpr std::uint32_t kLanded = 0x80000000;
  struct State {
    std::uint32_t first_item;
    std::uint32_t item_count;
    std::uint32_t behind;  // The side that was read, see Side.
  };
  // Where runs begin: an entry and what is beside it.
  struct Start {
    std::uint32_t entry = 0;
    std::uint32_t behind = 0;
    std::uint32_t state = 0;  // 0: none.
    std::uint32_t after_lead = 0;
  };
  // What assertions see of a neighbour.
  enum Side : std::uint8_t { kNothing, kEdge, kOther, kWord, kLineFeed, kCarriageReturn };
  // A transition: the next state and, in the lowest bit, whether there is a
  // match before the byte. 0: not known yet.
  using Transition = std::uint32_t;
  static constexpr std::uint32_t kDeadState = 1;

  static constexpr std::size_t kMaxStateBytes = kMaxBytes / 2;

  void MakeClasses();
  void SplitClasses(const std::array<bool, 256>& members);
  void DropStates();
  Start& StartOf(std::uint32_t entry, Side behind);
  bool IsOneClass(const Lead& lead);
  // The state of the items in next_.
  std::uint32_t StateOfNext(Side behind);
  Transition Next(std::uint32_t state, std::uint32_t symbol) {
    const Transition known = transitions_[std::size_t{state} * symbols_ + symbol];
    return known != 0 ? known : MakeTransition(state, symbol);
  }
  Transition MakeTransition(std::uint32_t state, std::uint32_t symbol);
  // Puts all that `pc` leads to without reading into ready_. True when that is
  // a match.
  bool Close(std::uint32_t pc, Side left, Side right);
  void NextGeneration();
  void Read(const Item& item, std::uint8_t byte);
  void ReadCounted(const Item& item, const Instruction& instruction, std::uint8_t byte);
  void Land(std::uint32_t pc);
  Side SideOf(std::uint8_t byte) const;
  Side SideOfSymbol(std::uint32_t symbol) const;
  // Of what is before and behind the boundary `at`.
  Side SideBefore(const Text& text, std::size_t at) const;
  Side SideBehind(const Text& text, std::size_t at) const;
  std::uint32_t SymbolBefore(const Text& text, std::size_t at) const;
  std::uint32_t SymbolBehind(const Text& text, std::size_t at) const;
  bool CanRunOver(const Text& text) const { return !has_given_up_ && (text.step == 1 || !has_assertions_); }

  // A run forwards and what it has found so far.
  struct Run {
    std::size_t at = 0;
    std::uint32_t state = 0;
    bool found = false;
    std::size_t end = 0;
    std::size_t skipped = 0;  // Bytes that an earlier run has read.
  };
  enum class Outcome { kGoesOn, kDied, kStopped };
  Outcome RunUntil(const Text& text, std::size_t stop, Run& run);
  void PrepareTrace();
  void RunTraced(const Text& text, std::size_t stop, Run& run);
  bool MatchesAtStop(const Text& text, const Run& run);

  ProgramView program_;
  bool is_forward_;
  bool has_assertions_ = false;
  bool has_given_up_ = false;
  // Bytes that no instruction tells apart have one class. Symbols are the
  // classes, then the end of the window, then that of the object.
  std::array<std::uint8_t, 256> classes_{};
  std::vector<std::uint8_t> members_;  // One byte of each class.
  std::uint32_t symbols_ = 0;

  std::vector<State> states_;
  std::vector<Item> items_;
  std::vector<Transition> transitions_;
  std::vector<std::uint32_t> table_;  // States by the hash of their items; 0: free.
  std::array<Start, 16> starts_{};
  const std::uint8_t* lead_set_ = nullptr;  // What is known of the set that was asked for last.
  bool is_lead_one_class_ = false;
  std::uint64_t bytes_read_ = 0;  // Since states were dropped last.
  std::uint32_t drops_ = 0;

  // An earlier run: its states from place `low` to before `high`, modulo the
  // size of trace_states_.
  struct Trace {
    std::size_t low = 0;
    std::size_t high = 0;
    std::size_t step = 1;
    bool found = false;
    std::size_t end = 0;  // Forwards: where it matched last.
    bool is_cut = false;  // It stopped at its limit, at the last of these places, and might go on.
  };
  Trace trace_;
  std::vector<std::uint32_t> trace_states_;
  std::vector<std::size_t> trace_starts_;  // Backwards: where it matched.

  // Scratch of MakeTransition.
  std::vector<Item> ready_;
  std::vector<Item> next_;
  std::vector<std::uint32_t> stack_;
  std::vector<std::uint32_t> seen_;       // By pc: the generation in which it was closed.
  std::vector<std::uint32_t> landed_;     // ...and in which it was landed on.
  std::vector<std::uint32_t> saturated_;  // By counter: ...and in which one was past its minimum.
  std::uint32_t generation_ = 0;
  std::uint32_t growth_ = 0;
  std::uint64_t& steps_;
};

}  // namespace dl::match
