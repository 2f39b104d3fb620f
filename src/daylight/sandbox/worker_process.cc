#include "daylight/sandbox/worker_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "daylight/os/paths.h"
#include "daylight/os/socket.h"
#include "daylight/report/protocol.h"

namespace dl::sandbox {

Result<std::string> FindWorkerProgram() {
  if (const char* named = std::getenv("DAYLIGHT_WORKER"); named != nullptr && *named != '\0') return std::string(named);
  DL_TRY(const std::string folder, os::ProgramFolder());
  for (const char* place : {"daylight-worker", "../libexec/daylight/daylight-worker", "../lib/daylight/daylight-worker"}) {
    std::string path = os::Join(folder, place);
    if (::access(path.c_str(), X_OK) == 0) return path;
  }
  return Fail(ErrorCode::kIo, "daylight-worker is not beside this program", ENOENT);
}

namespace {

class FileActions {
 public:
  FileActions() { ::posix_spawn_file_actions_init(&actions_); }
  ~FileActions() { ::posix_spawn_file_actions_destroy(&actions_); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;
  posix_spawn_file_actions_t* get() { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_;
};

class Attributes {
 public:
  Attributes() { ::posix_spawnattr_init(&attributes_); }
  ~Attributes() { ::posix_spawnattr_destroy(&attributes_); }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;
  posix_spawnattr_t* get() { return &attributes_; }

 private:
  posix_spawnattr_t attributes_;
};

}  // namespace

Result<WorkerProcess> WorkerProcess::Start(const std::string& program, report::WallSet walls) {
  DL_TRY(os::SocketPair pair, os::CreateSocketPair());
  FileActions actions;
  ::posix_spawn_file_actions_addopen(actions.get(), 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(actions.get(), 1, "/dev/null", O_WRONLY, 0);
  // Whatever a worker says was possibly said by the file it reads, so nobody
  // hears it, but for a developer who asks.
  if (std::getenv("DAYLIGHT_WORKER_STDERR") == nullptr) {
    ::posix_spawn_file_actions_addopen(actions.get(), 2, "/dev/null", O_WRONLY, 0);
  }
  // A dup2() onto itself would leave close-on-exec set in older C libraries.
  os::Fd theirs = std::move(pair.theirs);
  if (theirs.get() == kWorkerSocket) {
    os::Fd moved(::fcntl(theirs.get(), F_DUPFD_CLOEXEC, kWorkerSocket + 1));
    if (!moved.valid()) return Fail(ErrorCode::kIo, "cannot start a worker", static_cast<std::uint64_t>(errno));
    theirs = std::move(moved);
  }
  ::posix_spawn_file_actions_adddup2(actions.get(), theirs.get(), kWorkerSocket);
  // All of ours close on exec; this is for what we inherited ourselves.
  ::posix_spawn_file_actions_addclosefrom_np(actions.get(), kWorkerSocket + 1);

  Attributes attributes;
  ::posix_spawnattr_setpgroup(attributes.get(), 0);
  sigset_t none;
  sigemptyset(&none);
  ::posix_spawnattr_setsigmask(attributes.get(), &none);
  sigset_t all;
  sigfillset(&all);
  ::posix_spawnattr_setsigdefault(attributes.get(), &all);
  ::posix_spawnattr_setflags(attributes.get(), POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);

  std::string name = "daylight-worker";
  std::string option = "--walls=" + report::WallNames(walls);
  char* argv[] = {name.data(), option.data(), nullptr};
  char* envp[] = {nullptr};
  WorkerProcess worker;
  const int error = ::posix_spawn(&worker.pid_, program.c_str(), actions.get(), attributes.get(), argv, envp);
  if (error != 0) {
    worker.pid_ = -1;
    return Fail(ErrorCode::kIo, "cannot start a worker", static_cast<std::uint64_t>(error));
  }
  // A database file is the one thing a worker may write (into a file of ours).
  const rlimit size{report::kMaxDatabaseBytes, report::kMaxDatabaseBytes};
  ::prlimit(worker.pid_, RLIMIT_FSIZE, &size, nullptr);
  const rlimit core{0, 0};
  ::prlimit(worker.pid_, RLIMIT_CORE, &core, nullptr);
  worker.socket_ = std::move(pair.ours);
  return worker;
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

void WorkerProcess::Reap(bool wait) {
  if (pid_ <= 0) return;
  int status = 0;
  pid_t got = 0;
  do {
    got = ::waitpid(pid_, &status, wait ? 0 : WNOHANG);
  } while (got < 0 && errno == EINTR);
  if (got == 0) return;
  status_ = got > 0 ? status : 0;
  reaped_ = got > 0;
  pid_ = -1;
}

void WorkerProcess::Kill() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    Reap(true);
  }
  socket_.Close();
}

std::string WorkerProcess::ExitReason() {
  for (int i = 0; i < 200 && pid_ > 0; ++i) {
    Reap(false);
    if (pid_ > 0) ::usleep(1000);
  }
  Kill();
  if (!reaped_) return "it is gone";
  if (WIFSIGNALED(status_)) {
    return "signal " + std::to_string(WTERMSIG(status_)) + " (" + ::strsignal(WTERMSIG(status_)) + ")";
  }
  return "exit code " + std::to_string(WEXITSTATUS(status_));
}

}  // namespace dl::sandbox
