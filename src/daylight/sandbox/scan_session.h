// ScanSession has files scanned by a number of workers and gives the reports
// back in the order of the files.
//
//   sandbox::ScanSession session(options, databases);
//   const SessionEnd end = session.Run(next, print);
//
// `next` is asked for one file after the other; `print` gets each report. What
// happens to workers that die, lie or hang is in scan_pool.h. Used by one thread;
// calls back on it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "daylight/sandbox/reorder.h"
#include "daylight/sandbox/scan_pool.h"

namespace dl::sandbox {

struct SessionOptions : ScanOptions {
  Reorder::Limits reorder;
  // Called a few times a second, and after the last file. May be empty.
  std::function<void()> tick;
};

struct SessionEnd {
  bool interrupted = false;
  std::string failure;             // Why nothing more could be scanned; empty for a good end.
  std::uint64_t workers_lost = 0;  // That died, or had to be killed.
  report::WallsHeld walls;         // Around the last worker that was started.
  report::ProfileSum profile;      // With settings.profile: what workers say of their time.
  std::uint64_t wait_ns = 0;       // The same: spent waiting for them.
};

class ScanSession {
 public:
  // `databases` are borrowed descriptors, open until Run() has returned.
  ScanSession(SessionOptions options, std::vector<int> databases)
      : options_(std::move(options)), databases_(std::move(databases)) {}
  // `next`: nothing when there is no more.
  using Next = std::function<std::optional<ScanItem>()>;
  SessionEnd Run(const Next& next, const Reorder::Print& print);

 private:
  SessionOptions options_;
  std::vector<int> databases_;
};

}  // namespace dl::sandbox
