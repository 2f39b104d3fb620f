// Who goes last.
#pragma once

#include <sys/types.h>

namespace dl::os {

// The process gets the processor and the disk only when nobody else wants them; 0 is
// this one. What cannot be had is no reason not to work.
void MakeIdle(pid_t pid);

}  // namespace dl::os
