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
// On file systems whose servers let us wait.
constexpr std::size_t kMaxUnclosed = 64;

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
  Job job{std::move(request), std::move(done), wanted, Clock::now(), std::nullopt, false};
  wake_();
  // Of files that do not let themselves be closed there is an end, too.
  const bool is_stuck = !job.request.is_prompt && closer_.waiting() >= kMaxUnclosed;
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
    scan.waiting = [this] { return urgent_.size() + usual_.size(); };
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

std::optional<ScanService::Job> ScanService::TakeJob(bool is_idle) {
  const auto take = [this](std::deque<Job>& queue) -> std::optional<Job> {
    while (!queue.empty()) {
      Job job = std::move(queue.front());
      queue.pop_front();
      if (*job.wanted) return job;
      // Nobody waits for it any more.
      if (!job.request.is_prompt) closer_.Close(std::move(job.request.fd));
    }
    return std::nullopt;
  };
  if (is_idle) return take(idle_);
  std::optional<Job> job = take(urgent_);
  return job ? std::move(job) : take(usual_);
}

std::optional<sandbox::ScanItem> ScanService::NextItem(Crew& crew) {
  const bool is_idle = &crew == idle_crew_.get();
  if (&crew != current_.get() && !is_idle) return std::nullopt;
  // Of content that is no longer in place nothing more is asked.
  if (is_idle && (current_ == nullptr || crew.content.version != current_->content.version)) return std::nullopt;
  std::optional<Job> job = TakeJob(is_idle);
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
  if (job.key && &crew == current_.get() && report::IsOnlyClean(report)) clean_.Add(*job.key);
  Answer(std::move(job), MakeOutcome(std::move(report), job.request.protocol, options_.allowed, options_.incomplete,
                                     std::time(nullptr)));
}

void ScanService::Answer(Job job, ScanOutcome outcome) {
  const std::chrono::duration<double> seconds = Clock::now() - job.since;
  metrics_.Count(job.request.protocol, outcome.kind, job.request.size, seconds.count());
  if (observe_) observe_(job.request, outcome);
  if (*job.wanted) job.done(outcome);
  if (!job.request.is_prompt && job.request.fd.valid()) closer_.Close(std::move(job.request.fd));
}

void ScanService::AnswerOld() {
  const auto busy = [this](std::deque<Job>& queue, const char* why) {
    Job job = std::move(queue.front());
    queue.pop_front();
    if (!*job.wanted) return;
    ScanOutcome outcome;
    outcome.kind = ScanOutcome::Kind::kBusy;
    outcome.problem = problem_.empty() ? why : problem_;
    Answer(std::move(job), std::move(outcome));
  };
  // What is answered may ask again: only what is there now.
  for (std::size_t n = refused_.size(); n > 0; --n) {
    busy(refused_, draining_ ? "the scanner is stopping" : "too many requests are waiting, try again later");
  }
  const auto limit = Clock::now() - options_.queue_timeout;
  for (std::deque<Job>* queue : {&urgent_, &usual_}) {
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
