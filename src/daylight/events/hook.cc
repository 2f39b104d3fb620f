#include "daylight/events/hook.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "daylight/events/format.h"
#include "daylight/os/fd.h"
#include "daylight/os/memfd.h"
#include "daylight/os/spawn.h"

namespace dl::events {

namespace {

constexpr std::size_t kTailBytes = 2048;

// 0, or errno.
int Spawn(const std::vector<std::string>& argv, int input, int error, pid_t& pid) {
  os::Spawn spawn;
  spawn.Give(input, STDIN_FILENO);
  spawn.Open("/dev/null", O_WRONLY, STDOUT_FILENO);
  spawn.Give(error, STDERR_FILENO);
  return spawn.Run(argv, STDERR_FILENO + 1, pid);
}

// The last line or so, for a message.
std::string LastWords(const std::string& tail) {
  std::string_view text = tail;
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
  if (const std::size_t line = text.rfind('\n'); line != text.npos) text.remove_prefix(line + 1);
  return text.empty() ? std::string() : ": " + std::string(text.substr(0, 300));
}

}  // namespace

struct Hook::Process {
  pid_t pid = -1;
  os::Fd pidfd;
  os::Fd error;  // Non-blocking.
  Clock::time_point deadline;
  bool killed = false;
  std::string tail;

  // It leads its group, and is not waited for yet, so the number is still its own.
  void KillGroup() const { ::kill(-pid, SIGKILL); }

  void ReadError() {
    char chunk[4096];
    // So many and no more: it may write for ever.
    for (int round = 0; round < 16 && error.valid(); ++round) {
      const ssize_t n = ::read(error.get(), chunk, sizeof chunk);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return;
      if (n == 0) return error.Close();
      tail.append(chunk, static_cast<std::size_t>(n));
      if (tail.size() > kTailBytes) tail.erase(0, tail.size() - kTailBytes);
    }
  }
};

Hook::Hook(HookOptions options) : options_(std::move(options)) {}
Hook::Hook(Hook&&) noexcept = default;
Hook& Hook::operator=(Hook&&) noexcept = default;

Hook::~Hook() {
  for (const auto& process : running_) {
    process->KillGroup();
    // SIGKILL takes it unless the kernel itself hangs; then init gets it.
    siginfo_t info{};
    for (int round = 0; round < 100; ++round) {
      if (::waitid(P_PID, static_cast<id_t>(process->pid), &info, WEXITED | WNOHANG) != 0 || info.si_pid != 0) break;
      ::usleep(1000);
    }
  }
}

Result<Hook> Hook::Create(HookOptions options) {
  if (options.argv.empty() || !options.argv.front().starts_with('/'))
    return Fail(ErrorCode::kMalformed, "a hook's command is a list whose first part is an absolute path");
  for (const std::string& argument : options.argv) {
    if (argument.find('\0') != std::string::npos) return Fail(ErrorCode::kMalformed, "a hook's argument has a NUL");
  }
  if (options.max_running == 0 || options.timeout.count() <= 0)
    return Fail(ErrorCode::kMalformed, "a hook that may never run");
  if (options.kinds.empty()) options.kinds = {EventKind::kDetection};
  return Hook(std::move(options));
}

void Hook::Failed(const std::string& what) {
  ++failed_;
  if (options_.tell) options_.tell("hook " + options_.argv.front() + " " + what);
}

void Hook::Offer(const Event& event, Clock::time_point now) {
  if (std::find(options_.kinds.begin(), options_.kinds.end(), event.kind) == options_.kinds.end()) return;
  Tick(now);
  if (running_.size() >= options_.max_running && waiting_.size() >= options_.max_waiting) {
    ++dropped_;
    if (!told_dropped_ && options_.tell)
      options_.tell("hook " + options_.argv.front() + " cannot keep up, and is not told of some events");
    told_dropped_ = true;
    return;
  }
  Event whole = event;
  Cut(whole);
  std::string json;
  AppendEvent(Format::kJson, whole, {}, json);
  json += '\n';
  waiting_.push_back(std::move(json));
  StartWaiting(now);
}

void Hook::StartWaiting(Clock::time_point now) {
  while (!waiting_.empty() && running_.size() < options_.max_running) {
    const std::string json = std::move(waiting_.front());
    waiting_.pop_front();
    Start(json, now);
  }
  if (waiting_.empty()) told_dropped_ = false;
}

void Hook::Start(const std::string& json, Clock::time_point now) {
  const auto input = os::SealedMemfd("event", {json});
  int ends[2] = {-1, -1};
  if (!input || ::pipe2(ends, O_CLOEXEC) != 0) return Failed("could not be started: no descriptors");
  auto process = std::make_unique<Process>();
  process->error = os::Fd(ends[0]);
  const os::Fd error(ends[1]);
  // Else putting one in its place would take another away.
  if (input->get() <= STDERR_FILENO || ends[1] <= STDERR_FILENO)
    return Failed("could not be started: a standard descriptor is closed");
  static_cast<void>(::fcntl(ends[0], F_SETFL, O_NONBLOCK));
  if (const int failed = Spawn(options_.argv, input->get(), error.get(), process->pid); failed != 0)
    return Failed(std::string("could not be started: ") + std::strerror(failed));
  process->deadline = now + options_.timeout;
  // Ours until it is waited for, so this is that process. Without one, Tick() looks by number.
  // (By its number: <sys/pidfd.h> of glibc 2.36 declares it without C linkage.)
  process->pidfd = os::Fd(static_cast<int>(::syscall(SYS_pidfd_open, process->pid, 0)));
  running_.push_back(std::move(process));
}

bool Hook::Look(Process& process, Clock::time_point now) {
  process.ReadError();
  siginfo_t info{};
  // Left as it is for now: as long as it is not waited for, its number names its group and no other.
  const bool gone =
      ::waitid(P_PID, static_cast<id_t>(process.pid), &info, WEXITED | WNOHANG | WNOWAIT) != 0 && errno == ECHILD;
  if (!gone && info.si_pid == 0) {
    if (now >= process.deadline && !process.killed) {
      process.KillGroup();
      process.killed = true;
    }
    return false;
  }
  if (gone) {  // Somebody else waited for it.
    Failed("ended, and how is not known");
    return true;
  }
  process.ReadError();
  process.KillGroup();
  ::waitid(P_PID, static_cast<id_t>(process.pid), &info, WEXITED | WNOHANG);
  if (process.killed) {
    Failed("was killed after " + std::to_string(options_.timeout.count()) + " ms" + LastWords(process.tail));
  } else if (info.si_code == CLD_EXITED && info.si_status == 0) {
    ++finished_;
  } else if (info.si_code == CLD_EXITED) {
    Failed("ended with exit code " + std::to_string(info.si_status) + LastWords(process.tail));
  } else {
    Failed("was ended by signal " + std::to_string(info.si_status) + LastWords(process.tail));
  }
  return true;
}

void Hook::Tick(Clock::time_point now) {
  std::erase_if(running_, [&](const std::unique_ptr<Process>& process) { return Look(*process, now); });
  StartWaiting(now);
}

void Hook::PollFds(std::vector<pollfd>& fds) const {
  for (const auto& process : running_) {
    if (process->pidfd.valid()) fds.push_back({process->pidfd.get(), POLLIN, 0});
    if (process->error.valid()) fds.push_back({process->error.get(), POLLIN, 0});
  }
}

}  // namespace dl::events
