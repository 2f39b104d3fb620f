#include "daylight/sandbox/audit.h"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <mutex>
#include <optional>
#include <thread>

#include "daylight/os/io.h"
#include "daylight/sandbox/audit_targets.h"
#include "daylight/sandbox/link.h"
#include "daylight/sandbox/worker_process.h"
#include "daylight/sandbox/worker_template.h"

namespace dl::sandbox {

namespace {

using report::MessageType;

Result<report::WallsHeld> Greet(Link& link, std::uint32_t timeout_ms) {
  DL_TRY_STATUS(link.Queue(MessageType::kHello, 0, report::Encode(report::HelloMessage{})));
  DL_TRY(const report::Frame frame, link.Wait(timeout_ms));
  if (frame.header.type != MessageType::kReady) return Fail(ErrorCode::kMalformed, "the worker is not ready");
  DL_TRY(report::ReadyMessage ready, report::Decode<report::ReadyMessage>(AsBytes(frame.payload)));
  return std::move(ready.walls);
}

// Whether a descriptor has come: looks, and takes nothing away.
bool DescriptorComes(int socket, std::uint32_t timeout_ms) {
  pollfd item{socket, POLLIN, 0};
  if (::poll(&item, 1, static_cast<int>(timeout_ms)) <= 0) return false;
  char byte = 0;
  iovec part{&byte, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  if (::recvmsg(socket, &message, MSG_PEEK | MSG_DONTWAIT | MSG_CMSG_CLOEXEC) <= 0) return false;
  const cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (header == nullptr || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) return false;
  int fd = -1;
  std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
  os::Fd close_it(fd);
  return true;
}

Try Answered(const report::Frame& frame) {
  const auto answer = report::Decode<report::AttemptAnswerMessage>(AsBytes(frame.payload));
  if (!answer) return {Try::Ending::kNoWorker, 0, std::string(answer.error().what)};
  Try one;
  switch (answer->outcome) {
    case report::AttemptOutcome::kSucceeded: one.ending = Try::Ending::kSucceeded; break;
    case report::AttemptOutcome::kRefused: one.ending = Try::Ending::kRefused; break;
    case report::AttemptOutcome::kUnsupported: one.ending = Try::Ending::kUnsupported; break;
  }
  one.number = static_cast<int>(std::clamp<std::int64_t>(answer->error, 0, 4095));
  one.detail = answer->detail.substr(0, 200);
  return one;
}

Try Ended(WorkerProcess& worker, report::AttemptProof proof) {
  Try one;
  one.detail = worker.ExitReason();
  const std::optional<int> status = worker.exit_status();
  one.ending = Try::Ending::kDied;
  if (!status) {
    one.ending = Try::Ending::kNoWorker;
  } else if (WIFSIGNALED(*status)) {
    one.number = WTERMSIG(*status);
    if (one.number == SIGSYS) one.ending = Try::Ending::kForbidden;
  } else {
    one.number = kExitCodeBase + WEXITSTATUS(*status);
    const bool ran = proof == report::AttemptProof::kProgram && WEXITSTATUS(*status) == report::kExitProgramRan;
    if (ran) one.ending = Try::Ending::kSucceeded;
  }
  return one;
}

class Auditor {
 public:
  Auditor(const AuditOptions& options, const AuditTargets& targets, std::vector<AttemptAudit>& attempts)
      : options_(options), targets_(targets), attempts_(attempts) {}

  // One thread's work. Its workers end with it: they would with this thread anyway.
  void Run() {
    // Signals are for the thread that waits.
    sigset_t all;
    sigfillset(&all);
    ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
    WorkerProcess sibling;
    for (;;) {
      const std::size_t i = next_.fetch_add(1);
      if (i >= attempts_.size() || stopped()) return;
      AttemptAudit& audit = attempts_[i];
      if (!KeepAlive(sibling)) {
        audit.control = audit.inside = {Try::Ending::kNoWorker, 0, "no other worker to try it on"};
        continue;
      }
      // Only one tracer at a time may trace us.
      std::unique_lock<std::mutex> alone(tracing_, std::defer_lock);
      if (audit.attempt->name == "ptrace_parent") alone.lock();
      Investigate(audit, sibling.pid());
      Tell();
    }
  }

 private:
  bool stopped() const { return options_.stop != nullptr && options_.stop->load(); }

  bool KeepAlive(WorkerProcess& sibling) {
    for (int i = 0; i < 2; ++i) {
      if (sibling.running()) {
        Link link(sibling.socket());
        if (Greet(link, options_.timeout_ms)) return true;
      }
      auto started = WorkerProcess::Start({options_.worker_program.path, 0});
      if (!started) return false;
      sibling = std::move(*started);
    }
    return false;
  }

  void Investigate(AttemptAudit& audit, pid_t sibling) {
    audit.control = TryIt(audit, 0, sibling);
    // As every worker is started, whichever walls hold then.
    audit.inside = TryIt(audit, report::kAllWalls | kBroker, sibling);
    audit.forked = TryInFork(audit, sibling);
    const bool killed = audit.inside.ending == Try::Ending::kForbidden;
    if (audit.control.ending == Try::Ending::kSucceeded && !(options_.quick && killed)) {
      for (std::size_t i = 0; i < kAuditWallCount && !stopped(); ++i) {
        const report::WallSet wall = kAuditWalls[i];
        audit.without[i] = TryIt(audit, (report::kAllWalls | kBroker) & ~wall, sibling);
        if (!options_.quick) audit.alone[i] = TryIt(audit, wall, sibling);
      }
    }
    Judge(audit);
  }

  Try TryIt(const AttemptAudit& audit, report::WallSet walls, pid_t sibling) {
    const bool careful = (walls & kBroker) != 0;
    const auto place = targets_.NewPlace();
    if (!place) return {Try::Ending::kNoWorker, 0, os::Describe(place.error())};
    auto worker = WorkerProcess::Start(
        {options_.worker_program.path, walls & report::kAllWalls, careful ? StartCare::kUsual : StartCare::kNone});
    if (!worker) return {Try::Ending::kNoWorker, 0, os::Describe(worker.error())};
    Link link(worker->socket());
    if (const auto ready = Greet(link, options_.timeout_ms); !ready) {
      return {Try::Ending::kNoWorker, 0, std::string(ready.error().what) + ": " + worker->ExitReason()};
    }
    const report::AttemptProof proof = audit.attempt->proof;
    if (const Status asked = Ask(link, audit, *place, sibling); !asked) {
      return {Try::Ending::kNoWorker, 0, std::string(asked.error().what)};
    }
    if (proof == report::AttemptProof::kDescriptor && !careful &&
        DescriptorComes(worker->socket(), options_.timeout_ms)) {
      return {Try::Ending::kSucceeded, 0, ""};
    }
    return Hear(link, proof, [&] { return Ended(*worker, proof); });
  }

  // As --isolation object does it.
  Try TryInFork(const AttemptAudit& audit, pid_t sibling) {
    const auto place = targets_.NewPlace();
    if (!place) return {Try::Ending::kNoWorker, 0, os::Describe(place.error())};
    std::string problem;
    const auto mold = WorkerTemplate::Start({options_.worker_program.path, report::kAllWalls},
                                            report::Encode(report::OpenDatabasesMessage{}), {}, options_.stop, problem);
    if (!mold) return {Try::Ending::kNoWorker, 0, problem.empty() ? std::string(mold.error().what) : problem};
    const auto socket = (*mold)->Fork();
    if (!socket) return {Try::Ending::kNoWorker, 0, std::string(socket.error().what)};
    Link link(socket->get());
    if (const Status asked = Ask(link, audit, *place, sibling); !asked) {
      return {Try::Ending::kNoWorker, 0, std::string(asked.error().what)};
    }
    const report::AttemptProof proof = audit.attempt->proof;
    return Hear(link, proof, [&]() -> Try {
      // Another program in its place has given up the socket; let it come to its end.
      if (proof == report::AttemptProof::kProgram) std::this_thread::sleep_for(std::chrono::milliseconds(100));
      std::string end = (*mold)->ForkEnd();
      if (end == DescribeEnd(SIGSYS)) return {Try::Ending::kForbidden, SIGSYS, std::move(end)};
      if (proof == report::AttemptProof::kProgram && end == DescribeEnd(report::kExitProgramRan << 8)) {
        return {Try::Ending::kSucceeded, 0, std::move(end)};
      }
      return {Try::Ending::kDied, end == DescribeEnd(SIGSEGV) ? SIGSEGV : 0, std::move(end)};
    });
  }

  Status Ask(Link& link, const AttemptAudit& audit, const AuditTargets::Place& place, pid_t sibling) {
    report::AttemptMessage message = targets_.Message();
    message.name = audit.attempt->name;
    message.writable_folder = place.folder();
    message.sibling = sibling;
    return link.Queue(MessageType::kAttempt, 1, report::Encode(message), {targets_.object()});
  }

  template <typename End>
  Try Hear(Link& link, report::AttemptProof proof, const End& end) {
    for (;;) {
      const auto frame = link.Wait(options_.timeout_ms, options_.stop);
      if (!frame) {
        switch (frame.error().code) {
          case ErrorCode::kBudget: return {Try::Ending::kSilent, 0, std::string(frame.error().what)};
          case ErrorCode::kTruncated:
          case ErrorCode::kIo: return end();
          default: break;
        }
        // It was sent, and thrown away at our door.
        if (proof == report::AttemptProof::kDescriptor)
          return {Try::Ending::kRefused, 0, std::string(frame.error().what)};
        return {Try::Ending::kNoWorker, 0, std::string(frame.error().what)};
      }
      if (frame->header.type != MessageType::kAttemptAnswer) continue;  // What carries a descriptor.
      Try one = Answered(*frame);
      // Sent, says the worker; but nothing was taken in here.
      if (proof == report::AttemptProof::kDescriptor && one.ending == Try::Ending::kSucceeded)
        one.ending = Try::Ending::kRefused;
      return one;
    }
  }

  void Tell() {
    const std::lock_guard<std::mutex> lock(telling_);
    ++done_;
    if (options_.progress) options_.progress(done_, attempts_.size());
  }

  const AuditOptions& options_;
  const AuditTargets& targets_;
  std::vector<AttemptAudit>& attempts_;
  std::atomic<std::size_t> next_{0};
  std::mutex tracing_;
  std::mutex telling_;
  std::size_t done_ = 0;
};

// What a worker with all walls says of itself.
Result<report::WallsHeld> AskForWalls(const AuditOptions& options, std::string& problem) {
  auto worker = WorkerProcess::Start({options.worker_program.path});
  if (!worker) {
    problem = "cannot start " + options.worker_program.path + ": " + os::Describe(worker.error());
    return Forward(worker.error());
  }
  Link link(worker->socket());
  auto walls = Greet(link, options.timeout_ms);
  if (!walls) problem = "a worker with all walls does not come up: " + worker->ExitReason();
  return walls;
}

}  // namespace

Audit AuditSandbox(const AuditOptions& options) {
  Audit audit;
  auto walls = AskForWalls(options, audit.problem);
  if (!walls) return audit;
  audit.walls = std::move(*walls);
  const auto targets = AuditTargets::Make();
  if (!targets) {
    audit.problem = std::string(targets.error().what) + ": " + os::Describe(targets.error());
    return audit;
  }
  for (const report::AttemptInfo& attempt : report::kAttempts) audit.attempts.emplace_back().attempt = &attempt;
  Auditor auditor(options, **targets, audit.attempts);
  {
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < std::max(1u, options.threads); ++i) threads.emplace_back([&auditor] { auditor.Run(); });
  }
  if (options.stop != nullptr && options.stop->load()) {
    audit.problem = "interrupted";
    return audit;
  }
  for (const AttemptAudit& one : audit.attempts) {
    switch (one.verdict) {
      case AttemptVerdict::kStopped: ++audit.stopped; break;
      case AttemptVerdict::kToNobody: ++audit.to_nobody; break;
      case AttemptVerdict::kEscape: ++audit.escapes; break;
      case AttemptVerdict::kUnclear: ++audit.unclear; break;
    }
  }
  return audit;
}

}  // namespace dl::sandbox
