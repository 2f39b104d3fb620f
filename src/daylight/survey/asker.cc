#include "daylight/survey/asker.h"

#include <poll.h>
#include <sys/resource.h>

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
// Some twenty million facts. What goes on after that would do so for as long as it is let.
constexpr std::uint64_t kMaxAnswerBytes = std::uint64_t{4} << 30;

// A part of what this process may have open; the walk and the workers' sockets need some too.
std::size_t MaxFiles() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 64;
  return static_cast<std::size_t>(std::clamp<rlim_t>(limit.rlim_cur / 3, 16, 4096));
}

}  // namespace

Asker::Asker(AskerOptions options, Take take) : options_(std::move(options)), take_(std::move(take)) {
  workers_.resize(std::max<std::uint32_t>(options_.workers, 1));
  max_files_ = MaxFiles();
}

Asker::~Asker() = default;

std::size_t Asker::in_hand() const {
  std::size_t n = 0;
  for (const Worker& worker : workers_) n += worker.tasks.size();
  return n;
}

std::size_t Asker::files_in_hand() const {
  std::size_t n = 0;
  for (const Task& task : waiting_) n += task.question.files.size();
  for (const Worker& worker : workers_) {
    for (const Task& task : worker.tasks) n += task.question.files.size();
  }
  return n;
}

void Asker::TellUnread(const Question& question, const std::string& reason, const std::string& detail) {
  report::SoftwareFacts facts;
  facts.unread.push_back({{question.root, question.path, report::Presence::kPresent}, reason, detail});
  take_(std::move(facts));
}

void Asker::Ask(Question question) {
  // Its own are open already: it is taken when nothing else is left, however many they are.
  const std::size_t files = question.files.size();
  while (files_in_hand() + files > max_files_ && (!waiting_.empty() || in_hand() > 0)) Work(true);
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
    if ((polled[i].revents & POLLOUT) != 0) {
      status = worker.link->Flush();
      if (!status) HearOut(worker);
    }
    if (status && (polled[i].revents & (POLLIN | POLLHUP | POLLERR)) != 0) status = Listen(worker);
    if (!status) {
      Lost(worker, WhyGone(worker, status.error()));
    } else if (!worker.tasks.empty() && Clock::now() - worker.since > options_.timeout) {
      Lost(worker, "");
    }
  }
}

std::string Asker::WhyGone(Worker& worker, const Error& error) {
  const bool gone = error.code == ErrorCode::kTruncated || error.code == ErrorCode::kIo;
  return gone ? "its worker died (" + worker.process.ExitReason() + ")"
              : "its worker broke the protocol: " + std::string(error.what);
}

Status Asker::Start(Worker& worker) {
  worker = Worker();
  DL_TRY(worker.process, sandbox::WorkerProcess::Start(options_.worker_program));
  worker.link = std::make_unique<sandbox::Link>(worker.process.socket());
  return worker.link->Queue(MessageType::kHello, 0, report::Encode(report::HelloMessage{}));
}

void Asker::Feed(Worker& worker) {
  while (!waiting_.empty() && worker.tasks.size() < kAhead) {
    if (worker.given >= options_.max_files_per_worker) {
      if (!worker.tasks.empty()) return;
      worker = Worker();
    }
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
    if (queued) {
      ++worker.given;
      continue;
    }
    if (queued.error().code == ErrorCode::kBudget) {  // It would be refused by every worker.
      TellUnread(task.question, "failed", std::string(queued.error().what));
      worker.tasks.pop_back();
      continue;
    }
    // It died over something before this one, or over nothing that we know of.
    HearOut(worker);
    Lost(worker, WhyGone(worker, queued.error()));
    return;
  }
}

Status Asker::Listen(Worker& worker) {
  // What came before its end counts.
  const Status filled = worker.link->Fill();
  for (;;) {
    DL_TRY(const std::optional<report::Frame> frame, worker.link->Next());
    if (!frame) return filled;
    DL_TRY_STATUS(Handle(worker, *frame));
  }
}

// Of one that takes nothing more: the answers that it gave while it could.
void Asker::HearOut(Worker& worker) {
  for (int i = 0; i < 4 && Listen(worker); ++i) {
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
  // Its question lies here still: what it was sent are numbers of descriptors, which must not be closed before.
  if (worker.link->unsent() >= worker.tasks.size()) {
    return Fail(ErrorCode::kMalformed, "an answer to what it was not yet asked");
  }
  worker.tasks.front().answer_bytes += frame.payload.size();
  if (worker.tasks.front().answer_bytes > kMaxAnswerBytes) {
    return Fail(ErrorCode::kMalformed, "an answer without an end");
  }
  DL_TRY(auto message, report::Decode<report::SurveyFactsMessage>(AsBytes(frame.payload)));
  return TakeFacts(worker, std::move(message));
}

Status Asker::TakeFacts(Worker& worker, report::SurveyFactsMessage message) {
  Task& task = worker.tasks.front();
  report::SoftwareFacts& facts = message.facts;
  const bool is_folder = task.question.message.kind == report::SurveyKind::kImageFolder;
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
    // A layout is a folder: that is where what was found in its files is.
    if (is_folder && root.parent == 0 && root.path.empty()) root.path = task.question.path;
    number(root.parent);
    task.roots.push_back(root.id = NewRoot());
  }
  const auto all = [&](auto& items) {
    for (auto& item : items) {
      // Of what lies beside its file it has seen nothing.
      if (!is_folder && item.place.root == 0 && item.place.path != task.question.path) known = false;
      number(item.place.root);
    }
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
  for (report::UnreadFact& unread : facts.unread) {
    const bool is_of_it = is_folder && unread.place.root == task.question.root;
    if (is_of_it && unread.place.path.empty()) unread.place.path = task.question.path;
  }
  if (!known) return Fail(ErrorCode::kMalformed, "a fact of what it was not given");
  take_(std::move(facts));
  if (message.last) {
    worker.tasks.pop_front();
    worker.since = Clock::now();
    losses_in_a_row_ = 0;
  }
  return {};
}

// `why`: empty when it took too long.
void Asker::Lost(Worker& worker, const std::string& why) {
  // What it has not even been sent is innocent.
  const bool has_first = why.empty() || worker.link->unsent() < worker.tasks.size();
  std::deque<Task> tasks = std::move(worker.tasks);
  worker = Worker();
  if (!tasks.empty() && has_first) {
    TellUnread(tasks.front().question, why.empty() ? "timeout" : "failed", why.empty() ? "it took too long" : why);
    tasks.pop_front();
  }
  for (auto task = tasks.rbegin(); task != tasks.rend(); ++task) {
    task->roots.clear();  // Another worker counts its own.
    task->answer_bytes = 0;
    waiting_.push_front(std::move(*task));
  }
  if (++losses_in_a_row_ >= kMaxLossesInARow && failure_.empty()) failure_ = "workers end by themselves: " + why;
}

}  // namespace dl::survey
