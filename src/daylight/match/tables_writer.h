// Gathers what a matcher consists of, and writes its sections.
// Private to MatcherBuilder.
#pragma once

#include <string>
#include <vector>

#include "daylight/match/atoms.h"
#include "daylight/match/matcher_format.h"

namespace dl::match {

// In SubRecord::list until the tables are written: the rest is an index in MCHN.
inline constexpr std::uint32_t kPartList = 0x80000000;

class TablesWriter {
 public:
  TablesWriter(std::uint32_t groups, std::uint32_t stride) : groups_(groups), stride_(stride) {}

  std::uint32_t stride() const { return stride_; }

  std::uint32_t AddPattern(const PatternRecord& record) {
    patterns_.push_back(record);
    return static_cast<std::uint32_t>(patterns_.size() - 1);
  }
  std::uint32_t pattern_count() const { return static_cast<std::uint32_t>(patterns_.size()); }
  std::uint32_t chain_size() const { return static_cast<std::uint32_t>(chains_.size()); }
  void AddChainPart(const ChainPart& part) { chains_.push_back(part); }
  std::uint32_t AddSub(const SubRecord& sub) {
    subs_.push_back(sub);
    return static_cast<std::uint32_t>(subs_.size() - 1);
  }
  // Returns where it is.
  std::uint32_t AddText(std::span<const std::uint8_t> bytes);
  std::uint32_t AddProgram(std::span<const std::uint32_t> words);
  // `entry` is complete but for value, mask and before.
  void AddAtom(std::uint32_t group, const Atom& atom, AtomEntry entry);
  void AddEverywhere(std::uint32_t group, std::uint32_t sub) { everywhere_.push_back({group, sub}); }
  const WindowUse& use() const { return use_; }
  void NeedReach(std::size_t bytes);

  // kBudget when a table would have 2^32 bytes or more.
  Status Write(database::Writer& writer, std::uint32_t unit);

 private:
  struct Indexed {
    std::uint32_t window;
    std::uint32_t length;
    std::uint32_t group;
    bool in_filter;
    AtomEntry entry;
  };
  struct InGroup {
    std::uint32_t group;
    std::uint32_t sub;
  };
  // Atoms with the same window.
  struct Run {
    std::uint32_t window;
    std::uint32_t length;
    std::uint32_t first;
  };
  static std::vector<Slot> BuildSlots(const std::vector<Run>& runs);
  // Gives texts whose eight bytes are common among all texts another window:
  // how common can only be told once all are there.
  void RechooseWindows();
  // What is known of the four bytes behind the bytes that are hashed, folded.
  struct Known {
    std::uint32_t bytes = 0;
    std::size_t count = 0;
  };
  Known Behind(const Indexed& atom) const;
  // What an atom sets in the filter.
  std::uint32_t KeyOf(const Indexed& atom, std::uint32_t factor) const;
  std::uint32_t ChooseHashFactor() const;
  void BuildGroups(std::vector<GroupRecord>& groups, std::vector<std::uint32_t>& bits,
                   std::vector<std::uint32_t>& everywhere);

  std::uint32_t groups_;
  std::uint32_t stride_;
  std::vector<PatternRecord> patterns_;
  std::vector<SubRecord> subs_;
  std::vector<std::uint8_t> texts_;
  std::vector<std::uint32_t> programs_;
  std::vector<ChainPart> chains_;
  std::vector<Indexed> atoms_;
  std::vector<InGroup> everywhere_;
  WindowUse use_;
  std::size_t reach_bytes_ = 0;
  std::uint32_t hash_factor_ = 0;
};

}  // namespace dl::match
