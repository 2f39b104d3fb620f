#include "daylight/match/atoms.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <utility>

#include "daylight/match/byte_costs.h"
#include "daylight/match/prefilter.h"

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
// the bytes of the second choice or of all (prefilter.h).
constexpr double kPassOfSecond = 1.0 / 8;
constexpr double kPassOfAll = 1.0 / 128;
// Short windows need a kernel of their own, and each makes it slower.
constexpr double kShortCost = 1.0 / (1 << 10);
// What a verification costs: comparing bytes, and running automata.
constexpr double kVerifyCost = 8;
constexpr double kVerifyCostOfTerm = 64;
// Runs of one byte are filler: rare in what windows were measured in does not
// mean rare in the next file, and where there is one it is long.
constexpr double kShareOfRun = 1.0 / (1 << 11);
// What trying one more atom costs where a window stands, compared with finding
// it there.
constexpr double kShareCost = 0.25;
// Atoms that cost more, half of what trying every position does, are not worth
// their tables.
constexpr double kEverywhereCost = 4;
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

struct Window {
  std::size_t first = 0;  // In its run.
  std::size_t length = 0;
};

struct Choice {
  bool found = false;
  bool in_filter = false;
  Window windows[kMaxStride];
  std::size_t count = 0;  // Of windows.
  double cost = 0;
};

// The eight bytes with a window that are compared first: it and what is behind
// it, as the filter knows them, moved where the run ends. First and end in the run.
std::pair<std::size_t, std::size_t> Extent(std::size_t run, const Window& window) {
  const std::size_t behind = std::min(8 - window.length, run - window.first - window.length);
  return {window.first - std::min(window.first, 8 - window.length - behind), window.first + window.length + behind};
}

// How much less common a window is with what is around it, 0 to 1. The bytes
// around it say less than they would alone, hence the square root, and nothing
// where they repeat what is one or two bytes away.
double ShareAround(std::span<const Unit> run, const Window& window) {
  const std::pair<std::size_t, std::size_t> extent = Extent(run.size(), window);
  const std::size_t from = extent.first;  // Not a structured binding: clang 14 captures none.
  const std::size_t to = extent.second;
  double around = 1;
  for (std::size_t i = from; i < to; ++i) {
    if ((i >= window.first && i < window.first + window.length) || run[i].mask == 0) continue;
    const auto repeats = [&](std::size_t other) {
      return other >= from && other < to && run[other].mask == run[i].mask && run[other].value == run[i].value;
    };
    const bool is_repeated = i < window.first ? repeats(i + 1) || repeats(i + 2) : repeats(i - 1) || repeats(i - 2);
    if (!is_repeated) around *= run[i].share;
  }
  return std::sqrt(around);
}

// Chooses where in a run of bytes the atoms are.
class Chooser {
 public:
  Chooser(std::span<const Unit> run, bool is_term, const AtomSettings& settings)
      : run_(run), is_term_(is_term), settings_(settings) {}

  Choice Choose() {
    for (std::size_t first = 0; first + kWindow <= run_.size(); ++first) ConsiderFiltered(first);
    // No shorter one costs less.
    if (best_.found && (best_.cost <= kShortCost || settings_.eights != nullptr)) return best_;
    for (std::size_t length = kWindow - 1; length > 0; --length) {
      for (std::size_t first = 0; first + length <= run_.size(); ++first) {
        const double cost = Cost({first, length}, false);
        if (cost >= 0) Consider({true, false, {{first, length}}, 1, cost});
      }
    }
    return best_;
  }

 private:
  void Consider(const Choice& choice) {
    if (!best_.found || choice.cost < best_.cost) best_ = choice;
  }

  void ConsiderFiltered(std::size_t first) {
    Choice choice = {true, true, {}, 0, 0};
    for (std::size_t i = 0; i < settings_.stride; ++i) {
      const Window whole = {first + i, std::min(kWindow, run_.size() - first - i)};
      Window window = whole;
      double cost = Cost(window, true);
      // The twin may end where the run has a byte that cannot be written out.
      if (cost < 0 && i > 0 && window.length == kWindow) {
        window.length = kWindow - 1;
        cost = Cost(window, true);
      }
      if (cost < 0) return;
      choice.windows[choice.count++] = window;
      choice.cost += cost / settings_.stride;
      if (best_.found && choice.cost >= best_.cost) return;
    }
    Consider(choice);
  }

  // Of a window; negative when it cannot be one.
  double Cost(const Window& window, bool in_filter) const {
    const std::size_t first = window.first;
    if (is_term_ && run_[first].leaf == kNoLeaf && (first + 1 == run_.size() || run_[first + 1].leaf == kNoLeaf)) {
      return -1;
    }
    std::uint64_t keys = 1;
    double share = 1;
    for (std::size_t i = 0; i < window.length; ++i) {
      const Unit& unit = run_[first + i];
      if (unit.members() == 0) return -1;
      keys *= unit.members();
      if (keys > kMaxExpansion) return -1;
      share *= unit.share;
    }
    std::uint32_t others = 0;
    double hashed_share = share;  // Of what the filter hashes.
    if (keys == 1) {
      const std::uint32_t bytes = FirstMembers(window);
      share = ShareOf(bytes, window.length);
      hashed_share = in_filter && window.length > WindowBytes(settings_.stride)
                         ? std::max(share, ShareOf(bytes, WindowBytes(settings_.stride)))
                         : share;
      others = settings_.use.Count(bytes, static_cast<std::uint32_t>(window.length));
    }
    double pass = in_filter ? PassOf(window) : 1;
    const double tables = (others == 0 ? pass * kAtomCost * static_cast<double>(keys) : 0) +
                          (in_filter ? 0 : kShortCost * static_cast<double>(keys));
    pass = std::min(pass * (1 + others), 1.0);  // Atoms with one window share its word.
    const double verify = (is_term_ ? kVerifyCostOfTerm : kVerifyCost) * ShareAround(run_, window);
    double cost = hashed_share * pass + share * (pass * kShareCost * others + verify) + tables;
    if (settings_.eights != nullptr && first + 8 <= run_.size()) {
      std::uint8_t eight[8];
      for (std::size_t i = 0; i < sizeof eight; ++i) eight[i] = run_[first + i].value;
      cost += kVerifyCost * settings_.eights->Share(eight);
    }
    return cost;
  }

  std::uint32_t FirstMembers(const Window& window) const {
    std::uint32_t bytes = 0;
    for (std::size_t i = 0; i < window.length; ++i) {
      bytes |= std::uint32_t{run_[window.first + i].member(0)} << (8 * i);
    }
    return bytes;
  }

  static double ShareOf(std::uint32_t folded, std::size_t length) {
    const double share = Share(FoldedWindowBits(folded & (0xffffffff >> (8 * (kWindow - length))), length));
    return length > 1 && IsRun(folded, length) ? std::max(share, kShareOfRun) : share;
  }

  // Whether it is one byte, over and over.
  static bool IsRun(std::uint32_t folded, std::size_t length) {
    return ((folded ^ folded >> 8) & (0xffffff >> (8 * (kWindow - length)))) == 0;
  }

  // What the filter lets pass where it has the window.
  double PassOf(const Window& window) const {
    const std::size_t hashed = WindowBytes(settings_.stride);
    std::size_t known = window.length - hashed;
    while (known < 4 && window.first + hashed + known < run_.size() && run_[window.first + hashed + known].is_single) {
      ++known;
    }
    // What goes on with a run of one byte says nothing.
    const bool is_run = IsRun(FirstMembers({window.first, hashed}), hashed);
    const auto goes_on = [&](std::size_t count) {
      const auto* const behind = &run_[window.first + hashed];
      return is_run && std::all_of(behind, behind + count, [&](const Unit& u) {
               return u.is_single && u.only == run_[window.first].member(0);
             });
    };
    if (known == 4) return goes_on(4) ? 1 : kPassOfAll;
    const std::size_t second = SecondBytes(settings_.stride);
    return known < second || goes_on(second) ? 1 : kPassOfSecond;
  }

  std::span<const Unit> run_;
  bool is_term_;
  const AtomSettings& settings_;
  Choice best_;
};

void Extend(std::span<const Unit> run, const Window& window, Atom& atom) {
  const auto [first, last] = Extent(run.size(), window);
  for (std::size_t i = first; i < last; ++i) {
    const unsigned shift = static_cast<unsigned>(i - first) * 8;
    atom.value |= std::uint64_t{run[i].value} << shift;
    atom.mask |= std::uint64_t{run[i].mask} << shift;
    const bool inside = i >= window.first && i < window.first + window.length;
    if (inside || (run[i].mask | 0x20) == 0xff) ++atom.bytes;
  }
  atom.before = static_cast<std::uint32_t>(window.first - first);
  atom.length = static_cast<std::uint32_t>(window.length);
  atom.at = static_cast<std::uint32_t>(window.first);
}

// Appends an atom for every way to fill the window.
void Expand(std::span<const Unit> run, const Window& window, const Atom& base, std::vector<Atom>& out) {
  std::size_t index[kWindow] = {};
  while (true) {
    Atom atom = base;
    for (std::size_t i = 0; i < window.length; ++i) {
      atom.window |= std::uint32_t{run[window.first + i].member(index[i])} << (8 * i);
    }
    out.push_back(atom);
    std::size_t i = 0;
    while (i < window.length && ++index[i] == run[window.first + i].members()) index[i++] = 0;
    if (i == window.length) return;
  }
}

AtomSet AtomsOfRun(std::span<const Unit> run, bool is_term, const AtomSettings& settings) {
  AtomSet set;
  const Choice choice = Chooser(run, is_term, settings).Choose();
  if (!choice.found || (is_term && choice.cost >= kEverywhereCost)) return set;
  for (std::size_t i = 0; i < choice.count; ++i) {
    const Window& window = choice.windows[i];
    Atom base;
    base.in_filter = choice.in_filter;
    Extend(run, window, base);
    if (is_term) {
      base.skip = run[window.first].leaf == kNoLeaf ? 1 : 0;
      base.at = run[window.first + base.skip].leaf;
    }
    Expand(run, window, base, set.atoms);
  }
  set.found = true;
  set.cost = choice.cost;
  return set;
}

class TermAtoms {
 public:
  TermAtoms(bool wide, const AtomSettings& settings) : wide_(wide), settings_(settings) {}

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
      Consider(AtomsOfRun(run, true, settings_), best);
      run.clear();
      Consider(Best(term), best);
    }
    Consider(AtomsOfRun(run, true, settings_), best);
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
  const AtomSettings& settings_;
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

AtomSet AtomsOfText(std::span<const std::uint8_t> values, std::span<const std::uint8_t> masks,
                    const AtomSettings& settings) {
  std::vector<Unit> run;
  const std::size_t size = std::min(values.size(), kMaxSearched);
  run.reserve(size);
  for (std::size_t i = 0; i < size; ++i) run.push_back(MaskedUnit(values[i], masks.empty() ? 0xff : masks[i]));
  return AtomsOfRun(run, false, settings);
}

AtomSet AtomsOfXorText(std::span<const std::uint8_t> values, std::uint8_t min_key, std::uint8_t max_key,
                       std::uint32_t stride) {
  AtomSet set;
  const std::size_t size = std::min(values.size(), kMaxSearchedXor);
  if (size == 0 || min_key > max_key) return set;
  const bool in_filter = size >= kWindow;
  const std::size_t count = in_filter ? stride : 1;
  // A window that some key turns into a common one is a poor choice, so the
  // cost is the sum over all keys.
  Choice best;
  for (std::size_t first = 0; first + std::min(kWindow, size) <= size; ++first) {
    Choice choice = {true, in_filter, {}, 0, 0};
    for (std::size_t i = 0; i < count; ++i) {
      const Window window = {first + i, std::min(kWindow, size - first - i)};
      choice.windows[choice.count++] = window;
      for (unsigned key = min_key; key <= max_key; ++key) {
        std::uint32_t folded = 0;
        for (std::size_t at = 0; at < window.length; ++at) {
          folded |= std::uint32_t{Fold(static_cast<std::uint8_t>(values[window.first + at] ^ key))} << (8 * at);
        }
        choice.cost += Share(FoldedWindowBits(folded, window.length)) + kAtomCost;
      }
    }
    if (!best.found || choice.cost < best.cost) best = choice;
  }
  std::vector<Unit> run(size);
  for (unsigned key = min_key; key <= max_key; ++key) {
    for (std::size_t i = 0; i < size; ++i) run[i] = MaskedUnit(static_cast<std::uint8_t>(values[i] ^ key), 0xff);
    for (std::size_t i = 0; i < best.count; ++i) {
      Atom base;
      base.in_filter = in_filter;
      Extend(run, best.windows[i], base);
      Expand(run, best.windows[i], base, set.atoms);
    }
  }
  set.found = true;
  set.cost = best.cost;
  return set;
}

AtomSet AtomsOfTerm(const Term& root, bool wide, const AtomSettings& settings) {
  return TermAtoms(wide, settings).Best(root);
}

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
  return 1.0 / length + kVerifyCostOfTerm * runs;
}

}  // namespace dl::match
