#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "daylight/contain/lock_down.h"

namespace dl::contain {

namespace {

Status Refused(const char* what) { return Fail(ErrorCode::kIo, what, static_cast<std::uint64_t>(errno)); }

// An empty, read-only folder in memory becomes the root, and everything else is
// out of sight for good.
Status EmptyRoot() {
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return Refused("the mounts stay shared");
  // Any folder will do; this one every system has.
  if (::mount("none", "/proc", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "size=4k,nr_inodes=2,mode=555") != 0) {
    return Refused("no empty root");
  }
  // The old root is stacked on top of the new one and taken off again
  // (pivot_root(2), "pivot_root(".", ".")").
  if (::chdir("/proc") != 0 || ::syscall(SYS_pivot_root, ".", ".") != 0) return Refused("no empty root");
  if (::umount2(".", MNT_DETACH) != 0 || ::chdir("/") != 0) return Refused("the old root stays in sight");
  if (::mount(nullptr, "/", nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) !=
      0) {
    return Refused("the empty root can be written to");
  }
  return {};
}

}  // namespace

Status EnterNamespaces(std::string& names) {
  constexpr int kOwn = CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;
  bool has_user = false;
  if (::geteuid() == 0 && ::unshare(kOwn) == 0) {
    DL_TRY_STATUS(EmptyRoot());
    // Not root any more outside of the user namespace either.
    BecomeNobody();
    has_user = ::unshare(CLONE_NEWUSER) == 0;
  } else {
    // An ordinary user may do this in a user namespace of his own only.
    if (::unshare(CLONE_NEWUSER | kOwn) != 0) return Refused("refused");
    has_user = true;
    DL_TRY_STATUS(EmptyRoot());
  }
  if (has_user) names += "user ";
  // The process namespace was made at the start: its first process is number 1.
  if (::getpid() == 1) names += "process ";
  names += "network mount IPC UTS cgroup";
  return {};
}

}  // namespace dl::contain
