// Views over the sections of a matcher (matcher_format.h).
//
// Everything read through them is bounds-checked: sections come from a file
// that may be forged. Immutable; borrows the database, which must outlive it.
#pragma once

#include <span>

#include "daylight/database/view.h"
#include "daylight/match/matcher_format.h"

namespace dl::match {

class MatcherTables {
 public:
  static Result<MatcherTables> Open(const database::Database& database, std::uint32_t unit);

  const MatcherHeader& header() const { return header_; }
  const PatternRecord& pattern(std::uint32_t id) const { return patterns_[id]; }
  const SubRecord& sub(std::uint32_t index) const { return subs_[index]; }
  std::size_t sub_count() const { return subs_.size(); }
  const GroupRecord& group(std::uint32_t index) const { return groups_[index]; }
  std::span<const std::uint32_t> bits(const BitRun& run, std::size_t dense_words) const {
    return bits_.Range(run.first, run.count == kDenseBits ? dense_words : run.count);
  }
  std::span<const std::uint32_t> everywhere(const GroupRecord& group) const {
    return everywhere_.Range(group.everywhere_first, group.everywhere_count);
  }
  std::span<const AtomEntry> atoms(const Slot& slot) const { return atoms_.Range(slot.first, slot.count); }
  std::span<const std::uint8_t> text(std::uint32_t offset, std::uint32_t size) const {
    return texts_.Range(offset, size);
  }
  std::span<const std::uint32_t> program(const SubRecord& sub) const { return programs_.Range(sub.data, sub.size); }
  const ChainPart& part(std::uint32_t index) const { return chains_[index]; }
  std::span<const ChainPart> chain(const PatternRecord& pattern) const {
    return chains_.Range(pattern.chain_first, pattern.chain_count);
  }

  // The slot of a window, or one with count 0.
  const Slot& Find(std::uint32_t window, std::uint32_t length) const {
    std::size_t index = SlotHash(window, length) & slot_mask_;
    for (std::uint32_t probe = 0; probe < kMaxProbes; ++probe) {
      const Slot& slot = slots_[index];
      if (slot.length == 0 || (slot.window == window && slot.length == length)) return slot;
      index = (index + 1) & slot_mask_;
    }
    return slots_[slots_.size()];  // Past the end: a zero slot.
  }
  void Prefetch(std::uint32_t window, std::uint32_t length) const {
    __builtin_prefetch(slots_.data() + (SlotHash(window, length) & slot_mask_));
  }
  void PrefetchAtoms(const Slot& slot) const {
    if (slot.first < atoms_.size()) __builtin_prefetch(atoms_.data() + slot.first);
  }
  static std::size_t SlotHash(std::uint32_t window, std::uint32_t length) {
    const std::uint64_t product = (std::uint64_t{window} + (std::uint64_t{length} << 32)) * 0x9e3779b97f4a7c15;
    return static_cast<std::size_t>(product >> 32);
  }

 private:
  MatcherHeader header_;
  database::View<PatternRecord> patterns_;
  database::View<SubRecord> subs_;
  database::View<GroupRecord> groups_;
  database::View<std::uint32_t> bits_;
  database::View<std::uint32_t> everywhere_;
  database::View<Slot> slots_;
  database::View<AtomEntry> atoms_;
  database::View<std::uint8_t> texts_;
  database::View<std::uint32_t> programs_;
  database::View<ChainPart> chains_;
  std::size_t slot_mask_ = 0;
};

}  // namespace dl::match
