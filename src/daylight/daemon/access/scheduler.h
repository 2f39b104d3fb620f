// Scheduler runs the scans that are planned by the calendar, each when nobody else
// wants the workers.
//
//   Scheduler scheduler(scanning, walking, schedules, report);
//   scheduler.Tick(now);          // Each second or so.
//   scheduler.Pause(true);
//
// One of a schedule at a time; one that is due while it still runs is passed over. One
// thread.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daylight/daemon/config/daemon_config.h"
#include "daylight/daemon/service/scanning.h"
#include "daylight/daemon/service/walking.h"
#include "daylight/events/event.h"
#include "daylight/os/file_state.h"

namespace dl::daemon {

class Scheduler {
 public:
  struct Reports {
    // A scan has begun, ended, was paused or goes on: kScanStarted and its like.
    std::function<void(events::Event event)> event;
    // A file in which something was found, and which the schedule wants out of the way.
    std::function<void(const std::string& path, const ScanOutcome& outcome, int file,
                       const std::optional<os::FileState>& state)>
        quarantine;
  };
  // All are borrowed.
  Scheduler(Scanning& scanning, Walking& walking, Reports reports);
  ~Scheduler();
  // What runs goes on, if there still is a schedule of its name. The problems of what
  // cannot be understood.
  std::vector<std::string> Configure(const std::vector<ScheduleConfig>& schedules, std::int64_t now);
  // `now`: seconds since 1970.
  void Tick(std::int64_t now);
  void Pause(bool pause);
  bool paused() const { return paused_; }
  bool running() const;
  void Stop();

 private:
  struct Run;
  struct Entry;
  void Begin(Entry& entry, std::int64_t now);
  void GoOn(Run& run);
  void OnFile(Run& run, std::optional<WalkedFile> file);
  void End(Run& run);

  Scanning& scanning_;
  Walking& walking_;
  Reports reports_;
  std::vector<std::unique_ptr<Entry>> entries_;
  std::list<std::unique_ptr<Run>> ended_;  // Until no function of theirs can be running.
  bool paused_ = false;
};

}  // namespace dl::daemon
