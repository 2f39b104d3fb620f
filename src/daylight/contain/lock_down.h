// LockDown puts up the walls around this process, from the inside.
//
//   DL_TRY(const report::WallsHeld walls, contain::LockDown(report::kAllWalls));
//   // From here on: no path, no network, no other process.
//
// Called once, by the worker's only thread, after everything that libraries
// load late has been loaded and before the first byte of content or of a file
// is read. docs/security-model.md says what each wall stops.
#pragma once

#include "daylight/base/error.h"
#include "daylight/report/walls.h"

namespace dl::contain {

// Puts up those of `wanted` that the kernel grants. What it does not grant is
// missing in WallsHeld::held and named in its notes, but for seccomp: without
// it there is an error, and the process must not go on.
Result<report::WallsHeld> LockDown(report::WallSet wanted);

}  // namespace dl::contain
