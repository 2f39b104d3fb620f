// A command that scans one file and ends with 0, 1 or 2, as clamscan(1) does. It is run without a
// shell, in a session of its own, with the file as standard
// input and descriptor 3, and nothing else of ours.
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <mutex>

#include "daylight/daemon/beside/asking.h"
#include "daylight/os/io.h"
#include "daylight/os/memfd.h"
#include "daylight/os/spawn.h"

namespace dl::daemon {

namespace {

constexpr int kFileFd = 3;
constexpr std::string_view kFilePath = "/proc/self/fd/3";
constexpr std::size_t kKeptBytes = 4096;  // Of what it writes; the rest is read and forgotten.
constexpr auto kEndTime = std::chrono::seconds(1);

// Sessions of the last commands, of which at most a few run at once.
class Sessions {
 public:
  void Add(pid_t sid) {
    const std::lock_guard lock(mutex_);
    last_[next_++ % last_.size()] = sid;
  }
  bool Has(pid_t sid) {
    const std::lock_guard lock(mutex_);
    return std::find(last_.begin(), last_.end(), sid) != last_.end();
  }

 private:
  std::mutex mutex_;
  std::array<pid_t, 32> last_{};
  std::size_t next_ = 0;
};
Sessions& AskedSessions() {
  static auto& sessions = *new Sessions();  // Threads may use it to the end.
  return sessions;
}

// What is read of a pipe that somebody else may fill for ever.
struct Output {
  os::Fd fd;
  std::string kept;

  // What there is now, up to a bound.
  void Read() {
    char chunk[4096];
    for (int round = 0; round < 16 && fd.valid(); ++round) {
      const ssize_t n = ::read(fd.get(), chunk, sizeof chunk);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return;
      if (n == 0) return fd.Close();
      kept.append(chunk, std::min(static_cast<std::size_t>(n), kKeptBytes - std::min(kKeptBytes, kept.size())));
    }
  }
  std::string_view FirstLine() const {
    std::string_view text = kept;
    text.remove_prefix(std::min(text.find_first_not_of("\r\n \t"), text.size()));
    text = text.substr(0, text.find('\n'));
    while (text.ends_with('\r') || text.ends_with(' ')) text.remove_suffix(1);
    return text.substr(0, 1024);
  }
};

class Child {
 public:
  Child() = default;
  ~Child() { End(); }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // 0, or errno.
  int Start(const std::vector<std::string>& argv, int file) {
    int out[2] = {-1, -1};
    if (::pipe2(out, O_CLOEXEC) != 0) return errno;
    output.fd = os::Fd(out[0]);
    const os::Fd out_end(out[1]);
    int err[2] = {-1, -1};
    if (::pipe2(err, O_CLOEXEC) != 0) return errno;
    error.fd = os::Fd(err[0]);
    const os::Fd err_end(err[1]);
    // Else putting one in its place would take another away.
    for (const int fd : {file, out[0], out[1], err[0], err[1]}) {
      if (fd <= STDERR_FILENO) return EBADF;
    }
    static_cast<void>(::fcntl(out[0], F_SETFL, O_NONBLOCK));
    static_cast<void>(::fcntl(err[0], F_SETFL, O_NONBLOCK));
    if (const int failed = Spawn(argv, file, out_end.get(), err_end.get()); failed != 0) return failed;
    AskedSessions().Add(pid_);
    // By its number: <sys/pidfd.h> of glibc 2.36 declares it without C linkage.
    pidfd_ = os::Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
    return pidfd_.valid() ? 0 : errno;
  }

  // Whether it has ended by itself within that time; then `status` is what waitid() says.
  bool Wait(const Patience& patience, siginfo_t& status) {
    for (;;) {
      if (!patience.WaitForAny({pidfd_.get(), output.fd.get(), error.fd.get()})) return false;
      output.Read();
      error.Read();
      status = {};
      // Not reaped yet, so that its number is its group's and no other's.
      if (::waitid(P_PID, static_cast<id_t>(pid_), &status, WEXITED | WNOHANG | WNOWAIT) != 0) return false;
      if (status.si_pid != 0) return output.Read(), error.Read(), true;
    }
  }

  Output output;
  Output error;

 private:
  int Spawn(const std::vector<std::string>& argv, int file, int out, int err) {
    std::vector<std::string> texts = argv;
    for (std::string& text : texts) {
      for (std::size_t at = 0; (at = text.find(kPathMark, at)) != std::string::npos; at += kFilePath.size())
        text.replace(at, kPathMark.size(), kFilePath);
    }
    os::Spawn spawn;
    spawn.Give(out, STDOUT_FILENO);
    spawn.Give(err, STDERR_FILENO);
    // Last, as it may take the place of one of the others.
    spawn.Give(file, kFileFd);
    // From its begin, whoever else reads it; a description of its own, so the path is asked for.
    spawn.Open(kFilePath.data(), O_RDONLY, STDIN_FILENO);
    return spawn.Run(texts, kFileFd + 1, pid_);
  }

  // Whatever is left of its group, and its number given back.
  void End() {
    if (pid_ <= 0) return;
    ::kill(-pid_, SIGKILL);
    // What is in the kernel's hands may take its time; then its number stays taken, and nothing waits for it.
    if (pidfd_.valid())
      static_cast<void>(Patience(-1, Patience::Clock::now() + kEndTime).WaitForAny({pidfd_.get(), -1, -1}));
    siginfo_t info{};
    ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | (pidfd_.valid() ? WNOHANG : 0));
    pid_ = -1;
  }

  pid_t pid_ = -1;
  os::Fd pidfd_;
};

// A private copy in memory: what has a name may be somebody else's to open, or watched as it is opened.
Result<os::Fd> Copy(const AskedObject& object, const Patience& patience) {
  DL_TRY(os::Fd copy, os::CreateMemfd("daylight-object"));
  std::array<char, 64u << 10> piece;
  for (std::uint64_t offset = 0; offset < object.size;) {
    if (patience.is_over()) return Fail(ErrorCode::kBudget, "no time to copy it");
    const std::int64_t n = object.ReadAt(offset, piece);
    if (n <= 0) return Fail(ErrorCode::kIo, "it cannot be read any more");
    DL_TRY_STATUS(os::WriteAll(copy.get(), {piece.data(), static_cast<std::size_t>(n)}));
    offset += static_cast<std::uint64_t>(n);
  }
  DL_TRY_STATUS(os::Seal(copy.get()));
  return copy;
}

}  // namespace

bool IsAskedCommand(pid_t sid) { return sid > 0 && AskedSessions().Has(sid); }

OtherAnswer AskCommand(const std::vector<std::string>& argv, const AskedObject& object, const Patience& patience) {
  if (!object.is_prompt) return Unfit("on a file system that may make its reader wait");
  os::Fd copy;
  if (object.fd < 0 || !object.is_ours) {
    auto made = Copy(object, patience);
    if (!made) return Unfit(made.error().what);
    copy = std::move(*made);
  }
  Child child;
  if (const int failed = child.Start(argv, copy.valid() ? copy.get() : object.fd); failed != 0)
    return NoAnswer("cannot be run", failed);
  siginfo_t status{};
  if (!child.Wait(patience, status)) return NoAnswer("not done in time");
  if (status.si_code != CLD_EXITED) return NoAnswer("ended by signal " + std::to_string(status.si_status));
  const std::string_view first = child.output.FirstLine();
  if (status.si_status == 0) return Says(report::Verdict::kClean, {});
  if (status.si_status == 1) {
    // As clamscan writes it, or the name alone.
    OtherAnswer answer = ReadClamdLine(first);
    const bool is_clamav = answer.kind == OtherAnswer::Kind::kVerdict && !answer.names.empty();
    return is_clamav ? answer : Says(report::Verdict::kDetected, first);
  }
  if (status.si_status != 2) return NoAnswer("ended with exit code " + std::to_string(status.si_status));
  OtherAnswer answer = Says(report::Verdict::kFailed, {});
  answer.problem = child.error.FirstLine().empty() ? first : child.error.FirstLine();
  return answer;
}

}  // namespace dl::daemon
