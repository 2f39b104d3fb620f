#include "daylight/sandbox/worker_process.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "daylight/os/io.h"
#include "daylight/os/paths.h"
#include "daylight/os/socket.h"
#include "daylight/report/protocol.h"

namespace dl::sandbox {

Result<WorkerProgram> FindWorkerProgram() {
  if (const char* named = std::getenv("DAYLIGHT_WORKER"); named != nullptr && *named != '\0')
    return WorkerProgram{named};
  DL_TRY(const std::string folder, os::ProgramFolder());
  for (const char* place :
       {"daylight-worker", "../libexec/daylight/daylight-worker", "../lib/daylight/daylight-worker"}) {
    std::string path = os::Join(folder, place);
    if (::access(path.c_str(), X_OK) == 0) return WorkerProgram{std::move(path)};
  }
  return Fail(ErrorCode::kIo, "daylight-worker is not beside this program", ENOENT);
}

namespace {

// In microseconds: how long a killed process may take to end.
constexpr useconds_t kMaxKillWait = 2'000'000;

// What the new process is told between its birth and the worker program. Made
// before, since a child of a program with threads may do nothing but plain
// system calls.
struct Start {
  const char* program = nullptr;
  char* const* arguments = nullptr;
  int socket = -1;  // Becomes kWorkerSocket.
  int failed = -1;  // Where to write an errno; closed by a good exec.
  bool keep_stderr = false;
  bool careless = false;
  bool own_user_namespace = false;
  char user_map[32] = "";
  char group_map[32] = "";
};

bool WriteFile(const char* path, const char* text) {
  const int fd = ::open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const std::size_t size = std::strlen(text);
  const bool good = ::write(fd, text, size) == static_cast<ssize_t>(size);
  ::close(fd);
  return good;
}

void Limit(__rlimit_resource resource, rlim_t value) {
  const rlimit limit{value, value};
  ::setrlimit(resource, &limit);
}

// In the child: becomes the worker, or says why not and ends.
[[noreturn]] void Become(const Start& start) {
  ::setpgid(0, 0);
  struct sigaction usual {};
  usual.sa_handler = SIG_DFL;
  for (int signal = 1; signal < NSIG; ++signal) ::sigaction(signal, &usual, nullptr);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  bool good = true;
  if (start.own_user_namespace) {
    // Maps of the user to himself need no privilege, once groups cannot be left.
    good = WriteFile("/proc/self/setgroups", "deny") && WriteFile("/proc/self/gid_map", start.group_map) &&
           WriteFile("/proc/self/uid_map", start.user_map);
  }
  const int nowhere = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  good = good && nowhere >= 0 && ::dup2(nowhere, 0) == 0 && ::dup2(nowhere, 1) == 1;
  // Whatever a worker says was possibly said by the file it reads, so nobody
  // hears it, but for a developer who asks.
  good = good && (start.keep_stderr || ::dup2(nowhere, 2) == 2);
  // Out of the way of the two places that descriptors are to have.
  const int failed = ::fcntl(start.failed, F_DUPFD_CLOEXEC, kWorkerSocket + 2);
  const int socket = ::fcntl(start.socket, F_DUPFD_CLOEXEC, kWorkerSocket + 2);
  good = good && failed >= 0 && socket >= 0 && ::dup2(socket, kWorkerSocket) == kWorkerSocket &&
         ::dup2(failed, kWorkerSocket + 1) == kWorkerSocket + 1 &&
         ::fcntl(kWorkerSocket + 1, F_SETFD, FD_CLOEXEC) == 0 &&
         ::syscall(SYS_close_range, kWorkerSocket + 2, ~0u, 0) == 0;
  if (good && start.careless) {
    // What a careless start leaves: something at standard output that is no
    // /dev/null, a descriptor too many, an environment, no limits.
    char variable[] = "DAYLIGHT=careless";
    char* const environment[] = {variable, nullptr};
    if (::dup2(kWorkerSocket, 1) == 1 && ::dup2(kWorkerSocket, kWorkerSocket + 2) == kWorkerSocket + 2) {
      ::execve(start.program, start.arguments, environment);
    }
  } else if (good) {
    // A database file is the one thing a worker may write (into a file of ours).
    Limit(RLIMIT_FSIZE, report::kMaxDatabaseBytes);
    Limit(RLIMIT_CORE, 0);
    char* const no_environment[] = {nullptr};
    ::execve(start.program, start.arguments, no_environment);
  }
  const int error = errno;
  static_cast<void>(!::write(good ? kWorkerSocket + 1 : start.failed, &error, sizeof error));
  ::_exit(127);
}

// As fork(), in new namespaces.
pid_t Fork(int namespaces) {
  return static_cast<pid_t>(
      ::syscall(SYS_clone, static_cast<unsigned long>(namespaces) | SIGCHLD, nullptr, nullptr, nullptr, nullptr));
}

// The errno of a start that failed, 0 for a good one.
int AwaitExec(int fd) {
  int error = 0;
  ssize_t n = 0;
  do {
    n = ::read(fd, &error, sizeof error);
  } while (n < 0 && errno == EINTR);
  return n == sizeof error ? error : 0;
}

}  // namespace

Result<WorkerProcess> WorkerProcess::Start(const WorkerProgram& program, bool as_template) {
  DL_TRY(os::SocketPair pair, os::CreateSocketPair());
  std::string name = "daylight-worker";
  std::string wanted = "--walls=" + report::WallNames(program.walls);
  std::string role = "--template";
  char* arguments[] = {name.data(), wanted.data(), as_template ? role.data() : nullptr, nullptr};
  struct Start start;
  start.program = program.path.c_str();
  start.arguments = arguments;
  start.socket = pair.theirs.get();
  start.keep_stderr = std::getenv("DAYLIGHT_WORKER_STDERR") != nullptr;
  start.careless = program.care == StartCare::kNone;
  std::snprintf(start.user_map, sizeof start.user_map, "%u %u 1", ::geteuid(), ::geteuid());
  std::snprintf(start.group_map, sizeof start.group_map, "%u %u 1", ::getegid(), ::getegid());

  // A process namespace of its own, in a user namespace where only that lets
  // us; the other namespaces the worker makes itself, once it has loaded what
  // it needs. What the kernel refuses is tried with less.
  const bool contained = (program.walls & Bit(report::Wall::kNamespaces)) != 0;
  const bool is_root = ::geteuid() == 0;
  int error = 0;
  for (const int namespaces : {is_root ? CLONE_NEWPID : CLONE_NEWPID | CLONE_NEWUSER, 0}) {
    if (!contained && namespaces != 0) continue;
    int failed[2];
    if (::pipe2(failed, O_CLOEXEC) != 0)
      return Fail(ErrorCode::kIo, "cannot start a worker", static_cast<std::uint64_t>(errno));
    const os::Fd hear(failed[0]);
    os::Fd tell(failed[1]);
    start.failed = tell.get();
    start.own_user_namespace = (namespaces & CLONE_NEWUSER) != 0;
    WorkerProcess worker;
    worker.pid_ = Fork(namespaces);
    if (worker.pid_ == 0) Become(start);
    error = errno;
    tell.Close();
    if (worker.pid_ < 0) continue;
    error = AwaitExec(hear.get());
    if (error == 0) {
      worker.socket_ = std::move(pair.ours);
      return worker;
    }
  }
  return Fail(ErrorCode::kIo, "cannot start a worker", static_cast<std::uint64_t>(error));
}

std::string DescribeEnd(int status) {
  if (WIFSIGNALED(status)) {
    if (WTERMSIG(status) == SIGSYS) return "it tried something that its walls forbid";
    return "signal " + std::to_string(WTERMSIG(status)) + " (" + ::strsignal(WTERMSIG(status)) + ")";
  }
  switch (WEXITSTATUS(status)) {
    case report::kExitNoSeccomp:
      return "this kernel has no seccomp filters, and nothing is read without; --unsafe-no-sandbox would";
    case report::kExitOutOfMemory: return "out of memory";
    default: return "exit code " + std::to_string(WEXITSTATUS(status));
  }
}

WorkerProcess& WorkerProcess::operator=(WorkerProcess&& other) noexcept {
  if (this != &other) {
    Kill();
    pid_ = std::exchange(other.pid_, -1);
    status_ = other.status_;
    reaped_ = other.reaped_;
    socket_ = std::move(other.socket_);
  }
  return *this;
}

void WorkerProcess::Reap() {
  if (pid_ <= 0) return;
  int status = 0;
  pid_t got = 0;
  do {
    got = ::waitpid(pid_, &status, WNOHANG);
  } while (got < 0 && errno == EINTR);
  if (got == 0) return;
  status_ = got > 0 ? status : 0;
  reaped_ = got > 0;
  pid_ = -1;
}

void WorkerProcess::Kill() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    // Not for ever: one that waits inside the kernel for a dead file system
    // dies when that answers, and is nobody's concern any more.
    for (useconds_t waited = 0, step = 50; pid_ > 0 && waited < kMaxKillWait; waited += step, step += step / 2) {
      Reap();
      if (pid_ > 0) ::usleep(step);
    }
    pid_ = -1;
  }
  socket_.Close();
}

std::string WorkerProcess::ExitReason() {
  for (int i = 0; i < 200 && pid_ > 0; ++i) {
    Reap();
    if (pid_ > 0) ::usleep(1000);
  }
  Kill();
  if (!reaped_) return "it is gone";
  return DescribeEnd(status_);
}

bool WorkerProcess::IsFiltered() const {
  const auto status = os::ReadFile("/proc/" + std::to_string(pid_) + "/status", 64 * 1024);
  if (!status || status->find("\nSeccomp:\t2\n") != std::string::npos) return true;
  // One that has died meanwhile has no filter any more; its end is told elsewhere.
  return status->find("\nState:\tZ") != std::string::npos || status->find("\nState:\tX") != std::string::npos;
}

Result<report::WallsHeld> CheckReady(const WorkerProgram& program, const WorkerProcess& worker,
                                     const report::Frame& frame) {
  DL_TRY(auto ready, report::Decode<report::ReadyMessage>(AsBytes(frame.payload)));
  if (ready.version != report::kProtocolVersion) {
    return Fail(ErrorCode::kUnsupported, "the worker is of another version than this program");
  }
  if ((program.walls & Bit(report::Wall::kSeccomp)) != 0 && !worker.IsFiltered()) {
    return Fail(ErrorCode::kUnsupported,
                "the worker's system calls are not filtered, and nothing is read without that");
  }
  return std::move(ready.walls);
}

}  // namespace dl::sandbox
