// WorkerProcess is one running daylight-worker and our end of its socket.
//
//   DL_TRY(auto worker, sandbox::WorkerProcess::Start(program));
//   ... worker.socket() ...
//   worker.Kill();                       // or let the destructor do it
//   worker.ExitReason()                  // "signal 9 (Killed)"
//
// The process is given its socket as descriptor 3 and nothing else: an empty
// environment, /dev/null for the standard three, a process namespace of its own
// where the kernel grants one. It is in a
// process group of its own, so a Ctrl-C at the terminal reaches only us.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "daylight/base/error.h"
#include "daylight/os/fd.h"
#include "daylight/report/frame_reader.h"
#include "daylight/report/walls.h"

namespace dl::sandbox {

inline constexpr int kWorkerSocket = 3;

// kNone: the worker gets an environment, a descriptor too many and a standard
// output, and no limits; for `daylight audit sandbox`, which must show that these
// would be found.
enum class StartCare : bool { kUsual, kNone };

// What to start, and what it puts up around itself: all walls, but for
// `daylight audit sandbox` and --unsafe-no-sandbox.
struct WorkerProgram {
  std::string path;
  report::WallSet walls = report::kAllWalls;
  StartCare care = StartCare::kUsual;
};

// The program to run: DAYLIGHT_WORKER (for tests), else daylight-worker beside
// this program, else in ../libexec/daylight or ../lib/daylight from there.
Result<WorkerProgram> FindWorkerProgram();

// What a status of wait() says: "signal 11 (Segmentation fault)", "exit code 1",
// "out of memory".
std::string DescribeEnd(int status);

// The descriptors of the lowest numbers, for good: a program that holds files of strangers calls
// this before it has any. Workers then begin without a copy of those, which a new process
// would have to close, and which may not let themselves be closed.
void ReserveForWorkers();

class WorkerProcess {
 public:
  // `as_template`: it only forks others (MessageType::kFork).
  static Result<WorkerProcess> Start(const WorkerProgram& program, bool as_template = false);
  WorkerProcess() = default;
  WorkerProcess(WorkerProcess&& other) noexcept { *this = std::move(other); }
  WorkerProcess& operator=(WorkerProcess&& other) noexcept;
  ~WorkerProcess() { Kill(); }

  pid_t pid() const { return pid_; }
  int socket() const { return socket_.get(); }
  bool running() const { return pid_ > 0; }
  // Whether system calls of the process are filtered, by what the kernel says of
  // it in /proc, not by its own word. True where there is no /proc to ask.
  bool IsFiltered() const;
  // Ends the process, if it has not ended, and waits for it, though not for ever.
  void Kill();
  // How the process ended: "signal 11 (Segmentation fault)", "exit code 1".
  // Waits for a moment for one that is just about to end, then kills it.
  std::string ExitReason();
  // Behind ExitReason(): as waitpid() tells it; nothing when nobody knows.
  std::optional<int> exit_status() const { return reaped_ ? std::optional<int>(status_) : std::nullopt; }

 private:
  void Reap();
  pid_t pid_ = -1;
  int status_ = 0;
  bool reaped_ = false;
  os::Fd socket_;
};

// What a worker says first: it must be of our version, and where seccomp is among
// its walls, the kernel must confirm it. An error is a reason to give up, since
// the next worker will be no better. Gives back what it says of its walls; it has
// read nothing yet that could have made it lie.
Result<report::WallsHeld> CheckReady(const WorkerProgram& program, const WorkerProcess& worker,
                                     const report::Frame& frame);

}  // namespace dl::sandbox
