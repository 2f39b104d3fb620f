#include "daylight/match/chains.h"

#include <algorithm>
#include <deque>

namespace dl::match {

namespace {

bool IsSplit(const RegexpNode& node) {
  return node.kind == RegexpKind::kRepeat && node.is_jump && (node.max == kUnbounded || node.max > kMaxUnsplitJump);
}

bool JumpsOverAnything(const RegexpNode& node) {
  return node.children.size() == 1 && node.children.front().kind == RegexpKind::kClass &&
         node.children.front().set == ByteSet::All();
}

std::uint32_t AddGaps(std::uint32_t a, std::uint32_t b) {
  if (a == kUnbounded || b == kUnbounded) return kUnbounded;
  return a > kUnbounded - b ? kUnbounded : a + b;
}

}  // namespace

std::vector<ExpressionPart> SplitAtJumps(const RegexpNode& root) {
  std::vector<ExpressionPart> parts;
  if (root.kind != RegexpKind::kConcat) {
    parts.push_back({std::span(&root, 1), 0, 0});
    return parts;
  }
  const std::span<const RegexpNode> nodes(root.children);
  std::size_t first = 0;
  ExpressionPart part;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (!IsSplit(nodes[i]) || i == 0 || i + 1 == nodes.size()) continue;
    if (i == first && !(nodes[i].max == kUnbounded && JumpsOverAnything(nodes[i]) && !IsSplit(nodes[i + 1]))) continue;
    if (i > first) {
      part.nodes = nodes.subspan(first, i - first);
      parts.push_back(part);
      part = {{}, nodes[i].min, nodes[i].max};
    } else {
      // Two jumps in a row are one when the second has no upper bound.
      // Otherwise it stays in the part it begins.
      part.gap_min = AddGaps(part.gap_min, nodes[i].min);
      part.gap_max = AddGaps(part.gap_max, nodes[i].max);
    }
    first = i + 1;
  }
  part.nodes = nodes.subspan(first);
  parts.push_back(part);
  return parts;
}

std::vector<ChainMatch> LastParts(std::span<const Match> matches) {
  std::vector<ChainMatch> chains;
  chains.reserve(matches.size());
  for (const Match& match : matches) chains.push_back({match.offset, match.offset, match.offset + match.length});
  return chains;
}

std::vector<ChainMatch> JoinParts(std::span<const Match> heads, std::span<const ChainMatch> tails,
                                  std::uint64_t gap_min, std::uint64_t gap_max, bool nearest_next) {
  std::vector<ChainMatch> joined;
  const auto end_of = [](const Match& m) { return m.offset + m.length; };
  if (nearest_next || gap_max == kUnbounded) {
    // The best among all tails from some place on.
    std::vector<std::size_t> best(nearest_next ? 0 : tails.size());
    for (std::size_t i = best.size(); i-- > 0;) {
      best[i] = i + 1 < tails.size() && tails[best[i + 1]].key < tails[i].key ? best[i + 1] : i;
    }
    for (const Match& head : heads) {
      const std::uint64_t from = end_of(head) + gap_min;
      const auto tail = std::lower_bound(tails.begin(), tails.end(), from,
                                         [](const ChainMatch& m, std::uint64_t value) { return m.offset < value; });
      if (tail == tails.end() || (gap_max != kUnbounded && tail->offset > end_of(head) + gap_max)) continue;
      const ChainMatch& chosen = nearest_next ? *tail : tails[best[static_cast<std::size_t>(tail - tails.begin())]];
      joined.push_back({head.offset, chosen.key, chosen.end});
    }
    return joined;
  }
  // Heads by their end, so that the tails within reach form a window that only
  // moves forward; those of its tails that can still be the best are kept in
  // ascending order of their keys.
  std::vector<Match> by_end(heads.begin(), heads.end());
  std::sort(by_end.begin(), by_end.end(), [&](const Match& a, const Match& b) { return end_of(a) < end_of(b); });
  std::deque<std::size_t> window;
  std::size_t next = 0;
  for (const Match& head : by_end) {
    const std::uint64_t from = end_of(head) + gap_min;
    const std::uint64_t to = end_of(head) + gap_max;
    for (; next < tails.size() && tails[next].offset <= to; ++next) {
      while (!window.empty() && tails[window.back()].key > tails[next].key) window.pop_back();
      window.push_back(next);
    }
    while (!window.empty() && tails[window.front()].offset < from) window.pop_front();
    if (window.empty()) continue;
    const ChainMatch& chosen = tails[window.front()];
    joined.push_back({head.offset, chosen.key, chosen.end});
  }
  std::sort(joined.begin(), joined.end(), [](const ChainMatch& a, const ChainMatch& b) { return a.offset < b.offset; });
  return joined;
}

}  // namespace dl::match
