#include "daylight/daemon/service/scan_service.h"

#include <fcntl.h>
#include <sys/epoll.h>

#include <algorithm>
#include <ctime>
#include <utility>

#include "daylight/os/io.h"
#include "daylight/os/memfd.h"

namespace dl::daemon {

namespace {

// After workers that die by themselves: how long until they are tried again.
constexpr auto kTryAgain = std::chrono::seconds(1);
// For how long the worker of schedules is kept without work.
constexpr auto kKeepIdle = std::chrono::seconds(10);

}  // namespace

ScanService::ScanService(ServiceOptions options, std::function<void()> wake, Observe observe)
    : options_(std::move(options)),
      wake_(std::move(wake)),
      observe_(std::move(observe)),
      spool_(options_.spool),
      clean_(options_.clean_cache_entries),
      poll_(::epoll_create1(EPOLL_CLOEXEC)) {}

ScanService::~ScanService() = default;

ScanTicket ScanService::Scan(ScanRequest request, Done done) {
  auto wanted = std::make_shared<bool>(true);
  Job job{std::move(request), std::move(done), wanted, Clock::now(), std::nullopt, promotions_, false};
  wake_();
  // Of files that do not let themselves be closed there is an end, too.
  const bool is_stuck = !job.request.is_prompt && os::HasManyUnclosed(job.request.peer.limit_key);
  LookUp(job);
  if (job.known) {
    known_.push_back(std::move(job));
    return ScanTicket(std::move(wanted));
  }
  const bool is_full = queued() >= options_.max_queue;
  if (draining_ || is_full || is_stuck) {
    refused_.push_back(std::move(job));
    return ScanTicket(std::move(wanted));
  }
  if (!job.request.is_prompt && job.request.protocol != Protocol::kSchedule) {
    slow_.push_back(std::move(job));
    return ScanTicket(std::move(wanted));
  }
  switch (job.request.protocol) {
    case Protocol::kOnAccess: urgent_.push_back(std::move(job)); break;
    case Protocol::kSchedule: idle_.push_back(std::move(job)); break;
    default: usual_.push_back(std::move(job)); break;
  }
  return ScanTicket(std::move(wanted));
}

// The digest is one of the very bytes that a worker is given. They are only digested:
// nothing in them is looked at.
void ScanService::LookUp(Job& job) {
  const ScanRequest& request = job.request;
  if (!dependence_ || dependence_->varies || request.fd.valid() || !request.unread.empty()) return;
  job.key = CleanCache::KeyOf(request.bytes, dependence_->names ? &request.names : nullptr);
  job.known = clean_.Has(*job.key);
}

void ScanService::AnswerKnown() {
  // What is answered may ask again: only what is there now.
  for (std::size_t n = known_.size(); n > 0; --n) {
    Job job = std::move(known_.front());
    known_.pop_front();
    ScanOutcome outcome;
    outcome.report.size = job.request.size;
    outcome.report.cached = true;
    Answer(std::move(job), std::move(outcome));
  }
}

std::unique_ptr<ScanService::Crew> ScanService::MakeCrew(Content content, bool is_idle) {
  auto crew = std::make_unique<Crew>();
  crew->content = std::move(content);
  sandbox::ScanOptions scan = options_.scan;
  if (is_idle) {
    scan.workers = 1;
    scan.idle_priority = true;
  } else {
    scan.waiting = [this] { return urgent_.size() + usual_.size() + slow_.size(); };
  }
  std::vector<int> descriptors;
  for (const os::Fd& file : crew->content.files) descriptors.push_back(file.get());
  Crew& self = *crew;
  crew->pool = std::make_unique<sandbox::ScanPool>(
      std::move(scan), std::move(descriptors), [this, &self] { return NextItem(self); },
      [this, &self](std::uint64_t sequence, sandbox::ScanItem&& item, report::ObjectReport&& report) {
        Finish(self, sequence, std::move(item), std::move(report));
      });
  // It leaves when it is closed.
  epoll_event event{};
  event.events = EPOLLIN;
  ::epoll_ctl(poll_.get(), EPOLL_CTL_ADD, crew->pool->poll_fd(), &event);
  return crew;
}

void ScanService::Use(Content content, Loaded loaded) {
  coming_ = MakeCrew(std::move(content));
  loaded_ = std::move(loaded);
  coming_->pool->WarmUp();
  wake_();
}

void ScanService::Configure(AllowList allowed, IncompletePolicy incomplete) {
  options_.allowed = std::move(allowed);
  options_.incomplete = incomplete;
}

// A file system that never answers keeps a worker until its time is up: so one is left
// for everybody else, where there are two.
bool ScanService::MayTakeSlow(const Crew& crew) const {
  const std::size_t most = std::max<std::size_t>(2, options_.scan.workers) - 1;
  const auto is_slow = [](const auto& entry) { return !entry.second.request.is_prompt; };
  return static_cast<std::size_t>(std::count_if(crew.jobs.begin(), crew.jobs.end(), is_slow)) < most;
}

std::optional<ScanService::Job> ScanService::TakeJob(const Crew& crew) {
  const auto take = [](std::deque<Job>& queue) -> std::optional<Job> {
    while (!queue.empty()) {
      Job job = std::move(queue.front());
      queue.pop_front();
      if (*job.wanted) return job;
      // Nobody waits for it any more.
      Drop(job);
    }
    return std::nullopt;
  };
  if (&crew == idle_crew_.get()) return take(idle_);
  if (std::optional<Job> job = take(urgent_)) return job;
  const bool may_take_slow = !slow_.empty() && MayTakeSlow(crew);
  const bool slow_is_first = may_take_slow && (usual_.empty() || slow_.front().since < usual_.front().since);
  if (slow_is_first) {
    if (std::optional<Job> job = take(slow_)) return job;
  }
  if (std::optional<Job> job = take(usual_)) return job;
  return may_take_slow ? take(slow_) : std::nullopt;
}

std::optional<sandbox::ScanItem> ScanService::NextItem(Crew& crew) {
  const bool is_idle = &crew == idle_crew_.get();
  if (&crew != current_.get() && !is_idle) return std::nullopt;
  // Of content that is no longer in place nothing more is asked.
  if (is_idle && (current_ == nullptr || crew.content.version != current_->content.version)) return std::nullopt;
  std::optional<Job> job = TakeJob(crew);
  if (!job) return std::nullopt;
  sandbox::ScanItem item;
  item.path = job->request.path;
  if (job->request.fd.valid()) {
    item.fd = std::move(job->request.fd);
  } else if (auto file = os::SealedMemfd("daylight-object", {job->request.bytes})) {
    item.fd = std::move(*file);
    job->request.bytes = std::string();
  } else {
    item.report.emplace();
    item.report->verdict = report::Verdict::kFailed;
    item.report->failure = os::Describe(file.error());
  }
  item.size = job->request.size;
  item.modified_ns = job->request.modified_ns;
  item.names = job->request.names;
  item.is_shared = job->request.is_shared || !job->request.is_prompt;
  item.unread = std::move(job->request.unread);
  crew.jobs.emplace(crew.next++, std::move(*job));
  return item;
}

void ScanService::Finish(Crew& crew, std::uint64_t sequence, sandbox::ScanItem&& item, report::ObjectReport&& report) {
  const auto found = crew.jobs.find(sequence);
  if (found == crew.jobs.end()) return;
  Job job = std::move(found->second);
  crew.jobs.erase(found);
  job.request.fd = std::move(item.fd);
  // Asked of other content, the key may leave out what counts now.
  if (job.key && job.content == promotions_ && &crew == current_.get() && report::IsOnlyClean(report))
    clean_.Add(*job.key);
  Answer(std::move(job), MakeOutcome(std::move(report), job.request.protocol, options_.allowed, options_.incomplete,
                                     std::time(nullptr)));
}

void ScanService::Answer(Job job, ScanOutcome outcome) {
  const std::chrono::duration<double> seconds = Clock::now() - job.since;
  metrics_.Count(job.request.protocol, outcome.kind, job.request.size, seconds.count());
  if (observe_) observe_(job.request, outcome);
  if (*job.wanted) job.done(outcome);
  if (after_) after_(std::move(job.request), outcome);
  Drop(job);
}

// What else would close it is the end of the job, which must not wait.
void ScanService::Drop(Job& job) {
  if (!job.request.is_prompt) os::ClosePatiently(std::move(job.request.fd), job.request.peer.limit_key);
}

void ScanService::AnswerOld() {
  const auto busy = [this](std::deque<Job>& queue, const char* why) {
    Job job = std::move(queue.front());
    queue.pop_front();
    if (!*job.wanted) return Drop(job);
    ScanOutcome outcome;
    outcome.kind = ScanOutcome::Kind::kBusy;
    outcome.problem = problem_.empty() ? why : problem_;
    Answer(std::move(job), std::move(outcome));
  };
  // These keep descriptors that take their time to be closed, and so count for their client only then.
  for (auto job = slow_.begin(); job != slow_.end();) {
    if (*job->wanted) {
      ++job;
      continue;
    }
    Drop(*job);
    job = slow_.erase(job);
  }
  // What is answered may ask again: only what is there now.
  for (std::size_t n = refused_.size(); n > 0; --n) {
    busy(refused_, draining_ ? "the scanner is stopping" : "too many requests are waiting, try again later");
  }
  const auto limit = Clock::now() - options_.queue_timeout;
  for (std::deque<Job>* queue : {&urgent_, &usual_, &slow_}) {
    while (!queue->empty() && queue->front().since < limit) busy(*queue, "no worker was free in time, try again later");
  }
}

// The crew of schedules: begun when there is something for it, and let go when there is
// not, or other content is in place.
void ScanService::WorkIdle() {
  if (idle_crew_) {
    idle_crew_->pool->Work(0);
    const bool has_failed = !idle_crew_->pool->failure().empty();
    if (has_failed) {
      idle_crew_->pool->End();
      idle_retry_ = Clock::now() + kTryAgain;
    }
    const bool is_old = current_ && idle_crew_->content.version != current_->content.version;
    const bool has_work = !idle_crew_->jobs.empty() || (!idle_.empty() && !is_old);
    if (has_work) idle_until_ = Clock::now() + kKeepIdle;
    if (has_failed || (!has_work && (is_old || Clock::now() >= idle_until_))) {
      workers_lost_before_ += idle_crew_->pool->workers_lost();
      idle_crew_.reset();
    }
    return;
  }
  if (idle_.empty() || !current_ || Clock::now() < idle_retry_) return;
  Content content;
  content.version = current_->content.version;
  for (const os::Fd& file : current_->content.files) {
    content.files.emplace_back(::fcntl(file.get(), F_DUPFD_CLOEXEC, 0));
  }
  idle_crew_ = MakeCrew(std::move(content), true);
  idle_until_ = Clock::now() + kKeepIdle;
  idle_crew_->pool->Feed();
}

// The new crew takes over once each of its workers has scanned something.
void ScanService::Promote() {
  if (!coming_) return;
  coming_->pool->Work(0);
  if (!coming_->pool->failure().empty()) {
    const std::string why = coming_->pool->failure();
    coming_.reset();
    metrics_.CountReload(false);
    if (!current_) problem_ = "nothing can be scanned: " + why;
    if (loaded_) std::exchange(loaded_, nullptr)(why);
    return;
  }
  if (!coming_->pool->warm()) return;
  if (current_) leaving_.push_back(std::move(current_));
  current_ = std::move(coming_);
  ++promotions_;
  clean_.Forget();
  dependence_.reset();
  problem_.clear();
  metrics_.CountReload(true);
  if (loaded_) std::exchange(loaded_, nullptr)("");
}

// Workers that cannot work: those in hand are told so, and others are tried.
void ScanService::Replace() {
  if (!current_ || current_->pool->failure().empty()) return;
  if (problem_.empty()) {
    problem_ = current_->pool->failure();
    try_again_ = Clock::now() + kTryAgain;
    workers_lost_before_ += current_->pool->workers_lost();
    current_->pool->End();
    // One of these may be what keeps a new worker from beginning.
    while (!slow_.empty()) {
      Job job = std::move(slow_.front());
      slow_.pop_front();
      ScanOutcome outcome;
      outcome.kind = ScanOutcome::Kind::kBusy;
      outcome.problem = problem_;
      Answer(std::move(job), std::move(outcome));
    }
  }
  if (Clock::now() < try_again_ || draining_) return;
  try_again_ = Clock::now() + kTryAgain;
  std::unique_ptr<Crew> anew = MakeCrew(std::move(current_->content));
  current_ = std::move(anew);
  problem_.clear();
  current_->pool->WarmUp();
}

void ScanService::Work() {
  AnswerKnown();
  AnswerOld();
  if (current_) current_->pool->Work(0);
  // What was answered may have made room, or asked for more.
  if (current_) current_->pool->Feed();
  WorkIdle();
  Replace();
  Promote();
  for (auto crew = leaving_.begin(); crew != leaving_.end();) {
    (*crew)->pool->Work(0);
    if (!(*crew)->pool->failure().empty()) (*crew)->pool->End();
    if ((*crew)->jobs.empty()) {
      workers_lost_before_ += (*crew)->pool->workers_lost();
      crew = leaving_.erase(crew);
    } else {
      ++crew;
    }
  }
}

std::size_t ScanService::in_flight() const {
  std::size_t sum = (current_ ? current_->jobs.size() : 0) + (idle_crew_ ? idle_crew_->jobs.size() : 0);
  for (const auto& crew : leaving_) sum += crew->jobs.size();
  return sum;
}

bool ScanService::idle() const { return queued() == 0 && refused_.empty() && known_.empty() && in_flight() == 0; }

std::uint64_t ScanService::workers_lost() const {
  std::uint64_t sum = workers_lost_before_ + (current_ ? current_->pool->workers_lost() : 0);
  for (const auto& crew : leaving_) sum += crew->pool->workers_lost();
  return sum;
}

std::vector<pid_t> ScanService::worker_pids() const {
  std::vector<pid_t> pids;
  const auto add = [&](const Crew& crew) {
    for (const pid_t pid : crew.pool->worker_pids()) pids.push_back(pid);
  };
  if (current_) add(*current_);
  if (coming_) add(*coming_);
  if (idle_crew_) add(*idle_crew_);
  for (const auto& crew : leaving_) add(*crew);
  return pids;
}

}  // namespace dl::daemon
