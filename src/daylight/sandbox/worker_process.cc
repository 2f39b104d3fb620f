#include "daylight/sandbox/worker_process.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <utility>
#include <vector>

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

// In microseconds: how long a killed process is waited for at once.
constexpr useconds_t kMaxKillWait = 50'000;

// In milliseconds: for a new process to become the worker program.
constexpr int kMaxExecWaitMs = 2000;

// Those that took longer. Asked for by everybody who starts or ends another.
class Graveyard {
 public:
  void Add(pid_t pid) {
    const std::lock_guard lock(mutex_);
    pids_.push_back(pid);
  }
  void Reap() {
    const std::lock_guard lock(mutex_);
    std::erase_if(pids_, [](pid_t pid) { return ::waitpid(pid, nullptr, WNOHANG) != 0; });
  }

 private:
  std::mutex mutex_;
  std::vector<pid_t> pids_;
};
Graveyard graveyard;

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
  bool shares_files = false;  // With us, until it has said otherwise.
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

// See ReserveForWorkers().
struct Reserved {
  std::mutex mutex;  // Held while one is being started by them.
  int socket = -1;
  int failed = -1;
};
Reserved reserved;

// In the child: becomes the worker, or says why not and ends.
[[noreturn]] void Become(const Start& start) {
  if (start.shares_files) {
    // A table of our own, into which nothing above is copied (close_range(2)); so nothing has to be closed.
    if (::syscall(SYS_close_range, std::max(start.socket, start.failed) + 1, ~0U, CLOSE_RANGE_UNSHARE) != 0) {
      const int error = errno;
      static_cast<void>(!::write(start.failed, &error, sizeof error));
      ::_exit(127);
    }
  }
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
  // Not for ever: the child first closes what it has of ours, and a file that a client
  // gave us, on a file system that never answers, does not let itself be closed.
  pollfd item{fd, POLLIN, 0};
  int ready = 0;
  do {
    ready = ::poll(&item, 1, kMaxExecWaitMs);
  } while (ready < 0 && errno == EINTR);
  if (ready == 0) return ETIMEDOUT;
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
  const std::lock_guard lock(reserved.mutex);
  start.shares_files = reserved.socket >= 0;
  const int most = is_root ? CLONE_NEWPID : CLONE_NEWPID | CLONE_NEWUSER;
  for (const int namespaces : {most, 0, most, 0}) {
    if (!contained && namespaces != 0) continue;
    int failed[2];
    if (::pipe2(failed, O_CLOEXEC) != 0)
      return Fail(ErrorCode::kIo, "cannot start a worker", static_cast<std::uint64_t>(errno));
    const os::Fd hear(failed[0]);
    os::Fd tell(failed[1]);
    start.socket = pair.theirs.get();
    start.failed = tell.get();
    if (start.shares_files) {
      start.socket = ::dup3(pair.theirs.get(), reserved.socket, O_CLOEXEC);
      start.failed = ::dup3(tell.get(), reserved.failed, O_CLOEXEC);
      if (start.socket < 0 || start.failed < 0) {
        return Fail(ErrorCode::kIo, "cannot start a worker", static_cast<std::uint64_t>(errno));
      }
    }
    start.own_user_namespace = (namespaces & CLONE_NEWUSER) != 0;
    WorkerProcess worker;
    // While the table is shared we stand still (CLONE_VFORK): until the child is the worker, or has ended.
    worker.pid_ = Fork(namespaces | (start.shares_files ? CLONE_FILES | CLONE_VFORK : 0));
    if (worker.pid_ == 0) Become(start);
    error = errno;
    tell.Close();
    if (start.shares_files) {
      const int nowhere = ::open("/dev/null", O_RDWR | O_CLOEXEC);
      ::dup3(nowhere, reserved.socket, O_CLOEXEC);
      ::dup3(nowhere, reserved.failed, O_CLOEXEC);
      ::close(nowhere);
    }
    if (worker.pid_ < 0) continue;
    error = AwaitExec(hear.get());
    if (error == 0) {
      worker.socket_ = std::move(pair.ours);
      return worker;
    }
    if (error == ETIMEDOUT) break;
    // A kernel without it: as without what is reserved.
    if (namespaces == 0) start.shares_files = false;
  }
  return Fail(ErrorCode::kIo, "cannot start a worker", static_cast<std::uint64_t>(error));
}

void ReserveForWorkers() {
  const std::lock_guard lock(reserved.mutex);
  if (reserved.socket >= 0) return;
  reserved.socket = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  reserved.failed = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (reserved.failed < 0) reserved.socket = -1;
  // The kernel copies tables in pieces of so many (fs/file.c), and then closes what it should
  // not have copied: so no file of a stranger may be in the first piece.
  constexpr int kPiece = 64;
  for (int fd = reserved.failed; fd >= 0 && fd < kPiece - 1;) fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
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
    // Not for long: one that waits inside the kernel for a dead file system dies
    // when that answers, and whoever serves clients here has more to do.
    for (useconds_t waited = 0, step = 50; pid_ > 0 && waited < kMaxKillWait; waited += step, step += step / 2) {
      Reap();
      if (pid_ > 0) ::usleep(step);
    }
    if (pid_ > 0) graveyard.Add(std::exchange(pid_, -1));
  }
  graveyard.Reap();
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
