#include <algorithm>
#include <cstring>

#include "daylight/base/stopwatch.h"
#include "daylight/match/chains.h"
#include "daylight/match/match_lists.h"
#include "daylight/match/matcher.h"
#include "daylight/match/matcher_tables.h"
#include "daylight/match/prefilter.h"
#include "daylight/match/verifier.h"

namespace dl::match {

namespace {

// Positions that one call of a kernel looks at: few enough that the bytes are
// still in the first-level cache when candidates are looked up.
constexpr std::size_t kBlock = 4096;

// An automaton may run over the same bytes again and again, up to the reach
// from each place that looks like a match. What that may cost is bounded, in
// states that are entered or read a byte (a few nanoseconds each): past it the
// pattern is limited. One pattern may take a second or so, and more in a large
// object; when all together have taken several, no pattern may go on for long.
constexpr std::uint64_t kMaxSteps = 1u << 28;
constexpr std::uint64_t kMaxStepsPerByte = 32;
constexpr std::uint64_t kMaxAllSteps = 1u << 30;
constexpr std::uint64_t kMaxAllStepsPerByte = 128;
constexpr std::uint64_t kMaxFewSteps = 1u << 20;

// Bytes from `at` on as one number, the first the lowest; those outside of
// the text are 0.
std::uint64_t LoadBytes(std::span<const std::uint8_t> bytes, std::size_t at, std::size_t before, std::size_t count) {
  if (at >= before && at - before <= bytes.size() && bytes.size() - (at - before) >= 8 && count == 8) {
    std::uint64_t value;
    std::memcpy(&value, bytes.data() + (at - before), sizeof value);
    return value;
  }
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (at + i < before || at + i - before >= bytes.size()) continue;
    value |= std::uint64_t{bytes[at + i - before]} << (8 * i);
  }
  return value;
}

}  // namespace

class MatchState::Impl {
 public:
  Impl(const Matcher& matcher, const KernelInfo& kernel)
      : tables_(matcher.tables()),
        kernel_(kernel),
        factor_(tables_.header().hash_factor),
        stride_(tables_.header().stride),
        lists_(tables_.header().list_count),
        verifier_(tables_),
        candidates_(kBlock + 16),
        confirmed_(kBlock + 1),
        lookups_(kBlock + 1),
        found_runs_(kBlock + 1) {
    stopped_.Resize(tables_.header().pattern_count);
    BitSet searched;
    searched.Resize(tables_.header().group_count);
    for (std::uint32_t id = 0; id < tables_.header().group_count; ++id) {
      const GroupRecord& group = tables_.group(id);
      const bool is_searched =
          group.everywhere_count != 0 ||
          std::any_of(std::begin(group.bits), std::end(group.bits), [](const BitRun& run) { return run.count != 0; });
      if (is_searched) searched.Set(id);
    }
    every_group_.assign(searched.words().begin(), searched.words().end());
  }

  void Begin(const BitSet& live_groups, const BitSet& live_patterns, bool all_matches);
  void Feed(const Window& window);
  void Finish();

  std::vector<std::uint32_t> touched;
  Counters counters;
  const MatchLists& lists() const { return lists_; }
  void SetProfile(SearchProfile* profile) {
    profile_ = profile;
    if (profile_ != nullptr) profile_->patterns.resize(tables_.header().pattern_count);
  }

 private:
  static bool Test(std::span<const std::uint64_t> words, std::uint32_t bit) {
    const std::size_t word = bit / 64;
    return word < words.size() && ((words[word] >> (bit % 64)) & 1) != 0;
  }
  // The filter and bitmaps of a set of groups.
  struct LiveTables {
    std::vector<std::uint64_t> groups;
    std::uint64_t last_use = 0;                  // Which object it was.
    std::size_t keys = 0;                        // Of the filter.
    std::vector<std::uint32_t> words[kBitmaps];  // Empty where nothing is set.
    unsigned filter_log2 = 0;
    unsigned confirm_log2 = 0;
    bool has_zeros = false;  // An atom may stand at zeros only.
    bool has_nibbles = false;
    NibbleTables nibbles;  // Of kBitmapShort.
    std::vector<std::uint32_t> everywhere;
  };
  // A set of groups that makes do with the tables of a larger one for now.
  struct Waiting {
    std::vector<std::uint64_t> groups;
    std::uint64_t positions = 0;  // That were searched so.
  };
  void ChooseLiveTables();
  Waiting& WaitingOf(const std::vector<std::uint64_t>& groups);
  // Fills tables for a set of groups, in place of those that were not used for longest.
  LiveTables* MakeTables(const std::vector<std::uint64_t>& groups);
  void Fill(LiveTables& tables) const;
  bool IsLive(std::uint32_t pattern) const { return Test(live_patterns_, pattern) && !stopped_.Test(pattern); }
  bool IsSought(const SubRecord& sub) const {
    return sub.pattern < tables_.header().pattern_count && sub.list < tables_.header().list_count &&
           Test(live_groups_, sub.group) && IsLive(sub.pattern);
  }
  void ScanAtoms(std::size_t begin, std::size_t end);
  void ScanBlock(std::size_t begin, std::size_t end);
  // Runs a kernel over the positions from begin on, in their bytes or a copy.
  void FilterPositions(const std::uint8_t* bytes, std::size_t begin, std::size_t count);
  struct Lookup {
    std::size_t at;
    std::uint32_t window;
  };
  struct FoundRun {
    std::size_t at;
    std::uint32_t first;
  };
  std::uint32_t WindowAt(std::size_t at) const {
    std::uint32_t window;
    if (bytes_.size() - at >= sizeof window) {
      std::memcpy(&window, bytes_.data() + at, sizeof window);
    } else {
      window = static_cast<std::uint32_t>(LoadBytes(bytes_, at, 0, sizeof window));
    }
    return FoldWindow(window);
  }
  // Keeps those of the first `count` candidates that the bitmap of what atoms
  // know has; returns how many.
  std::size_t Confirm(std::size_t base, std::size_t count);
  // Look up the first `count` of candidates_, which are relative to `base`.
  void LookUpFiltered(std::size_t base, std::size_t count);
  void LookUpShorts(std::size_t base, std::size_t count);
  // Of the first `count` candidates those whose bit is set, cut to `length` bytes.
  template <typename BitOf>
  void LookUpSome(std::size_t base, std::size_t count, std::uint32_t length, const std::vector<std::uint32_t>& bitmap,
                  BitOf bit_of);
  // Looks up the first `count` of lookups_.
  void LookUp(std::size_t count, std::uint32_t length);
  // Tries all atoms of a run.
  void TryRun(std::uint32_t first, std::size_t at);
  void TryAtom(const AtomEntry& entry, std::size_t at);
  void ScanEverywhere(const SubRecord& sub, std::size_t begin, std::size_t end);
  // Runs a call of the verifier for a pattern, and counts it.
  template <typename Run>
  void Verify(const SubRecord& sub, Run run) {
    ++counters.verified;
    if (profile_ == nullptr) return run();
    SearchProfile::PatternCost& cost = profile_->patterns[sub.pattern];
    std::uint64_t spent = 0;
    {
      const Stopwatch watch(&spent);
      run();
    }
    ++cost.verified;
    cost.ns += spent;
    profile_->verify_ns += spent;
  }
  void Stop(std::uint32_t pattern) {
    if (!stopped_.Test(pattern)) all_stopped_.push_back(pattern);
    stopped_.Set(pattern);
  }
  // Ends the search for a pattern that has become too expensive.
  void ChargeSteps(const SubRecord& sub);
  // Takes what verifying found.
  void Keep(const SubRecord& sub);
  void JoinChain(std::uint32_t id);

  const MatcherTables& tables_;
  const KernelInfo& kernel_;
  std::uint32_t factor_;
  std::uint32_t stride_;
  MatchLists lists_;
  Verifier verifier_;

  // Those with patterns: others are live or not without a difference here.
  std::vector<std::uint64_t> every_group_;
  std::vector<std::uint64_t> live_groups_;
  std::span<const std::uint64_t> live_patterns_;  // Borrowed.
  BitSet stopped_;                                // Patterns whose search has ended in this object.
  std::vector<std::uint32_t> all_stopped_;
  bool all_matches_ = false;
  std::uint64_t next_position_ = 0;  // In the object: the first position not searched yet.

  // Of the sets of groups that were live last: objects of a few types alternate,
  // and to fill tables takes as long as to search a megabyte.
  static constexpr std::size_t kRemembered = 16;
  static constexpr std::size_t kWaiting = 64;
  static constexpr std::uint64_t kWorthTables = 1u << 20;
  std::vector<LiveTables> remembered_;
  std::vector<Waiting> waiting_sets_;
  std::size_t next_waiting_ = 0;  // Which is given up first.
  Waiting* waiting_ = nullptr;    // Of live_groups_.
  std::uint64_t objects_ = 0;
  LiveTables* live_ = nullptr;

  std::span<const std::uint8_t> bytes_;
  std::uint64_t offset_ = 0;  // Of bytes_ in the object.
  std::vector<std::uint32_t> candidates_;
  std::vector<ConfirmHashes> confirmed_;  // By candidate: bits of the bitmap.
  std::vector<Lookup> lookups_;
  std::vector<FoundRun> found_runs_;
  std::uint8_t padded_[2 * kKernelSlack] = {};
  std::vector<MatchRecord> found_;

  // By pattern: what its automata have cost in this object. Empty until one has.
  std::vector<std::uint64_t> steps_;
  std::vector<std::uint32_t> stepped_;  // Patterns with any.
  std::uint64_t all_steps_ = 0;

  SearchProfile* profile_ = nullptr;
};

void MatchState::Impl::Begin(const BitSet& live_groups, const BitSet& live_patterns, bool all_matches) {
  live_groups_.assign(live_groups.words().begin(), live_groups.words().end());
  live_groups_.resize(every_group_.size());
  for (std::size_t i = 0; i < live_groups_.size(); ++i) live_groups_[i] &= every_group_[i];
  live_patterns_ = live_patterns.words();
  for (const std::uint32_t pattern : all_stopped_) stopped_.Clear(pattern);
  all_stopped_.clear();
  all_matches_ = all_matches;
  next_position_ = 0;
  counters = {};
  touched.clear();
  lists_.Reset();
  for (const std::uint32_t pattern : stepped_) steps_[pattern] = 0;
  stepped_.clear();
  all_steps_ = 0;
  ChooseLiveTables();
}

void MatchState::Impl::ChooseLiveTables() {
  waiting_ = nullptr;
  if (live_ == nullptr || live_->groups != live_groups_) {
    const auto has_all = [&](const LiveTables& each) {
      return std::equal(live_groups_.begin(), live_groups_.end(), each.groups.begin(),
                        [](std::uint64_t ours, std::uint64_t theirs) { return (ours & ~theirs) == 0; });
    };
    const bool is_first = live_ == nullptr;
    live_ = nullptr;
    for (LiveTables& each : remembered_) {
      if (has_all(each) && (live_ == nullptr || each.keys < live_->keys || each.groups == live_groups_)) live_ = &each;
      if (each.groups == live_groups_) break;
    }
    if (is_first) live_ = MakeTables(live_groups_);
    if (live_ == nullptr) live_ = MakeTables(every_group_);
    if (live_->groups != live_groups_) waiting_ = &WaitingOf(live_groups_);
  }
  live_->last_use = ++objects_;
}

MatchState::Impl::Waiting& MatchState::Impl::WaitingOf(const std::vector<std::uint64_t>& groups) {
  waiting_sets_.reserve(kWaiting);
  for (Waiting& each : waiting_sets_) {
    if (each.groups == groups) return each;
  }
  if (waiting_sets_.size() < kWaiting) return waiting_sets_.emplace_back(Waiting{groups, 0});
  Waiting& oldest = waiting_sets_[next_waiting_];
  next_waiting_ = (next_waiting_ + 1) % kWaiting;
  oldest = {groups, 0};
  return oldest;
}

MatchState::Impl::LiveTables* MatchState::Impl::MakeTables(const std::vector<std::uint64_t>& groups) {
  remembered_.reserve(kRemembered);
  LiveTables* tables = nullptr;
  if (remembered_.size() < kRemembered) {
    tables = &remembered_.emplace_back();
  } else {
    tables = &*std::min_element(remembered_.begin(), remembered_.end(),
                                [](const LiveTables& a, const LiveTables& b) { return a.last_use < b.last_use; });
  }
  tables->last_use = ++objects_;
  tables->groups = groups;
  Fill(*tables);
  return tables;
}

void MatchState::Impl::Fill(LiveTables& live) const {
  live.everywhere.clear();
  live.has_zeros = false;
  for (std::vector<std::uint32_t>& words : live.words) words.clear();
  const std::uint32_t groups = tables_.header().group_count;
  std::vector<ShortWindow> shorts;
  std::size_t keys = 0;
  for (std::uint32_t id = 0; id < groups; ++id) {
    if (Test(live.groups, id)) keys += tables_.bits(tables_.group(id).bits[kFilter], 0).size();
  }
  live.keys = keys;
  live.filter_log2 = FilterLog2(keys);
  live.confirm_log2 = ConfirmLog2(keys);
  for (std::uint32_t id = 0; id < groups; ++id) {
    if (!Test(live.groups, id)) continue;
    const GroupRecord& group = tables_.group(id);
    live.has_zeros = live.has_zeros || (group.flags & kGroupZeros) != 0;
    for (std::size_t kind = 0; kind < kBitmaps; ++kind) {
      const bool is_list = kind == kFilter || kind == kConfirm || kind == kBitmap3;
      const bool is_dense = !is_list && group.bits[kind].count == kDenseBits;
      const std::span<const std::uint32_t> bits = tables_.bits(group.bits[kind], is_dense ? kBitmapWords : 0);
      if (bits.empty()) continue;
      std::vector<std::uint32_t>& words = live.words[kind];
      if (words.empty()) {
        words.resize(kind == kFilter    ? std::size_t{1} << live.filter_log2
                     : kind == kConfirm ? std::size_t{1} << (live.confirm_log2 - 5)
                                        : kBitmapWords);
      }
      const auto set = [&](std::uint32_t bit) { words[(bit >> 5) % words.size()] |= 1u << (bit & 31); };
      if (kind == kFilter) {
        for (const std::uint32_t key : bits) AddToFilter(key, live.filter_log2, words.data());
      } else if (kind == kConfirm) {
        for (const std::uint32_t hash : bits) set(hash >> (32 - live.confirm_log2));
      } else if (kind == kBitmap3) {
        for (const std::uint32_t window : bits) {
          set(BitOfThree(window, factor_));
          shorts.push_back({window, 3});
        }
      } else if (is_dense) {
        for (std::size_t i = 0; i < bits.size(); ++i) words[i] |= bits[i];
      } else {
        for (const std::uint32_t bit : bits) set(bit);
      }
    }
    const std::span<const std::uint32_t> everywhere = tables_.everywhere(group);
    live.everywhere.insert(live.everywhere.end(), everywhere.begin(), everywhere.end());
  }
  const std::vector<std::uint32_t>& pairs = live.words[kBitmap2];
  for (std::uint32_t pair = 0; pair < pairs.size() * 32; ++pair) {
    if ((pairs[pair >> 5] >> (pair & 31) & 1) != 0) shorts.push_back({pair, 2});
  }
  live.has_nibbles = MakeNibbleTables(shorts, live.nibbles);
}

void MatchState::Impl::Feed(const Window& window) {
  const Stopwatch watch(profile_ != nullptr ? &profile_->search_ns : nullptr);
  const std::uint64_t reach = tables_.header().reach_bytes;
  const std::uint64_t window_end = window.offset + window.bytes.size();
  // A position is searched in the first window that has enough bytes behind
  // it; the overlap then has enough before it.
  std::uint64_t until = window_end;
  if (!window.last) until = window_end > reach ? window_end - reach : 0;
  const std::uint64_t from = std::max(next_position_, window.offset);
  if (from >= until) return;
  next_position_ = until;
  bytes_ = {reinterpret_cast<const std::uint8_t*>(window.bytes.data()), window.bytes.size()};
  offset_ = window.offset;
  verifier_.SetText(Text{window.bytes, window.offset == 0, window.last, 1}, window.offset);
  const auto begin = static_cast<std::size_t>(from - window.offset);
  const auto end = static_cast<std::size_t>(until - window.offset);
  counters.positions += end - begin;
  if (waiting_ != nullptr && (waiting_->positions += end - begin) > kWorthTables) {
    waiting_->positions = 0;
    waiting_ = nullptr;
    live_ = MakeTables(live_groups_);
  }
  ScanAtoms(begin, end);
  for (const std::uint32_t index : live_->everywhere) {
    const SubRecord& sub = tables_.sub(index);
    if (IsSought(sub)) ScanEverywhere(sub, begin, end);
  }
  bytes_ = {};
}

void MatchState::Impl::ScanAtoms(std::size_t begin, std::size_t end) {
  if (live_->words[kFilter].empty() && live_->words[kBitmapShort].empty()) return;
  for (std::size_t at = begin; at < end; at += kBlock) ScanBlock(at, std::min(at + kBlock, end));
}

void MatchState::Impl::ScanBlock(std::size_t begin, std::size_t end) {
  // Kernels read past the last position: the last few positions are looked at in a copy.
  const std::size_t safe_end = std::min(end, bytes_.size() > kKernelSlack ? bytes_.size() - kKernelSlack : 0);
  const std::size_t tail = std::max(begin, safe_end);
  if (tail > begin) FilterPositions(bytes_.data() + begin, begin, tail - begin);
  if (tail == end) return;
  std::memset(padded_, 0, sizeof padded_);
  std::memcpy(padded_, bytes_.data() + tail, std::min(bytes_.size() - tail, sizeof padded_));
  FilterPositions(padded_, tail, end - tail);
}

void MatchState::Impl::FilterPositions(const std::uint8_t* bytes, std::size_t begin, std::size_t count) {
  if (!live_->words[kFilter].empty()) {
    // Positions count from the object's beginning, however it is cut into windows.
    const std::size_t skipped = (offset_ + begin) % stride_ == 0 ? 0 : 1;
    const FilterTable table = {live_->words[kFilter].data(), live_->filter_log2, factor_, stride_, !live_->has_zeros};
    if (count > skipped) {
      LookUpFiltered(begin + skipped, kernel_.filter(table, bytes + skipped, count - skipped, candidates_.data()));
    }
  }
  if (!live_->words[kBitmapShort].empty()) {
    const ShortTable table = {live_->words[kBitmapShort].data(), live_->has_nibbles ? &live_->nibbles : nullptr};
    LookUpShorts(begin, kernel_.shorts(table, bytes, count, candidates_.data()));
  }
}

template <typename BitOf>
void MatchState::Impl::LookUpSome(std::size_t base, std::size_t count, std::uint32_t length,
                                  const std::vector<std::uint32_t>& bitmap, BitOf bit_of) {
  if (bitmap.empty()) return;
  Lookup* lookup = lookups_.data();
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t at = base + candidates_[i];
    const std::uint32_t window = WindowAt(at);
    const std::uint32_t bit = bit_of(window);
    *lookup = {at, window & (0xffffffff >> (8 * (4 - length)))};
    lookup += (bitmap[bit >> 5] >> (bit & 31)) & 1;
  }
  LookUp(static_cast<std::size_t>(lookup - lookups_.data()), length);
}

// In two rounds, so that memory is asked for before it is needed.
std::size_t MatchState::Impl::Confirm(std::size_t base, std::size_t count) {
  const std::uint32_t* bitmap = live_->words[kConfirm].data();
  const unsigned shift = 32 - live_->confirm_log2;
  const std::size_t hashed = WindowBytes(stride_);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t at = base + candidates_[i];
    const std::uint32_t behind = at + hashed < bytes_.size() ? WindowAt(at + hashed) : 0;
    const ConfirmHashes hashes = HashesOf(WindowAt(at) & WindowMask(stride_), behind);
    confirmed_[i] = {hashes.all >> shift, hashes.first >> shift, hashes.window >> shift};
    __builtin_prefetch(bitmap + (confirmed_[i].all >> 5));
    __builtin_prefetch(bitmap + (confirmed_[i].first >> 5));
    __builtin_prefetch(bitmap + (confirmed_[i].window >> 5));
  }
  const auto is_set = [&](std::uint32_t bit) { return bitmap[bit >> 5] >> (bit & 31) & 1; };
  std::size_t kept = 0;
  for (std::size_t i = 0; i < count; ++i) {
    candidates_[kept] = candidates_[i];
    kept += is_set(confirmed_[i].all) | is_set(confirmed_[i].first) | is_set(confirmed_[i].window);
  }
  return kept;
}

void MatchState::Impl::LookUpFiltered(std::size_t base, std::size_t count) {
  if (live_->words[kConfirm].empty()) return;  // Nothing but a forged database has none.
  count = Confirm(base, count);
  counters.candidates += count;
  Lookup* lookup = lookups_.data();
  for (std::size_t i = 0; i < count; ++i) *lookup++ = {base + candidates_[i], WindowAt(base + candidates_[i])};
  LookUp(count, 4);
  LookUpSome(base, count, 3, live_->words[kFilter3],
             [this](std::uint32_t window) { return BitOfThree(window, factor_); });
}

void MatchState::Impl::LookUpShorts(std::size_t base, std::size_t count) {
  counters.candidates += count;
  // Which lengths of atoms are worth a lookup, the finer bitmaps say.
  LookUpSome(base, count, 3, live_->words[kBitmap3],
             [this](std::uint32_t window) { return BitOfThree(window, factor_); });
  for (const std::uint32_t length : {2u, 1u}) LookUpSome(base, count, length, live_->words[kBitmap2], BitOfTwo);
}

// In three rounds, so that memory is asked for long before it is needed.
void MatchState::Impl::LookUp(std::size_t count, std::uint32_t length) {
  const std::span<const Lookup> lookups(lookups_.data(), count);
  for (const Lookup& lookup : lookups) tables_.Prefetch(lookup.window, length);
  FoundRun* found = found_runs_.data();
  for (const Lookup& lookup : lookups) {
    const std::uint32_t run = tables_.FindRun(lookup.window, length);
    if (run == MatcherTables::kNoRun || length > bytes_.size() - lookup.at) continue;
    tables_.PrefetchAtoms(run);
    *found++ = {lookup.at, run};
  }
  for (const FoundRun* each = found_runs_.data(); each != found; ++each) TryRun(each->first, each->at);
}

void MatchState::Impl::TryRun(std::uint32_t first, std::size_t at) {
  // Entries look at eight bytes from up to seven before the window on.
  const bool inside = at >= 8 && bytes_.size() - at >= 8;
  const std::uint8_t* here = bytes_.data() + at;
  for (std::size_t index = first;;) {
    const std::span<const AtomEntry> atoms = tables_.atoms(index);
    if (atoms.empty()) return;
    for (const AtomEntry& entry : atoms) {
      std::uint64_t value = 0;
      if (inside && entry.before <= 8) [[likely]] {
        std::memcpy(&value, here - entry.before, sizeof value);
      } else {
        value = LoadBytes(bytes_, at, entry.before, 8);
      }
      if ((value & entry.mask) == entry.value) TryAtom(entry, at);
      if (entry.is_last != 0) return;
    }
    index += atoms.size();
  }
}

void MatchState::Impl::TryAtom(const AtomEntry& entry, std::size_t at) {
  const SubRecord& sub = tables_.sub(entry.sub);
  if (!IsSought(sub) || lists_.limited(sub.list)) return;
  Verify(sub, [&] { verifier_.VerifyAtom(sub, entry, at, found_); });
  if (!found_.empty()) Keep(sub);
  if ((sub.flags & kSubAutomaton) != 0) ChargeSteps(sub);
}

void MatchState::Impl::ScanEverywhere(const SubRecord& sub, std::size_t begin, std::size_t end) {
  const std::span<const std::uint8_t> first = tables_.text(sub.extra, kFirstBytesBytes);
  if (first.size() != kFirstBytesBytes) return;
  std::uint32_t run = 0;
  std::memcpy(&run, first.data() + kFirstBytesBits, sizeof run);
  run = std::max(run, 1u);
  const auto is_first = [&](std::uint8_t byte) { return ((first[byte >> 3] >> (byte & 7)) & 1) != 0; };
  // A run is looked at from its end, so that a byte that is not in it moves
  // the search behind it; what is known of it is not looked at again.
  std::size_t known = begin;
  for (std::size_t at = begin; at < end;) {
    if (run > bytes_.size() - at) return;
    std::size_t last = at + run;
    known = std::max(known, at);
    while (last > known && is_first(bytes_[last - 1])) --last;
    const bool fits = last <= known;
    known = at + run;
    if (!fits) {
      at = last;
      continue;
    }
    Verify(sub, [&] { verifier_.VerifyStart(sub, at, {first.data(), run}, found_); });
    if (!found_.empty()) Keep(sub);
    if ((sub.flags & kSubAutomaton) != 0) ChargeSteps(sub);
    if (!IsLive(sub.pattern)) return;
    ++at;
  }
}

void MatchState::Impl::ChargeSteps(const SubRecord& sub) {
  const std::uint64_t steps = verifier_.TakeSteps();
  if (steps == 0) return;
  if (steps_.empty()) steps_.resize(tables_.header().pattern_count);
  std::uint64_t& spent = steps_[sub.pattern];
  if (spent == 0) stepped_.push_back(sub.pattern);
  spent += steps;
  all_steps_ += steps;
  const std::uint64_t bytes = counters.positions;
  const bool all_spent = all_steps_ > kMaxAllSteps + bytes * kMaxAllStepsPerByte;
  if (spent <= (all_spent ? kMaxFewSteps : kMaxSteps + bytes * kMaxStepsPerByte)) return;
  lists_.MarkLimited(sub.pattern);
  Stop(sub.pattern);
}

void MatchState::Impl::Keep(const SubRecord& sub) {
  const PatternRecord& pattern = tables_.pattern(sub.pattern);
  const bool longest = (sub.flags & kSubGreedy) != 0;
  // A full word of an expression may still be overruled by another end at its
  // offset, so such patterns are searched to the end.
  const bool may_stop = (pattern.flags & kPatternFirstOnly) != 0 && !all_matches_ && pattern.chain_count == 0 &&
                        ((sub.flags & kSubFullword) == 0 || (sub.flags & kSubExpression) == 0);
  bool done = may_stop;
  for (const MatchRecord& record : found_) {
    if (lists_.Add(sub.list, record, longest)) continue;
    done = pattern.chain_count == 0;
    break;
  }
  if (done) Stop(sub.pattern);
  found_.clear();
}

void MatchState::Impl::JoinChain(std::uint32_t id) {
  const PatternRecord& pattern = tables_.pattern(id);
  const std::span<const ChainPart> parts = tables_.chain(pattern);
  const std::uint32_t first_list = tables_.header().pattern_count + pattern.chain_first;
  const bool nearest_next = (pattern.flags & kPatternNearestNext) != 0;
  const bool stopped = lists_.limited(id);
  bool limited = stopped;
  for (std::uint32_t list = first_list; list < first_list + parts.size(); ++list) {
    // A part that is nowhere to be found: neither is the whole.
    if (!stopped && lists_.matches(list).empty() && !lists_.limited(list)) return;
    limited = limited || lists_.limited(list);
  }
  std::vector<ChainMatch> joined;
  for (std::size_t i = parts.size(); i-- > 0;) {
    const std::uint32_t list = first_list + static_cast<std::uint32_t>(i);
    const std::span<const Match> heads = lists_.matches(list);
    joined = i + 1 == parts.size() ? LastParts(heads)
                                   : JoinParts(heads, joined, parts[i + 1].gap_min, parts[i + 1].gap_max, nearest_next);
  }
  std::vector<Match> matches;
  matches.reserve(joined.size());
  for (const ChainMatch& match : joined) matches.push_back({match.offset, match.end - match.offset, 0});
  if (!matches.empty() || limited) lists_.Replace(id, std::move(matches), limited);
}

void MatchState::Impl::Finish() {
  const std::uint32_t pattern_count = tables_.header().pattern_count;
  // Copied: replacing a chained pattern's list touches it.
  const std::vector<std::uint32_t> lists(lists_.touched().begin(), lists_.touched().end());
  std::vector<std::uint32_t> chained;
  for (const std::uint32_t list : lists) {
    lists_.Settle(list);
    if (list >= pattern_count) {  // Of a part of a chain.
      chained.push_back(tables_.part(list - pattern_count).pattern);
    } else if (!lists_.matches(list).empty() || lists_.limited(list)) {
      touched.push_back(list);
    }
  }
  std::sort(chained.begin(), chained.end());
  chained.erase(std::unique(chained.begin(), chained.end()), chained.end());
  for (const std::uint32_t id : chained) {
    // Nothing but a forged database has matches of the pattern itself here.
    if (id >= pattern_count || !lists_.matches(id).empty()) continue;
    JoinChain(id);
    if (!lists_.matches(id).empty() || lists_.limited(id)) touched.push_back(id);
  }
  // A chain whose search was ended is there twice.
  std::sort(touched.begin(), touched.end());
  touched.erase(std::unique(touched.begin(), touched.end()), touched.end());
}

MatchState::MatchState(const Matcher& matcher) : MatchState(matcher, BestKernel()) {}
MatchState::MatchState(const Matcher& matcher, const KernelInfo& kernel)
    : impl_(std::make_unique<Impl>(matcher, kernel)) {}
MatchState::~MatchState() = default;
void MatchState::Begin(const BitSet& live_groups, const BitSet& live_patterns, bool all_matches) {
  impl_->Begin(live_groups, live_patterns, all_matches);
}
void MatchState::Feed(const Window& window) { impl_->Feed(window); }
void MatchState::Finish() { impl_->Finish(); }
std::span<const std::uint32_t> MatchState::touched() const { return impl_->touched; }
std::span<const Match> MatchState::matches(std::uint32_t pattern) const { return impl_->lists().matches(pattern); }
bool MatchState::limited(std::uint32_t pattern) const { return impl_->lists().limited(pattern); }
const MatchState::Counters& MatchState::counters() const { return impl_->counters; }
void MatchState::SetProfile(SearchProfile* profile) { impl_->SetProfile(profile); }

}  // namespace dl::match
