#include "daylight/opener/child.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace dl::opener {

namespace {

constexpr int kFirst = 3;

tl::unexpected<Error> Refused(std::string_view what) {
  return Fail(ErrorCode::kIo, what, static_cast<std::uint64_t>(errno));
}

}  // namespace

void BecomeChild(const std::vector<int>& keep) {
  // First out of the way of each other, then down.
  const int above = kFirst + static_cast<int>(keep.size());
  std::vector<int> moved;
  for (const int fd : keep) moved.push_back(::fcntl(fd, F_DUPFD_CLOEXEC, above));
  int next = kFirst;
  for (const int fd : moved) ::dup3(fd, next++, O_CLOEXEC);
  ::syscall(SYS_close_range, static_cast<unsigned>(next), ~0U, 0U);
  for (int number = 1; number < NSIG; ++number) {
    if (number != SIGKILL && number != SIGSTOP) ::signal(number, SIG_DFL);
  }
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

void EndWithParent(pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  // It may have ended before.
  if (::getppid() != parent) ::_exit(1);
}

Status TakeRights(std::uint32_t uid, std::uint32_t gid, const std::vector<std::uint32_t>& groups) {
  // -1 would mean "as it is" below.
  constexpr auto kNobodyAtAll = static_cast<std::uint32_t>(-1);
  if (uid == kNobodyAtAll || gid == kNobodyAtAll) return Fail(ErrorCode::kMalformed, "no such user");
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return Refused("cannot give up new privileges");
  const std::vector<gid_t> list(groups.begin(), groups.end());
  if (::setgroups(list.size(), list.data()) != 0) return Refused("cannot take on the peer's groups");
  if (::setresgid(gid, gid, gid) != 0) return Refused("cannot take on the peer's group");
  // What is not zero on all sides loses its capabilities here (capabilities(7)).
  if (::setresuid(uid, uid, uid) != 0) return Refused("cannot take on the peer's user");
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> have{};
  if (::syscall(SYS_capget, &header, have.data()) != 0) return Refused("cannot tell the capabilities");
  std::array<__user_cap_data_struct, 2> wanted{};
  if (uid == 0) wanted[0].permitted = have[0].permitted & (1U << CAP_DAC_READ_SEARCH);
  wanted[0].effective = wanted[0].permitted;
  if (::syscall(SYS_capset, &header, wanted.data()) != 0) return Refused("cannot give up the capabilities");
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  // Nobody of that user may look into what was the opener a moment ago.
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  uid_t ids[3];
  gid_t gids[3];
  if (::getresuid(&ids[0], &ids[1], &ids[2]) != 0 || ::getresgid(&gids[0], &gids[1], &gids[2]) != 0 ||
      std::any_of(ids, ids + 3, [&](uid_t id) { return id != uid; }) ||
      std::any_of(gids, gids + 3, [&](gid_t id) { return id != gid; }) || (uid != 0 && ::setuid(0) == 0)) {
    return Fail(ErrorCode::kIo, "the peer's rights were not taken on");
  }
  return {};
}

}  // namespace dl::opener
