// LockDown puts up the walls around this process, from the inside.
//
//   DL_TRY(const report::WallsHeld walls, contain::LockDown(report::kAllWalls, contain::Role::kWorker));
//   // From here on: no path, no network, no other process.
//
// Called once, by the worker's only thread, after everything that libraries
// load late has been loaded and before the first byte of content or of a file
// is read. docs/security-model.md says what each wall stops.
#pragma once

#include <string>
#include <vector>

#include "daylight/base/error.h"
#include "daylight/report/walls.h"

namespace dl::contain {

enum class Role {
  kWorker,    // Does its jobs itself.
  kTemplate,  // Forks a worker for each object, and may do nothing else besides.
};

// Puts up those of `wanted` that the kernel grants. What it does not grant is
// missing in WallsHeld::held and named in its notes, but for seccomp: without
// it there is an error, and the process must not go on.
Result<report::WallsHeld> LockDown(report::WallSet wanted, Role role);

// Takes from a process that a locked-down template has forked what the template
// alone may do.
Status LockDownFork();

// The walls one by one, in the order in which they have to go up. A wall that
// the kernel refuses is an error whose offset is the errno.
Status LimitResources();
// Network, mount, IPC, host name and control group namespaces, and an empty
// root. That of processes is made by whoever starts the process: `names` are
// those that hold.
Status EnterNamespaces(std::string& names);
// Of root: gives up his number and groups, for good. Others keep theirs.
void BecomeNobody();
// No capabilities, no way to new ones, no other user's rights.
Status DropPrivileges();
// `abi`: the kernel's version of Landlock.
Status DenyFiles(int& abi);
Status FilterSystemCalls(Role role);

}  // namespace dl::contain
