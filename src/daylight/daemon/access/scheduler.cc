#include "daylight/daemon/access/scheduler.h"

#include <fcntl.h>

#include <algorithm>
#include <utility>

#include "daylight/daemon/access/path_scan.h"
#include "daylight/events/calendar.h"
#include "daylight/os/open_file.h"

namespace dl::daemon {

namespace {

// Enough for a worker never to wait for the disk; they are scanned one at a time.
constexpr std::size_t kMaxInFlight = 4;

}  // namespace

struct Scheduler::Run {
  struct File {
    std::string path;
    os::PatientFd fd;
    std::optional<os::FileState> state;
    ScanTicket ticket;
  };
  ScheduleConfig schedule;
  std::size_t next_path = 0;
  std::unique_ptr<Walk> walk;
  std::unique_ptr<Walk> old_walk;  // Whose function may be running.
  bool asked = false;
  std::list<File> files;
  events::ScanTotals totals;
  bool over = false;
};

struct Scheduler::Entry {
  ScheduleConfig config;
  events::Calendar calendar;
  std::optional<std::int64_t> next;
  std::unique_ptr<Run> run;
};

Scheduler::Scheduler(Scanning& scanning, Walking& walking, Reports reports)
    : scanning_(scanning), walking_(walking), reports_(std::move(reports)) {}

Scheduler::~Scheduler() = default;

std::vector<std::string> Scheduler::Configure(const std::vector<ScheduleConfig>& schedules, std::int64_t now) {
  std::vector<std::string> problems;
  std::vector<std::unique_ptr<Entry>> entries;
  for (const ScheduleConfig& schedule : schedules) {
    auto calendar = events::Calendar::Parse(schedule.when);
    if (!calendar) {
      problems.push_back("schedule " + schedule.name + ": " + schedule.when + ": " +
                         std::string(calendar.error().what));
      continue;
    }
    if (!schedule.enabled) continue;
    auto entry = std::make_unique<Entry>(Entry{schedule, std::move(*calendar), std::nullopt, nullptr});
    entry->next = entry->calendar.Next(now);
    for (const auto& old : entries_) {
      if (old->config.name == schedule.name) entry->run = std::move(old->run);
    }
    entries.push_back(std::move(entry));
  }
  entries_ = std::move(entries);
  return problems;
}

bool Scheduler::running() const {
  return std::any_of(entries_.begin(), entries_.end(), [](const auto& entry) { return entry->run != nullptr; });
}

void Scheduler::Tick(std::int64_t now) {
  ended_.clear();
  for (const auto& entry : entries_) {
    if (!entry->next || now < *entry->next) continue;
    entry->next = entry->calendar.Next(now);
    if (entry->run == nullptr) Begin(*entry, now);
  }
}

void Scheduler::Begin(Entry& entry, std::int64_t) {
  entry.run = std::make_unique<Run>();
  entry.run->schedule = entry.config;
  events::Event event;
  event.kind = events::EventKind::kScanStarted;
  event.schedule = entry.config.name;
  event.protocol = "schedule";
  reports_.event(std::move(event));
  GoOn(*entry.run);
}

void Scheduler::Pause(bool pause) {
  if (paused_ == pause) return;
  paused_ = pause;
  for (const auto& entry : entries_) {
    if (entry->run == nullptr) continue;
    events::Event event;
    event.kind = pause ? events::EventKind::kScanPaused : events::EventKind::kScanResumed;
    event.schedule = entry->config.name;
    event.protocol = "schedule";
    event.totals = entry->run->totals;
    reports_.event(std::move(event));
    GoOn(*entry->run);
  }
}

void Scheduler::GoOn(Run& run) {
  if (run.over || paused_ || run.asked || run.files.size() >= kMaxInFlight) return;
  if (run.walk == nullptr) {
    if (run.next_path == run.schedule.paths.size()) {
      if (run.files.empty()) End(run);
      return;
    }
    // With all rights that the opener has: these are the administrator's paths.
    PeerInfo root;
    root.is_local = true;
    root.name = "schedule " + run.schedule.name;
    WalkWants wants;
    wants.idle = true;
    wants.exclude = run.schedule.exclude;
    wants.exclude_masks = run.schedule.exclude_masks;
    wants.only_masks = run.schedule.only_masks;
    wants.one_file_system = run.schedule.one_file_system;
    run.walk = walking_.Start(root, run.schedule.paths[run.next_path++], wants,
                              [this, &run](std::optional<WalkedFile> file) { OnFile(run, std::move(file)); });
  }
  run.asked = true;
  run.walk->Next();
}

void Scheduler::OnFile(Run& run, std::optional<WalkedFile> walked) {
  run.asked = false;
  if (!walked) {
    run.old_walk = std::move(run.walk);
    return GoOn(run);
  }
  if (walked->kind != WalkedFile::Kind::kFile) {
    if (walked->kind != WalkedFile::Kind::kUnsupported) {
      ++run.totals.files;
      ++run.totals.failed;
      events::Event event;
      event.kind = events::EventKind::kFailed;
      event.path = walked->path;
      event.text = walked->problem;
      event.schedule = run.schedule.name;
      event.protocol = "schedule";
      reports_.event(std::move(event));
    }
    return GoOn(run);
  }
  PeerInfo peer;
  peer.is_local = true;
  peer.name = run.schedule.name;
  ScanRequest request = RequestOf(*walked, Protocol::kSchedule, peer);
  Run::File& file = run.files.emplace_back();
  file.path = request.path;
  // One for the worker, one to compare with when it is to be moved.
  if (run.schedule.quarantine) {
    file.fd = os::PatientFd(os::Fd(::fcntl(request.fd.get(), F_DUPFD_CLOEXEC, 0)));
    file.state = os::StateOf(request.fd.get());
  }
  const auto place = std::prev(run.files.end());
  file.ticket = scanning_.Scan(std::move(request), [this, &run, place](const ScanOutcome& outcome) {
    ++run.totals.files;
    run.totals.bytes += outcome.report.size;
    switch (outcome.kind) {
      case ScanOutcome::Kind::kInfected: ++run.totals.detected; break;
      case ScanOutcome::Kind::kIncomplete: ++run.totals.incomplete; break;
      case ScanOutcome::Kind::kFailed:
      case ScanOutcome::Kind::kBusy: ++run.totals.failed; break;
      case ScanOutcome::Kind::kClean: break;
    }
    if (outcome.kind == ScanOutcome::Kind::kInfected && run.schedule.quarantine && reports_.quarantine) {
      reports_.quarantine(place->path, outcome, place->fd.get(), place->state);
    }
    run.files.erase(place);
    GoOn(run);
  });
  GoOn(run);
}

void Scheduler::End(Run& run) {
  run.over = true;
  events::Event event;
  event.kind = events::EventKind::kScanFinished;
  event.schedule = run.schedule.name;
  event.protocol = "schedule";
  event.totals = run.totals;
  reports_.event(std::move(event));
  for (const auto& entry : entries_) {
    if (entry->run.get() == &run) ended_.push_back(std::move(entry->run));
  }
}

void Scheduler::Stop() {
  ended_.clear();
  for (const auto& entry : entries_) entry->run.reset();
}

}  // namespace dl::daemon
