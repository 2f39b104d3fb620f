#include "daylight/sandbox/scan_pool.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <limits>

#include "daylight/base/stopwatch.h"
#include "daylight/os/io.h"
#include "daylight/os/memfd.h"
#include "daylight/os/priority.h"
#include "daylight/sandbox/process_memory.h"
#include "daylight/sandbox/verdict.h"

namespace dl::sandbox {

namespace {

// Small files go in batches, since a message costs more than a small file; a
// batch is small enough that its worker is not the last one busy at the end. Half
// of what a worker is given must be more than the answers that it sends together.
constexpr std::uint64_t kMaxBatchBytes = 2u << 20;
// After so many losses without an answer an object of our own is scanned: bad
// objects may come in any number, but if that one ends its worker too, it is the
// worker that is broken.
constexpr int kProbeAfterLosses = 30;
constexpr int kMaxStartLosses = 5;
// For a worker to start and to open the databases, however busy the machine.
constexpr auto kStartLimit = std::chrono::seconds(120);
// A worker that says nothing for so long is looked at.
constexpr auto kQuiet = std::chrono::milliseconds(100);
// Only of a worker that has been at one object for so long its memory is looked at.
constexpr auto kLong = std::chrono::seconds(1);
// When we ourselves did not listen for longer than this, nobody was late.
constexpr auto kStall = std::chrono::milliseconds(300);
constexpr int kMaxEvents = 16;
constexpr std::uint64_t kProbeSequence = std::numeric_limits<std::uint64_t>::max();
// A file up to this size that changed while it was read is read once more.
constexpr std::uint64_t kMaxAgainBytes = 16u << 20;

report::ObjectReport FailedReport(std::string why) {
  report::ObjectReport report;
  report.verdict = report::Verdict::kFailed;
  report.failure = std::move(why);
  return report;
}

report::ObjectReport IncompleteReport(std::string reason, std::string detail) {
  report::ObjectReport report;
  report.verdict = report::Verdict::kIncomplete;
  report.incomplete.push_back({"", std::move(reason), std::move(detail)});
  return report;
}

// "1.500 s", "2 s".
std::string Seconds(std::uint32_t ms) {
  std::string text = std::to_string(ms / 1000);
  if (ms % 1000 != 0) text += "." + std::to_string(ms % 1000 + 1000).substr(1);
  return text + " s";
}

// How many objects go in one batch. They are open until they are answered, and a
// worker has one batch and a half.
std::size_t MaxBatchObjects(std::size_t workers, std::size_t wanted) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1;
  return std::clamp<std::size_t>(static_cast<std::size_t>(limit.rlim_cur) / (4 * workers), 1,
                                 std::clamp<std::size_t>(wanted, 1, report::kMaxBatchObjects));
}

// Whether the file is another than when it was opened; `item` is brought up to
// date. Asks no server of a network file system, which may be dead by now.
bool Changed(ScanItem& item) {
  if (item.modified_ns == 0) return false;
  struct statx info {};
  if (::statx(item.fd.get(), "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_SIZE | STATX_MTIME, &info) != 0)
    return false;
  const std::int64_t modified_ns = info.stx_mtime.tv_sec * 1'000'000'000 + info.stx_mtime.tv_nsec;
  if (info.stx_size == item.size && modified_ns == item.modified_ns) return false;
  item.size = info.stx_size;
  item.modified_ns = modified_ns;
  return true;
}

tl::unexpected<Error> NotAsked() {
  return Fail(ErrorCode::kMalformed, "the worker answered something that was not asked");
}

// An object of ours, to see whether workers work at all.
Result<ScanItem> ProbeItem() {
  constexpr std::string_view kText = "nothing\n";
  ScanItem item;
  DL_TRY(item.fd, os::SealedMemfd("daylight-probe", {kText}));
  item.size = kText.size();
  item.names.object = "probe";
  return item;
}

}  // namespace

ScanPool::ScanPool(ScanOptions options, std::vector<int> databases, Next next, Done done)
    : options_(std::move(options)),
      databases_(std::move(databases)),
      next_(std::move(next)),
      done_(std::move(done)),
      poll_(::epoll_create1(EPOLL_CLOEXEC)),
      listened_(Clock::now()) {
  open_payload_ = report::Encode(report::OpenDatabasesMessage{options_.settings});
  workers_.resize(std::max<std::uint32_t>(1, options_.workers));
  max_batch_objects_ = MaxBatchObjects(workers_.size(), options_.max_batch_objects);
  if (!poll_.valid()) failure_ = "cannot wait for workers: " + std::string(std::strerror(errno));
}

ScanPool::~ScanPool() = default;

// A fresh worker from the template, which is started if there is none, or if it
// has ended meanwhile.
Status ScanPool::StartFork(Worker& worker) {
  std::unique_ptr<WorkerTemplate> mold = std::move(worker.mold);
  worker = Worker();
  for (int attempt = 0; !worker.fork.valid(); ++attempt) {
    if (!mold) {
      std::string problem;
      auto made = WorkerTemplate::Start(options_.worker_program, open_payload_, databases_, options_.stop, problem);
      if (!made) {
        if (!problem.empty()) failure_ = std::move(problem);
        return Forward(made.error());
      }
      mold = std::move(*made);
      walls_ = mold->walls();
    }
    auto fork = mold->Fork();
    if (fork) {
      worker.fork = std::move(*fork);
    } else if (attempt > 0) {
      return Forward(fork.error());
    } else {
      mold.reset();
    }
  }
  worker.mold = std::move(mold);
  worker.link = std::make_unique<Link>(worker.fork.get(), report::MaxReportBytes(options_.settings));
  worker.ready = worker.opened = true;  // As its template is.
  start_losses_in_a_row_ = 0;
  worker.last_word = Clock::now();
  return {};
}

Status ScanPool::Start(Worker& worker) {
  if (options_.isolate_objects) return StartFork(worker);
  const std::size_t batch_objects = worker.batch_objects;
  worker = Worker();
  worker.batch_objects = batch_objects;
  DL_TRY(worker.process, WorkerProcess::Start(options_.worker_program));
  if (options_.idle_priority) os::MakeIdle(worker.process.pid());
  worker.link = std::make_unique<Link>(worker.process.socket(), report::MaxReportBytes(options_.settings));
  worker.last_word = Clock::now();
  DL_TRY_STATUS(worker.link->Queue(report::MessageType::kHello, 0, report::Encode(report::HelloMessage{})));
  return worker.link->Queue(report::MessageType::kOpenDatabases, 0, open_payload_, databases_);
}

void ScanPool::Finish(Task&& task, report::ObjectReport&& report) {
  if (task.is_probe) return;
  for (report::Incomplete& unread : task.item.unread) report.incomplete.push_back(std::move(unread));
  SettleVerdict(report, task.item.size);
  SettleObjects(report, task.item.names.object);
  done_(task.sequence, std::move(task.item), std::move(report));
}

// The worker keeps to the same limits; this does not depend on it.
std::optional<report::ObjectReport> ScanPool::OverBudget(const ScanItem& item) const {
  const report::BudgetValues& budget = options_.settings.budget;
  if (budget.max_object_bytes != 0 && item.size > budget.max_object_bytes) {
    return IncompleteReport("max-size", "larger than --max-size");
  }
  return std::nullopt;
}

// Adds the next object to `batch`; false when there is none now.
bool ScanPool::TakeTask(std::vector<Task>& batch) {
  while (!stopped()) {
    std::optional<ScanItem> item = next_();
    if (!item) break;
    const std::uint64_t sequence = next_sequence_++;
    if (!item->report) item->report = OverBudget(*item);
    if (!item->report) {
      batch.push_back({sequence, std::move(*item)});
      return true;
    }
    report::ObjectReport report = std::move(*item->report);
    Finish({sequence, std::move(*item)}, std::move(report));
  }
  return false;
}

std::vector<ScanPool::Task> ScanPool::TakeBatch(std::size_t max_objects) {
  std::vector<Task> batch;
  if (!again_.empty()) {
    batch.push_back(std::move(again_.front()));
    again_.pop_front();
    return batch;
  }
  batch.reserve(max_objects);
  for (std::uint64_t bytes = 0; batch.size() < max_objects && bytes < kMaxBatchBytes;) {
    if (!TakeTask(batch)) break;
    bytes += batch.back().item.size;
  }
  return batch;
}

Status ScanPool::Send(Worker& worker, std::vector<Task> batch) {
  report::ScanBatchMessage message;
  if (options_.tells_time) message.now = std::time(nullptr);
  std::vector<int> descriptors;
  message.objects.reserve(batch.size());
  descriptors.reserve(batch.size());
  for (const Task& task : batch) {
    message.objects.push_back({task.sequence, task.item.size, task.item.names, task.item.skip_units});
    descriptors.push_back(task.item.fd.get());
  }
  if (worker.tasks.empty()) worker.last_word = Clock::now();
  // Ours from now on, so that a failure finds them where Died() looks.
  for (Task& task : batch) {
    worker.bytes += task.item.size;
    worker.tasks.push_back(std::move(task));
  }
  return worker.link->Queue(report::MessageType::kScanBatch, 0, report::Encode(message), std::move(descriptors));
}

// Whether it need not wait for us before it is through with what it has.
bool ScanPool::HasEnough(const Worker& worker) const {
  return worker.tasks.size() > max_batch_objects_ / 2 || (worker.tasks.size() > 1 && worker.bytes > kMaxBatchBytes);
}

// So that what waits is not all given to the first worker that asks.
std::size_t ScanPool::Share() const {
  if (!options_.waiting) return max_batch_objects_;
  return std::max<std::size_t>(1, (options_.waiting() + workers_.size() - 1) / workers_.size());
}

void ScanPool::FeedOne(Worker& worker) {
  while (failure_.empty() && !stopped()) {
    if (worker.spent ? !worker.tasks.empty() : HasEnough(worker)) return;
    // What it were given now would only be given away again.
    const bool is_slow = !worker.tasks.empty() && worker.opened && Clock::now() - worker.last_word >= options_.slow;
    if (is_slow && workers_.size() > 1) return;
    // What is scanned again is alone with its worker, so that a death has one cause.
    if (!again_.empty() && !worker.tasks.empty()) return;
    const bool alone = !again_.empty();
    const std::size_t most = options_.isolate_objects ? 1 : std::max<std::size_t>(1, options_.max_objects_per_worker);
    const bool anew = !worker.running() || worker.spent;
    std::vector<Task> batch =
        TakeBatch(std::min({worker.batch_objects, Share(), anew ? most : most - worker.given_objects}));
    if (batch.empty()) return;
    if (anew) {
      Keep(worker);
      if (const Status started = Start(worker); !started) {
        if (failure_.empty()) {
          failure_ = "cannot start " + options_.worker_program.path + ": " + os::Describe(started.error());
        }
        for (Task& task : batch) Finish(std::move(task), FailedReport(failure_));
        return;
      }
    }
    worker.given_objects += batch.size();
    worker.spent = worker.given_objects >= most;
    worker.batch_objects = std::min(worker.batch_objects * 2, max_batch_objects_);
    if (const Status sent = Send(worker, std::move(batch)); !sent) {
      if (sent.error().code == ErrorCode::kBudget) return Lost(worker, Loss::kDeath, std::string(sent.error().what));
      return;  // It is gone. What it said before counts, so Listen() takes that first.
    }
    if (alone) return;
  }
}

void ScanPool::Lost(Worker& worker, Loss loss, const std::string& why) {
  std::string reason = why;
  if (reason.empty()) {
    reason = "the worker died (" + (worker.mold ? worker.mold->ForkEnd() : worker.process.ExitReason()) + ")";
  }
  ++workers_lost_;
  if (worker.tasks.empty()) {  // It was doing nothing, so nothing is lost.
    worker = Worker();
    return;
  }
  const std::size_t at = ObjectAt(worker);
  std::deque<Task> tasks = std::move(worker.tasks);
  const bool was_opened = worker.opened;
  worker = Worker();  // Which kills it.
  if (was_opened) {
    LostAtObject(std::move(tasks), at, loss, reason);
  } else {
    LostAtStart(std::move(tasks), reason);
  }
}

void ScanPool::LostAtStart(std::deque<Task> tasks, const std::string& reason) {
  // It was not at an object yet, so none is to blame.
  for (auto task = tasks.rbegin(); task != tasks.rend(); ++task) {
    if (!task->given_away) again_.push_front(std::move(*task));
  }
  if (++start_losses_in_a_row_ >= kMaxStartLosses && failure_.empty()) {
    failure_ = "workers end before they begin, the last one so: " + reason;
  }
}

// Objects are scanned in order, and answers to them may have been waiting to be sent
// together: so it was at the first that is neither answered nor left as done. When
// that cannot be known it is none of them, unless there is only one.
std::size_t ScanPool::ObjectAt(const Worker& worker) {
  std::size_t at = 0;
  for (const Task& task : worker.tasks) {
    // A stranger's own offset is no word of the worker: he would have another's object blamed.
    if (task.given_away || task.item.is_shared || worker.tasks.size() == 1) break;
    const auto offset = os::OffsetOf(task.item.fd.get());
    if (!offset) return worker.tasks.size();
    if (*offset == 0) break;
    ++at;
  }
  return at;
}

void ScanPool::LostAtObject(std::deque<Task> tasks, std::size_t at, Loss loss, const std::string& reason) {
  bool is_probe = false;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    Task& task = tasks[i];
    if (i == at) is_probe = task.is_probe;
    if (task.given_away) continue;
    if (i != at) {
      again_.push_back(std::move(task));
      continue;
    }
    report::ObjectReport report = loss == Loss::kTime     ? IncompleteReport("timeout", reason)
                                  : loss == Loss::kMemory ? IncompleteReport("memory", reason)
                                                          : FailedReport(reason);
    Finish(std::move(task), std::move(report));
  }
  if (is_probe) {
    failure_ = "workers die one after the other, the last one so: " + reason;
  } else if (loss != Loss::kTime && ++losses_in_a_row_ >= kProbeAfterLosses) {
    Probe(reason);
  }
}

void ScanPool::Probe(const std::string& reason) {
  if (probing_ || !failure_.empty()) return;
  auto item = ProbeItem();
  if (!item) {
    failure_ = "workers die one after the other, the last one so: " + reason;
    return;
  }
  probing_ = true;
  again_.push_front(Task{.sequence = kProbeSequence, .item = std::move(*item), .is_probe = true});
}

void ScanPool::WarmUp() {
  for (Worker& worker : workers_) {
    if (worker.running() || !failure_.empty()) continue;
    Status started = Start(worker);
    auto item = ProbeItem();
    if (!started || !item) {
      if (failure_.empty()) {
        failure_ = "cannot start " + options_.worker_program.path + ": " +
                   os::Describe(started ? item.error() : started.error());
      }
      return;
    }
    std::vector<Task> batch;
    batch.push_back(Task{.sequence = kProbeSequence, .item = std::move(*item), .is_probe = true});
    static_cast<void>(Send(worker, std::move(batch)));  // If it is gone, Work() will meet that.
    Watch(worker);
  }
}

bool ScanPool::warm() const {
  return std::all_of(workers_.begin(), workers_.end(), [](const Worker& worker) { return worker.warm; });
}

std::vector<pid_t> ScanPool::worker_pids() const {
  std::vector<pid_t> pids;
  for (const Worker& worker : workers_) {
    if (worker.running()) pids.push_back(worker.pid());
  }
  return pids;
}

void ScanPool::Keep(Worker& worker) {
  for (const VerdictRecord& record : worker.clean) options_.keep(record);
  worker.clean.clear();
}

void ScanPool::Answered(Worker& worker, Task&& task, report::ObjectReport&& report) {
  losses_in_a_row_ = 0;
  if (task.is_probe) probing_ = false;
  if (task.given_away || task.is_probe) return;
  if (report.detections.empty() && Changed(task.item)) {
    // What was read may never have been there at any one time.
    if (!task.again && task.item.size <= kMaxAgainBytes) {
      task.again = true;
      task.item.skip_units = 0;
      task.item.candidate.reset();
      again_.push_back(std::move(task));
      return;
    }
    report.incomplete.push_back({"", "changed", "it changed while it was read"});
  }
  if (options_.keep && task.item.candidate && task.item.unread.empty() && report::IsOnlyClean(report) &&
      task.item.candidate->StillHolds(task.item.fd.get())) {
    worker.clean.push_back(task.item.candidate->record);
  }
  Finish(std::move(task), std::move(report));
}

Status ScanPool::Handle(Worker& worker, const report::Frame& frame) {
  switch (frame.header.type) {
    case report::MessageType::kReady: {
      if (worker.ready) return NotAsked();
      auto walls = CheckReady(options_.worker_program, worker.process, frame);
      if (!walls) {
        failure_ = walls.error().what;
        return Forward(walls.error());
      }
      walls_ = std::move(*walls);
      worker.ready = true;
      return {};
    }
    case report::MessageType::kDatabasesOpened: {
      // Once: what a worker that has seen objects says of the content is not believed.
      if (!worker.ready || worker.opened) return NotAsked();
      DL_TRY(const auto opened, report::Decode<report::DatabasesOpenedMessage>(AsBytes(frame.payload)));
      if (!opened.ok) {
        failure_ = "cannot use the content: " + opened.problem;
        return Fail(ErrorCode::kMalformed, "the worker cannot use the content");
      }
      worker.opened = true;
      start_losses_in_a_row_ = 0;
      worker.last_word = Clock::now();
      return {};
    }
    case report::MessageType::kObjectReport: {
      if (!worker.opened || worker.tasks.empty() || worker.tasks.front().sequence != frame.header.sequence) {
        return NotAsked();
      }
      DL_TRY(report::ObjectReport report, report::Decode<report::ObjectReport>(AsBytes(frame.payload)));
      Task task = std::move(worker.tasks.front());
      worker.tasks.pop_front();
      worker.bytes -= task.item.size;
      ++worker.answered;
      worker.last_word = Clock::now();
      worker.told_profile = false;
      worker.warm = true;
      Answered(worker, std::move(task), std::move(report));
      return {};
    }
    case report::MessageType::kProfile: {
      if (!options_.settings.profile || !worker.opened || worker.tasks.empty()) return NotAsked();
      // One for a report, or a worker could say nothing else.
      if (std::exchange(worker.told_profile, true)) return NotAsked();
      DL_TRY(const auto profile, report::Decode<report::Profile>(AsBytes(frame.payload)));
      profile_.Add(profile);
      return {};
    }
    default: return NotAsked();
  }
}

Status ScanPool::TakeWords(Worker& worker) {
  for (;;) {
    DL_TRY(const std::optional<report::Frame> frame, worker.link->Next());
    if (!frame) return {};
    DL_TRY_STATUS(Handle(worker, *frame));
  }
}

void ScanPool::Listen(Worker& worker, bool readable, bool writable) {
  const bool sent = !writable || worker.link->Flush().has_value();
  const Status filled = readable ? worker.link->Fill() : Status();
  // What it said before it died counts, so the words are taken first.
  const Status words = TakeWords(worker);
  if (!words) return Lost(worker, Loss::kLie, "the worker broke the protocol: " + std::string(words.error().what));
  if (!sent || !filled) Lost(worker, Loss::kDeath, "");
}

// Whether it has come further since it was last looked at, with reports that wait to
// be sent. It cannot go on for ever: each object is left behind once.
bool ScanPool::HasAdvanced(Worker& worker) {
  if (Clock::now() - std::max(worker.last_word, worker.looked_at) < kQuiet) return false;
  worker.looked_at = Clock::now();
  const std::uint64_t place = worker.answered + ObjectAt(worker);
  if (place <= worker.place) return false;
  worker.place = place;
  worker.last_word = Clock::now();
  return true;
}

// Whatever a worker says meanwhile, only objects that it is through with stop its clock.
void ScanPool::CheckTime(Worker& worker) {
  if (worker.tasks.empty() || !worker.running()) return;
  const auto passed = Clock::now() - worker.last_word;
  const std::uint32_t limit = options_.settings.budget.timeout_ms;
  if (worker.opened && HasAdvanced(worker)) return;
  if (!worker.opened) {
    if (passed >= kStartLimit) Lost(worker, Loss::kTime, "not ready in time");
  } else if (limit != 0 && passed >= std::chrono::milliseconds(limit)) {
    Lost(worker, Loss::kTime, "no answer after " + Seconds(limit));
  }
}

void ScanPool::CheckMemory(Worker& worker) {
  const std::uint64_t limit = options_.max_worker_bytes;
  if (limit == 0 || worker.tasks.empty() || !worker.running() || Clock::now() - worker.last_word < kLong) return;
  const std::optional<std::uint64_t> used = PrivateBytes(worker.pid());
  if (used && *used > limit) {
    Lost(worker, Loss::kMemory, "more than " + std::to_string(limit >> 20) + " MiB");
  }
}

void ScanPool::ForgiveStall(Clock::duration gap) {
  if (gap < kStall) return;
  for (Worker& worker : workers_) worker.last_word = std::min(worker.last_word + gap, Clock::now());
}

bool ScanPool::HasWork(const Worker& worker) {
  return std::any_of(worker.tasks.begin(), worker.tasks.end(), [](const Task& task) { return !task.given_away; });
}

void ScanPool::GiveAway(Worker& worker) {
  // While a batch is still being sent, its descriptors must stay open here.
  if (workers_.size() < 2 || worker.tasks.size() < 2 || !worker.running() || worker.link->pending()) return;
  if (!worker.opened || Clock::now() - worker.last_word < options_.slow) return;
  // Those before it are done.
  const std::size_t at = ObjectAt(worker) % worker.tasks.size();
  for (std::size_t i = at + 1; i < worker.tasks.size(); ++i) {
    Task& task = worker.tasks[i];
    if (std::exchange(task.given_away, true)) continue;
    Task other;
    other.sequence = task.sequence;
    other.item = std::move(task.item);
    other.again = task.again;
    again_.push_back(std::move(other));
  }
}

bool ScanPool::has_work() const { return !again_.empty() || std::any_of(workers_.begin(), workers_.end(), HasWork); }

// Has poll_fd() tell of the worker. What is closed leaves it by itself.
void ScanPool::Watch(Worker& worker) {
  if (!worker.running() || worker.link == nullptr) return;
  const bool wants_room = worker.link->pending();
  if (worker.watched && worker.awaits_room == wants_room) return;
  epoll_event event{};
  event.events = EPOLLIN | (wants_room ? static_cast<std::uint32_t>(EPOLLOUT) : 0);
  event.data.u64 = static_cast<std::uint64_t>(&worker - workers_.data());
  ::epoll_ctl(poll_.get(), worker.watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, worker.socket(), &event);
  worker.watched = true;
  worker.awaits_room = wants_room;
}

void ScanPool::Feed() {
  // Those first that would do nothing else.
  for (const bool idle : {true, false}) {
    for (Worker& worker : workers_) {
      if (worker.tasks.empty() != idle) continue;
      FeedOne(worker);
      Watch(worker);
    }
  }
}

void ScanPool::Work(int timeout_ms) {
  if (!failure_.empty()) return;
  Feed();
  // What feeds us was slow, or nobody took what was given back.
  ForgiveStall(Clock::now() - listened_);
  epoll_event events[kMaxEvents];
  const int ready = [&] {
    const Stopwatch watch(options_.settings.profile ? &wait_ns_ : nullptr);
    return ::epoll_wait(poll_.get(), events, kMaxEvents, timeout_ms);
  }();
  listened_ = Clock::now();
  for (int i = 0; i < ready; ++i) {
    Worker& worker = workers_[events[i].data.u64];
    if (!worker.running()) continue;
    Listen(worker, (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0, (events[i].events & EPOLLOUT) != 0);
    Watch(worker);
  }
  for (Worker& worker : workers_) {
    CheckTime(worker);
    CheckMemory(worker);
    GiveAway(worker);
  }
}

void ScanPool::End() {
  if (!failure_.empty() && !stopped()) {
    for (Worker& worker : workers_) {
      for (Task& task : worker.tasks) {
        if (!task.given_away) Finish(std::move(task), FailedReport(failure_));
      }
    }
    for (Task& task : again_) Finish(std::move(task), FailedReport(failure_));
  }
  for (Worker& worker : workers_) Keep(worker);
  workers_.clear();
  again_.clear();
}

}  // namespace dl::sandbox
