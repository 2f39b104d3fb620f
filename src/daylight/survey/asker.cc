#include "daylight/survey/asker.h"

#include <poll.h>

#include <algorithm>
#include <utility>

#include "daylight/os/io.h"

namespace dl::survey {

namespace {

using report::MessageType;

// Questions that a worker has in hand: enough that it never waits for us, few enough that
// little is asked twice when it is lost.
constexpr std::size_t kAhead = 16;
constexpr std::size_t kMaxWaiting = 64;
// Workers that end without an answer between them: then it is not the files.
constexpr std::uint32_t kMaxLossesInARow = 50;
constexpr int kTickMs = 200;
// More roots than this no answer has.
constexpr std::size_t kMaxRootsPerAnswer = 1'000'000;

}  // namespace

Asker::Asker(AskerOptions options, Take take) : options_(std::move(options)), take_(std::move(take)) {
  workers_.resize(std::max<std::uint32_t>(options_.workers, 1));
}

Asker::~Asker() = default;

std::size_t Asker::in_hand() const {
  std::size_t n = 0;
  for (const Worker& worker : workers_) n += worker.tasks.size();
  return n;
}

void Asker::TellUnread(const Question& question, const std::string& reason, const std::string& detail) {
  report::SoftwareFacts facts;
  facts.unread.push_back({{question.root, question.path, report::Presence::kPresent}, reason, detail});
  take_(std::move(facts));
}

void Asker::Ask(Question question) {
  Task task;
  task.question = std::move(question);
  task.sequence = ++sequence_;
  waiting_.push_back(std::move(task));
  Work(false);
  while (waiting_.size() >= kMaxWaiting) Work(true);
}

void Asker::Finish() {
  while (!waiting_.empty() || in_hand() > 0) Work(true);
}

void Asker::Work(bool wait) {
  if (!failure_.empty() || stopped()) {
    for (Worker& worker : workers_) {
      for (Task& task : worker.tasks) waiting_.push_back(std::move(task));
      worker = Worker();
    }
    const std::string why = failure_.empty() ? "interrupted" : failure_;
    for (const Task& task : std::exchange(waiting_, {})) TellUnread(task.question, "not-asked", why);
    return;
  }
  for (Worker& worker : workers_) Feed(worker);
  std::vector<pollfd> polled;
  std::vector<Worker*> asked;
  for (Worker& worker : workers_) {
    if (!worker.process.running() || worker.tasks.empty()) continue;
    const short events = static_cast<short>(POLLIN | (worker.link->pending() ? POLLOUT : 0));
    polled.push_back({worker.process.socket(), events, 0});
    asked.push_back(&worker);
  }
  if (polled.empty()) return;
  if (::poll(polled.data(), polled.size(), wait ? kTickMs : 0) < 0) return;  // A signal.
  for (std::size_t i = 0; i < polled.size(); ++i) {
    Worker& worker = *asked[i];
    Status status;
    if ((polled[i].revents & POLLOUT) != 0) status = worker.link->Flush();
    if (status && (polled[i].revents & (POLLIN | POLLHUP | POLLERR)) != 0) status = Listen(worker);
    if (!status) {
      const bool gone = status.error().code == ErrorCode::kTruncated || status.error().code == ErrorCode::kIo;
      Lost(worker, gone ? "its worker died (" + worker.process.ExitReason() + ")"
                        : "its worker broke the protocol: " + std::string(status.error().what));
    } else if (!worker.tasks.empty() && Clock::now() - worker.since > options_.timeout) {
      Lost(worker, "");
    }
  }
}

Status Asker::Start(Worker& worker) {
  worker = Worker();
  DL_TRY(worker.process, sandbox::WorkerProcess::Start(options_.worker_program));
  worker.link = std::make_unique<sandbox::Link>(worker.process.socket());
  return worker.link->Queue(MessageType::kHello, 0, report::Encode(report::HelloMessage{}));
}

void Asker::Feed(Worker& worker) {
  while (!waiting_.empty() && worker.tasks.size() < kAhead) {
    if (!worker.process.running()) {
      if (const Status started = Start(worker); !started) {
        failure_ = "cannot start " + options_.worker_program.path + ": " + os::Describe(started.error());
        return;
      }
    }
    if (worker.tasks.empty()) worker.since = Clock::now();
    worker.tasks.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
    Task& task = worker.tasks.back();
    std::vector<int> descriptors;
    for (const os::Fd& fd : task.question.files) descriptors.push_back(fd.get());
    const Status queued = worker.link->Queue(MessageType::kSurvey, task.sequence, report::Encode(task.question.message),
                                             std::move(descriptors));
    if (!queued) {  // Not something that a worker is given: no regular file any more.
      TellUnread(task.question, "failed", std::string(queued.error().what));
      worker.tasks.pop_back();
    }
  }
}

Status Asker::Listen(Worker& worker) {
  DL_TRY_STATUS(worker.link->Fill());
  for (;;) {
    DL_TRY(const std::optional<report::Frame> frame, worker.link->Next());
    if (!frame) return {};
    DL_TRY_STATUS(Handle(worker, *frame));
  }
}

Status Asker::Handle(Worker& worker, const report::Frame& frame) {
  if (!worker.ready) {
    if (const auto walls = sandbox::CheckReady(options_.worker_program, worker.process, frame); !walls) {
      failure_ = walls.error().what;  // The next one will be no better.
      return Forward(walls.error());
    }
    worker.ready = true;
    return {};
  }
  if (frame.header.type != MessageType::kSurveyFacts || worker.tasks.empty() ||
      frame.header.sequence != worker.tasks.front().sequence) {
    return Fail(ErrorCode::kMalformed, "an answer to nothing that was asked");
  }
  DL_TRY(auto message, report::Decode<report::SurveyFactsMessage>(AsBytes(frame.payload)));
  return TakeFacts(worker, std::move(message));
}

Status Asker::TakeFacts(Worker& worker, report::SurveyFactsMessage message) {
  Task& task = worker.tasks.front();
  report::SoftwareFacts& facts = message.facts;
  bool known = true;
  const auto number = [&](std::uint32_t& root) {
    if (root == 0) {
      root = task.question.root;
    } else if (root <= task.roots.size()) {
      root = task.roots[root - 1];
    } else {
      known = false;
    }
  };
  for (report::RootFact& root : facts.roots) {
    if (root.id != task.roots.size() + 1 || root.parent >= root.id || root.id > kMaxRootsPerAnswer) {
      return Fail(ErrorCode::kMalformed, "a root that does not follow the last");
    }
    number(root.parent);
    task.roots.push_back(root.id = NewRoot());
  }
  const auto all = [&](auto& items) {
    for (auto& item : items) number(item.place.root);
  };
  all(facts.files);
  // What lies in a file system we can hash ourselves, and believe nobody about it.
  for (report::ProgramFact& program : facts.programs) {
    if (program.place.root == 0) program.sha256.reset();
  }
  all(facts.programs);
  all(facts.packages);
  all(facts.units);
  all(facts.operating_systems);
  all(facts.images);
  all(facts.components);
  all(facts.mentions);
  all(facts.unread);
  if (!known) return Fail(ErrorCode::kMalformed, "a fact of a root that nobody has found");
  take_(std::move(facts));
  if (message.last) {
    worker.tasks.pop_front();
    worker.since = Clock::now();
    losses_in_a_row_ = 0;
    ++answered_;
  }
  return {};
}

// `why`: empty when it took too long.
void Asker::Lost(Worker& worker, const std::string& why) {
  std::deque<Task> tasks = std::move(worker.tasks);
  worker = Worker();
  if (!tasks.empty()) {
    TellUnread(tasks.front().question, why.empty() ? "timeout" : "failed", why.empty() ? "it took too long" : why);
    tasks.pop_front();
  }
  for (auto task = tasks.rbegin(); task != tasks.rend(); ++task) waiting_.push_front(std::move(*task));
  if (++losses_in_a_row_ >= kMaxLossesInARow && failure_.empty()) failure_ = "workers end by themselves: " + why;
}

}  // namespace dl::survey
