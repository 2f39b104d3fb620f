// Where matches are gathered while an object is searched.
//
//   lists.Reset();
//   lists.Add(list, record, longest);   // many times, in any order
//   lists.Settle(list);
//   for (const Match& match : lists.matches(list)) ...
//
// Lists are numbered as in MatcherHeader::list_count. Memory is kept from object to
// object, and only lists that were touched cost anything. One thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "daylight/match/matcher.h"

namespace dl::match {

struct MatchRecord {
  std::uint64_t offset = 0;
  std::uint32_t length = 0;
  std::uint8_t xor_key = 0;
  std::uint8_t rank = 0;  // Of two forms at one offset the lower counts.
  // An expression matches, but not as a full word: no match at this offset,
  // unless another length is the one that counts.
  bool rejected = false;
};

// All lists together keep at most this many records, so that a thousand
// patterns that match everywhere do not exhaust the memory.
inline constexpr std::size_t kMaxRecords = 8'000'000;

class MatchLists {
 public:
  explicit MatchLists(std::uint32_t list_count) : entry_of_list_(list_count, kNone) {}

  void Reset();
  // False when the list is full: then it is limited, and nothing more is kept.
  // `list` is below list_count.
  bool Add(std::uint32_t list, const MatchRecord& record, bool longest);
  // More may be there than was found.
  void MarkLimited(std::uint32_t list) { EntryOf(list).limited = true; }
  // Sorts the list, keeps those that count and drops the rejected ones.
  void Settle(std::uint32_t list);

  // Of a settled list.
  std::span<const Match> matches(std::uint32_t list) const;
  void Replace(std::uint32_t list, std::vector<Match> matches, bool limited);
  // From then on Add keeps nothing.
  bool limited(std::uint32_t list) const;
  // Lists with records, each once.
  std::span<const std::uint32_t> touched() const { return touched_; }

 private:
  static constexpr std::uint32_t kNone = 0xffffffff;
  struct Entry {
    std::vector<MatchRecord> records;
    std::vector<Match> matches;
    bool longest = false;  // Of several lengths at one offset the longest counts.
    bool limited = false;
  };
  Entry& EntryOf(std::uint32_t list);
  static void Compact(Entry& entry);

  std::vector<std::uint32_t> entry_of_list_;
  std::vector<Entry> entries_;
  std::vector<std::uint32_t> touched_;
  std::size_t total_ = 0;
};

}  // namespace dl::match
