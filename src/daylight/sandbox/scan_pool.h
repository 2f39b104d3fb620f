// ScanPool has objects scanned by a number of workers and gives each report back
// when it is there.
//
//   sandbox::ScanPool pool(options, databases, next, done);
//   while (more) pool.Work(100);       // Or 0, whenever poll_fd() is readable.
//
// `next` is asked for one object after the other whenever a worker can take some;
// `done` gets each report. A worker is handed open descriptors in batches, and
// lives for a bounded number of objects. One that dies or lies costs the object it was at (failed); the
// others of its batch are scanned again, one by one. One that gives no report
// within the time limit, whatever else it says, or takes more memory than it may,
// is killed and its object is incomplete. What waits behind a slow object goes to
// other workers. However many objects end their workers, the scan goes on, unless
// workers end by themselves: then there is a failure(). Used by one thread; calls
// back on it. ScanSession (scan_session.h) puts files' reports in order with it.
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
  bool is_shared = false;  // A stranger has the same open file: its offset says nothing.
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
  // Objects are told what time it is when they are handed out; else settings.now holds for all.
  bool tells_time = false;
  bool idle_priority = false;     // Processor and disk only when nobody else wants them.
  report::ScanSettings settings;  // budget.timeout_ms is enforced here.
  // How many objects go in one message at most, and for how long one may keep those
  // behind it from other workers.
  std::uint32_t max_batch_objects = 128;
  std::chrono::milliseconds slow{1000};
  // How many objects wait, if that is known: then no worker takes more than its share.
  std::function<std::size_t()> waiting;
  const std::atomic<bool>* stop = nullptr;  // Set by a signal's handler.
  // Called with what turned out clean, complete and unchanged, once the worker that
  // said so has ended well: what a worker said that was lost later is not kept. May
  // be empty.
  std::function<void(const VerdictRecord&)> keep;
};

class ScanPool {
 public:
  // Nothing: there is none now. It is asked again at the next Work().
  using Next = std::function<std::optional<ScanItem>()>;
  // `sequence` counts what `next` gave, from 0.
  using Done = std::function<void(std::uint64_t sequence, ScanItem&& item, report::ObjectReport&& report)>;
  // `databases` are borrowed descriptors, open for as long as this is there.
  ScanPool(ScanOptions options, std::vector<int> databases, Next next, Done done);
  ~ScanPool();
  ScanPool(const ScanPool&) = delete;
  ScanPool& operator=(const ScanPool&) = delete;

  // Readable when Work() has something to do besides asking `next`, which it also has
  // when an object may have taken its time: call it a few times a second in any case.
  int poll_fd() const { return poll_.get(); }
  // Hands out work, waits for at most `timeout_ms` until a worker says something, and
  // takes what they say. Does nothing once there is a failure().
  void Work(int timeout_ms);
  // Hands out work.
  void Feed();
  // Starts all workers now and has each scan an object of ours, so that the first
  // object of a client finds the databases open and in memory.
  void WarmUp();
  // All of them have.
  bool warm() const;
  // Objects in hand that have no report yet.
  bool has_work() const;
  // Why nothing more can be scanned; empty while something can.
  const std::string& failure() const { return failure_; }
  // Gives a report to all that is in hand, after a failure(), and ends the workers.
  // What they found to be clean is kept. Nothing is scanned after it.
  void End();

  std::uint64_t workers_lost() const { return workers_lost_; }  // That died, or had to be killed.
  std::vector<pid_t> worker_pids() const;
  // Around the worker that was started last.
  const report::WallsHeld& walls() const { return walls_; }
  // With settings.profile: what workers say of their time; and what was spent waiting for them.
  report::ProfileSum TakeProfile() { return std::move(profile_); }
  std::uint64_t wait_ns() const { return wait_ns_; }

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
    bool warm = false;                 // It has scanned something.
    bool watched = false;              // By poll_fd().
    bool awaits_room = false;          // poll_fd() also tells when it takes more.
    bool running() const { return mold ? mold->running() && fork.valid() : process.running(); }
    int socket() const { return mold ? fork.get() : process.socket(); }
    pid_t pid() const { return mold ? mold->pid() : process.pid(); }
  };

  Status Start(Worker& worker);
  Status StartFork(Worker& worker);
  void FeedOne(Worker& worker);
  std::vector<Task> TakeBatch(std::size_t max_objects);
  bool TakeTask(std::vector<Task>& batch);
  std::size_t Share() const;
  void Watch(Worker& worker);
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
  Next next_;
  Done done_;
  os::Fd poll_;  // An epoll of the workers' sockets.
  Clock::time_point listened_;
  report::WallsHeld walls_;
  std::uint64_t next_sequence_ = 0;
  int losses_in_a_row_ = 0;        // At objects, without any answer in between.
  int start_losses_in_a_row_ = 0;  // Before the first object.
  bool probing_ = false;
  std::uint64_t workers_lost_ = 0;
  report::ProfileSum profile_;
  std::uint64_t wait_ns_ = 0;
  std::string failure_;
};

}  // namespace dl::sandbox
