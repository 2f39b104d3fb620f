#include "daylight/os/beneath.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <cerrno>

namespace dl::os {

Result<Fd> OpenFolder(const std::string& path) {
  Fd fd(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return Fail(ErrorCode::kIo, "cannot open the folder", static_cast<std::uint64_t>(errno));
  return fd;
}

Result<Fd> OpenBeneath(int folder, const std::string& path) {
  if (path.empty() || path.find('\0') != std::string::npos) return Fail(ErrorCode::kUnsupported, "not a file name");
  open_how how{};
  how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  Fd fd;
  // EAGAIN: something was renamed under our feet while ".." was resolved.
  for (int attempt = 0; attempt < 16 && !fd.valid(); ++attempt) {
    fd = Fd(static_cast<int>(::syscall(SYS_openat2, folder, path.c_str(), &how, sizeof how)));
    if (!fd.valid() && errno != EAGAIN && errno != EINTR) break;
  }
  if (!fd.valid()) {
    if (errno == EXDEV || errno == ELOOP) return Fail(ErrorCode::kUnsupported, "the way leaves the allowed folder");
    return Fail(ErrorCode::kIo, "cannot open the file", static_cast<std::uint64_t>(errno));
  }
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) {
    return Fail(ErrorCode::kIo, "cannot stat the file", static_cast<std::uint64_t>(errno));
  }
  if (!S_ISREG(info.st_mode)) return Fail(ErrorCode::kUnsupported, "not a regular file");
  return fd;
}

}  // namespace dl::os
