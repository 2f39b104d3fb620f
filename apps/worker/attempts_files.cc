// Files by name. The folder to write in belongs to this one try; it holds a file
// "present", a folder "empty" and a link "link".
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "attempts.h"
#include "attempts_numbers.h"

namespace dl::worker {

namespace {

const char* Readable(const Target& target) { return target.where.readable_file.c_str(); }
std::string Inside(const Target& target, const char* name) { return target.where.writable_folder + "/" + name; }

AttemptAnswer OpenAt(const std::string& path, int flags, unsigned mode = 0) {
  return JudgeFd(::syscall(SYS_openat, AT_FDCWD, path.c_str(), flags | O_CLOEXEC, mode));
}

AttemptAnswer OpenAt2(const Target& target) {
  open_how how{};
  how.flags = O_RDONLY | O_CLOEXEC;
  return JudgeFd(::syscall(kOpenAt2, AT_FDCWD, Readable(target), &how, sizeof how));
}

struct Handle {
  unsigned bytes = 64;
  int type = 0;
  unsigned char data[64] = {};
};

AttemptAnswer NameToHandle(const Target& target) {
  Handle handle;
  int mount = 0;
  const long result = ::syscall(SYS_name_to_handle_at, AT_FDCWD, Readable(target), &handle, &mount, 0);
  if (result < 0 && errno == EOPNOTSUPP) return Unsupported("a file system without handles");
  return Judge(result, {EOVERFLOW});
}

// The root folder's number on many file systems; nobody asks for a file's name
// on this way, only for one right.
AttemptAnswer OpenByHandle(const Target&) {
  Handle handle;
  handle.bytes = 8;
  handle.type = 1;
  handle.data[0] = 2;
  return JudgeFd(::syscall(SYS_open_by_handle_at, AT_FDCWD, &handle, O_RDONLY | O_CLOEXEC), {ESTALE, EOPNOTSUPP});
}

AttemptAnswer OpenThroughParent(const Target& target) {
  return OpenAt("/proc/" + std::to_string(target.where.parent) + "/root" + target.where.readable_file, O_RDONLY);
}

AttemptAnswer List(const char* folder) {
  const long fd = ::syscall(SYS_openat, AT_FDCWD, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return Judge(fd);
  char entries[4096];
  const AttemptAnswer answer = Judge(::syscall(SYS_getdents64, fd, entries, sizeof entries));
  ::close(static_cast<int>(fd));
  return answer;
}

AttemptAnswer ReadPasswd(const Target&) {
  const long fd = ::syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return Judge(fd);
  char text[64];
  const AttemptAnswer answer = Judge(::syscall(SYS_read, fd, text, sizeof text));
  ::close(static_cast<int>(fd));
  return answer;
}

AttemptAnswer MakeDevice(const Target& target) {
  return Judge(::syscall(SYS_mknodat, AT_FDCWD, Inside(target, "null").c_str(), S_IFCHR | 0600, makedev(1, 3)));
}

AttemptAnswer SetAttribute(const Target& target) {
  const long result = ::syscall(SYS_setxattr, Inside(target, "present").c_str(), "user.daylight", "x", 1, 0);
  if (result < 0 && errno == EOPNOTSUPP) return Unsupported("a file system without user attributes");
  return Judge(result);
}

AttemptAnswer Watch(const Target& target) {
  const long fd = ::syscall(SYS_inotify_init1, O_CLOEXEC);
  if (fd < 0) return Judge(fd);
  constexpr unsigned kEverything = 0xfff;  // IN_ALL_EVENTS
  const AttemptAnswer answer =
      Judge(::syscall(SYS_inotify_add_watch, fd, target.where.writable_folder.c_str(), kEverything));
  ::close(static_cast<int>(fd));
  return answer;
}

struct stat status_room;
alignas(8) char statx_room[256];
struct statfs statfs_room;
constexpr unsigned kStatxAll = 0x7ff;

constexpr Attempt kList[] = {
    {"open", [](const Target& t) { return JudgeFd(::syscall(kOpen, Readable(t), O_RDONLY | O_CLOEXEC)); }},
    {"openat", [](const Target& t) { return OpenAt(Readable(t), O_RDONLY); }},
    {"openat2", OpenAt2},
    {"open_path_only", [](const Target& t) { return OpenAt(Readable(t), O_PATH); }},
    {"open_write", [](const Target& t) { return OpenAt(Inside(t, "present"), O_WRONLY); }},
    {"creat", [](const Target& t) { return JudgeFd(::syscall(kCreat, Inside(t, "new").c_str(), 0600)); }},
    {"create", [](const Target& t) { return OpenAt(Inside(t, "new"), O_RDWR | O_CREAT | O_EXCL, 0600); }},
    {"create_unnamed", [](const Target& t) { return OpenAt(t.where.writable_folder, O_TMPFILE | O_RDWR, 0600); }},
    {"name_to_handle", NameToHandle},
    {"open_by_handle", OpenByHandle},
    {"open_proc_self_root",
     [](const Target& t) { return OpenAt("/proc/self/root" + t.where.readable_file, O_RDONLY); }},
    {"open_proc_parent_root", OpenThroughParent},
    {"open_tree", [](const Target&) { return JudgeFd(::syscall(kOpenTree, AT_FDCWD, "/tmp", O_CLOEXEC)); }},
    {"list_root", [](const Target&) { return List("/"); }},
    {"list_proc", [](const Target&) { return List("/proc"); }},
    {"read_passwd", ReadPasswd},
    {"stat", [](const Target& t) { return Judge(::syscall(kStat, Readable(t), &status_room)); }},
    {"fstatat", [](const Target& t) { return Judge(::syscall(kNewFstatAt, AT_FDCWD, Readable(t), &status_room, 0)); }},
    {"statx",
     [](const Target& t) { return Judge(::syscall(SYS_statx, AT_FDCWD, Readable(t), 0, kStatxAll, statx_room)); }},
    {"statfs", [](const Target& t) { return Judge(::syscall(SYS_statfs, Readable(t), &statfs_room)); }},
    {"access", [](const Target& t) { return Judge(::syscall(kAccess, Readable(t), R_OK)); }},
    {"faccessat2", [](const Target& t) { return Judge(::syscall(kFaccessAt2, AT_FDCWD, Readable(t), R_OK, 0)); }},
    {"readlink",
     [](const Target& t) {
       char to[256];
       return Judge(::syscall(SYS_readlinkat, AT_FDCWD, Inside(t, "link").c_str(), to, sizeof to));
     }},
    {"getxattr", [](const Target& t) { return Judge(::syscall(SYS_listxattr, Readable(t), nullptr, 0)); }},
    {"write_existing", [](const Target& t) { return Judge(::syscall(SYS_truncate, Inside(t, "present").c_str(), 0)); }},
    {"unlink",
     [](const Target& t) { return Judge(::syscall(SYS_unlinkat, AT_FDCWD, Inside(t, "present").c_str(), 0)); }},
    {"rename",
     [](const Target& t) {
       return Judge(
           ::syscall(SYS_renameat2, AT_FDCWD, Inside(t, "present").c_str(), AT_FDCWD, Inside(t, "moved").c_str(), 0));
     }},
    {"mkdir", [](const Target& t) { return Judge(::syscall(SYS_mkdirat, AT_FDCWD, Inside(t, "new").c_str(), 0700)); }},
    {"rmdir",
     [](const Target& t) {
       return Judge(::syscall(SYS_unlinkat, AT_FDCWD, Inside(t, "empty").c_str(), AT_REMOVEDIR));
     }},
    {"symlink",
     [](const Target& t) { return Judge(::syscall(SYS_symlinkat, "/", AT_FDCWD, Inside(t, "new").c_str())); }},
    {"link",
     [](const Target& t) {
       return Judge(
           ::syscall(SYS_linkat, AT_FDCWD, Inside(t, "present").c_str(), AT_FDCWD, Inside(t, "new").c_str(), 0));
     }},
    {"mkfifo",
     [](const Target& t) {
       return Judge(::syscall(SYS_mknodat, AT_FDCWD, Inside(t, "new").c_str(), S_IFIFO | 0600, 0));
     }},
    {"mkdevice", MakeDevice},
    {"chmod",
     [](const Target& t) { return Judge(::syscall(SYS_fchmodat, AT_FDCWD, Inside(t, "present").c_str(), 0640)); }},
    {"chown",
     [](const Target& t) { return Judge(::syscall(SYS_fchownat, AT_FDCWD, Inside(t, "present").c_str(), -1, -1, 0)); }},
    {"utimens",
     [](const Target& t) {
       return Judge(::syscall(SYS_utimensat, AT_FDCWD, Inside(t, "present").c_str(), nullptr, 0));
     }},
    {"setxattr", SetAttribute},
    {"inotify_watch", Watch},
    {"chdir", [](const Target& t) { return Judge(::syscall(SYS_chdir, t.where.writable_folder.c_str())); }},
    {"chroot", [](const Target& t) { return Judge(::syscall(SYS_chroot, t.where.writable_folder.c_str())); }},
};

}  // namespace

std::span<const Attempt> FileAttempts() { return kList; }

}  // namespace dl::worker
