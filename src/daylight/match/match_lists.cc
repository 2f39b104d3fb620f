#include "daylight/match/match_lists.h"

#include <algorithm>

namespace dl::match {

namespace {

// Past this many records a list is compacted before it grows.
constexpr std::size_t kCompactAt = 2 * kMaxMatches;
// A list that grew larger than this gives its memory back.
constexpr std::size_t kMaxKept = 64 * 1024;

bool ComesBefore(const MatchRecord& a, const MatchRecord& b) {
  if (a.offset != b.offset) return a.offset < b.offset;
  return a.rank != b.rank ? a.rank < b.rank : a.length < b.length;
}

}  // namespace

void MatchLists::Reset() {
  for (std::size_t i = 0; i < touched_.size(); ++i) {
    entry_of_list_[touched_[i]] = kNone;
    Entry& entry = entries_[i];
    if (entry.records.capacity() > kMaxKept) entry.records = {};
    if (entry.matches.capacity() > kMaxKept) entry.matches = {};
    entry.records.clear();
    entry.matches.clear();
    entry.limited = false;
  }
  touched_.clear();
  total_ = 0;
}

MatchLists::Entry& MatchLists::EntryOf(std::uint32_t list) {
  std::uint32_t& index = entry_of_list_[list];
  if (index == kNone) {
    index = static_cast<std::uint32_t>(touched_.size());
    touched_.push_back(list);
    if (entries_.size() < touched_.size()) entries_.emplace_back();
  }
  return entries_[index];
}

bool MatchLists::Add(std::uint32_t list, const MatchRecord& record, bool longest) {
  Entry& entry = EntryOf(list);
  if (entry.limited) return false;
  entry.longest = longest;
  if (entry.records.size() >= kCompactAt) {
    Compact(entry);
    total_ -= kCompactAt - entry.records.size();
    if (entry.records.size() > kMaxMatches) entry.limited = true;
  }
  if (total_ >= kMaxRecords) entry.limited = true;
  if (entry.limited) return false;
  entry.records.push_back(record);
  ++total_;
  return true;
}

void MatchLists::Compact(Entry& entry) {
  std::vector<MatchRecord>& records = entry.records;
  if (!std::is_sorted(records.begin(), records.end(), ComesBefore)) {
    std::sort(records.begin(), records.end(), ComesBefore);
  }
  std::size_t kept = 0;
  for (std::size_t i = 0; i < records.size(); ++i) {
    const bool is_next = kept == 0 || records[kept - 1].offset != records[i].offset;
    const bool is_same = !is_next && records[kept - 1].rank == records[i].rank;
    if (is_next) {
      records[kept++] = records[i];
    } else if (is_same && entry.longest) {
      records[kept - 1] = records[i];
    }
  }
  records.resize(kept);
}

void MatchLists::Settle(std::uint32_t list) {
  Entry& entry = EntryOf(list);
  Compact(entry);
  entry.matches.clear();
  for (const MatchRecord& record : entry.records) {
    if (record.rejected) continue;
    if (entry.matches.size() == kMaxMatches) {
      entry.limited = true;
      break;
    }
    entry.matches.push_back({record.offset, record.length, record.xor_key});
  }
}

std::span<const Match> MatchLists::matches(std::uint32_t list) const {
  if (list >= entry_of_list_.size() || entry_of_list_[list] == kNone) return {};
  return entries_[entry_of_list_[list]].matches;
}

void MatchLists::Replace(std::uint32_t list, std::vector<Match> matches, bool limited) {
  Entry& entry = EntryOf(list);
  if (matches.size() > kMaxMatches) {
    matches.resize(kMaxMatches);
    limited = true;
  }
  entry.matches = std::move(matches);
  entry.limited = entry.limited || limited;
}

bool MatchLists::limited(std::uint32_t list) const {
  return list < entry_of_list_.size() && entry_of_list_[list] != kNone && entries_[entry_of_list_[list]].limited;
}

}  // namespace dl::match
