#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "daylight/contain/lock_down.h"

namespace dl::contain {

namespace {

// Debian's "nobody", who owns nothing.
constexpr unsigned kNobody = 65534;
constexpr int kLastCapability = 63;  // More than there are.

}  // namespace

void BecomeNobody() {
  if (::geteuid() != 0) return;
  static_cast<void>(::syscall(SYS_setgroups, 0, nullptr));
  static_cast<void>(::syscall(SYS_setresgid, kNobody, kNobody, kNobody));
  static_cast<void>(::syscall(SYS_setresuid, kNobody, kNobody, kNobody));
}

Status DropPrivileges() {
  for (int capability = 0; capability <= kLastCapability; ++capability) {
    if (::prctl(PR_CAPBSET_READ, capability, 0, 0, 0) == 1) ::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
  }
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  BecomeNobody();
  __user_cap_header_struct header{};
  header.version = _LINUX_CAPABILITY_VERSION_3;
  __user_cap_data_struct none[2]{};
  if (::syscall(SYS_capset, &header, none) != 0) {
    return Fail(ErrorCode::kIo, "capabilities stay", static_cast<std::uint64_t>(errno));
  }
  // Nobody of the same user may look into this process either.
  if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 || ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    return Fail(ErrorCode::kIo, "refused", static_cast<std::uint64_t>(errno));
  }
  return {};
}

}  // namespace dl::contain
