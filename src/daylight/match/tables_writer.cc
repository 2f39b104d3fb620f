#include "daylight/match/tables_writer.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <unordered_set>

#include "daylight/base/check.h"
#include "daylight/match/byte_costs.h"
#include "daylight/match/matcher.h"
#include "daylight/match/matcher_tables.h"
#include "daylight/match/prefilter.h"

namespace dl::match {

namespace {

// What assertions and neighbours of a word look at beyond a match.
constexpr std::size_t kNeighbours = 16;

void SetBytes(AtomEntry& entry, const Atom& atom) {
  entry.value = atom.value;
  entry.mask = atom.mask;
  entry.before = static_cast<std::uint8_t>(atom.before);
}

}  // namespace

std::uint32_t TablesWriter::AddText(std::span<const std::uint8_t> bytes) {
  const auto at = static_cast<std::uint32_t>(texts_.size());
  texts_.insert(texts_.end(), bytes.begin(), bytes.end());
  return at;
}

std::uint32_t TablesWriter::AddProgram(std::span<const std::uint32_t> words) {
  const auto at = static_cast<std::uint32_t>(programs_.size());
  programs_.insert(programs_.end(), words.begin(), words.end());
  return at;
}

void TablesWriter::AddAtom(std::uint32_t group, const Atom& atom, AtomEntry entry) {
  SetBytes(entry, atom);
  use_.Add(atom.window, atom.length);
  atoms_.push_back({atom.window, atom.length, group, atom.in_filter, entry});
}

void TablesWriter::NeedReach(std::size_t bytes) { reach_bytes_ = std::max(reach_bytes_, bytes + kNeighbours); }

std::vector<Slot> TablesWriter::BuildSlots(const std::vector<Run>& runs) {
  // At most two thirds full, and larger when some key would stand too far from its place.
  std::size_t size = std::max<std::size_t>(runs.size() + runs.size() / 2, 16);
  while (true) {
    std::vector<Slot> slots(size);
    bool fits = true;
    for (const Run& run : runs) {
      std::size_t index = MatcherTables::FirstSlot(run.window, run.length, size);
      std::uint32_t probe = 0;
      while (slots[index].place != 0 && ++probe < kMaxProbes) index = index + 1 == size ? 0 : index + 1;
      if (probe == kMaxProbes) {
        fits = false;
        break;
      }
      slots[index] = {run.window, (run.length - 1) << 30 | (run.first + 1)};
    }
    if (fits) return slots;
    size += size / 4;
  }
}

void TablesWriter::RechooseWindows() {
  CommonEights eights(texts_.size());
  const std::span<const std::uint8_t> texts(texts_);
  const auto values_of = [&](const SubRecord& sub) { return texts.subspan(sub.data, sub.size); };
  const auto masks_of = [&](const SubRecord& sub) {
    const bool is_masked = (sub.flags & kSubMasked) != 0;
    return is_masked ? texts.subspan(sub.data + sub.size, sub.size) : std::span<const std::uint8_t>();
  };
  // Exact but for the case of letters.
  const auto is_plain = [&](const SubRecord& sub) {
    if ((sub.flags & (kSubAutomaton | kSubXor)) != 0 || sub.size <= 8) return false;
    const std::span<const std::uint8_t> masks = masks_of(sub);
    for (std::size_t i = 0; i < masks.size(); ++i) {
      if (!IsOneFolded(values_of(sub)[i], masks[i])) return false;
    }
    return true;
  };
  for (const SubRecord& sub : subs_) {
    if (is_plain(sub)) eights.Add(values_of(sub));
  }
  // The atoms of one text stand together.
  for (std::size_t first = 0; first < atoms_.size();) {
    std::size_t last = first + 1;
    while (last < atoms_.size() && atoms_[last].entry.sub == atoms_[first].entry.sub) ++last;
    const std::span<Indexed> atoms(atoms_.data() + first, last - first);
    first = last;
    const SubRecord& sub = subs_[atoms[0].entry.sub];
    // A short one has been chosen for its bytes, which are common.
    if (!is_plain(sub) || !atoms[0].in_filter) continue;
    const bool is_common = std::any_of(atoms.begin(), atoms.end(), [&](const Indexed& atom) {
      return eights.Share(values_of(sub).data() + atom.entry.at - atom.entry.before) != 0;
    });
    if (!is_common) continue;
    for (const Indexed& atom : atoms) use_.Remove(atom.window, atom.length);
    // Again as many, one for each of the stride's positions: with `eights` no
    // short one is chosen.
    const AtomSet set = AtomsOfText(values_of(sub), masks_of(sub), {stride_, use_, &eights});
    DL_CHECK(set.atoms.size() == atoms.size());
    for (std::size_t i = 0; i < atoms.size(); ++i) {
      atoms[i].window = set.atoms[i].window;
      atoms[i].length = set.atoms[i].length;
      atoms[i].entry.at = set.atoms[i].at;
      SetBytes(atoms[i].entry, set.atoms[i]);
      use_.Add(atoms[i].window, atoms[i].length);
    }
  }
}

TablesWriter::Known TablesWriter::Behind(const Indexed& atom) const {
  // The rest of the window, and of the eight bytes that are compared those
  // behind it.
  Known behind;
  const auto add = [&](std::uint8_t byte) { behind.bytes |= std::uint32_t{byte} << (8 * behind.count++); };
  for (std::size_t i = WindowBytes(stride_); i < atom.length; ++i) {
    add(static_cast<std::uint8_t>(atom.window >> (8 * i)));
  }
  for (std::size_t i = std::size_t{atom.entry.before} + atom.length; i < 8 && behind.count < 4; ++i) {
    const auto value = static_cast<std::uint8_t>(atom.entry.value >> (8 * i));
    const auto mask = static_cast<std::uint8_t>(atom.entry.mask >> (8 * i));
    if (!IsOneFolded(value, mask)) break;
    add(Fold(value));
  }
  return behind;
}

std::uint32_t TablesWriter::KeyOf(const Indexed& atom, std::uint32_t factor) const {
  const Known behind = Behind(atom);
  return FilterKey(atom.window, behind.bytes, behind.count, factor, stride_);
}

std::uint32_t TablesWriter::ChooseHashFactor() const {
  // Matchers with a stride of one are searched for together (joint_search.h), and
  // have few windows that are common.
  if (stride_ == 1) return kHashFactors[0];
  // As in a filter of 2^15 words.
  constexpr unsigned kShift = 17;
  const auto bit_of = [](std::uint32_t hash) { return (hash >> kShift) << 3 | ((hash >> kWindowBitShift) & 7); };
  // What atoms that know their eight bytes let pass of the windows at their bit.
  constexpr float kPassOfKnown = 1.0f / 64;
  std::uint32_t best = kHashFactors[0];
  double least = 0;
  std::vector<float> passing;
  std::unordered_set<std::uint32_t> atoms;
  for (const Indexed& atom : atoms_) {
    if (atom.in_filter) atoms.insert(atom.window & WindowMask(stride_));
  }
  for (const std::uint32_t factor : kHashFactors) {
    passing.assign(std::size_t{8} << (32 - kShift), 0);
    for (const Indexed& atom : atoms_) {
      if (!atom.in_filter) continue;
      float& pass = passing[bit_of((atom.window & WindowMask(stride_)) * factor)];
      pass = std::min(pass + ((KeyOf(atom, factor) & kAnyThird) != 0 ? 1 : kPassOfKnown), 1.0f);
    }
    // What share of all positions are candidates for nothing.
    double lost = 0;
    for (const std::uint32_t window : CommonWindowsOf(WindowBytes(stride_)).windows) {
      if (atoms.contains(window)) continue;
      lost += static_cast<double>(passing[bit_of(window * factor)]) *
              std::exp2(-static_cast<double>(FoldedWindowBits(window, WindowBytes(stride_))) / 8);
    }
    if (factor == kHashFactors[0] || lost < least) {
      least = lost;
      best = factor;
    }
  }
  return best;
}

void TablesWriter::BuildGroups(std::vector<GroupRecord>& groups, std::vector<std::uint32_t>& bits,
                               std::vector<std::uint32_t>& everywhere) {
  struct Bit {
    std::uint32_t group;
    std::uint32_t kind;
    std::uint32_t bit;
    auto operator<=>(const Bit&) const = default;
  };
  std::vector<Bit> all;
  for (const Indexed& atom : atoms_) {
    const auto add = [&](std::uint32_t kind, std::uint32_t bit) { all.push_back({atom.group, kind, bit}); };
    if (atom.in_filter) {
      add(kFilter, KeyOf(atom, hash_factor_));
      const Known behind = Behind(atom);
      add(kConfirm, ConfirmKey(atom.window & WindowMask(stride_), behind.bytes, behind.count));
      const bool may_be_zeros = (atom.window & WindowMask(stride_)) == 0 && behind.bytes == 0;
      if (may_be_zeros) groups[atom.group].flags |= kGroupZeros;
      if (atom.length == 3) add(kFilter3, BitOfThree(atom.window, hash_factor_));
    } else if (atom.length == 3) {
      add(kBitmap3, atom.window);
      add(kBitmapShort, BitOfTwo(atom.window));
    } else if (atom.length == 2) {
      add(kBitmap2, BitOfTwo(atom.window));
      add(kBitmapShort, BitOfTwo(atom.window));
    } else {
      // Whatever the second byte is.
      for (unsigned second = 0; second < 256; ++second) {
        if (Fold(static_cast<std::uint8_t>(second)) != second) continue;
        add(kBitmap2, BitOfTwo(atom.window | second << 8));
        add(kBitmapShort, BitOfTwo(atom.window | second << 8));
      }
    }
  }
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  for (std::size_t first = 0; first < all.size();) {
    std::size_t last = first;
    while (last < all.size() && all[last].group == all[first].group && all[last].kind == all[first].kind) ++last;
    const std::uint32_t kind = all[first].kind;
    BitRun& run = groups[all[first].group].bits[kind];
    run.first = static_cast<std::uint32_t>(bits.size());
    // Setting a bit costs about as much as joining eight words.
    const bool is_list = kind == kFilter || kind == kConfirm || kind == kBitmap3;
    if (!is_list && (last - first) * 8 > kBitmapWords) {
      run.count = kDenseBits;
      bits.resize(bits.size() + kBitmapWords);
      for (std::size_t i = first; i < last; ++i) bits[run.first + (all[i].bit >> 5)] |= 1u << (all[i].bit & 31);
    } else {
      run.count = static_cast<std::uint32_t>(last - first);
      for (std::size_t i = first; i < last; ++i) bits.push_back(all[i].bit);
    }
    first = last;
  }
  std::stable_sort(everywhere_.begin(), everywhere_.end(),
                   [](const InGroup& a, const InGroup& b) { return a.group < b.group; });
  for (const InGroup& item : everywhere_) {
    GroupRecord& group = groups[item.group];
    if (group.everywhere_count++ == 0) group.everywhere_first = static_cast<std::uint32_t>(everywhere.size());
    everywhere.push_back(item.sub);
  }
}

Status TablesWriter::Write(database::Writer& writer, std::uint32_t unit) {
  if (texts_.size() > 0xffffffff || programs_.size() > 0x3fffffff || atoms_.size() > kMaxAtomEntries ||
      reach_bytes_ > kMaxReachBytes) {
    return Fail(ErrorCode::kBudget, "the patterns are too large");
  }
  RechooseWindows();
  // Atoms with the same window become one run.
  const auto key = [](const Indexed& atom) { return std::uint64_t{atom.length} << 32 | atom.window; };
  std::stable_sort(atoms_.begin(), atoms_.end(), [&](const Indexed& a, const Indexed& b) { return key(a) < key(b); });
  std::vector<Run> runs;
  std::vector<AtomEntry> entries;
  entries.reserve(atoms_.size());
  for (const Indexed& atom : atoms_) {
    if (runs.empty() || runs.back().window != atom.window || runs.back().length != atom.length) {
      runs.push_back({atom.window, atom.length, static_cast<std::uint32_t>(entries.size())});
      if (!entries.empty()) entries.back().is_last = 1;
    }
    entries.push_back(atom.entry);
  }
  if (!entries.empty()) entries.back().is_last = 1;
  hash_factor_ = ChooseHashFactor();
  std::vector<GroupRecord> groups(groups_);
  std::vector<std::uint32_t> bits;
  std::vector<std::uint32_t> everywhere;
  BuildGroups(groups, bits, everywhere);

  for (SubRecord& sub : subs_) {
    if ((sub.list & kPartList) != 0) sub.list = pattern_count() + (sub.list & ~kPartList);
  }
  MatcherHeader header;
  header.pattern_count = pattern_count();
  header.group_count = groups_;
  header.list_count = pattern_count() + chain_size();
  header.hash_factor = hash_factor_;
  header.stride = stride_;
  header.reach_bytes = static_cast<std::uint32_t>(reach_bytes_);
  writer.AddArray(kSectionHeader, unit, std::vector<MatcherHeader>{header});
  writer.AddArray(kSectionPatterns, unit, patterns_);
  writer.AddArray(kSectionSubs, unit, subs_);
  writer.AddArray(kSectionGroups, unit, groups);
  writer.AddArray(kSectionBits, unit, bits);
  writer.AddArray(kSectionEverywhere, unit, everywhere);
  writer.AddArray(kSectionSlots, unit, runs.empty() ? std::vector<Slot>() : BuildSlots(runs));
  writer.AddArray(kSectionAtoms, unit, entries);
  writer.AddArray(kSectionTexts, unit, texts_);
  writer.AddArray(kSectionPrograms, unit, programs_);
  writer.AddArray(kSectionChains, unit, chains_);
  return {};
}

}  // namespace dl::match
