#include "daylight/match/joint_search.h"

#include <algorithm>
#include <vector>

#include "daylight/match/match_state_impl.h"
#include "daylight/match/prefilter.h"

namespace dl::match {

namespace {

// States that one filter serves.
class Pass {
 public:
  explicit Pass(std::vector<MatchState::Impl*> states)
      : states_(std::move(states)),
        kernel_(states_.front()->kernel()),
        factor_(states_.front()->tables().header().hash_factor),
        stride_(states_.front()->tables().header().stride),
        sets_(EveryGroup()),
        candidates_(kBlock + 16),
        hashes_(kBlock + 16) {
    for (const MatchState::Impl* state : states_) matchers_.push_back(&state->tables());
  }

  void Begin(std::span<MatchState::Impl* const> live);
  // So many positions of a window are about to be searched.
  void Open(std::size_t positions) {
    if (const auto* better = sets_.Search(positions, [this](FilterTables& filter) { Fill(matchers_, filter); }))
      filter_ = better;
  }
  // Runs the kernel over `count` positions from `begin` on, in their bytes or a
  // copy. `window`: all bytes; it begins at `offset` in the object.
  void Scan(const std::uint8_t* bytes, std::size_t begin, std::size_t count, std::span<const std::uint8_t> window,
            std::uint64_t offset);

 private:
  std::vector<std::uint64_t> EveryGroup() const {
    std::vector<std::uint64_t> all;
    for (const MatchState::Impl* state : states_) {
      all.insert(all.end(), state->every_group().begin(), state->every_group().end());
    }
    return all;
  }

  std::vector<MatchState::Impl*> states_;
  std::vector<const MatcherTables*> matchers_;  // Of states_.
  std::vector<MatchState::Impl*> live_;
  const KernelInfo& kernel_;
  std::uint32_t factor_;
  std::uint32_t stride_;
  LiveSets<FilterTables> sets_;
  std::vector<std::uint64_t> groups_;
  const FilterTables* filter_ = nullptr;
  std::vector<std::uint32_t> candidates_;
  std::vector<ConfirmHashes> hashes_;
};

void Pass::Begin(std::span<MatchState::Impl* const> live) {
  live_.clear();
  groups_.clear();
  for (MatchState::Impl* state : states_) {
    const bool is_live = std::find(live.begin(), live.end(), state) != live.end();
    if (is_live) {
      live_.push_back(state);
      groups_.insert(groups_.end(), state->live_groups().begin(), state->live_groups().end());
    } else {
      groups_.resize(groups_.size() + state->every_group().size());
    }
  }
  filter_ = live_.empty() ? nullptr : &sets_.Choose(groups_, [this](FilterTables& filter) { Fill(matchers_, filter); });
}

void Pass::Scan(const std::uint8_t* bytes, std::size_t begin, std::size_t count, std::span<const std::uint8_t> window,
                std::uint64_t offset) {
  if (filter_ == nullptr || filter_->words.empty()) return;
  // Positions count from the object's beginning, however it is cut into windows.
  const std::size_t skipped = (offset + begin) % stride_ == 0 ? 0 : 1;
  if (count <= skipped) return;
  const FilterTable table = {filter_->words.data(), filter_->log2, factor_, stride_, !filter_->has_zeros};
  const std::size_t base = begin + skipped;
  const std::size_t found = kernel_.filter(table, bytes + skipped, count - skipped, candidates_.data());
  const std::size_t hashed = WindowBytes(stride_);
  for (std::size_t i = 0; i < found; ++i) {
    const std::size_t at = base + candidates_[i];
    const std::uint32_t behind = at + hashed < window.size() ? WindowAt(window, at + hashed) : 0;
    hashes_[i] = HashesOf(WindowAt(window, at) & WindowMask(stride_), behind);
  }
  for (MatchState::Impl* state : live_) {
    state->LookUpFiltered(base, {candidates_.data(), found}, {hashes_.data(), found});
  }
}

}  // namespace

class JointSearch::Impl {
 public:
  explicit Impl(std::span<MatchState* const> states);
  void Begin(std::span<MatchState* const> live);
  void Feed(const Window& window);

 private:
  // Searches the positions from `begin` on, in their bytes or a copy.
  void Scan(const std::uint8_t* bytes, std::size_t begin, std::size_t count);

  std::vector<std::unique_ptr<Pass>> passes_;
  std::vector<MatchState::Impl*> live_;
  std::uint64_t reach_ = 0;          // Context that verifying may need, for any of the states.
  std::uint64_t next_position_ = 0;  // In the object: the first position not searched yet.
  std::span<const std::uint8_t> bytes_;
  std::uint64_t offset_ = 0;  // Of bytes_ in the object.
  std::uint8_t padded_[2 * kKernelSlack] = {};
};

JointSearch::Impl::Impl(std::span<MatchState* const> states) {
  std::vector<std::vector<MatchState::Impl*>> sorted;
  for (MatchState* state : states) {
    MatchState::Impl* const impl = state->impl_.get();
    reach_ = std::max<std::uint64_t>(reach_, impl->tables().header().reach_bytes);
    const auto fits = [&](const auto& others) {
      const MatcherHeader& ours = impl->tables().header();
      const MatcherHeader& theirs = others.front()->tables().header();
      return ours.hash_factor == theirs.hash_factor && ours.stride == theirs.stride &&
             &impl->kernel() == &others.front()->kernel();
    };
    const auto place = std::find_if(sorted.begin(), sorted.end(), fits);
    (place != sorted.end() ? *place : sorted.emplace_back()).push_back(impl);
  }
  for (auto& each : sorted) passes_.push_back(std::make_unique<Pass>(std::move(each)));
}

void JointSearch::Impl::Begin(std::span<MatchState* const> live) {
  live_.clear();
  for (MatchState* state : live) live_.push_back(state->impl_.get());
  next_position_ = 0;
  for (const auto& pass : passes_) pass->Begin(live_);
}

void JointSearch::Impl::Feed(const Window& window) {
  const std::uint64_t window_end = window.offset + window.bytes.size();
  // A position is searched in the first window that has enough bytes behind
  // it; the overlap then has enough before it.
  std::uint64_t until = window_end;
  if (!window.last) until = window_end > reach_ ? window_end - reach_ : 0;
  const std::uint64_t from = std::max(next_position_, window.offset);
  if (from >= until) return;
  next_position_ = until;
  bytes_ = {reinterpret_cast<const std::uint8_t*>(window.bytes.data()), window.bytes.size()};
  offset_ = window.offset;
  const auto begin = static_cast<std::size_t>(from - window.offset);
  const auto end = static_cast<std::size_t>(until - window.offset);
  for (MatchState::Impl* state : live_) state->Open(window, begin, end);
  for (const auto& pass : passes_) pass->Open(end - begin);
  // Kernels read past the last position: the last few positions are looked at in a copy.
  const std::size_t safe_end = std::min(end, bytes_.size() > kKernelSlack ? bytes_.size() - kKernelSlack : 0);
  for (std::size_t at = begin; at < safe_end; at += kBlock) {
    Scan(bytes_.data() + at, at, std::min(kBlock, safe_end - at));
  }
  const std::size_t tail = std::max(begin, safe_end);
  if (tail < end) {
    std::memset(padded_, 0, sizeof padded_);
    std::memcpy(padded_, bytes_.data() + tail, std::min(bytes_.size() - tail, sizeof padded_));
    Scan(padded_, tail, end - tail);
  }
  for (MatchState::Impl* state : live_) state->ScanEverywhere(begin, end);
}

void JointSearch::Impl::Scan(const std::uint8_t* bytes, std::size_t begin, std::size_t count) {
  for (const auto& pass : passes_) pass->Scan(bytes, begin, count, bytes_, offset_);
  for (MatchState::Impl* state : live_) state->ScanShorts(bytes, begin, count);
}

JointSearch::JointSearch(std::span<MatchState* const> states) : impl_(std::make_unique<Impl>(states)) {}
JointSearch::~JointSearch() = default;
void JointSearch::Begin(std::span<MatchState* const> live) { impl_->Begin(live); }
void JointSearch::Feed(const Window& window) { impl_->Feed(window); }

}  // namespace dl::match
