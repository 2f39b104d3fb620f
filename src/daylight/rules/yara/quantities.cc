#include "daylight/rules/yara/quantities.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace dl::yara {

bool FoundAt(std::span<const match::Match> matches, std::int64_t offset) {
  if (offset < 0) return false;
  const auto wanted = static_cast<std::uint64_t>(offset);
  const auto at = std::lower_bound(matches.begin(), matches.end(), wanted,
                                   [](const match::Match& m, std::uint64_t o) { return m.offset < o; });
  return at != matches.end() && at->offset == wanted;
}

std::int64_t CountIn(std::span<const match::Match> matches, std::int64_t first, std::int64_t last) {
  if (last < 0 || last < first) return 0;
  const auto low = static_cast<std::uint64_t>(std::max<std::int64_t>(first, 0));
  const auto high = static_cast<std::uint64_t>(last);
  const auto begin = std::lower_bound(matches.begin(), matches.end(), low,
                                      [](const match::Match& m, std::uint64_t o) { return m.offset < o; });
  const auto end =
      std::upper_bound(begin, matches.end(), high, [](std::uint64_t o, const match::Match& m) { return o < m.offset; });
  return end - begin;
}

std::uint64_t CountForPercent(std::int64_t percent, std::uint64_t total, match::Dialect dialect) {
  const double wanted = std::ceil(static_cast<double>(percent) * static_cast<double>(total) / 100.0);
  if (!(wanted > 0)) return 0;
  if (wanted > static_cast<double>(total))
    return total < std::numeric_limits<std::uint64_t>::max() ? total + 1 : total;  // More than there are.
  auto n = std::min(total, static_cast<std::uint64_t>(wanted));
  if (dialect == match::Dialect::kYaraX) return n;
  const auto enough = [&](std::uint64_t found) {
    return static_cast<double>(found) / static_cast<double>(total) * 100.0 >= static_cast<double>(percent);
  };
  if (!enough(n)) ++n;
  if (n > 1 && enough(n - 1)) --n;
  return n;
}

}  // namespace dl::yara
