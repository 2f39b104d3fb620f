// Verifier decides whether a sub-pattern is really there, once one of its
// atoms has been found, and reports its matches.
//
//   verifier.SetText(text, window.offset);
//   verifier.VerifyAtom(sub, entry, position, sink);
//
// One thread. Borrows the tables.
#pragma once

#include <utility>
#include <vector>

#include "daylight/match/dfa_pool.h"
#include "daylight/match/match_lists.h"
#include "daylight/match/matcher_tables.h"
#include "daylight/match/priority_simulator.h"
#include "daylight/match/simulate.h"

namespace dl::match {

class Verifier {
 public:
  explicit Verifier(const MatcherTables& tables) : tables_(tables) {}

  // The window that positions are relative to, until the next call.
  void SetText(const Text& text, std::uint64_t offset) {
    text_ = text;
    offset_ = offset;
    priorities_.ForgetRuns();
    automata_.SetText(text.starts_object);
  }
  // All matches that pass through an atom whose window is at `at`: what is
  // appended to `found` is records with offsets in the object.
  void VerifyAtom(const SubRecord& sub, const AtomEntry& entry, std::size_t at, std::vector<MatchRecord>& found);
  // The match of a sub-pattern without atoms that begins at `at`, if any. `lead`
  // is there.
  void VerifyStart(const SubRecord& sub, std::size_t at, const LazyDfa::Lead& lead, std::vector<MatchRecord>& found);

  // What verifying has cost since the last call.
  std::uint64_t TakeSteps() {
    return simulator_.TakeSteps() + priorities_.TakeSteps() + automata_.TakeSteps() + std::exchange(report_steps_, 0);
  }

 private:
  Text TextFor(const SubRecord& sub) const;
  // The preferred end of a run of the forward program from `at`, by its
  // automaton where that can tell.
  bool Forward(const SubRecord& sub, std::uint32_t entry, const Text& text, std::size_t at, std::size_t stop,
               std::size_t& end, const LazyDfa::Lead& lead = {});
  // To starts_: where matches begin that pass through `at`.
  void Backward(const SubRecord& sub, std::uint32_t entry, const Text& text, std::size_t at);
  void VerifyFixed(const SubRecord& sub, std::size_t start, std::vector<MatchRecord>& found);
  bool FixedMatches(const SubRecord& sub, std::size_t start, std::uint8_t& key) const;
  bool IsFullWord(const SubRecord& sub, std::size_t start, std::size_t end, std::uint8_t key) const;
  // Whether what the form at `start` is part of decodes to the text.
  bool Base64Decodes(const SubRecord& sub, std::size_t start) const;
  void Report(const SubRecord& sub, std::size_t start, std::size_t end, std::uint8_t key,
              std::vector<MatchRecord>& found) const;
  std::uint8_t ByteAt(std::size_t at) const { return static_cast<std::uint8_t>(text_.bytes[at]); }

  const MatcherTables& tables_;
  Text text_;
  std::uint64_t offset_ = 0;
  Simulator simulator_;
  PrioritySimulator priorities_;
  DfaPool automata_;
  std::vector<std::size_t> starts_;
  std::uint64_t report_steps_ = 0;
};

}  // namespace dl::match
