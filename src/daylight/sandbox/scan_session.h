// ScanSession has files scanned by a number of workers and gives the reports
// back in the order of the files.
//
//   sandbox::ScanSession session(options, databases);
//   const SessionEnd end = session.Run(next, print);
//
// `next` is asked for one file after the other; `print` gets each report. A
// worker is handed open descriptors in batches, and lives for a bounded number
// of objects. One that dies or lies costs the object it was at (failed); the
// others of its batch are scanned again, one by one. One that gives no report
// within the time limit, whatever else it says, or takes more memory than it may,
// is killed and its object is incomplete. What waits behind a slow object goes to
// other workers. However many objects end their workers, the scan goes on, unless
// workers end by themselves. Used by one thread; calls back on it.
#pragma once

#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daylight/os/fd.h"
#include "daylight/report/protocol.h"
#include "daylight/report/writer.h"
#include "daylight/sandbox/link.h"
#include "daylight/sandbox/reorder.h"
#include "daylight/sandbox/verdict_cache.h"
#include "daylight/sandbox/worker_process.h"
#include "daylight/sandbox/worker_template.h"

namespace dl::sandbox {

// One file to scan, or one that already has its report.
struct ScanItem {
  std::string path;
  os::Fd fd;
  std::uint64_t size = 0;
  std::int64_t modified_ns = 0;  // By fstat, like `size`; 0 when unknown.
  report::ObjectNames names;
  std::optional<report::ObjectReport> report;
  std::vector<report::Incomplete> unread;  // To be added to the worker's report.
  // Of the verdict cache: units that need not look at it again, and what to keep
  // if it is clean. Behind `fd`, which the lease is on, so that it goes first.
  std::uint64_t skip_units = 0;
  std::optional<VerdictCandidate> candidate;
};

struct ScanOptions {
  WorkerProgram worker_program;
  std::uint32_t workers = 1;
  bool isolate_objects = false;  // A new worker for each object.
  // A worker that was taken over by one object sees no more than this many.
  std::uint32_t max_objects_per_worker = 10000;
  // Of memory that is a worker's own; looked at when it takes longer than a second
  // for an object. 0: no limit. A backstop: it limits itself before.
  std::uint64_t max_worker_bytes = std::uint64_t{2} << 30;
  report::ScanSettings settings;  // budget.timeout_ms is enforced here.
  Reorder::Limits reorder;
  const std::atomic<bool>* stop = nullptr;  // Set by a signal's handler.
  // Called with what turned out clean, complete and unchanged, once the worker that
  // said so has ended well: what a worker said that was lost later is not kept. May
  // be empty.
  std::function<void(const VerdictRecord&)> keep;
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
  ScanSession(ScanOptions options, std::vector<int> databases);
  ~ScanSession();
  using Next = std::function<std::optional<ScanItem>()>;
  SessionEnd Run(const Next& next, const Reorder::Print& print);

 private:
  using Clock = std::chrono::steady_clock;
  // Why a worker is of no more use.
  enum class Loss : std::uint8_t { kDeath, kLie, kTime, kMemory };
  struct Task {
    std::uint64_t sequence = 0;
    ScanItem item;
    bool given_away = false;  // Another worker has it; an answer to it is dropped.
    bool again = false;       // It changed while it was read, and is read anew.
    bool is_probe = false;    // One of ours, to see whether workers work at all.
  };
  struct Worker {
    // A process of its own, or with isolate_objects the one that its template
    // has forked last.
    WorkerProcess process;
    std::unique_ptr<WorkerTemplate> mold;
    os::Fd fork;
    std::unique_ptr<Link> link;
    std::deque<Task> tasks;       // Sent, not yet answered, in order.
    Clock::time_point last_word;  // Or since when the first task is the first.
    Clock::time_point looked_at;
    std::size_t batch_objects = 1;
    std::uint64_t bytes = 0;     // Of the tasks.
    std::uint64_t answered = 0;  // Objects.
    std::uint64_t place = 0;     // How many it was through with when it was last looked at.
    std::size_t given_objects = 0;
    std::vector<VerdictRecord> clean;  // To be kept if it ends well.
    bool ready = false;                // It has said hello.
    bool opened = false;               // It has the databases.
    bool told_profile = false;         // Since its last report.
    bool spent = false;                // It has been given all that it ever will.
    bool running() const { return mold ? mold->running() && fork.valid() : process.running(); }
    int socket() const { return mold ? fork.get() : process.socket(); }
    pid_t pid() const { return mold ? mold->pid() : process.pid(); }
  };

  Status Start(Worker& worker);
  Status StartFork(Worker& worker);
  void Feed(Worker& worker, const Next& next);
  std::vector<Task> TakeBatch(std::size_t max_objects, const Next& next);
  bool TakeTask(std::vector<Task>& batch, const Next& next);
  Status Send(Worker& worker, std::vector<Task> batch);
  void Listen(Worker& worker, bool readable, bool writable);
  Status TakeWords(Worker& worker);
  Status Handle(Worker& worker, const report::Frame& frame);
  // `why`: empty for a death, whose reason is asked of the process.
  void Lost(Worker& worker, Loss loss, const std::string& why);
  void LostAtStart(std::deque<Task> tasks, const std::string& reason);
  void LostAtObject(std::deque<Task> tasks, std::size_t at, Loss loss, const std::string& reason);
  static std::size_t ObjectAt(const Worker& worker);
  static bool HasAdvanced(Worker& worker);
  bool HasEnough(const Worker& worker) const;
  void Probe(const std::string& reason);
  void Answered(Worker& worker, Task&& task, report::ObjectReport&& report);
  void Keep(Worker& worker);
  void Finish(Task&& task, report::ObjectReport&& report);
  std::optional<report::ObjectReport> OverBudget(const ScanItem& item) const;
  void CheckTime(Worker& worker);
  void CheckMemory(Worker& worker);
  void ForgiveStall(Clock::duration gap);
  void GiveAway(Worker& worker);
  static bool HasWork(const Worker& worker);
  bool stopped() const { return options_.stop != nullptr && options_.stop->load(); }

  ScanOptions options_;
  std::vector<int> databases_;
  std::string open_payload_;
  std::vector<Worker> workers_;
  std::size_t max_batch_objects_ = 1;
  std::deque<Task> again_;  // Of batches whose worker died: to be scanned singly.
  std::unique_ptr<Reorder> reorder_;
  report::WallsHeld walls_;
  std::uint64_t next_sequence_ = 0;
  bool exhausted_ = false;
  int losses_in_a_row_ = 0;        // At objects, without any answer in between.
  int start_losses_in_a_row_ = 0;  // Before the first object.
  bool probing_ = false;
  std::uint64_t workers_lost_ = 0;
  report::ProfileSum profile_;
  std::string failure_;
};

}  // namespace dl::sandbox
