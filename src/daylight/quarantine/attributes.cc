#include "daylight/quarantine/attributes.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include <cerrno>
#include <cstring>

namespace dl::quarantine {

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
// Some file systems have no limit, and nobody is to keep his file from being taken.
constexpr std::size_t kMaxAttributeBytes = 16u << 20;

std::string Words(const std::string& what) { return what + ": " + std::strerror(errno); }

timespec AsTime(std::int64_t ns) {
  timespec time{};
  time.tv_sec = ns / kSecond;
  time.tv_nsec = ns % kSecond;
  if (time.tv_nsec < 0) time.tv_nsec += kSecond, --time.tv_sec;  // Before 1970.
  return time;
}

// Reads what may grow between two looks; false with errno.
template <typename Call>
bool ReadGrowing(std::string& out, Call call) {
  for (;;) {
    const ssize_t size = call(nullptr, 0);
    if (size < 0) return false;
    out.resize(static_cast<std::size_t>(size));
    if (size == 0) return true;
    const ssize_t n = call(out.data(), out.size());
    if (n < 0 && errno == ERANGE) continue;
    if (n < 0) return false;
    out.resize(static_cast<std::size_t>(n));
    return true;
  }
}

void ReadAttributes(int fd, Origin& origin, std::vector<std::string>& problems) {
  std::string names;
  if (!ReadGrowing(names, [&](char* to, std::size_t n) { return ::flistxattr(fd, to, n); })) {
    if (errno != ENOTSUP) problems.push_back(Words("extended attributes"));
    return;
  }
  std::size_t total = 0;
  for (std::size_t at = 0; at < names.size();) {
    ExtendedAttribute attribute;
    attribute.name = names.c_str() + at;
    at += attribute.name.size() + 1;
    if (ReadGrowing(attribute.value,
                    [&](char* to, std::size_t n) { return ::fgetxattr(fd, attribute.name.c_str(), to, n); })) {
      total += attribute.name.size() + attribute.value.size();
      if (total > kMaxAttributeBytes) {
        problems.emplace_back("it has more than 16 MiB of extended attributes: the rest of them is not kept");
        return;
      }
      origin.attributes.push_back(std::move(attribute));
    } else if (errno != ENODATA) {
      problems.push_back(Words("extended attribute " + attribute.name));
    }
  }
}

bool WriteFlags(int fd, std::uint32_t flags) {
  int value = static_cast<int>(flags);
  return ::ioctl(fd, FS_IOC_SETFLAGS, &value) == 0;
}

}  // namespace

Origin ReadOrigin(int fd, const os::FileState& state, std::vector<std::string>& problems) {
  Origin origin;
  origin.state = state;
  struct stat info {};
  if (::fstat(fd, &info) == 0) {
    origin.group = info.st_gid;
    origin.links = info.st_nlink;
    origin.accessed_ns = info.st_atim.tv_sec * kSecond + info.st_atim.tv_nsec;
  }
  origin.flags = FlagsOf(fd);
  ReadAttributes(fd, origin, problems);
  return origin;
}

void ApplyOrigin(int fd, const Origin& origin, std::vector<std::string>& problems) {
  // chown() takes set-user-ID bits and capabilities away, so it comes first; a
  // refused owner must not leave the bits to another.
  const bool owned = ::fchown(fd, origin.state.owner, origin.group) == 0;
  if (!owned) {
    problems.push_back(Words("owner " + std::to_string(origin.state.owner) + ":" + std::to_string(origin.group)));
  }
  const mode_t mode = origin.state.mode & (owned ? 07777u : 0777u);
  if (::fchmod(fd, mode) != 0) problems.push_back(Words("mode"));
  for (const ExtendedAttribute& attribute : origin.attributes) {
    if (!owned && attribute.name == "security.capability") continue;
    if (::fsetxattr(fd, attribute.name.c_str(), attribute.value.data(), attribute.value.size(), 0) != 0) {
      problems.push_back(Words("extended attribute " + attribute.name));
    }
  }
  const timespec times[2] = {AsTime(origin.accessed_ns), AsTime(origin.state.modified_ns)};
  if (::futimens(fd, times) != 0) problems.push_back(Words("times"));
}

std::uint32_t HoldingFlags(std::uint32_t flags) { return flags & (FS_IMMUTABLE_FL | FS_APPEND_FL); }

std::uint32_t FlagsOf(int fd) {
  // The kernel writes an int, whatever the number's definition says (ioctl_iflags(2)).
  int flags = 0;
  return ::ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0 ? static_cast<std::uint32_t>(flags) : 0;
}

bool SetHoldingFlags(int fd, std::uint32_t flags) {
  const std::uint32_t now = FlagsOf(fd);
  return HoldingFlags(flags & ~now) == 0 || WriteFlags(fd, now | HoldingFlags(flags));
}

bool ClearHoldingFlags(int fd) {
  const std::uint32_t now = FlagsOf(fd);
  return HoldingFlags(now) == 0 || WriteFlags(fd, now & ~HoldingFlags(now));
}

std::uint64_t LinksOf(int fd) {
  struct stat info {};
  return ::fstat(fd, &info) == 0 ? info.st_nlink : 0;
}

std::optional<bool> IsOpenElsewhere(int fd) {
  // Whoever opens the file while we have the lease has a signal sent to us, and
  // waits until it is given up, which is at once. SIGURG is ignored by default.
  const int before = ::fcntl(fd, F_GETSIG);
  if (before < 0 || ::fcntl(fd, F_SETSIG, SIGURG) != 0) return std::nullopt;
  std::optional<bool> open;
  if (::fcntl(fd, F_SETLEASE, F_WRLCK) == 0) {
    open = false;
  } else if (errno == EAGAIN) {
    open = true;
  }
  ::fcntl(fd, F_SETLEASE, F_UNLCK);
  ::fcntl(fd, F_SETSIG, before);
  return open;
}

}  // namespace dl::quarantine
