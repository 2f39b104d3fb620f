// Simulator runs programs over bytes: all states at once, so the time is
// bounded by bytes times program size and there is no backtracking. It says
// where there are matches; which of several is preferred, PrioritySimulator
// (priority_simulator.h) does.
//
//   Simulator simulator;
//   const Text text{bytes, true, true, 1};
//   simulator.Backward(program, entry, text, at, limit, starts);
//
// Holds scratch memory that is reused from run to run: one a thread. Programs
// come from a database and may be forged: a run then gives a wrong answer, and
// neither reads outside of the text nor takes more than bytes times size.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "daylight/bytes/bytes.h"
#include "daylight/match/program.h"

namespace dl::match {

// What a program runs over.
struct Text {
  Bytes bytes;
  bool starts_object = true;  // bytes[0] is the object's first byte.
  bool ends_object = true;    // The last byte of bytes is the object's.
  std::size_t step = 1;       // 2: characters are a byte and a zero byte.
  // Wide as YARA-X reads it: one odd byte may lie between an edge of the object
  // and what stands at it, and assertions look at the character next to a match
  // whatever its second byte is.
  bool is_loose = false;
};

// Whether the assertion holds between bytes[at - 1] and bytes[at].
bool AssertionHolds(RegexpKind assertion, const Text& text, std::size_t at);

class Simulator {
 public:
  // Runs a backward program down from `at`: `starts` becomes all boundaries
  // where it matches, the nearest first.
  void Backward(const ProgramView& program, std::uint32_t entry, const Text& text, std::size_t at, std::size_t limit,
                std::vector<std::size_t>& starts);
  // Whether there is a match, empty ones included, anywhere in the text.
  bool Search(const ProgramView& program, const Text& text);

  // How many states were entered or read a byte since the last call: what the time goes with.
  std::uint64_t TakeSteps() { return std::exchange(steps_, 0); }

 private:
  // When each count was begun, in characters read so far, as runs of
  // consecutive numbers, oldest first.
  struct Counter {
    struct Run {
      std::uint32_t first;
      std::uint32_t last;
    };
    std::vector<Run> runs;
    std::size_t head = 0;
    std::uint32_t listed = 0;  // The generation in which it was put on the list.
  };

  void Prepare(const ProgramView& program);
  void NextGeneration();
  // Follows everything that reads no byte, from `pc` on.
  void Add(const ProgramView& program, std::uint32_t pc, const Text& text, std::size_t at);
  void Enter(std::uint32_t pc, const Instruction& instruction, const CountRange& range);
  void AdvanceCount(const ProgramView& program, std::uint32_t pc, const Instruction& instruction, std::uint8_t byte,
                    const Text& text, std::size_t at);
  // Reads one character; `at` is the boundary behind it.
  void Step(const ProgramView& program, std::uint8_t byte, const Text& text, std::size_t at);

  std::vector<std::uint32_t> current_;
  std::vector<std::uint32_t> next_;
  std::vector<std::uint32_t> stack_;
  std::vector<std::uint32_t> seen_;  // By pc: the generation that reached it.
  std::vector<Counter> counters_;
  std::uint32_t generation_ = 0;
  std::uint32_t read_ = 0;  // Characters read in this run.
  bool matched_ = false;
  std::uint64_t steps_ = 0;
};

}  // namespace dl::match
