// What tests, fuzz targets and benchmarks of the matcher share.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "daylight/base/check.h"
#include "daylight/match/matcher.h"
#include "daylight/match/prefilter.h"
#include "daylight/match/reference.h"

namespace dl::match {

// Calls feed(window) for windows of `window_bytes` of an object (0: one window).
template <typename Feed>
void InWindows(Bytes object, std::size_t window_bytes, std::size_t overlap, Feed feed) {
  if (window_bytes == 0 || window_bytes >= object.size()) {
    feed(Window{object, 0, true});
    return;
  }
  DL_CHECK(window_bytes > overlap);
  std::size_t begin = 0;
  while (true) {
    const std::size_t size = std::min(window_bytes, object.size() - begin);
    const bool last = begin + size == object.size();
    // A copy of its own: reading outside of it is seen by a sanitizer.
    const std::vector<std::byte> window(object.begin() + static_cast<std::ptrdiff_t>(begin),
                                        object.begin() + static_cast<std::ptrdiff_t>(begin + size));
    feed(Window{window, begin, last});
    if (last) return;
    begin += size - overlap;
  }
}

// A matcher of a few patterns, each in a group of its own or all in one.
class TestMatcher {
 public:
  explicit TestMatcher(const std::vector<Pattern>& patterns, std::uint32_t stride = kMaxStride) {
    std::uint32_t groups = 1;
    for (const Pattern& pattern : patterns) groups = std::max(groups, pattern.group + 1);
    MatcherBuilder builder(groups, stride);
    for (const Pattern& pattern : patterns) {
      auto id = builder.Add(pattern);
      DL_CHECK(id.has_value());
    }
    database::Writer writer;
    DL_CHECK(builder.Finish(writer, 0).has_value());
    auto database = database::Database::FromBytes(writer.Finish());
    DL_CHECK(database.has_value());
    database_ = *database;
    auto matcher = Matcher::Open(*database_, 0);
    DL_CHECK(matcher.has_value());
    matcher_ = std::make_unique<Matcher>(std::move(*matcher));
    state_ = std::make_unique<MatchState>(*matcher_, KernelFromEnvironment());
    live_groups_.Resize(groups);
    for (std::uint32_t i = 0; i < groups; ++i) live_groups_.Set(i);
    live_patterns_.Resize(patterns.size());
    for (std::size_t i = 0; i < patterns.size(); ++i) live_patterns_.Set(i);
  }

  // Searches an object that is cut into windows of `window_bytes` (0: one).
  void Scan(Bytes object, std::size_t window_bytes = 0, bool all_matches = true) {
    state_->Begin(live_groups_, live_patterns_, all_matches);
    InWindows(object, window_bytes, matcher_->overlap_bytes(), [&](const Window& window) { state_->Feed(window); });
    state_->Finish();
  }

  std::vector<Match> Matches(std::uint32_t pattern) const {
    const auto matches = state_->matches(pattern);
    return {matches.begin(), matches.end()};
  }
  // From the next object on.
  void UseKernel(const KernelInfo& kernel) { state_ = std::make_unique<MatchState>(*matcher_, kernel); }
  MatchState& state() { return *state_; }
  const Matcher& matcher() const { return *matcher_; }
  BitSet& live_groups() { return live_groups_; }
  BitSet& live_patterns() { return live_patterns_; }

 private:
  std::shared_ptr<const database::Database> database_;
  std::unique_ptr<Matcher> matcher_;
  std::unique_ptr<MatchState> state_;
  BitSet live_groups_;
  BitSet live_patterns_;
};

inline std::string Describe(const std::vector<Match>& matches) {
  std::string out;
  for (const Match& match : matches) {
    out +=
        std::to_string(match.offset) + "+" + std::to_string(match.length) + "/" + std::to_string(match.xor_key) + " ";
  }
  return out;
}

}  // namespace dl::match
