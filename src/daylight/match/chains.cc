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

// Keeps the best chain of each offset, by ascending offset.
std::vector<ChainMatch> OneAnOffset(std::vector<ChainMatch> chains) {
  std::sort(chains.begin(), chains.end(), [](const ChainMatch& a, const ChainMatch& b) {
    if (a.offset != b.offset) return a.offset < b.offset;
    return a.key != b.key ? a.key < b.key : a.end < b.end;
  });
  chains.erase(std::unique(chains.begin(), chains.end(),
                           [](const ChainMatch& a, const ChainMatch& b) { return a.offset == b.offset; }),
               chains.end());
  return chains;
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
    if (i == first && !JumpsOverAnything(nodes[i])) continue;
    if (i > first) {
      part.nodes = nodes.subspan(first, i - first);
      parts.push_back(part);
      part = {{}, nodes[i].min, nodes[i].max};
    } else {
      // Two jumps in a row are one, unless the second's bytes matter.
      part.gap_min = AddGaps(part.gap_min, nodes[i].min);
      part.gap_max = AddGaps(part.gap_max, nodes[i].max);
    }
    first = i + 1;
  }
  part.nodes = nodes.subspan(first);
  parts.push_back(part);
  return parts;
}

std::vector<ChainMatch> LastParts(std::span<const Match> matches, bool nearest_end) {
  std::vector<ChainMatch> chains;
  for (const Match& match : matches) {
    const std::uint64_t end = match.offset + match.length;
    chains.push_back({match.offset, nearest_end ? end : match.offset, end});
  }
  return OneAnOffset(std::move(chains));
}

std::vector<ChainMatch> JoinParts(std::span<const Match> heads, std::span<const ChainMatch> tails,
                                  std::uint64_t gap_min, std::uint64_t gap_max) {
  std::vector<ChainMatch> joined;
  if (gap_max == kUnbounded) {
    // The best among all tails from some place on.
    std::vector<std::size_t> best(tails.size());
    for (std::size_t i = tails.size(); i-- > 0;) {
      best[i] = i + 1 < tails.size() && tails[best[i + 1]].key < tails[i].key ? best[i + 1] : i;
    }
    for (const Match& head : heads) {
      const std::uint64_t from = head.offset + head.length + gap_min;
      const auto tail = std::lower_bound(tails.begin(), tails.end(), from,
                                         [](const ChainMatch& m, std::uint64_t value) { return m.offset < value; });
      if (tail == tails.end()) continue;
      const ChainMatch& chosen = tails[best[static_cast<std::size_t>(tail - tails.begin())]];
      joined.push_back({head.offset, chosen.key, chosen.end});
    }
    return OneAnOffset(std::move(joined));
  }
  // Heads by their end, so that the tails within reach form a window that only
  // moves forward; those of its tails that can still be the best are kept in
  // ascending order of their keys.
  std::vector<Match> by_end(heads.begin(), heads.end());
  std::sort(by_end.begin(), by_end.end(),
            [](const Match& a, const Match& b) { return a.offset + a.length < b.offset + b.length; });
  std::deque<std::size_t> window;
  std::size_t next = 0;
  for (const Match& head : by_end) {
    const std::uint64_t from = head.offset + head.length + gap_min;
    const std::uint64_t to = head.offset + head.length + gap_max;
    for (; next < tails.size() && tails[next].offset <= to; ++next) {
      while (!window.empty() && tails[window.back()].key > tails[next].key) window.pop_back();
      window.push_back(next);
    }
    while (!window.empty() && tails[window.front()].offset < from) window.pop_front();
    if (window.empty()) continue;
    const ChainMatch& chosen = tails[window.front()];
    joined.push_back({head.offset, chosen.key, chosen.end});
  }
  return OneAnOffset(std::move(joined));
}

}  // namespace dl::match
