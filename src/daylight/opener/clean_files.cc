#include "daylight/opener/clean_files.h"

#include <algorithm>
#include <utility>

namespace dl::opener {

namespace {

// As in sandbox/verdict_cache.cc: kernels stamp by a clock that ticks every 1 to 10 ms.
constexpr std::int64_t kMinAgeNs = 2'000'000'000;

}  // namespace

bool CleanFiles::IsOldEnough(const os::FileState& state, std::int64_t now_ns) {
  // A time to come may come again.
  return now_ns - std::max(state.modified_ns, state.changed_ns) >= kMinAgeNs;
}

void CleanFiles::Add(std::uint64_t file_system, const os::FileState& state, std::uint64_t generation) {
  if (half_ == 0) return;
  const FileKey key{state.device, state.inode};
  old_.erase(key);
  if (young_.size() >= half_ && !young_.contains(key)) {
    old_ = std::exchange(young_, {});
  }
  young_[key] = {file_system, state, generation};
}

bool CleanFiles::Has(std::uint64_t file_system, const os::FileState& state, std::uint64_t generation) {
  const FileKey key{state.device, state.inode};
  const Record wanted{file_system, state, generation};
  if (const auto found = young_.find(key); found != young_.end()) return found->second == wanted;
  const auto found = old_.find(key);
  if (found == old_.end() || !(found->second == wanted)) return false;
  Add(file_system, state, generation);
  return true;
}

void CleanFiles::Clear() {
  young_.clear();
  old_.clear();
}

}  // namespace dl::opener
