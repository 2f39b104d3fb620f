#include "daylight/match/reference.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "daylight/match/reference_text.h"

namespace dl::match {
namespace {

// Where a match may end, the preferred end first, each once.
using Ends = std::vector<std::size_t>;

// Jumps that exceed this, in one bound or the other, are chained by YARA.
constexpr std::uint32_t kChainThreshold = 200;

// Where an expression that starts at a given offset may end. With wide, a
// character is a byte and a zero byte.
//
// The order is that of a backtracking matcher: earlier alternatives before
// later ones, more rounds of a greedy quantifier before fewer, fewer rounds of
// a lazy one before more.
class Enumerator {
 public:
  Enumerator(Bytes object, bool wide, Dialect dialect)
      : object_(object), width_(wide ? 2 : 1), loose_(wide && dialect == Dialect::kYaraX), slack_(loose_ ? 1 : 0) {}

  Ends From(const RegexpNode& node, std::size_t start) const {
    if (node.children.empty()) return Compute(node, start);
    // Nested quantifiers ask the same thing again and again.
    const auto known = known_.find({&node, start});
    if (known != known_.end()) return known->second;
    Ends ends = Compute(node, start);
    if (known_ends_ < kMaxKnownEnds) {
      known_ends_ += ends.size() + 1;
      known_.emplace(std::pair{&node, start}, ends);
    }
    return ends;
  }

 private:
  static constexpr std::size_t kMaxKnownEnds = 1'000'000;

  Ends Compute(const RegexpNode& node, std::size_t start) const {
    switch (node.kind) {
      case RegexpKind::kEmpty: return {start};
      case RegexpKind::kClass:
        if (HasCharacter(start) && node.set.Contains(Byte(start))) return {start + width_};
        return {};
      case RegexpKind::kConcat: {
        Ends ends{start};
        for (const RegexpNode& child : node.children) {
          OrderedSet next;
          for (const std::size_t at : ends) next.Add(From(child, at));
          ends = std::move(next.ends);
        }
        return ends;
      }
      case RegexpKind::kAlternate: {
        OrderedSet all;
        for (const RegexpNode& child : node.children) all.Add(From(child, start));
        return std::move(all.ends);
      }
      case RegexpKind::kRepeat: return Repeat(node, start);
      default:
        if (Holds(node.kind, start)) return {start};
        return {};
    }
  }

  struct OrderedSet {
    Ends ends;
    std::set<std::size_t> seen;
    void Add(const Ends& more) {
      for (const std::size_t end : more) Add(end);
    }
    void Add(std::size_t end) {
      if (seen.insert(end).second) ends.push_back(end);
    }
  };

  std::uint8_t Byte(std::size_t at) const { return static_cast<std::uint8_t>(object_[at]); }
  bool HasCharacter(std::size_t at) const {
    return at + width_ <= object_.size() && (width_ == 1 || Byte(at + 1) == 0);
  }
  // What assertions look at: in YARA-X next to a wide match any two bytes.
  bool HasNeighbour(std::size_t at) const { return loose_ ? at + width_ <= object_.size() : HasCharacter(at); }
  bool After(std::size_t at, std::uint8_t byte) const { return HasNeighbour(at) && Byte(at) == byte; }
  bool Before(std::size_t at, std::uint8_t byte) const { return at >= width_ && After(at - width_, byte); }
  bool IsWord(std::size_t at) const { return HasNeighbour(at) && WordCharacter(Byte(at)); }
  static bool WordCharacter(std::uint8_t c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  }

  // A walk in depth over (rounds done, offset), on a stack of our own since
  // there may be as many rounds as the object has bytes. What was visited
  // before has given its ends already.
  Ends Repeat(const RegexpNode& node, std::size_t start) const {
    struct Frame {
      std::uint64_t rounds;
      std::size_t at;
      Ends next;  // After one more round.
      std::size_t tried = 0;
    };
    const RegexpNode& child = node.children.front();
    OrderedSet all;
    std::set<std::pair<std::uint64_t, std::size_t>> visited;
    std::vector<Frame> stack;
    const auto enter = [&](std::uint64_t rounds, std::size_t at) {
      // Without an upper bound all rounds past the minimum are alike.
      if (node.max == kUnbounded) rounds = std::min<std::uint64_t>(rounds, node.min);
      if (!visited.insert({rounds, at}).second) return;
      if (!node.greedy && rounds >= node.min) all.Add(at);
      Frame frame{rounds, at, {}, 0};
      if (node.max == kUnbounded || rounds < node.max) frame.next = From(child, at);
      stack.push_back(std::move(frame));
    };
    enter(0, start);
    while (!stack.empty()) {
      Frame& frame = stack.back();
      if (frame.tried < frame.next.size()) {
        const std::size_t end = frame.next[frame.tried++];
        // A round that took no byte may be done as often as is asked for.
        const std::uint64_t rounds =
            end == frame.at ? std::max<std::uint64_t>(frame.rounds + 1, node.min) : frame.rounds + 1;
        enter(rounds, end);
        continue;
      }
      if (node.greedy && frame.rounds >= node.min) all.Add(frame.at);
      stack.pop_back();
    }
    return std::move(all.ends);
  }

  bool Holds(RegexpKind kind, std::size_t at) const {
    const bool before = at >= width_ && IsWord(at - width_);
    const bool after = IsWord(at);
    switch (kind) {
      case RegexpKind::kStart: return at <= slack_;
      case RegexpKind::kEnd: return object_.size() - at <= slack_;
      // Lines end with \n, \r or \r\n, and none ends or begins inside the latter.
      case RegexpKind::kLineStart: return at <= slack_ || Before(at, '\n') || (Before(at, '\r') && !After(at, '\n'));
      case RegexpKind::kLineEnd:
        return object_.size() - at <= slack_ || After(at, '\r') || (After(at, '\n') && !Before(at, '\r'));
      case RegexpKind::kWordBoundary: return before != after;
      case RegexpKind::kNotWordBoundary: return before == after;
      case RegexpKind::kWordStart: return !before && after;
      case RegexpKind::kWordEnd: return before && !after;
      case RegexpKind::kWordStartHalf: return !before;
      case RegexpKind::kWordEndHalf: return !after;
      default: return false;
    }
  }

  Bytes object_;
  std::size_t width_;
  bool loose_;
  // In YARA-X the object begins or ends wherever no wide character fits between.
  std::size_t slack_;
  mutable std::map<std::pair<const RegexpNode*, std::size_t>, Ends> known_;
  mutable std::size_t known_ends_ = 0;
};

// A link of a chain, and how far it may lie behind the end of the one before.
struct Link {
  RegexpNode node;
  std::uint32_t min_gap = 0;
  std::uint32_t max_gap = 0;
};

// YARA cuts an expression at its long lazy jumps, finds the pieces on their
// own, and joins them. This shows: a piece has one end for each start, and the
// bytes in the gap may be any.
std::vector<Link> CutIntoChain(const ParsedRegexp& expression, Dialect dialect) {
  std::vector<Link> chain(1);
  const RegexpNode& root = expression.root;
  if (expression.matches_nothing()) {
    chain[0].node = root.children.front();
    return chain;
  }
  if (dialect != Dialect::kYara || root.kind != RegexpKind::kConcat) {
    chain[0].node = root;
    return chain;
  }
  chain[0].node.kind = RegexpKind::kConcat;
  for (std::size_t i = 0; i < root.children.size(); ++i) {
    const RegexpNode& child = root.children[i];
    const bool is_cut = child.kind == RegexpKind::kRepeat && child.is_jump && i + 1 < root.children.size() &&
                        !chain.back().node.children.empty() &&
                        (child.min > kChainThreshold || child.max > kChainThreshold);
    if (is_cut) {
      Link link{.node = {}, .min_gap = child.min, .max_gap = child.max};
      link.node.kind = RegexpKind::kConcat;
      chain.push_back(std::move(link));
    } else {
      chain.back().node.children.push_back(child);
    }
  }
  return chain;
}

class ExpressionFinder {
 public:
  ExpressionFinder(const Pattern& pattern, Bytes object)
      : pattern_(pattern), object_(object), chain_(CutIntoChain(pattern.expression, pattern.dialect)) {}

  std::optional<Match> At(std::size_t start) const {
    if (chain_.size() > 1) return ChainAt(start);
    const std::optional<std::size_t> end = LinkEnd(chain_[0], start);
    if (!end) return std::nullopt;
    return Match{start, pattern_.expression.matches_nothing() ? 0 : *end - start, 0};
  }

 private:
  // The one end of a link at `start`: the preferred one, which is no match if
  // it is empty. The ASCII reading comes first; in YARA, where it matches but is
  // no word the wide one is not tried. In YARA-X the readings are independent,
  // and of a greedy expression the longer one counts.
  std::optional<std::size_t> LinkEnd(const Link& link, std::size_t start) const {
    const bool is_yara = pattern_.dialect == Dialect::kYara;
    std::optional<std::size_t> found;
    for (const bool wide : {false, true}) {
      if (!(wide ? pattern_.wide : pattern_.ascii)) continue;
      const Ends ends = Enumerator(object_, wide, pattern_.dialect).From(link.node, start);
      if (ends.empty()) continue;
      const std::size_t end = ends.front();
      if (end == start || (pattern_.fullword && !IsFullWord(object_, start, end, wide, 0))) {
        if (is_yara) return std::nullopt;
        continue;
      }
      if (is_yara || !pattern_.expression.greedy) return end;
      found = std::max(found.value_or(0), end);
    }
    return found;
  }

  // The tail with the smallest start that a way through the links leads to.
  std::optional<Match> ChainAt(std::size_t start) const {
    const std::optional<std::size_t> head_end = LinkEnd(chain_[0], start);
    if (!head_end) return std::nullopt;
    std::set<std::size_t> ends{*head_end};
    for (std::size_t i = 1; i < chain_.size(); ++i) {
      std::set<std::size_t> next;
      for (std::size_t at = start; at <= object_.size(); ++at) {
        const bool in_reach = std::any_of(ends.begin(), ends.end(), [&](std::size_t end) {
          return at >= end && at - end >= chain_[i].min_gap && at - end <= chain_[i].max_gap;
        });
        if (!in_reach) continue;
        const std::optional<std::size_t> end = LinkEnd(chain_[i], at);
        if (!end) continue;
        if (i + 1 == chain_.size()) return Match{start, *end - start, 0};
        next.insert(*end);
      }
      ends = std::move(next);
    }
    return std::nullopt;
  }

  const Pattern& pattern_;
  Bytes object_;
  std::vector<Link> chain_;
};

}  // namespace

std::vector<Match> FindAllSlowly(const Pattern& pattern, Bytes object) {
  std::vector<Match> matches;
  if (pattern.is_text) {
    const std::vector<TextVariant> variants = TextVariants(pattern);
    for (std::size_t start = 0; start < object.size(); ++start) {
      if (const auto match = MatchText(pattern, variants, object, start)) matches.push_back(*match);
    }
    return matches;
  }
  const ExpressionFinder finder(pattern, object);
  for (std::size_t start = 0; start < object.size(); ++start) {
    if (const auto match = finder.At(start)) matches.push_back(*match);
  }
  return matches;
}

std::vector<std::uint64_t> PossibleLengths(const Pattern& pattern, Bytes object, std::size_t start) {
  std::vector<std::uint64_t> lengths;
  for (const bool wide : {false, true}) {
    if (!(wide ? pattern.wide : pattern.ascii)) continue;
    for (const std::size_t end : Enumerator(object, wide, pattern.dialect).From(pattern.expression.root, start)) {
      if (end == start || (pattern.fullword && !IsFullWord(object, start, end, wide, 0))) continue;
      lengths.push_back(end - start);
    }
  }
  return lengths;
}

}  // namespace dl::match
