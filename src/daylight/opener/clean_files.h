// CleanFiles remembers, in memory, which files were clean in which state: the second
// level, for files that have no lease any more (leased_files.h).
//
//   CleanFiles clean(250'000);
//   clean.Add(file_system, state, generation);   // Under a lease; see IsOldEnough().
//   if (clean.Has(file_system, state, generation)) Allow();
//
// By the rules of docs/verdict-cache.md: who adds has made sure of them. Bounded;
// what was not of use for long goes first. One thread.
#pragma once

#include <cstdint>
#include <unordered_map>

#include "daylight/opener/leased_files.h"
#include "daylight/os/file_state.h"

namespace dl::opener {

class CleanFiles {
 public:
  explicit CleanFiles(std::size_t capacity) : half_(capacity / 2) {}

  // Whether the next change will get another time, by `now_ns` (since 1970).
  static bool IsOldEnough(const os::FileState& state, std::int64_t now_ns);

  void Add(std::uint64_t file_system, const os::FileState& state, std::uint64_t generation);
  bool Has(std::uint64_t file_system, const os::FileState& state, std::uint64_t generation);
  void Clear();
  std::size_t size() const { return young_.size() + old_.size(); }

 private:
  struct Record {
    std::uint64_t file_system = 0;
    os::FileState state;
    std::uint64_t generation = 0;
    bool operator==(const Record&) const = default;
  };
  using Records = std::unordered_map<FileKey, Record, FileKeyHash>;

  std::size_t half_;
  Records young_;  // New, or of use since these were last emptied into `old_`.
  Records old_;
};

}  // namespace dl::opener
