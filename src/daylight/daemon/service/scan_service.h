// ScanService has what the protocols are asked scanned by a pool of contained
// workers, and puts a new database in place without a pause.
//
//   daemon::ScanService service(options, wake, observe);
//   service.Use(std::move(database));            // Or again, for a new one.
//   ticket = service.Scan(std::move(request), done);
//   service.Work();                              // When wake() was called, when poll_fd()
//                                                // is readable, a few times a second.
//
// The queue is bounded: past it the answer is kBusy at once, as it is for what has
// waited too long. Requests of on-access go first; those of schedules have a worker of
// their own, which runs when nobody else on the machine wants to. With a new database new workers are started and tried
// before anything is given to them; the old ones finish what they have. One thread.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "daylight/daemon/service/allow_list.h"
#include "daylight/daemon/service/clean_cache.h"
#include "daylight/daemon/service/metrics.h"
#include "daylight/daemon/service/outcome.h"
#include "daylight/daemon/service/scanning.h"
#include "daylight/os/open_file.h"
#include "daylight/sandbox/scan_pool.h"

namespace dl::daemon {

struct ServiceOptions {
  sandbox::ScanOptions scan;  // `waiting`, `stop` and `keep` are the service's own.
  std::size_t max_queue = 1024;
  std::chrono::milliseconds queue_timeout{30'000};
  AllowList allowed;
  IncompletePolicy incomplete;
  SpoolOptions spool;
  std::size_t clean_cache_entries = 65536;  // 0: nothing is remembered.
};

// What is scanned with: open database files, and what to call them.
struct Content {
  std::vector<os::Fd> files;
  std::string version;        // For VERSION, ISTag and events; changes when the content does.
  std::string daily;          // The number of ClamAV\'s daily database; empty when there is none.
  std::int64_t modified = 0;  // Seconds since 1970, of the newest file.
};

class ScanService : public Scanning {
 public:
  // Called after every answer, before the client's function.
  using Observe = std::function<void(const ScanRequest& request, const ScanOutcome& outcome)>;
  // Called after the client's function, with what was scanned: a descriptor or all of the bytes. What
  // it leaves is dropped.
  using After = std::function<void(ScanRequest&& request, const ScanOutcome& outcome)>;
  // `loaded`: whether the new content is in place; else why not (the old one stays).
  using Loaded = std::function<void(const std::string& problem)>;
  // `wake`: Work() is wanted soon; must not call it itself.
  ScanService(ServiceOptions options, std::function<void()> wake, Observe observe);
  ~ScanService() override;

  ScanTicket Scan(ScanRequest request, Done done) override;
  Spool& spool() override { return spool_; }

  // `loaded` is called once, later. A second call before that replaces the first.
  void Use(Content content, Loaded loaded);
  // What verdicts of the content in place depend on besides an object's bytes, as far
  // as that is known: nothing is remembered before, nor what varies by itself.
  struct Dependence {
    bool names = false;   // The names of the object.
    bool varies = false;  // The time, and the like.
  };
  void SetDependence(const Dependence& dependence) { dependence_ = dependence; }
  std::uint64_t clean_hits() const { return clean_.hits(); }
  // Other lists and choices, from the next answer on.
  void Configure(AllowList allowed, IncompletePolicy incomplete);
  void SetAfter(After after) { after_ = std::move(after); }
  bool is_loading() const { return coming_ != nullptr; }
  void Work();
  int poll_fd() const { return poll_.get(); }
  // No new requests; those that there are go on. Then idle() becomes true.
  void Drain() { draining_ = true; }
  bool idle() const;

  const Content* content() const { return current_ ? &current_->content : nullptr; }
  Metrics& metrics() { return metrics_; }
  std::size_t queued() const { return urgent_.size() + usual_.size() + idle_.size() + slow_.size(); }
  std::size_t in_flight() const;
  std::size_t workers() const { return options_.scan.workers; }
  std::uint64_t workers_lost() const;
  std::vector<pid_t> worker_pids() const;
  report::WallsHeld walls() const { return current_ ? current_->pool->walls() : report::WallsHeld(); }
  // Why nothing can be scanned just now; empty while something can.
  const std::string& problem() const { return problem_; }

 private:
  using Clock = std::chrono::steady_clock;
  struct Job {
    ScanRequest request;
    Done done;
    std::shared_ptr<bool> wanted;
    Clock::time_point since;
    std::optional<CleanCache::Key> key;  // To be remembered by, when it is clean
    std::uint64_t content = 0;           // with the content of this number.
    bool known = false;                  // It is.
  };
  // Workers with one content.
  struct Crew {
    Content content;
    std::unique_ptr<sandbox::ScanPool> pool;
    std::unordered_map<std::uint64_t, Job> jobs;  // By the pool's numbers.
    std::uint64_t next = 0;
  };
  std::unique_ptr<Crew> MakeCrew(Content content, bool is_idle = false);
  void WorkIdle();
  std::optional<sandbox::ScanItem> NextItem(Crew& crew);
  std::optional<Job> TakeJob(const Crew& crew);
  bool MayTakeSlow(const Crew& crew) const;
  void Finish(Crew& crew, std::uint64_t sequence, sandbox::ScanItem&& item, report::ObjectReport&& report);
  void Answer(Job job, ScanOutcome outcome);
  void LookUp(Job& job);
  static void Drop(Job& job);
  void AnswerKnown();
  void AnswerOld();
  void Promote();
  void Replace();

  ServiceOptions options_;
  std::function<void()> wake_;
  Observe observe_;
  After after_;
  Spool spool_;
  Metrics metrics_;
  std::deque<Job> urgent_;
  std::deque<Job> usual_;
  std::deque<Job> idle_;
  std::deque<Job> slow_;     // Whose file systems may let a worker wait: never given to all workers.
  std::deque<Job> refused_;  // To be answered kBusy at the next Work().
  std::deque<Job> known_;    // To be answered kClean.
  CleanCache clean_;
  std::optional<Dependence> dependence_;
  std::unique_ptr<Crew> current_;
  std::unique_ptr<Crew> coming_;
  std::unique_ptr<Crew> idle_crew_;  // Of schedules; while there is something for it.
  Loaded loaded_;
  std::vector<std::unique_ptr<Crew>> leaving_;
  Clock::time_point idle_until_{};
  Clock::time_point idle_retry_{};
  std::uint64_t promotions_ = 0;  // Contents that were put in place.
  std::uint64_t workers_lost_before_ = 0;
  Clock::time_point try_again_{};
  std::string problem_;
  bool draining_ = false;
  os::Fd poll_;  // An epoll of the pools' own.
};

}  // namespace dl::daemon
