#include "daylight/os/open.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace dl::os {

namespace {

constexpr int kReadFile = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
constexpr int kReadFolder = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_DIRECTORY;

int Resolve(int folder, const char* name, int flags, const OpenHow& how) noexcept {
  open_how call{};
  call.flags = static_cast<unsigned>(flags | (how.follow ? 0 : O_NOFOLLOW));
  call.resolve =
      static_cast<unsigned>((how.magic ? 0 : RESOLVE_NO_MAGICLINKS) | (how.follow ? 0 : RESOLVE_NO_SYMLINKS) |
                            (how.cross ? 0 : RESOLVE_NO_XDEV) | (how.in_root ? RESOLVE_IN_ROOT : 0));
  // An O_PATH descriptor of a link itself is wanted with O_NOFOLLOW, which
  // RESOLVE_NO_SYMLINKS would refuse; `name` has no other part that could be one.
  if ((flags & O_PATH) != 0 && !how.follow) call.resolve &= ~static_cast<unsigned long long>(RESOLVE_NO_SYMLINKS);
  long fd = -1;
  do {
    fd = ::syscall(SYS_openat2, folder, name, &call, sizeof call);
  } while (fd < 0 && errno == EINTR);
  // Kernels before 5.6, and containers whose filter is older than the call.
  // What must stay in a root has nothing to fall back to.
  if (fd < 0 && !how.in_root && (errno == ENOSYS || errno == EPERM))
    fd = ::openat(folder, name, static_cast<int>(call.flags));
  return static_cast<int>(fd);
}

// A descriptor for reading of what an O_PATH descriptor shows, and nothing else,
// whatever has its name by now.
int Reopen(int path, int folder, const char* name, const OpenHow& how, const struct stat& info) noexcept {
  if (S_ISDIR(info.st_mode)) return ::openat(path, ".", kReadFolder);
  char link[64];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", path);
  const int fd = ::open(link, kReadFile);
  if (fd >= 0 || errno != ENOENT) return fd;
  // No /proc here: once more by name, held against what was looked at.
  const int again = Resolve(folder, name, kReadFile, how);
  struct stat now {};
  if (again >= 0 && (::fstat(again, &now) != 0 || now.st_dev != info.st_dev || now.st_ino != info.st_ino)) {
    ::close(again);
    errno = ESTALE;
    return -1;
  }
  return again;
}

}  // namespace

Opened Open(int folder, const char* name, const OpenHow& how) noexcept {
  Opened opened;
  const auto fail = [&]() -> Opened {
    opened.error = errno;
    opened.fd.Close();
    return std::move(opened);
  };
  const bool look_first = how.want == Want::kAny || how.look_only;
  opened.fd = Fd(Resolve(folder, name,
                         look_first                ? O_PATH | O_CLOEXEC
                         : how.want == Want::kFile ? kReadFile
                                                   : kReadFolder,
                         how));
  if (!opened.fd.valid() || ::fstat(opened.fd.get(), &opened.info) != 0) return fail();
  if (how.file_system) {
    struct statfs system {};
    if (::fstatfs(opened.fd.get(), &system) != 0) return fail();
    opened.f_type = static_cast<unsigned long>(system.f_type);
  }
  const bool is_folder = S_ISDIR(opened.info.st_mode);
  if (!is_folder && !S_ISREG(opened.info.st_mode)) {
    opened.fd.Close();
  } else if (look_first && (is_folder || !how.look_only)) {
    Fd reading(Reopen(opened.fd.get(), folder, name, how, opened.info));
    if (!reading.valid()) return fail();
    opened.fd = std::move(reading);
  }
  return opened;
}

}  // namespace dl::os
