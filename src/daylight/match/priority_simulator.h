// PrioritySimulator finds the preferred match at a place: what a backtracking
// matcher would find first (earlier alternatives before later ones, more
// rounds of a greedy repeat before fewer, of a lazy one fewer before more).
//
//   PrioritySimulator simulator;
//   if (simulator.Forward(program, 0, text, at, stop, end)) ...
//
// It does not backtrack: all states run at once, in order of preference, and a
// match ends those that are less preferred. Otherwise as Simulator.
#pragma once

#include <utility>
#include <vector>

#include "daylight/match/simulate.h"

namespace dl::match {

class PrioritySimulator {
 public:
  // Runs a forward program from the boundary `at` up to `stop` at most.
  bool Forward(const ProgramView& program, std::uint32_t entry, const Text& text, std::size_t at, std::size_t stop,
               std::size_t& end);

  // The bytes that runs of Forward() were over have changed, or may have.
  void ForgetRuns() { last_run_ = {}; }
  // How many states were entered or read a byte since the last call: what the time goes with.
  std::uint64_t TakeSteps() { return std::exchange(steps_, 0); }

 private:
  struct Thread {
    std::uint32_t pc;
    std::uint32_t entered;  // Counts: when it began, in characters read.
  };
  struct Counter {
    std::uint32_t entered = 0;    // The generation in which a count began.
    std::uint32_t saturated = 0;  // ...and in which one without upper bound was past its minimum.
  };
  // Bytes of one set in a row, found by FinishCount: starts one after the other
  // in a long run do not each walk to its end.
  struct Run {
    const Instruction* code = nullptr;  // Which count it was found for.
    const std::byte* text = nullptr;
    std::size_t step = 0;
    std::size_t from = 0;
    std::size_t end = 0;
    bool is_cut = false;  // It may go on behind `end`.
  };
  static constexpr std::uint32_t kListCount = 0x80000000;  // On the stack: list the count at this pc.

  // A vector whose usual push is inlined: most of the time goes here.
  template <typename T>
  class FastList {
   public:
    void Push(const T& item) {
      if (size_ == items_.size()) items_.resize(size_ * 2 + 64);
      items_.data()[size_++] = item;
    }
    T Pop() { return items_.data()[--size_]; }  // size() > 0.
    void Clear() { size_ = 0; }
    std::size_t size() const { return size_; }
    const T* begin() const { return items_.data(); }
    const T* end() const { return items_.data() + size_; }
    void Swap(FastList& other) {
      items_.swap(other.items_);
      std::swap(size_, other.size_);
    }

   private:
    std::vector<T> items_;
    std::size_t size_ = 0;
  };

  void Prepare(const ProgramView& program);
  void NextGeneration();
  // Lists everything that `pc` leads to without reading. True if that is a
  // match: then nothing less preferred may be listed any more.
  bool Add(const ProgramView& program, std::uint32_t pc, const Text& text, std::size_t at);
  bool AdvanceCount(const ProgramView& program, const Thread& thread, const Instruction& instruction, std::uint8_t byte,
                    const Text& text, std::size_t at);
  // While there is one thread and it reads single bytes: reads them. False
  // when it failed.
  bool RunAlone(const ProgramView& program, const Text& text, std::size_t& at, std::size_t stop);
  // The same while there is nothing left but one greedy count: how many more
  // bytes of its set follow decides. Moves `at` to the end; true if there is a
  // match there.
  bool FinishCount(const ProgramView& program, const Text& text, std::size_t& at, std::size_t stop);
  bool EndsInCount(const ProgramView& program) const;
  bool Step(const ProgramView& program, std::uint8_t byte, const Text& text, std::size_t at);

  FastList<Thread> current_;
  FastList<Thread> next_;
  FastList<std::uint32_t> stack_;
  std::vector<std::uint32_t> seen_;  // By pc: the generation that reached it.
  std::vector<Counter> counters_;
  Run last_run_;
  std::uint32_t generation_ = 0;
  std::uint32_t read_ = 0;
  std::uint64_t steps_ = 0;
};

}  // namespace dl::match
