#include "daylight/match/live_tables.h"

namespace dl::match {

void Fill(std::span<const MatcherTables* const> matchers, FilterTables& filter) {
  // Calls visit(matcher, its group) for each live group.
  const auto for_each = [&](auto visit) {
    std::size_t first = 0;  // In filter.groups.
    for (const MatcherTables* matcher : matchers) {
      const auto groups = std::span(filter.groups).subspan(first, GroupWords(*matcher));
      first += groups.size();
      for (std::uint32_t id = 0; id < matcher->header().group_count; ++id) {
        if (TestBit(groups, id)) visit(*matcher, matcher->group(id));
      }
    }
  };
  filter.keys = 0;
  filter.has_zeros = false;
  for_each([&](const MatcherTables& matcher, const GroupRecord& group) {
    filter.keys += matcher.bits(group.bits[kFilter], 0).size();
    filter.has_zeros = filter.has_zeros || (group.flags & kGroupZeros) != 0;
  });
  filter.words.clear();
  if (filter.keys == 0) return;
  filter.log2 = FilterLog2(filter.keys);
  filter.words.resize(std::size_t{1} << filter.log2);
  for_each([&](const MatcherTables& matcher, const GroupRecord& group) {
    for (const std::uint32_t key : matcher.bits(group.bits[kFilter], 0)) {
      AddToFilter(key, filter.log2, filter.words.data());
    }
  });
}

void Fill(const MatcherTables& matcher, LiveTables& live) {
  live.everywhere.clear();
  for (std::vector<std::uint32_t>& words : live.words) words.clear();
  const std::uint32_t groups = matcher.header().group_count;
  std::vector<ShortWindow> shorts;
  live.keys = 0;
  for (std::uint32_t id = 0; id < groups; ++id) {
    if (TestBit(live.groups, id)) live.keys += matcher.bits(matcher.group(id).bits[kFilter], 0).size();
  }
  live.confirm_log2 = ConfirmLog2(live.keys);
  for (std::uint32_t id = 0; id < groups; ++id) {
    if (!TestBit(live.groups, id)) continue;
    const GroupRecord& group = matcher.group(id);
    for (std::size_t kind = kFilter + 1; kind < kBitmaps; ++kind) {
      const bool is_list = kind == kConfirm || kind == kBitmap3;
      const bool is_dense = !is_list && group.bits[kind].count == kDenseBits;
      const std::span<const std::uint32_t> bits = matcher.bits(group.bits[kind], is_dense ? kBitmapWords : 0);
      if (bits.empty()) continue;
      std::vector<std::uint32_t>& words = live.words[kind];
      if (words.empty()) {
        words.resize(kind == kConfirm ? std::size_t{1} << (live.confirm_log2 - 5) : kBitmapWords);
      }
      const auto set = [&](std::uint32_t bit) { words[(bit >> 5) % words.size()] |= 1u << (bit & 31); };
      if (kind == kConfirm) {
        for (const std::uint32_t hash : bits) set(hash >> (32 - live.confirm_log2));
      } else if (kind == kBitmap3) {
        for (const std::uint32_t window : bits) {
          set(BitOfThree(window, matcher.header().hash_factor));
          shorts.push_back({window, 3});
        }
      } else if (is_dense) {
        for (std::size_t i = 0; i < bits.size(); ++i) words[i] |= bits[i];
      } else {
        for (const std::uint32_t bit : bits) set(bit);
      }
    }
    const std::span<const std::uint32_t> everywhere = matcher.everywhere(group);
    live.everywhere.insert(live.everywhere.end(), everywhere.begin(), everywhere.end());
  }
  const std::vector<std::uint32_t>& pairs = live.words[kBitmap2];
  for (std::uint32_t pair = 0; pair < pairs.size() * 32; ++pair) {
    if ((pairs[pair >> 5] >> (pair & 31) & 1) != 0) shorts.push_back({pair, 2});
  }
  live.has_nibbles = MakeNibbleTables(shorts, live.nibbles);
}

}  // namespace dl::match
