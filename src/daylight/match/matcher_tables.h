// Views over the sections of a matcher (matcher_format.h).
//
// Everything read through them is bounds-checked: sections come from a file
// that may be forged. Those of a large matcher are checked for damage page by
// page as they are read. Immutable; borrows the database, which must outlive it.
#pragma once

#include <span>

#include "daylight/database/view.h"
#include "daylight/match/matcher_format.h"

namespace dl::match {

class MatcherTables {
 public:
  static Result<MatcherTables> Open(const database::Database& database, std::uint32_t unit);

  const MatcherHeader& header() const { return header_; }
  bool damaged() const { return database_->damaged(); }
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
  // The atoms from `index` on, as far as they are on one page; none past the end.
  std::span<const AtomEntry> atoms(std::size_t index) const { return atoms_.OnPageFrom(index); }
  std::span<const std::uint8_t> text(std::uint32_t offset, std::uint32_t size) const {
    return texts_.Range(offset, size);
  }
  std::span<const std::uint32_t> program(const SubRecord& sub) const { return programs_.Range(sub.data, sub.size); }
  const ChainPart& part(std::uint32_t index) const { return chains_[index]; }
  std::span<const ChainPart> chain(const PatternRecord& pattern) const {
    return chains_.Range(pattern.chain_first, pattern.chain_count);
  }

  // Where the run of a window's atoms begins, or kNoRun.
  static constexpr std::uint32_t kNoRun = 0xffffffff;
  std::uint32_t FindRun(std::uint32_t window, std::uint32_t length) const {
    std::size_t index = FirstSlot(window, length, slots_.size());
    for (std::uint32_t probe = 0; probe < kMaxProbes; ++probe) {
      const Slot& slot = slots_[index];
      if (slot.place == 0) return kNoRun;
      if (slot.window == window && slot.place >> 30 == length - 1) return (slot.place & 0x3fffffff) - 1;
      if (++index == slots_.size()) index = 0;
    }
    return kNoRun;
  }
  void Prefetch(std::uint32_t window, std::uint32_t length) const {
    __builtin_prefetch(slots_.data() + FirstSlot(window, length, slots_.size()));
  }
  void PrefetchAtoms(std::uint32_t run) const {
    if (run < atoms_.size()) __builtin_prefetch(atoms_.data() + run);
  }
  // Where a key stands among so many slots, or behind it.
  static std::size_t FirstSlot(std::uint32_t window, std::uint32_t length, std::size_t slots) {
    const std::uint64_t product = (std::uint64_t{window} + (std::uint64_t{length} << 32)) * 0x9e3779b97f4a7c15;
    return static_cast<std::size_t>((product >> 32) * slots >> 32);
  }

 private:
  const database::Database* database_ = nullptr;
  MatcherHeader header_;
  database::LazyView<PatternRecord> patterns_;
  database::LazyView<SubRecord> subs_;
  database::LazyView<GroupRecord> groups_;
  database::LazyView<std::uint32_t> bits_;
  database::LazyView<std::uint32_t> everywhere_;
  database::LazyView<Slot> slots_;
  database::LazyView<AtomEntry> atoms_;
  database::LazyView<std::uint8_t> texts_;
  database::LazyView<std::uint32_t> programs_;
  database::LazyView<ChainPart> chains_;
};

}  // namespace dl::match
