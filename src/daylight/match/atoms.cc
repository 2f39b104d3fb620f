#include "daylight/match/atoms.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <utility>

#include "daylight/match/byte_costs.h"

namespace dl::match {

namespace {

constexpr std::size_t kWindow = 4;
constexpr std::uint32_t kNoLeaf = 0xffffffff;
// One window is written out into at most this many; a whole pattern has at
// most kMaxAtoms. Past either another window or every position is taken.
constexpr std::uint64_t kMaxExpansion = 256;
constexpr std::size_t kMaxAtoms = 4096;
// Costs are in looked-up candidates a byte. What an atom costs by being in the
// tables: its bit in the filter makes one in so many positions a candidate.
constexpr double kAtomCost = 1.0 / (1 << 18);
// Of the positions with its window or bit, what an atom lets pass that knows
// the two or four bytes behind it (prefilter.h).
constexpr double kPassOfTwo = 1.0 / 8;
constexpr double kPassOfFour = 1.0 / 128;
// Windows of less than four bytes need kernels of their own.
constexpr double kShortCost = 1.0 / (1 << 10);
// What a verification costs.
constexpr double kVerifyCost = 8;
// What trying one more atom costs where a window stands, compared with finding
// it there.
constexpr double kShareCost = 0.25;
// Atoms that cost more, half of what trying every position does, are not worth
// their tables.
constexpr double kEverywhereCost = kVerifyCost / 2;
// Long texts are searched for their best window only this far.
constexpr std::size_t kMaxSearched = 4096;
constexpr std::size_t kMaxSearchedXor = 24;

// A byte with more members is not written out.
constexpr std::size_t kMaxMembers = 64;

double Share(std::uint32_t eighth_bits) {
  static const std::vector<double> shares = [] {
    std::vector<double> table(1024);
    for (std::size_t i = 0; i < table.size(); ++i) table[i] = std::exp2(-static_cast<double>(i) / 8.0);
    return table;
  }();
  return shares[std::min<std::size_t>(eighth_bits, shares.size() - 1)];
}

// One byte of a run that must be there.
struct Unit {
  std::uint8_t value = 0;
  std::uint8_t mask = 0;  // 0 when the set is not a masked one.
  // The distinct folded members; none when there are too many. The only one,
  // which is the usual case, takes no allocation.
  std::uint8_t only = 0;
  bool is_single = false;
  std::vector<std::uint8_t> several;
  std::uint32_t leaf = kNoLeaf;
  double share = 1;  // Of all bytes, how many are members.

  std::size_t members() const { return is_single ? 1 : several.size(); }
  std::uint8_t member(std::size_t i) const { return is_single ? only : several[i]; }
};

void AddMember(Unit& unit, std::uint8_t byte) {
  const std::uint8_t folded = Fold(byte);
  if (std::find(unit.several.begin(), unit.several.end(), folded) == unit.several.end()) unit.several.push_back(folded);
}

void CountShare(Unit& unit) {
  if (unit.several.size() > kMaxMembers) unit.several.clear();
  if (unit.several.size() == 1) {
    unit.only = unit.several.front();
    unit.is_single = true;
  }
  if (unit.members() == 0) return;
  unit.share = 0;
  for (std::size_t i = 0; i < unit.members(); ++i) unit.share += Share(kFoldedByteBits[unit.member(i)]);
}

Unit MaskedUnit(std::uint8_t value, std::uint8_t mask) {
  Unit unit;
  unit.value = value;
  unit.mask = mask;
  if (IsOneFolded(value, mask)) {
    unit.only = Fold(value);
    unit.is_single = true;
  } else if (std::popcount(mask) >= 3) {
    for (unsigned byte = 0; byte < 256; ++byte) {
      if ((byte & mask) == value) AddMember(unit, static_cast<std::uint8_t>(byte));
    }
  }
  CountShare(unit);
  return unit;
}

Unit SetUnit(const ByteSet& set) {
  std::uint8_t value = 0;
  std::uint8_t mask = 0;
  if (AsMasked(set, value, mask)) return MaskedUnit(value, mask);
  Unit unit;
  for (unsigned byte = 0; byte < 256; ++byte) {
    if (set.Contains(static_cast<std::uint8_t>(byte))) AddMember(unit, static_cast<std::uint8_t>(byte));
  }
  CountShare(unit);
  return unit;
}

struct Choice {
  bool found = false;
  std::size_t first = 0;
  std::size_t length = 0;
  double cost = 0;
};

// The eight bytes with a window that are compared first: it and what is behind
// it, as the filter knows them, moved where the run ends. First and end in the run.
std::pair<std::size_t, std::size_t> Extent(std::size_t run, std::size_t window, std::size_t length) {
  const std::size_t behind = std::min(8 - length, run - window - length);
  return {window - std::min(window, 8 - length - behind), window + length + behind};
}

// Cost of the window [first, first + length) of the run; negative when it
// cannot be one.
double WindowCost(std::span<const Unit> run, std::size_t first, std::size_t length, const WindowUse& use) {
  std::uint64_t keys = 1;
  double share = 1;
  std::uint8_t bytes[kWindow] = {};
  for (std::size_t i = 0; i < length; ++i) {
    const Unit& unit = run[first + i];
    if (unit.members() == 0) return -1;
    keys *= unit.members();
    if (keys > kMaxExpansion) return -1;
    share *= unit.share;
    bytes[i] = unit.member(0);
  }
  std::uint32_t others = 0;
  if (keys == 1) {
    std::uint32_t window = 0;
    for (std::size_t i = 0; i < length; ++i) window |= std::uint32_t{bytes[i]} << (8 * i);
    share = Share(length == 4 ? FoldedWindowBits(window) : FoldedSequenceBits(std::span(bytes, length)));
    others = use.Count(window, static_cast<std::uint32_t>(length));
  }
  // What passes the comparison of eight bytes is verified. The bytes around
  // the window say less than they would alone, hence the square root, and
  // nothing where they repeat what is one or two bytes away.
  const std::pair<std::size_t, std::size_t> extent = Extent(run.size(), first, length);
  const std::size_t from = extent.first;  // Not a structured binding: clang 14 captures none.
  const std::size_t to = extent.second;
  double around = 1;
  for (std::size_t i = from; i < to; ++i) {
    if ((i >= first && i < first + length) || run[i].mask == 0) continue;
    const auto repeats = [&](std::size_t other) {
      return other >= from && other < to && run[other].mask == run[i].mask && run[other].value == run[i].value;
    };
    const bool is_repeated = i < first ? repeats(i + 1) || repeats(i + 2) : repeats(i - 1) || repeats(i - 2);
    if (!is_repeated) around *= run[i].share;
  }
  std::size_t known = 0;
  while (length == kWindow && known < 4 && first + length + known < run.size() &&
         run[first + length + known].is_single) {
    ++known;
  }
  double pass = known == 4 ? kPassOfFour : known >= 2 ? kPassOfTwo : 1;
  const double tables =
      (others == 0 ? pass * kAtomCost * static_cast<double>(keys) : 0) + (length < kWindow ? kShortCost : 0);
  pass = std::min(pass * (1 + others), 1.0);  // Atoms with one window share its word.
  return share * (pass * (1 + kShareCost * others) + kVerifyCost * std::sqrt(around)) + tables;
}

Choice ChooseWindow(std::span<const Unit> run, bool need_leaf, const WindowUse& use, const CommonEights* eights) {
  Choice best;
  const auto consider = [&](std::size_t length) {
    for (std::size_t first = 0; first + length <= run.size(); ++first) {
      if (need_leaf && run[first].leaf == kNoLeaf && (first + 1 == run.size() || run[first + 1].leaf == kNoLeaf)) {
        continue;
      }
      double cost = WindowCost(run, first, length, use);
      if (cost < 0 || (best.found && cost >= best.cost)) continue;
      if (eights != nullptr && first + 8 <= run.size()) {
        std::uint8_t bytes[8];
        for (std::size_t i = 0; i < sizeof bytes; ++i) bytes[i] = run[first + i].value;
        cost += kVerifyCost * eights->Share(bytes);
        if (best.found && cost >= best.cost) continue;
      }
      best = {true, first, length, cost};
    }
  };
  consider(kWindow);
  // No shorter one costs less.
  if (best.found && (best.cost <= kShortCost || eights != nullptr)) return best;
  for (std::size_t length = kWindow - 1; length > 0; --length) consider(length);
  return best;
}

void Extend(std::span<const Unit> run, const Choice& choice, Atom& atom) {
  const auto [first, last] = Extent(run.size(), choice.first, choice.length);
  for (std::size_t i = first; i < last; ++i) {
    const unsigned shift = static_cast<unsigned>(i - first) * 8;
    atom.value |= std::uint64_t{run[i].value} << shift;
    atom.mask |= std::uint64_t{run[i].mask} << shift;
    const bool inside = i >= choice.first && i < choice.first + choice.length;
    if (inside || (run[i].mask | 0x20) == 0xff) ++atom.bytes;
  }
  atom.before = static_cast<std::uint32_t>(choice.first - first);
}

// Appends an atom for every way to fill the window.
void Expand(std::span<const Unit> run, const Choice& choice, const Atom& base, std::vector<Atom>& out) {
  std::size_t index[kWindow] = {};
  while (true) {
    Atom atom = base;
    atom.length = static_cast<std::uint32_t>(choice.length);
    for (std::size_t i = 0; i < choice.length; ++i) {
      atom.window |= std::uint32_t{run[choice.first + i].member(index[i])} << (8 * i);
    }
    out.push_back(atom);
    std::size_t i = 0;
    while (i < choice.length && ++index[i] == run[choice.first + i].members()) index[i++] = 0;
    if (i == choice.length) return;
  }
}

AtomSet AtomsOfRun(std::span<const Unit> run, bool is_term, const WindowUse& use,
                   const CommonEights* eights = nullptr) {
  AtomSet set;
  const Choice choice = ChooseWindow(run, is_term, use, eights);
  if (!choice.found || (is_term && choice.cost >= kEverywhereCost)) return set;
  Atom base;
  Extend(run, choice, base);
  if (is_term) {
    base.skip = run[choice.first].leaf == kNoLeaf ? 1 : 0;
    base.at = run[choice.first + base.skip].leaf;
  } else {
    base.at = static_cast<std::uint32_t>(choice.first);
  }
  Expand(run, choice, base, set.atoms);
  set.found = true;
  set.cost = choice.cost;
  return set;
}

class TermAtoms {
 public:
  TermAtoms(bool wide, const WindowUse& use) : wide_(wide), use_(use) {}

  AtomSet Best(const Term& term) {
    switch (term.kind) {
      case TermKind::kSet:
      case TermKind::kConcat:
        return BestOfSequence(term.kind == TermKind::kSet ? std::span(&term, 1) : std::span(term.children));
      case TermKind::kPlus: return Best(term.children.front());
      case TermKind::kAlternate: return Union(term);
      default: return {};
    }
  }

 private:
  void Consider(AtomSet candidate, AtomSet& best) {
    if (candidate.found && (!best.found || candidate.cost < best.cost)) best = std::move(candidate);
  }

  AtomSet BestOfSequence(std::span<const Term> terms) {
    AtomSet best;
    std::vector<Unit> run;
    for (const Term& term : terms) {
      if (term.kind == TermKind::kSet) {
        run.push_back(SetUnit(term.set));
        run.back().leaf = term.leaf;
        if (wide_) run.push_back(MaskedUnit(0, 0xff));
        continue;
      }
      if (term.kind == TermKind::kAssert) continue;  // Reads nothing: what is around it stays adjacent.
      Consider(AtomsOfRun(run, true, use_), best);
      run.clear();
      Consider(Best(term), best);
    }
    Consider(AtomsOfRun(run, true, use_), best);
    return best;
  }

  AtomSet Union(const Term& term) {
    AtomSet all;
    for (const Term& child : term.children) {
      AtomSet set = Best(child);
      if (!set.found || all.atoms.size() + set.atoms.size() > kMaxAtoms) return {};
      all.cost += set.cost;
      all.atoms.insert(all.atoms.end(), set.atoms.begin(), set.atoms.end());
    }
    if (all.cost >= kEverywhereCost) return {};
    all.found = !all.atoms.empty();
    return all;
  }

  bool wide_;
  const WindowUse& use_;
};

}  // namespace

CommonEights::CommonEights(std::size_t bytes)
    : log2_(std::clamp(static_cast<unsigned>(std::bit_width(bytes)), 12u, 24u)), counts_(std::size_t{1} << log2_) {}

std::size_t CommonEights::IndexOf(const std::uint8_t* bytes) const {
  std::uint64_t eight;
  std::memcpy(&eight, bytes, sizeof eight);
  eight &= ~((eight >> 1) & 0x2020202020202020);
  return static_cast<std::size_t>((eight ^ eight >> 29) * 0x9e3779b97f4a7c15 >> (64 - log2_));
}

void CommonEights::Add(std::span<const std::uint8_t> text) {
  for (std::size_t at = 0; at + 8 <= std::min(text.size(), kMaxSearched); ++at) {
    std::uint8_t& count = counts_[IndexOf(text.data() + at)];
    if (count < 255) ++count;
    ++total_;
  }
}

double CommonEights::Share(const std::uint8_t* bytes) const {
  const std::uint8_t count = counts_[IndexOf(bytes)];
  // Two texts of one family may share anything, and a small set tells little.
  constexpr double kPrior = 1 << 20;
  return count < 3 ? 0 : (count - 1.0) / (static_cast<double>(total_) + kPrior);
}

AtomSet AtomsOfText(std::span<const std::uint8_t> values, std::span<const std::uint8_t> masks, const WindowUse& use,
                    const CommonEights* eights) {
  std::vector<Unit> run;
  const std::size_t size = std::min(values.size(), kMaxSearched);
  run.reserve(size);
  for (std::size_t i = 0; i < size; ++i) run.push_back(MaskedUnit(values[i], masks.empty() ? 0xff : masks[i]));
  return AtomsOfRun(run, false, use, eights);
}

AtomSet AtomsOfXorText(std::span<const std::uint8_t> values, std::uint8_t min_key, std::uint8_t max_key) {
  AtomSet set;
  const std::size_t size = std::min(values.size(), kMaxSearchedXor);
  const std::size_t length = std::min(kWindow, size);
  if (length == 0 || min_key > max_key) return set;
  // A window that some key turns into a common one is a poor choice, so the
  // cost is the sum over all keys.
  Choice best;
  for (std::size_t first = 0; first + length <= size; ++first) {
    double cost = 0;
    for (unsigned key = min_key; key <= max_key; ++key) {
      std::uint8_t bytes[kWindow] = {};
      for (std::size_t i = 0; i < length; ++i) bytes[i] = Fold(static_cast<std::uint8_t>(values[first + i] ^ key));
      cost += Share(FoldedSequenceBits(std::span(bytes, length))) + kAtomCost;
    }
    if (!best.found || cost < best.cost) best = {true, first, length, cost};
  }
  std::vector<Unit> run(size);
  for (unsigned key = min_key; key <= max_key; ++key) {
    for (std::size_t i = 0; i < size; ++i) {
      run[i].value = static_cast<std::uint8_t>(values[i] ^ key);
      run[i].mask = 0xff;
    }
    Atom atom;
    Extend(run, best, atom);
    atom.length = static_cast<std::uint32_t>(length);
    for (std::size_t i = 0; i < length; ++i) atom.window |= std::uint32_t{Fold(run[best.first + i].value)} << (8 * i);
    atom.at = static_cast<std::uint32_t>(best.first);
    set.atoms.push_back(atom);
  }
  set.found = true;
  set.cost = best.cost;
  return set;
}

AtomSet AtomsOfTerm(const Term& root, bool wide, const WindowUse& use) { return TermAtoms(wide, use).Best(root); }

double CostOfRuns(const ByteSet& set, std::uint32_t length) {
  double share = 0;
  std::array<bool, 256> is_counted{};
  for (unsigned byte = 0; byte < 256; ++byte) {
    if (!set.Contains(static_cast<std::uint8_t>(byte))) continue;
    const std::uint8_t folded = Fold(static_cast<std::uint8_t>(byte));
    if (!std::exchange(is_counted[folded], true)) share += Share(kFoldedByteBits[folded]);
  }
  // Neighbours are alike: four bytes tell about as much as one would alone, and
  // nothing where runs of one byte are common, as those of zero are.
  const double runs = set.Contains(0) ? 1 : std::pow(std::min(share, 1.0), length / 4.0);
  return 1.0 / length + kVerifyCost * runs;
}

}  // namespace dl::match
