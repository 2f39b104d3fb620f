// The object under scan: the worker has a descriptor of it, open for reading, and
// it may belong to root. What else could be done with that?
#include <fcntl.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "attempts.h"

namespace dl::worker {

namespace {

std::string InProc(const Target& target) { return "/proc/self/fd/" + std::to_string(target.object); }

AttemptAnswer Mark(const Target& target) {
  const long result = ::syscall(SYS_fsetxattr, target.object, "user.daylight", "x", 1, 0);
  if (result < 0 && errno == EOPNOTSUPP) return Unsupported("a file system without user attributes");
  return Judge(result);
}

AttemptAnswer Lock(const Target& target) {
  // EWOULDBLOCK: somebody else has it, which is none of the kernel's refusals.
  return Judge(::syscall(SYS_flock, target.object, LOCK_SH | LOCK_NB), {EWOULDBLOCK});
}

AttemptAnswer Path(const Target& target) {
  char path[4096];
  return Judge(::syscall(SYS_readlinkat, AT_FDCWD, InProc(target).c_str(), path, sizeof path));
}

// From the object to /dev/null, which stands at 0.
AttemptAnswer HandOn(const Target& target) { return Judge(::syscall(SYS_sendfile, 0, target.object, nullptr, 1)); }

constexpr Attempt kList[] = {
    {"object_reopen",
     [](const Target& t) {
       return JudgeFd(::syscall(SYS_openat, AT_FDCWD, InProc(t).c_str(), O_RDWR | O_CLOEXEC, 0));
     }},
    {"object_chmod", [](const Target& t) { return Judge(::syscall(SYS_fchmod, t.object, 0644)); }},
    {"object_chown", [](const Target& t) { return Judge(::syscall(SYS_fchown, t.object, -1, -1)); }},
    {"object_utimens", [](const Target& t) { return Judge(::syscall(SYS_utimensat, t.object, nullptr, nullptr, 0)); }},
    {"object_setxattr", Mark},
    {"object_lock", Lock},
    {"object_lease",
     [](const Target& t) { return Judge(::syscall(SYS_fcntl, t.object, F_SETLEASE, F_RDLCK), {EAGAIN}); }},
    {"object_path", Path},
    {"object_to_pipe", HandOn},
};

}  // namespace

std::span<const Attempt> ObjectAttempts() { return kList; }

}  // namespace dl::worker
