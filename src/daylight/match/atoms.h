// Atoms: the short byte sequences that must be there for a pattern to match.
//
//   const AtomSet set = AtomsOfTerm(form.root, /*wide=*/false, {.stride = 2, .use = use});
//   if (!set.found) ...                  // every position is a candidate
//   for (const Atom& atom : set.atoms) Index(atom);
//
// Every match of the pattern passes through at least one atom of the set. A
// window of at most four bytes is what the prefilter and the exact table look
// for; up to eight bytes around it are compared before anything is verified.
// Where the filter looks at every other position (prefilter.h), each atom that
// is sought by it has a twin one byte further, and one of the two is at an even
// position.
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "daylight/match/normal_form.h"

namespace dl::match {

struct Atom {
  std::uint32_t window = 0;  // Folded; the first byte is the lowest.
  std::uint32_t length = 0;  // Of the window: 1 to 4.
  std::uint64_t value = 0;   // The bytes from window - before on.
  std::uint64_t mask = 0;
  std::uint32_t before = 0;
  // Text: the window's offset in it. Term: the leaf to enter at.
  std::uint32_t at = 0;
  std::uint32_t skip = 0;   // Term: bytes from the window to the leaf's character.
  std::uint32_t bytes = 0;  // How many neighbouring bytes, window included, are nearly fixed.
  // Sought by the filter: four bytes, or with a stride of two also three.
  // Otherwise it is a short one that is sought at every position.
  bool in_filter = false;
};

struct AtomSet {
  bool found = false;
  double cost = 0;  // Expected candidates a byte, plus a little for every atom.
  std::vector<Atom> atoms;
};

// How often each window has been chosen so far: patterns that share a window
// cost each other time, so rare ones are preferred.
class WindowUse {
 public:
  void Add(std::uint32_t window, std::uint32_t length) { ++counts_[Key(window, length)]; }
  void Remove(std::uint32_t window, std::uint32_t length) { --counts_[Key(window, length)]; }
  std::uint32_t Count(std::uint32_t window, std::uint32_t length) const {
    const auto found = counts_.find(Key(window, length));
    return found == counts_.end() ? 0 : found->second;
  }

 private:
  static std::uint64_t Key(std::uint32_t window, std::uint32_t length) { return std::uint64_t{length} << 32 | window; }
  std::unordered_map<std::uint64_t, std::uint32_t> counts_;
};

// How often the texts of a set have the same eight folded bytes. Such bytes are
// common in files too, which four bytes alone do not tell: prologues, tables.
class CommonEights {
 public:
  // `bytes`: of all texts, about.
  explicit CommonEights(std::size_t bytes);
  void Add(std::span<const std::uint8_t> text);
  // The share among all of those like these eight bytes of a text, they
  // themselves not counted.
  double Share(const std::uint8_t* bytes) const;

 private:
  std::size_t IndexOf(const std::uint8_t* bytes) const;
  unsigned log2_;
  std::vector<std::uint8_t> counts_;  // By hash; 255 is that or more.
  std::uint64_t total_ = 0;
};

// What the choice of atoms depends on besides the pattern.
struct AtomSettings {
  std::uint32_t stride = 1;  // The filter's.
  const WindowUse& use;
  const CommonEights* eights = nullptr;
};

// `masks` is empty (all bytes exact) or as long as `values`: the text is all
// bytes b with (b & mask) == value. With xor, one atom for each key.
AtomSet AtomsOfText(std::span<const std::uint8_t> values, std::span<const std::uint8_t> masks,
                    const AtomSettings& settings);
AtomSet AtomsOfXorText(std::span<const std::uint8_t> values, std::uint8_t min_key, std::uint8_t max_key,
                       std::uint32_t stride);

// wide: every byte of the expression is followed by a zero byte.
AtomSet AtomsOfTerm(const Term& root, bool wide, const AtomSettings& settings);

// What it costs to look for runs of `length` bytes of the set instead: to be
// held against AtomSet::cost.
double CostOfRuns(const ByteSet& set, std::uint32_t length);

}  // namespace dl::match
