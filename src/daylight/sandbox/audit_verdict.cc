// What follows from the tries of one attempt.
#include <string.h>

#include <csignal>

#include "daylight/sandbox/audit.h"

namespace dl::sandbox {

namespace {

constexpr report::WallSet kSeccomp = report::Bit(report::Wall::kSeccomp);

// The wall that the attempt met first: leaving it out changes how it ends.
// Several may do so when each leaves its own trace; then the one that stops it
// alone in the same way.
report::WallSet FirstToStop(const AttemptAudit& audit, report::WallSet stop_it_alone) {
  if (audit.inside.ending == Try::Ending::kForbidden) return kSeccomp;
  report::WallSet changed = 0;
  for (std::size_t i = 0; i < kAuditWallCount; ++i) {
    const Try& without = audit.without[i];
    if (!without.made()) continue;
    // The only one.
    if (without.ending == Try::Ending::kSucceeded) return kAuditWalls[i];
    if (!without.SameAs(audit.inside)) changed |= kAuditWalls[i];
  }
  for (const report::WallSet candidates : {changed & stop_it_alone, changed, stop_it_alone}) {
    for (std::size_t i = 0; i < kAuditWallCount; ++i) {
      if ((candidates & kAuditWalls[i]) != 0 && audit.alone[i].SameAs(audit.inside)) return kAuditWalls[i];
    }
    for (const report::WallSet wall : kAuditWalls) {
      if ((candidates & wall) != 0) return wall;
    }
  }
  return 0;
}

}  // namespace

void Judge(AttemptAudit& audit) {
  audit.stopped_by = audit.also_stopped_by = 0;
  const bool real = audit.control.ending == Try::Ending::kSucceeded;
  const bool fork_is_sound = audit.forked.stopped() || audit.forked.ending == Try::Ending::kNotMade ||
                             (audit.forked.ending == Try::Ending::kDied && audit.forked.SameAs(audit.control));
  if (audit.inside.ending == Try::Ending::kSucceeded || audit.forked.ending == Try::Ending::kSucceeded) {
    audit.verdict = AttemptVerdict::kEscape;
    return;
  }
  // A worker that dies without walls, too, in the same way, has met something
  // that is not there for anyone, like the gate of another ABI.
  const bool dies_anyway = audit.control.ending == Try::Ending::kDied && audit.control.number < kExitCodeBase &&
                           audit.inside.SameAs(audit.control);
  if ((!audit.inside.stopped() && !dies_anyway) || !fork_is_sound) {
    audit.verdict = AttemptVerdict::kUnclear;
    return;
  }
  if (!real) {
    const bool died = audit.control.ending == Try::Ending::kDied && audit.control.number < kExitCodeBase;
    audit.verdict = audit.control.stopped() || died ? AttemptVerdict::kToNobody : AttemptVerdict::kUnclear;
    return;
  }
  audit.verdict = AttemptVerdict::kStopped;
  report::WallSet alone = 0;
  for (std::size_t i = 0; i < kAuditWallCount; ++i) {
    if (audit.alone[i].stopped()) alone |= kAuditWalls[i];
  }
  audit.stopped_by = FirstToStop(audit, alone);
  audit.also_stopped_by = alone & ~audit.stopped_by;
}

std::string_view AuditWallName(report::WallSet wall) {
  return wall == kBroker ? "broker" : report::WallName(static_cast<report::Wall>(wall));
}

std::string AuditWallNames(report::WallSet walls) {
  std::string names;
  for (const report::WallSet wall : kAuditWalls) {
    if ((walls & wall) == 0) continue;
    if (!names.empty()) names += ",";
    names += AuditWallName(wall);
  }
  return names;
}

std::string_view AttemptVerdictName(AttemptVerdict verdict) {
  switch (verdict) {
    case AttemptVerdict::kStopped: return "stopped";
    case AttemptVerdict::kToNobody: return "refused to anyone";
    case AttemptVerdict::kEscape: return "escape";
    case AttemptVerdict::kUnclear: return "unclear";
  }
  return "?";
}

std::string TryText(const Try& one) {
  const auto error = [&one] {
    const char* name = ::strerrorname_np(one.number);
    return name != nullptr ? std::string(name) : "error " + std::to_string(one.number);
  };
  switch (one.ending) {
    case Try::Ending::kNotMade: return "";
    case Try::Ending::kSucceeded: return "succeeded";
    case Try::Ending::kRefused: return one.number == 0 ? "refused" : error();
    case Try::Ending::kUnsupported: return error() + " (not here)";
    case Try::Ending::kForbidden: return "killed";
    case Try::Ending::kDied: {
      if (one.number >= kExitCodeBase) return "ended with " + std::to_string(one.number - kExitCodeBase);
      const char* name = ::sigabbrev_np(one.number);
      return name != nullptr ? "died of SIG" + std::string(name) : "died of signal " + std::to_string(one.number);
    }
    case Try::Ending::kSilent: return "no answer";
    case Try::Ending::kNoWorker: return "no worker";
  }
  return "?";
}

}  // namespace dl::sandbox
