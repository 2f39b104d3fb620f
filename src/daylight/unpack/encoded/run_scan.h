// Longest runs of characters of a set, found without looking at most characters.
#pragma once

#include <array>
#include <string_view>

namespace dl::unpack {

using CharSet = std::array<bool, 256>;

constexpr CharSet SetOf(std::string_view chars) {
  CharSet set{};
  for (const char c : chars) set[static_cast<unsigned char>(c)] = true;
  return set;
}

// Calls visit(begin, end) for each longest run of at least `least` characters of
// the set; ends when it returns false, and returns that.
template <typename Visit>
bool ForEachRun(std::string_view text, const CharSet& set, std::size_t least, const Visit& visit) {
  const auto has = [&](std::size_t at) { return set[static_cast<unsigned char>(text[at])]; };
  std::size_t begin = 0;
  while (text.size() - begin >= least) {
    // From the window's end: the first one that is not in the set ends all runs before it.
    std::size_t at = begin + least;
    while (at > begin && has(at - 1)) --at;
    if (at > begin) {
      begin = at;
      continue;
    }
    std::size_t end = begin + least;
    while (end < text.size() && has(end)) ++end;
    if (!visit(begin, end)) return false;
    begin = end;
  }
  return true;
}

}  // namespace dl::unpack
