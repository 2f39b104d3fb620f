// What the worker itself is, has and may become.
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

#include "attempts.h"

namespace dl::worker {

namespace {

constexpr int kStandard = 3;           // Descriptors.
constexpr unsigned kSomebodyElse = 1;  // Debian's "daemon".

AttemptAnswer Capability(const Target&) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct wanted[2] = {};
  wanted[0].effective = wanted[0].permitted = 1u << CAP_DAC_OVERRIDE;
  return Judge(::syscall(SYS_capset, &header, wanted));
}

AttemptAnswer SeccompListener(const Target&) {
  // To be had without privileges only by one who may never have any.
  ::syscall(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  const sock_fprog program{1, &allow};
  return JudgeFd(::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program));
}

AttemptAnswer Raise(int resource) {
  const rlimit unlimited{RLIM_INFINITY, RLIM_INFINITY};
  return Judge(::syscall(SYS_prlimit64, 0, resource, &unlimited, nullptr));
}

AttemptAnswer RaiseMemory(const Target&) {
  const AttemptAnswer answer = Raise(RLIMIT_AS);
  return answer.outcome == report::AttemptOutcome::kSucceeded ? Raise(RLIMIT_DATA) : answer;
}

// Reading or writing nothing: a worker may do both, so only the descriptor's
// being there is asked. The object's own is given, and the socket.
AttemptAnswer InheritedDescriptor(const Target& target) {
  constexpr int kMost = 1024;
  for (int fd = kStandard; fd < kMost; ++fd) {
    if (fd == target.object || fd == target.socket) continue;
    char byte = 0;
    const bool readable = ::syscall(SYS_read, fd, &byte, 0) == 0 || errno != EBADF;
    const bool writable = ::syscall(SYS_write, fd, &byte, 0) == 0 || errno != EBADF;
    if (readable || writable) return Succeeded("descriptor " + std::to_string(fd));
  }
  return Refused(EBADF);
}

AttemptAnswer StandardOutput(const Target&) {
  const dev_t null = makedev(1, 3);
  for (int fd = 0; fd < kStandard; ++fd) {
    struct stat status {};
    if (::syscall(SYS_fstat, fd, &status) != 0) continue;  // Closed is as good.
    if (!S_ISCHR(status.st_mode) || status.st_rdev != null) return Succeeded("descriptor " + std::to_string(fd));
  }
  return Refused(EBADF);
}

AttemptAnswer Environment(const Target&) {
  // The worker's own, which says nothing of anybody (unpack::Prepare()).
  constexpr std::string_view kOwn = "TZ=UTC0";
  for (char** each = environ; each != nullptr && *each != nullptr; ++each) {
    if (*each != kOwn) return Succeeded();
  }
  return Refused(ENOENT);
}

constexpr Attempt kList[] = {
    {"setuid",
     [](const Target&) { return Judge(::syscall(SYS_setresuid, kSomebodyElse, kSomebodyElse, kSomebodyElse)); }},
    {"setgid",
     [](const Target&) { return Judge(::syscall(SYS_setresgid, kSomebodyElse, kSomebodyElse, kSomebodyElse)); }},
    {"setgroups", [](const Target&) { return Judge(::syscall(SYS_setgroups, 0, nullptr)); }},
    {"capset", Capability},
    {"seccomp_listener", SeccompListener},
    {"dumpable", [](const Target&) { return Judge(::syscall(SYS_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0)); }},
    {"outlive_parent", [](const Target&) { return Judge(::syscall(SYS_prctl, PR_SET_PDEATHSIG, 0, 0, 0, 0)); }},
    {"raise_memory_limit", RaiseMemory},
    {"raise_process_limit", [](const Target&) { return Raise(RLIMIT_NPROC); }},
    {"raise_file_limit", [](const Target&) { return Raise(RLIMIT_FSIZE); }},
    {"core_dump", [](const Target&) { return Raise(RLIMIT_CORE); }},
    {"inherited_descriptor", InheritedDescriptor},
    {"standard_output", StandardOutput},
    {"environment", Environment},
};

}  // namespace

std::span<const Attempt> SelfAttempts() { return kList; }

}  // namespace dl::worker
