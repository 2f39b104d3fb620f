// Serve answers the trusted side's messages, one after the other, until it is
// told to stop or the other side is gone. `walls`: those that hold, to be told.
#pragma once

#include "daylight/base/error.h"
#include "daylight/os/fd.h"
#include "daylight/report/walls.h"

namespace dl::worker {

// An error means that the other side broke the protocol, or went away in the
// middle of something.
Status Serve(os::Fd socket, report::WallsHeld walls);

}  // namespace dl::worker
