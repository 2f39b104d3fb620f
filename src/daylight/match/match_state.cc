#include <algorithm>
#include <cstring>

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
  Impl(const Matcher& matcher, PrefilterKernel kernel)
      : tables_(matcher.tables()),
        kernel_(kernel),
        factor_(tables_.header().hash_factor),
        lists_(tables_.header().list_count),
        verifier_(tables_),
        candidates_(kBlock + 16),
        lookups_(kBlock + 1),
        found_slots_(kBlock + 1),
        steps_(tables_.header().pattern_count) {}

  void Begin(const BitSet& live_groups, const BitSet& live_patterns, bool all_matches);
  void Feed(const Window& window);
  void Finish();

  std::vector<std::uint32_t> touched;
  Counters counters;
  const MatchLists& lists() const { return lists_; }

 private:
  static bool Test(const std::vector<std::uint64_t>& words, std::uint32_t bit) {
    const std::size_t word = bit / 64;
    return word < words.size() && ((words[word] >> (bit % 64)) & 1) != 0;
  }
  void BuildBitmaps();
  bool IsSought(const SubRecord& sub) const {
    return sub.pattern < tables_.header().pattern_count && sub.list < tables_.header().list_count &&
           Test(live_patterns_, sub.pattern) && Test(live_groups_, sub.group);
  }
  void ScanAtoms(std::size_t begin, std::size_t end);
  void ScanBlock(std::size_t begin, std::size_t end);
  struct Lookup {
    std::size_t at;
    std::uint32_t window;
  };
  struct FoundSlot {
    const Slot* slot;
    std::size_t at;
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
  // Looks up the first `count` of candidates_, which are relative to `base`.
  void LookUpAll(std::size_t base, std::size_t count, std::size_t kind);
  // Looks up the first `count` of lookups_.
  void LookUp(std::size_t count, std::uint32_t length);
  void TrySlot(const Slot& slot, std::size_t at);
  void ScanEverywhere(const SubRecord& sub, std::size_t begin, std::size_t end);
  void Stop(std::uint32_t pattern) { live_patterns_[pattern / 64] &= ~(std::uint64_t{1} << (pattern % 64)); }
  // Ends the search for a pattern that has become too expensive.
  void ChargeSteps(const SubRecord& sub);
  // Takes what verifying found.
  void Keep(const SubRecord& sub);
  void JoinChain(std::uint32_t id);

  const MatcherTables& tables_;
  PrefilterKernel kernel_;
  std::uint32_t factor_;
  MatchLists lists_;
  Verifier verifier_;

  std::vector<std::uint64_t> live_groups_;
  std::vector<std::uint64_t> live_patterns_;  // Our copy: bits are cleared as searches end.
  bool all_matches_ = false;
  std::uint64_t next_position_ = 0;  // In the object: the first position not searched yet.

  // Of the groups in bitmap_groups_, which may have served the object before.
  bool have_bitmaps_ = false;
  std::vector<std::uint64_t> bitmap_groups_;
  std::vector<std::uint32_t> bitmaps_[kBitmaps];
  bool has_bits_[kBitmaps] = {};
  std::vector<std::uint32_t> everywhere_;

  std::span<const std::uint8_t> bytes_;
  std::vector<std::uint32_t> candidates_;
  std::vector<Lookup> lookups_;
  std::vector<FoundSlot> found_slots_;
  std::uint8_t padded_[2 * kKernelSlack] = {};
  std::vector<MatchRecord> found_;

  std::vector<std::uint64_t> steps_;    // By pattern: what its automata have cost in this object.
  std::vector<std::uint32_t> stepped_;  // Patterns with any.
  std::uint64_t all_steps_ = 0;
};

void MatchState::Impl::Begin(const BitSet& live_groups, const BitSet& live_patterns, bool all_matches) {
  live_groups_.assign(live_groups.words().begin(), live_groups.words().end());
  live_patterns_.assign(live_patterns.words().begin(), live_patterns.words().end());
  all_matches_ = all_matches;
  next_position_ = 0;
  counters = {};
  touched.clear();
  lists_.Reset();
  for (const std::uint32_t pattern : stepped_) steps_[pattern] = 0;
  stepped_.clear();
  all_steps_ = 0;
  if (!have_bitmaps_ || bitmap_groups_ != live_groups_) BuildBitmaps();
}

void MatchState::Impl::BuildBitmaps() {
  for (std::size_t kind = 0; kind < kBitmaps; ++kind) {
    bitmaps_[kind].assign(kBitmapWords[kind], 0);
    has_bits_[kind] = false;
  }
  everywhere_.clear();
  const std::uint32_t groups = tables_.header().group_count;
  for (std::uint32_t id = 0; id < groups; ++id) {
    if (!Test(live_groups_, id)) continue;
    const GroupRecord& group = tables_.group(id);
    for (std::size_t kind = 0; kind < kBitmaps; ++kind) {
      const std::span<const std::uint32_t> bits = tables_.bits(group.bits[kind], kBitmapWords[kind]);
      if (bits.empty()) continue;
      has_bits_[kind] = true;
      std::vector<std::uint32_t>& bitmap = bitmaps_[kind];
      if (group.bits[kind].count == kDenseBits) {
        for (std::size_t i = 0; i < bits.size(); ++i) bitmap[i] |= bits[i];
      } else {
        const std::uint32_t last_bit = (1u << kBitmapLog2[kind]) - 1;
        for (const std::uint32_t bit : bits) bitmap[(bit & last_bit) >> 5] |= 1u << (bit & 31);
      }
    }
    const std::span<const std::uint32_t> everywhere = tables_.everywhere(group);
    everywhere_.insert(everywhere_.end(), everywhere.begin(), everywhere.end());
  }
  bitmap_groups_ = live_groups_;
  have_bitmaps_ = true;
}

void MatchState::Impl::Feed(const Window& window) {
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
  verifier_.SetText(Text{window.bytes, window.offset == 0, window.last, 1}, window.offset);
  const auto begin = static_cast<std::size_t>(from - window.offset);
  const auto end = static_cast<std::size_t>(until - window.offset);
  counters.positions += end - begin;
  ScanAtoms(begin, end);
  for (const std::uint32_t index : everywhere_) {
    const SubRecord& sub = tables_.sub(index);
    if (IsSought(sub)) ScanEverywhere(sub, begin, end);
  }
  bytes_ = {};
}

void MatchState::Impl::ScanAtoms(std::size_t begin, std::size_t end) {
  if (!has_bits_[kBitmap4] && !has_bits_[kBitmapShort]) return;
  for (std::size_t at = begin; at < end; at += kBlock) ScanBlock(at, std::min(at + kBlock, end));
}

void MatchState::Impl::ScanBlock(std::size_t begin, std::size_t end) {
  // Kernels read past the last position: the last few positions are looked at in a copy.
  const std::size_t safe_end = std::min(end, bytes_.size() > kKernelSlack ? bytes_.size() - kKernelSlack : 0);
  const std::size_t direct = safe_end > begin ? safe_end - begin : 0;
  const std::size_t tail = begin + direct;
  for (const std::size_t kind : {kBitmap4, kBitmapShort}) {
    if (!has_bits_[kind]) continue;
    const std::uint32_t* bitmap = bitmaps_[kind].data();
    if (direct > 0)
      LookUpAll(begin, kernel_(bitmap, bytes_.data() + begin, direct, kind, factor_, candidates_.data()), kind);
    if (tail < end) {
      std::memset(padded_, 0, sizeof padded_);
      std::memcpy(padded_, bytes_.data() + tail, std::min(bytes_.size() - tail, sizeof padded_));
      LookUpAll(tail, kernel_(bitmap, padded_, end - tail, kind, factor_, candidates_.data()), kind);
    }
  }
}

void MatchState::Impl::LookUpAll(std::size_t base, std::size_t count, std::size_t kind) {
  counters.candidates += count;
  const std::uint32_t* candidates = candidates_.data();
  if (kind == kBitmap4) {
    Lookup* lookup = lookups_.data();
    for (std::size_t i = 0; i < count; ++i) *lookup++ = {base + candidates[i], WindowAt(base + candidates[i])};
    LookUp(count, 4);
    return;
  }
  // Which lengths of atoms are worth a lookup, the finer bitmaps say.
  for (const std::uint32_t length : {3u, 2u, 1u}) {
    const std::size_t finer = length == 3 ? kBitmap3 : kBitmap2;
    if (!has_bits_[finer]) continue;
    const std::uint32_t* bitmap = bitmaps_[finer].data();
    Lookup* lookup = lookups_.data();
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t at = base + candidates[i];
      const std::uint32_t window = WindowAt(at);
      const std::uint32_t bit = BitOf(window, finer, factor_);
      *lookup = {at, window & (0xffffffff >> (8 * (4 - length)))};
      lookup += (bitmap[bit >> 5] >> (bit & 31)) & 1;
    }
    LookUp(static_cast<std::size_t>(lookup - lookups_.data()), length);
  }
}

// In three rounds, so that memory is asked for long before it is needed.
void MatchState::Impl::LookUp(std::size_t count, std::uint32_t length) {
  const std::span<const Lookup> lookups(lookups_.data(), count);
  for (const Lookup& lookup : lookups) tables_.Prefetch(lookup.window, length);
  FoundSlot* found = found_slots_.data();
  for (const Lookup& lookup : lookups) {
    const Slot& slot = tables_.Find(lookup.window, length);
    if (slot.count == 0 || length > bytes_.size() - lookup.at) continue;
    tables_.PrefetchAtoms(slot);
    *found++ = {&slot, lookup.at};
  }
  for (const FoundSlot* each = found_slots_.data(); each != found; ++each) TrySlot(*each->slot, each->at);
}

void MatchState::Impl::TrySlot(const Slot& slot, std::size_t at) {
  // Entries look at eight bytes from up to seven before the window on.
  const bool inside = at >= 8 && bytes_.size() - at >= 8;
  const std::uint8_t* here = bytes_.data() + at;
  for (const AtomEntry& entry : tables_.atoms(slot)) {
    std::uint64_t value = 0;
    if (inside && entry.before <= 8) {
      std::memcpy(&value, here - entry.before, sizeof value);
    } else {
      value = LoadBytes(bytes_, at, entry.before, 8);
    }
    if ((value & entry.mask) != entry.value) continue;
    const SubRecord& sub = tables_.sub(entry.sub);
    if (!IsSought(sub) || lists_.limited(sub.list)) continue;
    ++counters.verified;
    verifier_.VerifyAtom(sub, entry, at, found_);
    if (!found_.empty()) Keep(sub);
    if ((sub.flags & kSubAutomaton) != 0) ChargeSteps(sub);
  }
}

void MatchState::Impl::ScanEverywhere(const SubRecord& sub, std::size_t begin, std::size_t end) {
  const std::span<const std::uint8_t> first = tables_.text(sub.extra, 32);
  if (first.size() != 32) return;
  for (std::size_t at = begin; at < end; ++at) {
    const std::uint8_t byte = bytes_[at];
    if (((first[byte >> 3] >> (byte & 7)) & 1) == 0) continue;
    ++counters.verified;
    verifier_.VerifyStart(sub, at, found_);
    if (!found_.empty()) Keep(sub);
    if ((sub.flags & kSubAutomaton) != 0) ChargeSteps(sub);
    if (!Test(live_patterns_, sub.pattern)) return;
  }
}

void MatchState::Impl::ChargeSteps(const SubRecord& sub) {
  const std::uint64_t steps = verifier_.TakeSteps();
  if (steps == 0) return;
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
    : impl_(std::make_unique<Impl>(matcher, kernel.kernel)) {}
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

}  // namespace dl::match
