#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <initializer_list>
#include <memory>

#include "daylight/contain/lock_down.h"

namespace dl::contain {

namespace {

// Whatever their arguments are: memory of its own, descriptors it was given.
constexpr int kAllowed[] = {
    SCMP_SYS(read),           SCMP_SYS(pread64), SCMP_SYS(write),  SCMP_SYS(recvmsg),         SCMP_SYS(close),
    SCMP_SYS(lseek),          SCMP_SYS(fstat),   SCMP_SYS(brk),    SCMP_SYS(munmap),          SCMP_SYS(mremap),
    SCMP_SYS(madvise),        SCMP_SYS(futex),   SCMP_SYS(exit),   SCMP_SYS(exit_group),      SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigprocmask), SCMP_SYS(getpid),  SCMP_SYS(gettid), SCMP_SYS(restart_syscall),
};

class Filter {
 public:
  Filter() : context_(::seccomp_init(SCMP_ACT_KILL_PROCESS)), good_(context_ != nullptr) {
    // Calls by another ABI than the program's own are killed too, and an error
    // of loading is told as the kernel told it.
    good_ = good_ && ::seccomp_attr_set(context_, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) == 0 &&
            ::seccomp_attr_set(context_, SCMP_FLTATR_API_SYSRAWRC, 1) == 0 &&
            ::seccomp_attr_set(context_, SCMP_FLTATR_CTL_OPTIMIZE, 2) == 0;
  }
  ~Filter() {
    if (context_ != nullptr) ::seccomp_release(context_);
  }
  Filter(const Filter&) = delete;
  Filter& operator=(const Filter&) = delete;

  void Allow(int call) { good_ = good_ && ::seccomp_rule_add(context_, SCMP_ACT_ALLOW, call, 0) == 0; }
  // With these arguments only.
  void AllowIf(int call, std::initializer_list<scmp_arg_cmp> arguments) {
    good_ = good_ && ::seccomp_rule_add_array(context_, SCMP_ACT_ALLOW, call, static_cast<unsigned>(arguments.size()),
                                              arguments.begin()) == 0;
  }
  Status Load() {
    if (!good_) return Fail(ErrorCode::kIo, "the filter of system calls cannot be made");
    const int error = ::seccomp_load(context_);
    if (error != 0)
      return Fail(ErrorCode::kIo, "this kernel has no seccomp filters", static_cast<std::uint64_t>(-error));
    return {};
  }

 private:
  scmp_filter_ctx context_;
  bool good_;
};

// Not libseccomp's macros, which are C of a kind that clang does not take for C++.
constexpr scmp_arg_cmp Argument(unsigned index, scmp_compare how, scmp_datum_t a, scmp_datum_t b = 0) {
  return {index, how, a, b};
}

// The flags with which the C library forks.
constexpr scmp_datum_t kForkFlags = CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | SIGCHLD;

}  // namespace

Status FilterSystemCalls(Role role) {
  Filter filter;
  for (const int call : kAllowed) filter.Allow(call);
#ifdef DAYLIGHT_SANITIZED
  // A build for tests: UBSan asks a pipe whether memory can be read.
  for (const int call : {SCMP_SYS(pipe2), SCMP_SYS(sched_yield), SCMP_SYS(sigaltstack), SCMP_SYS(clock_gettime)}) {
    filter.Allow(call);
  }
#endif
  // No executable memory, new or old.
  filter.AllowIf(SCMP_SYS(mmap), {Argument(2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)});
  filter.AllowIf(SCMP_SYS(mprotect), {Argument(2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)});
  // For its deadline, where the kernel does not lend its clock (vdso(7)).
  filter.AllowIf(SCMP_SYS(clock_gettime), {Argument(0, SCMP_CMP_EQ, CLOCK_MONOTONIC)});
  // send() on its own socket: no address, and no way to pass a descriptor.
  filter.AllowIf(SCMP_SYS(sendto), {Argument(4, SCMP_CMP_EQ, 0)});
  // abort() ends the process itself and no other.
  filter.AllowIf(SCMP_SYS(tgkill), {Argument(0, SCMP_CMP_EQ, static_cast<scmp_datum_t>(::getpid()))});
  if (role == Role::kTemplate) {
    filter.AllowIf(SCMP_SYS(clone), {Argument(0, SCMP_CMP_EQ, kForkFlags)});
    filter.Allow(SCMP_SYS(wait4));
    filter.Allow(SCMP_SYS(set_robust_list));
    // Only processes of its own making are in its namespace; where there is
    // none, of its own user.
    filter.AllowIf(SCMP_SYS(kill), {Argument(1, SCMP_CMP_EQ, SIGKILL)});
    // For LockDownFork(): more filters only ever take away.
    filter.AllowIf(SCMP_SYS(seccomp), {Argument(0, SCMP_CMP_EQ, SECCOMP_SET_MODE_FILTER), Argument(1, SCMP_CMP_EQ, 0)});
    filter.AllowIf(SCMP_SYS(prctl), {Argument(0, SCMP_CMP_EQ, PR_SET_PDEATHSIG), Argument(1, SCMP_CMP_EQ, SIGKILL)});
  }
  return filter.Load();
}

Status LockDownFork() {
  // What FilterSystemCalls() gave the template beyond a worker's list. That the
  // call is of the right ABI, the template's own filter sees to.
  constexpr auto call = static_cast<std::uint32_t>(offsetof(seccomp_data, nr));
  sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, call),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 7, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_wait4, 6, 0),
      // The number that the template may signal is its own, not the fork's.
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_tgkill, 5, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_kill, 4, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_prctl, 3, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_set_robust_list, 2, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_seccomp, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
  };
  const sock_fprog program{sizeof code / sizeof code[0], code};
  if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) {
    return Fail(ErrorCode::kIo, "the filter of system calls was refused", static_cast<std::uint64_t>(errno));
  }
  return {};
}

}  // namespace dl::contain
