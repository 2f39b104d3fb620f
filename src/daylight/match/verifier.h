// Verifier decides whether a sub-pattern is really there, once one of its
// atoms has been found, and reports its matches.
//
//   verifier.SetText(text, window.offset);
//   verifier.VerifyAtom(sub, entry, position, sink);
//
// One thread. Borrows the tables.
#pragma once

#include <vector>

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
  }
  // All matches that pass through an atom whose window is at `at`: what is
  // appended to `found` is records with offsets in the object.
  void VerifyAtom(const SubRecord& sub, const AtomEntry& entry, std::size_t at, std::vector<MatchRecord>& found);
  // The match of a sub-pattern without atoms that begins at `at`, if any.
  void VerifyStart(const SubRecord& sub, std::size_t at, std::vector<MatchRecord>& found);

  // What verifying has cost since the last call.
  std::uint64_t TakeSteps() { return simulator_.TakeSteps() + priorities_.TakeSteps(); }

 private:
  Text TextFor(const SubRecord& sub) const;
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
  std::vector<std::size_t> starts_;
};

}  // namespace dl::match
