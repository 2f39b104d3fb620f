#include "daylight/os/priority.h"

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace dl::os {

void MakeIdle(pid_t pid) {
  const sched_param none{};
  ::sched_setscheduler(pid, SCHED_IDLE, &none);
  constexpr int kProcess = 1;          // IOPRIO_WHO_PROCESS
  constexpr int kIdleClass = 3 << 13;  // IOPRIO_CLASS_IDLE; ioprio_set(2), which no header declares.
  ::syscall(SYS_ioprio_set, kProcess, pid, kIdleClass);
}

}  // namespace dl::os
