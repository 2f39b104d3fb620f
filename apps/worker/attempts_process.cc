// Other processes: the trusted side, and another worker.
#include <fcntl.h>
#include <linux/kcmp.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "attempts.h"
#include "attempts_numbers.h"

namespace dl::worker {

namespace {

// Seizing does not stop a process, and ends with the tracer.
AttemptAnswer Trace(std::int64_t process) { return Judge(::syscall(SYS_ptrace, PTRACE_SEIZE, process, 0, 0)); }

// No page is mapped at 8, which the kernel finds out only when it was allowed to
// look: EFAULT, then.
AttemptAnswer Memory(long call, std::int64_t process) {
  char byte = 0;
  iovec here{&byte, 1};
  iovec there{reinterpret_cast<void*>(8), 1};
  return Judge(::syscall(call, process, &here, 1, &there, 1, 0), {EFAULT});
}

AttemptAnswer OpenProc(std::int64_t process, const char* entry) {
  const std::string path = "/proc/" + std::to_string(process) + "/" + entry;
  return JudgeFd(::syscall(SYS_openat, AT_FDCWD, path.c_str(), O_RDONLY | O_CLOEXEC));
}

// Whoever is the first of its namespace may signal itself.
AttemptAnswer SignalFirst(const Target&) {
  if (::syscall(SYS_getpid) == 1) return Refused(ESRCH);
  return Judge(::syscall(SYS_tgkill, 1, 1, 0));
}

AttemptAnswer QueueSignal(std::int64_t process) {
  siginfo_t info{};
  info.si_signo = SIGURG;  // Ignored by all who do not ask for it.
  info.si_code = SI_QUEUE;
  return Judge(::syscall(SYS_rt_sigqueueinfo, process, SIGURG, &info));
}

template <typename Call>
AttemptAnswer OnPidfd(std::int64_t process, Call&& call) {
  const int fd = static_cast<int>(::syscall(kPidfdOpen, process, 0));
  if (fd < 0) return Judge(fd);
  AttemptAnswer answer = call(fd);
  ::close(fd);
  return answer;
}

AttemptAnswer SignalByPidfd(const Target& target) {
  return OnPidfd(target.where.sibling, [](int fd) { return Judge(::syscall(kPidfdSendSignal, fd, 0, nullptr, 0)); });
}

AttemptAnswer TakeDescriptor(std::int64_t process, int number) {
  return OnPidfd(process, [number](int fd) { return JudgeFd(::syscall(kPidfdGetfd, fd, number, 0)); });
}

AttemptAnswer Affinity(const Target& target) {
  // No processor at all: refused, but only after the right to choose was given.
  const unsigned long none[16] = {};
  return Judge(::syscall(SYS_sched_setaffinity, target.where.parent, sizeof none, none), {EINVAL});
}

AttemptAnswer Limits(const Target& target) {
  rlimit limit{};
  return Judge(::syscall(SYS_prlimit64, target.where.parent, RLIMIT_NOFILE, nullptr, &limit));
}

AttemptAnswer RobustList(const Target& target) {
  void* head = nullptr;
  std::size_t size = 0;
  return Judge(::syscall(SYS_get_robust_list, target.where.parent, &head, &size));
}

constexpr Attempt kList[] = {
    {"ptrace_parent", [](const Target& t) { return Trace(t.where.parent); }},
    {"ptrace_sibling", [](const Target& t) { return Trace(t.where.sibling); }},
    {"read_memory_parent", [](const Target& t) { return Memory(SYS_process_vm_readv, t.where.parent); }},
    {"read_memory_sibling", [](const Target& t) { return Memory(SYS_process_vm_readv, t.where.sibling); }},
    {"write_memory_sibling", [](const Target& t) { return Memory(SYS_process_vm_writev, t.where.sibling); }},
    {"proc_mem_parent", [](const Target& t) { return OpenProc(t.where.parent, "mem"); }},
    {"proc_mem_sibling", [](const Target& t) { return OpenProc(t.where.sibling, "mem"); }},
    {"proc_environ_parent", [](const Target& t) { return OpenProc(t.where.parent, "environ"); }},
    {"kill_parent", [](const Target& t) { return Judge(::syscall(SYS_kill, t.where.parent, 0)); }},
    {"kill_sibling", [](const Target& t) { return Judge(::syscall(SYS_kill, t.where.sibling, 0)); }},
    {"kill_all", [](const Target&) { return Judge(::syscall(SYS_kill, -1, 0)); }},
    {"tkill_sibling", [](const Target& t) { return Judge(::syscall(SYS_tkill, t.where.sibling, 0)); }},
    {"tgkill_parent", [](const Target& t) { return Judge(::syscall(SYS_tgkill, t.where.parent, t.where.parent, 0)); }},
    {"tgkill_first", SignalFirst},
    {"sigqueue_parent", [](const Target& t) { return QueueSignal(t.where.parent); }},
    {"pidfd_parent", [](const Target& t) { return JudgeFd(::syscall(kPidfdOpen, t.where.parent, 0)); }},
    {"pidfd_signal_sibling", SignalByPidfd},
    {"pidfd_getfd_parent", [](const Target& t) { return TakeDescriptor(t.where.parent, 2); }},
    {"pidfd_getfd_sibling", [](const Target& t) { return TakeDescriptor(t.where.sibling, 3); }},
    {"affinity_parent", Affinity},
    {"priority_parent",
     [](const Target& t) { return Judge(::syscall(SYS_setpriority, PRIO_PROCESS, t.where.parent, 0)); }},
    // 1: a process; 0: what its priority says.
    {"ioprio_parent", [](const Target& t) { return Judge(::syscall(SYS_ioprio_set, 1, t.where.parent, 0)); }},
    {"limits_parent", Limits},
    {"kcmp_parent",
     [](const Target& t) { return Judge(::syscall(SYS_kcmp, t.where.parent, t.where.parent, KCMP_VM, 0, 0)); }},
    {"robust_list_parent", RobustList},
    {"move_pages_parent",
     [](const Target& t) { return Judge(::syscall(SYS_move_pages, t.where.parent, 0, nullptr, nullptr, nullptr, 0)); }},
    {"sched_parent", [](const Target& t) { return Judge(::syscall(SYS_sched_getscheduler, t.where.parent)); }},
};

}  // namespace

std::span<const Attempt> ProcessAttempts() { return kList; }

}  // namespace dl::worker
