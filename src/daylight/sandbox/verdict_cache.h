// VerdictCache remembers which files were clean, so that they need not be opened
// again while they, the content and the configuration are the same.
//
//   DL_TRY(auto cache, VerdictCache::Open(folder, configuration, units));
//   if (!cache.knows_units()) cache.SetNeeds(...);         // Asked of a worker.
//   const VerdictRecord wanted = cache.Wanted(state, file_system, names);
//   if (cache.CleanBy(wanted) == cache.all_units()) ...    // Clean.
//   std::optional<VerdictCandidate> candidate = cache.Begin(wanted, state, fd);
//   ... scanned, and clean ...
//   if (candidate->StillHolds(fd)) cache.Keep(candidate->record);
//   cache.Save();
//
// Only clean verdicts are kept, each with the units of content it was found by: a
// file that is clean by two sets of units is clean by both together, so when a unit
// is new, a file is scanned with that one only. docs/verdict-cache.md says what is
// kept and why that is sound. Nothing in a file of the cache is trusted to be well
// formed, but a user who may write there could as well change his own programs.
// Any number of processes may use one; one thread each.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daylight/base/error.h"
#include "daylight/database/database.h"
#include "daylight/os/fd.h"
#include "daylight/os/file_state.h"
#include "daylight/os/lease.h"
#include "daylight/report/jobs.h"
#include "daylight/sandbox/verdict_table.h"
#include "daylight/sandbox/worker_process.h"

namespace dl::sandbox {

// A scan that may become a verdict to keep: the file's state before its first byte
// was read, and a lease since then.
struct VerdictCandidate {
  VerdictRecord record;
  os::FileState state;
  os::ReadLease lease;
  // `fd`: the descriptor that the lease is on.
  bool StillHolds(int fd) const { return lease.held() && os::StateOf(fd) == state; }
};

// What the units of content are, whatever file they come from: one digest for each
// unit of all databases, in order, or one for all when they are more than a table
// has places for.
std::vector<Digest256> UnitDigests(const std::vector<std::shared_ptr<const database::Database>>& databases);

class VerdictCache {
 public:
  struct Configuration {
    report::ScanSettings settings;  // `now` does not count.
    WorkerProgram worker_program;
    std::string_view version;
  };

  // `folder` is an open one of cache_folder.h. Fails when the kernel does not say
  // which boot this is.
  static Result<VerdictCache> Open(os::Fd folder, const Configuration& configuration, std::vector<Digest256> units);

  // Whether it is known of all units what their verdicts depend on.
  bool knows_units() const { return knows_units_; }
  // One for each unit of all databases, as Summarize() gives them.
  void SetNeeds(const std::vector<report::DatabaseSummary::Unit>& needs);
  // Whether an object's names are part of the question.
  bool uses_names() const { return uses_names_; }
  // Bit n: unit n, as counted by UnitDigests().
  std::uint64_t all_units() const;

  VerdictRecord Wanted(const os::FileState& state, std::uint64_t file_system, const report::ObjectNames& names) const;
  // The units by which the file was clean in this state.
  std::uint64_t CleanBy(const VerdictRecord& wanted);
  // Before the first byte is read; `state`: as it is under the lease. Nothing
  // without a lease, and for a file too young for its times to tell the next change.
  static std::optional<VerdictCandidate> Begin(const VerdictRecord& wanted, const os::FileState& state,
                                               os::ReadLease lease);
  // It was found clean by all units.
  void Keep(const VerdictRecord& record);
  // Writes down what is new. What another process wrote meanwhile stays.
  Status Save();

 private:
  VerdictCache(os::Fd folder, std::vector<Digest256> units);
  VerdictTable Load() const;
  Status Write(const VerdictTable& table) const;
  void RemoveOthers() const;

  os::Fd folder_;
  std::string name_;  // Of the file.
  Digest256 configuration_{};
  std::vector<VerdictUnit> units_;
  std::vector<std::optional<std::uint32_t>> places_;  // Of the units, in table_.
  VerdictTable table_;                                // As it was at the beginning.
  std::vector<VerdictRecord> kept_;                   // With the numbers of our units, not the table's places.
  std::uint32_t today_ = 0;
  bool knows_units_ = false;
  bool is_new_ = false;  // The needs of a unit are to be written down.
  bool uses_names_ = false;
};

}  // namespace dl::sandbox
