#include "daylight/sandbox/scan_session.h"

#include <poll.h>

#include <algorithm>

#include "daylight/os/io.h"
#include "daylight/sandbox/verdict.h"

namespace dl::sandbox {

namespace {

// Small files go in batches, since a message costs more than a small file; a
// batch is small enough that its worker is not the last one busy at the end.
constexpr std::size_t kMaxBatchObjects = 32;
constexpr std::uint64_t kMaxBatchBytes = 2u << 20;
// A worker is fed when it has no more than this left to do, so that it need
// not wait for us between two batches.
constexpr std::size_t kLowWater = 8;
constexpr int kMaxDeathsInARow = 30;
constexpr int kTickMs = 100;
// An object that takes longer than this is slow: others need not wait for it.
constexpr auto kSlow = std::chrono::seconds(1);

report::ObjectReport FailedReport(std::string why) {
  report::ObjectReport report;
  report.verdict = report::Verdict::kFailed;
  report.failure = std::move(why);
  return report;
}

}  // namespace

ScanSession::ScanSession(ScanOptions options, std::vector<int> databases)
    : options_(std::move(options)), databases_(std::move(databases)) {
  open_payload_ = report::Encode(report::OpenDatabasesMessage{options_.settings});
  workers_.resize(std::max<std::uint32_t>(1, options_.workers));
}

ScanSession::~ScanSession() = default;

Status ScanSession::Start(Worker& worker) {
  worker = Worker();
  DL_TRY(worker.process, WorkerProcess::Start(options_.worker_program));
  worker.link = std::make_unique<Link>(worker.process.socket());
  worker.last_word = Clock::now();
  DL_TRY_STATUS(worker.link->Queue(report::MessageType::kHello, 0, report::Encode(report::HelloMessage{})));
  return worker.link->Queue(report::MessageType::kOpenDatabases, 0, open_payload_, databases_);
}

void ScanSession::Finish(Task task, report::ObjectReport report) {
  for (report::Incomplete& unread : task.item.unread) report.incomplete.push_back(std::move(unread));
  SettleVerdict(report, task.item.size);
  for (report::Incomplete& incomplete : report.incomplete) {
    if (incomplete.object.empty()) incomplete.object = task.item.names.object;
  }
  const std::size_t bytes = ReportBytes(report) + task.item.path.size();
  reorder_->Finish(task.sequence, {std::move(task.item.path), std::move(report)}, bytes);
}

std::optional<ScanSession::Task> ScanSession::TakeTask(const Next& next) {
  while (!exhausted_ && !stopped()) {
    std::optional<ScanItem> item = next();
    if (!item) {
      exhausted_ = true;
      break;
    }
    Task task{next_sequence_++, std::move(*item), false};
    if (!task.item.report) return task;
    report::ObjectReport report = std::move(*task.item.report);
    Finish(std::move(task), std::move(report));
  }
  return std::nullopt;
}

std::vector<ScanSession::Task> ScanSession::TakeBatch(std::size_t max_objects, const Next& next) {
  std::vector<Task> batch;
  if (!again_.empty()) {
    batch.push_back(std::move(again_.front()));
    again_.pop_front();
    return batch;
  }
  std::uint64_t bytes = 0;
  while (batch.size() < max_objects && bytes < kMaxBatchBytes) {
    std::optional<Task> task = TakeTask(next);
    if (!task) break;
    bytes += task->item.size;
    batch.push_back(std::move(*task));
  }
  return batch;
}

Status ScanSession::Send(Worker& worker, std::vector<Task> batch) {
  report::ScanBatchMessage message;
  std::vector<int> descriptors;
  for (const Task& task : batch) {
    message.objects.push_back({task.sequence, task.item.size, task.item.names});
    descriptors.push_back(task.item.fd.get());
  }
  if (worker.tasks.empty()) worker.last_word = Clock::now();
  // Ours from now on, so that a failure finds them where Died() looks.
  for (Task& task : batch) worker.tasks.push_back(std::move(task));
  return worker.link->Queue(report::MessageType::kScanBatch, 0, report::Encode(message), std::move(descriptors));
}

void ScanSession::Feed(Worker& worker, const Next& next) {
  while (failure_.empty() && !stopped()) {
    if (options_.isolate_objects ? !worker.tasks.empty() : worker.tasks.size() > kLowWater) return;
    // What is scanned again is alone with its worker, so that a death has one cause.
    if (!again_.empty() && !worker.tasks.empty()) return;
    if (again_.empty() && exhausted_) return;
    const bool alone = !again_.empty();
    std::vector<Task> batch = TakeBatch(options_.isolate_objects ? 1 : worker.batch_objects, next);
    if (batch.empty()) return;
    if (!worker.process.running() || worker.spent) {
      if (const Status started = Start(worker); !started) {
        failure_ = "cannot start " + options_.worker_program.path + ": " + os::Describe(started.error());
        for (Task& task : batch) Finish(std::move(task), FailedReport(failure_));
        return;
      }
    }
    worker.spent = options_.isolate_objects;
    worker.batch_objects = std::min(worker.batch_objects * 2, kMaxBatchObjects);
    if (const Status sent = Send(worker, std::move(batch)); !sent) {
      return Died(worker, sent.error().code == ErrorCode::kBudget ? std::string(sent.error().what) : "", false);
    }
    if (alone) return;
  }
}

void ScanSession::Died(Worker& worker, const std::string& why, bool by_time) {
  std::string reason = why;
  if (reason.empty()) reason = "the worker died (" + worker.process.ExitReason() + ")";
  worker.process.Kill();
  std::deque<Task> tasks = std::move(worker.tasks);
  const bool was_opened = worker.opened;
  worker = Worker();
  if (!by_time && ++deaths_in_a_row_ >= kMaxDeathsInARow) {
    failure_ = "workers die one after the other, the last one so: " + reason;
  } else if (!was_opened && !by_time && deaths_in_a_row_ < 3) {
    // It was not at an object yet; what it had been given is tried again.
    for (auto task = tasks.rbegin(); task != tasks.rend(); ++task) {
      if (!task->given_away) again_.push_front(std::move(*task));
    }
    return;
  }
  bool first = true;
  for (Task& task : tasks) {
    // Objects are answered in order, so it was at the first that is unanswered.
    const bool at_it = std::exchange(first, false);
    if (task.given_away) continue;
    if (at_it && by_time) {
      report::ObjectReport report;
      report.verdict = report::Verdict::kIncomplete;
      report.incomplete.push_back({task.item.names.object, "timeout", reason});
      Finish(std::move(task), std::move(report));
    } else if (at_it || !failure_.empty()) {
      Finish(std::move(task), FailedReport(reason));
    } else {
      again_.push_back(std::move(task));
    }
  }
}

Status ScanSession::Handle(Worker& worker, const report::Frame& frame) {
  switch (frame.header.type) {
    case report::MessageType::kReady: {
      DL_TRY(const auto ready, report::Decode<report::ReadyMessage>(AsBytes(frame.payload)));
      if (ready.version != report::kProtocolVersion) {
        failure_ = "the worker is of another version than this program";
        return Fail(ErrorCode::kUnsupported, "the worker is of another version");
      }
      return {};
    }
    case report::MessageType::kDatabasesOpened: {
      DL_TRY(const auto opened, report::Decode<report::DatabasesOpenedMessage>(AsBytes(frame.payload)));
      if (!opened.ok) {
        failure_ = "cannot use the content: " + opened.problem;
        return Fail(ErrorCode::kMalformed, "the worker cannot use the content");
      }
      worker.opened = true;
      worker.last_word = Clock::now();
      return {};
    }
    case report::MessageType::kObjectReport: {
      if (worker.tasks.empty() || worker.tasks.front().sequence != frame.header.sequence) {
        return Fail(ErrorCode::kMalformed, "the worker answered something that was not asked");
      }
      DL_TRY(report::ObjectReport report, report::Decode<report::ObjectReport>(AsBytes(frame.payload)));
      Task task = std::move(worker.tasks.front());
      worker.tasks.pop_front();
      worker.last_word = Clock::now();
      deaths_in_a_row_ = 0;
      if (task.given_away) return {};
      Finish(std::move(task), std::move(report));
      return {};
    }
    default: return Fail(ErrorCode::kMalformed, "the worker answered something that was not asked");
  }
}

Status ScanSession::TakeWords(Worker& worker) {
  for (;;) {
    DL_TRY(const std::optional<report::Frame> frame, worker.link->Next());
    if (!frame) return {};
    DL_TRY_STATUS(Handle(worker, *frame));
  }
}

void ScanSession::Listen(Worker& worker, bool readable, bool writable) {
  const bool sent = !writable || worker.link->Flush().has_value();
  const bool there = !readable || worker.link->Fill().has_value();
  // What it said before it died counts, so the words are taken first.
  if (const Status words = TakeWords(worker); !words) {
    return Died(worker, "the worker broke the protocol: " + std::string(words.error().what), false);
  }
  if (!sent || !there) Died(worker, "", false);
}

void ScanSession::CheckTime(Worker& worker) {
  const std::uint32_t limit = options_.settings.budget.timeout_ms;
  if (limit == 0 || worker.tasks.empty() || !worker.process.running()) return;
  if (Clock::now() - worker.last_word < std::chrono::milliseconds(limit)) return;
  std::string after = std::to_string(limit / 1000);
  if (limit % 1000 != 0) after += "." + std::to_string(limit % 1000 + 1000).substr(1);
  Died(worker, "no answer after " + after + " s", true);
}

bool ScanSession::HasWork(const Worker& worker) {
  return std::any_of(worker.tasks.begin(), worker.tasks.end(), [](const Task& task) { return !task.given_away; });
}

void ScanSession::GiveAway(Worker& worker) {
  // While a batch is still being sent, its descriptors must stay open here.
  if (workers_.size() < 2 || worker.tasks.size() < 2 || worker.link->pending()) return;
  if (!worker.opened || Clock::now() - worker.last_word < kSlow) return;
  for (auto task = worker.tasks.begin() + 1; task != worker.tasks.end(); ++task) {
    if (std::exchange(task->given_away, true)) continue;
    again_.push_back({task->sequence, std::move(task->item), false});
  }
}

SessionEnd ScanSession::Run(const Next& next, const Reorder::Print& print) {
  reorder_ = std::make_unique<Reorder>(options_.reorder, print);
  auto next_tick = Clock::now();
  while (failure_.empty() && !stopped()) {
    for (Worker& worker : workers_) Feed(worker, next);
    if (exhausted_ && again_.empty() && std::none_of(workers_.begin(), workers_.end(), HasWork)) break;
    std::vector<pollfd> items;
    std::vector<Worker*> owners;
    for (Worker& worker : workers_) {
      if (!worker.process.running() || worker.tasks.empty()) continue;
      items.push_back({worker.process.socket(), static_cast<short>(POLLIN | (worker.link->pending() ? POLLOUT : 0)), 0});
      owners.push_back(&worker);
    }
    if (items.empty()) continue;  // All have died just now.
    const int ready = ::poll(items.data(), items.size(), kTickMs);
    for (std::size_t i = 0; ready > 0 && i < items.size(); ++i) {
      if (items[i].revents == 0) continue;
      Listen(*owners[i], (items[i].revents & (POLLIN | POLLHUP | POLLERR)) != 0, (items[i].revents & POLLOUT) != 0);
    }
    // Only who has nothing to say although we have listened is late.
    for (std::size_t i = 0; i < owners.size(); ++i) {
      if (ready > 0 && items[i].revents != 0) continue;
      CheckTime(*owners[i]);
      GiveAway(*owners[i]);
    }
    if (options_.tick && Clock::now() >= next_tick) {
      options_.tick();
      next_tick = Clock::now() + std::chrono::milliseconds(kTickMs);
    }
  }
  SessionEnd end;
  end.interrupted = stopped();
  end.failure = failure_;
  if (!failure_.empty() && !end.interrupted) {
    for (Worker& worker : workers_) {
      for (Task& task : worker.tasks) {
        if (!task.given_away) Finish(std::move(task), FailedReport(failure_));
      }
    }
    for (Task& task : again_) Finish(std::move(task), FailedReport(failure_));
  }
  workers_.clear();
  again_.clear();
  reorder_->Flush();
  if (options_.tick) options_.tick();
  return end;
}

}  // namespace dl::sandbox
