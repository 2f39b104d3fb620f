// AuditSandbox shows what stands between a worker that is taken over and the
// machine: it has workers try to break out, and tells what stopped each try.
//
//   const sandbox::Audit audit = sandbox::AuditSandbox(options);
//   if (audit.problem.empty() && audit.escapes == 0 && audit.unclear == 0) ...
//
// Each attempt of report/attempts.h is made by a worker of its own: without
// walls, where it must succeed for the rest to mean something; inside all of
// them, in a worker that was started and in one that was forked from a template;
// with each left out in turn; and inside each one alone. Starts threads,
// which are gone when it returns; makes a folder and listeners, likewise.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "daylight/report/attempts.h"
#include "daylight/report/protocol.h"
#include "daylight/sandbox/worker_process.h"

namespace dl::sandbox {

// Beside the walls that a worker puts up: what the trusted side sees to. It
// leaves a worker no descriptor, environment or standard output, limits file
// size and core dumps, and takes no descriptor from it.
inline constexpr report::WallSet kBroker = 32;
inline constexpr report::WallSet kAuditWalls[] = {1, 2, 4, 8, 16, kBroker};
inline constexpr std::size_t kAuditWallCount = std::size(kAuditWalls);
std::string_view AuditWallName(report::WallSet wall);
// As report::WallNames(), with the broker.
std::string AuditWallNames(report::WallSet walls);

// How one worker's try ended.
struct Try {
  enum class Ending : std::uint8_t {
    kNotMade,  // Nobody asked for it.
    kSucceeded,
    kRefused,      // `number`: errno.
    kUnsupported,  // `number`: errno. There is no such thing here.
    kForbidden,    // The kernel ended the worker for the call itself: SIGSYS.
    kDied,         // `number`: a signal, or 1000 and more: an exit code.
    kSilent,       // No answer in time.
    kNoWorker,     // It could not be started, or broke the protocol.
  };
  Ending ending = Ending::kNotMade;
  int number = 0;
  std::string detail;

  bool made() const { return ending != Ending::kNotMade && ending != Ending::kNoWorker; }
  bool stopped() const {
    return ending == Ending::kRefused || ending == Ending::kUnsupported || ending == Ending::kForbidden;
  }
  bool SameAs(const Try& other) const { return ending == other.ending && number == other.number; }
};
inline constexpr int kExitCodeBase = 1000;
// "succeeded", "EPERM", "killed (SIGSYS)".
std::string TryText(const Try& one);

enum class AttemptVerdict : std::uint8_t {
  kStopped,   // It succeeded without walls, and did not inside.
  kToNobody,  // It did not succeed without walls either.
  kEscape,    // It succeeded inside.
  kUnclear,   // No answer either way.
};
std::string_view AttemptVerdictName(AttemptVerdict verdict);

struct AttemptAudit {
  const report::AttemptInfo* attempt = nullptr;
  Try control;                   // Without any wall.
  Try inside;                    // All of them.
  Try forked;                    // All of them, in a worker that a template forked.
  Try without[kAuditWallCount];  // All but this one.
  Try alone[kAuditWallCount];    // This one only.
  AttemptVerdict verdict = AttemptVerdict::kUnclear;
  report::WallSet stopped_by = 0;  // 0 also when it is the work of several together.
  report::WallSet also_stopped_by = 0;
};
// Fills in what follows from the tries.
void Judge(AttemptAudit& audit);

struct AuditOptions {
  WorkerProgram worker_program;
  unsigned threads = 2;
  bool quick = false;                // Walls are left out only where that is needed to name the one that stops.
  std::uint32_t timeout_ms = 20000;  // Of one worker.
  const std::atomic<bool>* stop = nullptr;
  // Called by any thread, one at a time. May be empty.
  std::function<void(std::size_t done, std::size_t of)> progress;
};

struct Audit {
  std::string problem;      // Why there is no audit; empty when there is one.
  report::WallsHeld walls;  // As a worker with all walls tells it.
  std::vector<AttemptAudit> attempts;
  std::size_t stopped = 0;
  std::size_t to_nobody = 0;
  std::size_t escapes = 0;
  std::size_t unclear = 0;
};

Audit AuditSandbox(const AuditOptions& options);

}  // namespace dl::sandbox
