#include "daylight/match/regexp_ast.h"

#include <bit>

namespace dl::match {

ByteSet ByteSet::All() {
  ByteSet set;
  set.Invert();
  return set;
}

ByteSet ByteSet::Single(std::uint8_t byte) {
  ByteSet set;
  set.Add(byte);
  return set;
}

ByteSet ByteSet::Masked(std::uint8_t value, std::uint8_t mask) {
  ByteSet set;
  if ((value & ~mask) != 0) return set;
  // The subsets of the bits that are free, in descending order: most bytes of
  // hex strings are fixed, and then there is one.
  const int free = 0xff & ~mask;
  for (int bits = free;; bits = (bits - 1) & free) {
    set.Add(static_cast<std::uint8_t>(value | bits));
    if (bits == 0) return set;
  }
}

void ByteSet::AddRange(std::uint8_t first, std::uint8_t last) {
  for (int b = first; b <= last; ++b) Add(static_cast<std::uint8_t>(b));
}

void ByteSet::Invert() {
  for (std::uint64_t& word : words_) word = ~word;
}

void ByteSet::Union(const ByteSet& other) {
  for (std::size_t i = 0; i < words_.size(); ++i) words_[i] |= other.words_[i];
}

void ByteSet::FoldCase() {
  for (std::uint8_t lower = 'a'; lower <= 'z'; ++lower) {
    const std::uint8_t upper = static_cast<std::uint8_t>(lower - 'a' + 'A');
    if (Contains(lower)) Add(upper);
    if (Contains(upper)) Add(lower);
  }
}

int ByteSet::Count() const {
  int count = 0;
  for (const std::uint64_t word : words_) count += std::popcount(word);
  return count;
}

}  // namespace dl::match
