#include <algorithm>

#include "daylight/match/chains.h"
#include "daylight/match/joint_search.h"
#include "daylight/match/match_state_impl.h"

namespace dl::match {

namespace {

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

}  // namespace

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

namespace {

std::vector<std::uint64_t> GroupsWithPatterns(const MatcherTables& tables) {
  BitSet searched;
  searched.Resize(tables.header().group_count);
  for (std::uint32_t id = 0; id < tables.header().group_count; ++id) {
    const GroupRecord& group = tables.group(id);
    const bool is_searched =
        group.everywhere_count != 0 ||
        std::any_of(std::begin(group.bits), std::end(group.bits), [](const BitRun& run) { return run.count != 0; });
    if (is_searched) searched.Set(id);
  }
  return {searched.words().begin(), searched.words().end()};
}

}  // namespace

MatchState::Impl::Impl(const Matcher& matcher, const KernelInfo& kernel)
    : tables_(matcher.tables()),
      kernel_(kernel),
      factor_(tables_.header().hash_factor),
      lists_(tables_.header().list_count),
      verifier_(tables_),
      sets_(GroupsWithPatterns(tables_)),
      candidates_(kBlock + 16),
      lookups_(kBlock + 1),
      found_runs_(kBlock + 1) {
  stopped_.Resize(tables_.header().pattern_count);
}

void MatchState::Impl::Begin(const BitSet& live_groups, const BitSet& live_patterns, bool all_matches) {
  live_groups_.assign(live_groups.words().begin(), live_groups.words().end());
  live_groups_.resize(every_group().size());
  for (std::size_t i = 0; i < live_groups_.size(); ++i) live_groups_[i] &= every_group()[i];
  live_patterns_ = live_patterns.words();
  for (const std::uint32_t pattern : all_stopped_) stopped_.Clear(pattern);
  all_stopped_.clear();
  all_matches_ = all_matches;
  counters = {};
  touched.clear();
  lists_.Reset();
  for (const std::uint32_t pattern : stepped_) steps_[pattern] = 0;
  stepped_.clear();
  all_steps_ = 0;
  live_ = &sets_.Choose(live_groups_, [this](LiveTables& live) { Fill(tables_, live); });
}

void MatchState::Impl::Open(const Window& window, std::size_t begin, std::size_t end) {
  bytes_ = {reinterpret_cast<const std::uint8_t*>(window.bytes.data()), window.bytes.size()};
  verifier_.SetText(Text{window.bytes, window.offset == 0, window.last, 1}, window.offset);
  counters.positions += end - begin;
  if (const auto* better = sets_.Search(end - begin, [this](LiveTables& live) { Fill(tables_, live); })) live_ = better;
}

template <typename BitOf>
void MatchState::Impl::LookUpSome(std::size_t base, std::size_t count, std::uint32_t length,
                                  const std::vector<std::uint32_t>& bitmap, BitOf bit_of) {
  if (bitmap.empty()) return;
  Lookup* lookup = lookups_.data();
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t at = base + candidates_[i];
    const std::uint32_t window = WindowAt(bytes_, at);
    const std::uint32_t bit = bit_of(window);
    *lookup = {at, window & (0xffffffff >> (8 * (4 - length)))};
    lookup += (bitmap[bit >> 5] >> (bit & 31)) & 1;
  }
  LookUp(static_cast<std::size_t>(lookup - lookups_.data()), length);
}

// In two rounds, so that memory is asked for before it is needed.
void MatchState::Impl::LookUpFiltered(std::size_t base, std::span<const std::uint32_t> candidates,
                                      std::span<const ConfirmHashes> hashes) {
  if (live_->words[kConfirm].empty()) return;
  const std::uint32_t* bitmap = live_->words[kConfirm].data();
  const unsigned shift = 32 - live_->confirm_log2;
  for (const ConfirmHashes& each : hashes) {
    __builtin_prefetch(bitmap + (each.all >> shift >> 5));
    __builtin_prefetch(bitmap + (each.first >> shift >> 5));
    __builtin_prefetch(bitmap + (each.window >> shift >> 5));
  }
  const auto is_set = [&](std::uint32_t hash) {
    const std::uint32_t bit = hash >> shift;
    return bitmap[bit >> 5] >> (bit & 31) & 1;
  };
  std::size_t kept = 0;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    candidates_[kept] = candidates[i];
    kept += is_set(hashes[i].all) | is_set(hashes[i].first) | is_set(hashes[i].window);
  }
  counters.candidates += kept;
  Lookup* lookup = lookups_.data();
  for (std::size_t i = 0; i < kept; ++i) {
    *lookup++ = {base + candidates_[i], WindowAt(bytes_, base + candidates_[i])};
  }
  LookUp(kept, 4);
  LookUpSome(base, kept, 3, live_->words[kFilter3],
             [this](std::uint32_t window) { return BitOfThree(window, factor_); });
}

void MatchState::Impl::ScanShorts(const std::uint8_t* bytes, std::size_t begin, std::size_t count) {
  if (live_->words[kBitmapShort].empty()) return;
  const ShortTable table = {live_->words[kBitmapShort].data(), live_->has_nibbles ? &live_->nibbles : nullptr};
  count = kernel_.shorts(table, bytes, count, candidates_.data());
  counters.candidates += count;
  // Which lengths of atoms are worth a lookup, the finer bitmaps say.
  LookUpSome(begin, count, 3, live_->words[kBitmap3],
             [this](std::uint32_t window) { return BitOfThree(window, factor_); });
  for (const std::uint32_t length : {2u, 1u}) LookUpSome(begin, count, length, live_->words[kBitmap2], BitOfTwo);
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

void MatchState::Impl::ScanEverywhere(std::size_t begin, std::size_t end) {
  for (const std::uint32_t index : live_->everywhere) {
    const SubRecord& sub = tables_.sub(index);
    if (IsSought(sub)) ScanEverywhere(sub, begin, end);
  }
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
  is_alone_ = false;
}
void MatchState::Feed(const Window& window) {
  MatchState* const self = this;
  if (alone_ == nullptr) alone_ = std::make_unique<JointSearch>(std::span(&self, 1));
  if (!std::exchange(is_alone_, true)) alone_->Begin(std::span(&self, 1));
  alone_->Feed(window);
}
void MatchState::Finish() { impl_->Finish(); }
std::span<const std::uint32_t> MatchState::touched() const { return impl_->touched; }
std::span<const Match> MatchState::matches(std::uint32_t pattern) const { return impl_->lists().matches(pattern); }
bool MatchState::limited(std::uint32_t pattern) const { return impl_->lists().limited(pattern); }
const MatchState::Counters& MatchState::counters() const { return impl_->counters; }
void MatchState::SetProfile(SearchProfile* profile) { impl_->SetProfile(profile); }

}  // namespace dl::match
