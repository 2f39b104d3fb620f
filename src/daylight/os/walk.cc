#include "daylight/os/walk.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "daylight/os/glob.h"
#include "daylight/os/paths.h"

namespace dl::os {

namespace {

// Folders kept open at once; the ones above are reopened through "..".
constexpr std::size_t kOpenLevels = 48;
constexpr int kOpenFileFlags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
constexpr int kOpenFolderFlags = O_RDONLY | O_CLOEXEC | O_DIRECTORY | O_NONBLOCK;

// File systems that show the kernel's state and hold no files: reading there
// may block, never end, or change something.
bool IsKernelFileSystem(int fd) {
  struct statfs info {};
  if (::fstatfs(fd, &info) != 0) return false;
  switch (static_cast<unsigned long>(info.f_type)) {
    case PROC_SUPER_MAGIC:
    case SYSFS_MAGIC:
    case DEBUGFS_MAGIC:
    case TRACEFS_MAGIC:
    case SECURITYFS_MAGIC:
    case SELINUX_MAGIC:
    case CGROUP_SUPER_MAGIC:
    case CGROUP2_SUPER_MAGIC:
    case DEVPTS_SUPER_MAGIC:
    case BPF_FS_MAGIC:
    case PSTOREFS_MAGIC:
    case EFIVARFS_MAGIC:
    case NSFS_MAGIC:
      return true;
    default:
      return false;
  }
}

std::string_view SpecialName(mode_t mode) {
  if (S_ISFIFO(mode)) return "a FIFO";
  if (S_ISSOCK(mode)) return "a socket";
  if (S_ISCHR(mode) || S_ISBLK(mode)) return "a device";
  if (S_ISLNK(mode)) return "a symbolic link";
  return "not a regular file";
}

bool IsDotOrDotDot(const char* name) {
  return name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

}  // namespace

WalkEntry Walker::Failed(std::string path, int error) const {
  WalkEntry entry;
  entry.kind = WalkEntry::Kind::kFailed;
  entry.path = std::move(path);
  entry.reason = std::strerror(error);
  return entry;
}

WalkEntry Walker::Skipped(std::string path, std::string_view why) const {
  WalkEntry entry;
  entry.kind = WalkEntry::Kind::kSkipped;
  entry.path = std::move(path);
  entry.reason = why;
  return entry;
}

bool Walker::IsExcluded(std::string_view path, std::string_view name) const {
  return std::any_of(options_.exclude.begin(), options_.exclude.end(),
                     [&](const std::string& pattern) { return Excluded(pattern, path, name); });
}

std::optional<WalkEntry> Walker::Next() {
  for (;;) {
    if (levels_.empty()) {
      if (arguments_.empty()) return std::nullopt;
      std::string path = std::move(arguments_.front());
      arguments_.pop_front();
      if (auto entry = Argument(std::move(path))) return entry;
      continue;
    }
    Level& level = levels_.back();
    if (level.next == level.names.size()) {
      Leave();
      continue;
    }
    path_.resize(level.prefix);
    const Name name = std::move(level.names[level.next++]);
    if (auto entry = Entry(name)) return entry;
  }
}

std::optional<WalkEntry> Walker::Argument(std::string path) {
  if (path.empty()) return Failed(std::move(path), ENOENT);
  if (path.find('\0') != std::string::npos) return Failed(std::move(path), EINVAL);
  if (IsExcluded(path, BaseName(path))) return std::nullopt;
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return Failed(std::move(path), errno);
  root_device_ = info.st_dev;
  if (S_ISDIR(info.st_mode)) {
    Fd folder(::open(path.c_str(), kOpenFolderFlags));
    if (!folder.valid()) return Failed(std::move(path), errno);
    return Enter(std::move(folder), std::move(path), false, true);
  }
  if (!S_ISREG(info.st_mode)) {
    // Asked for by name, so it must not pass for scanned.
    WalkEntry entry = Skipped(std::move(path), SpecialName(info.st_mode));
    entry.kind = WalkEntry::Kind::kFailed;
    entry.reason += ", not a regular file";
    return entry;
  }
  WalkEntry entry = OpenFile(AT_FDCWD, path.c_str(), true, path);
  if (entry.kind == WalkEntry::Kind::kFile && entry.fd.valid() && IsKernelFileSystem(entry.fd.get())) {
    entry = Skipped(std::move(path), "on a file system of the kernel, which holds no files");
    entry.kind = WalkEntry::Kind::kFailed;
  }
  return entry;
}

std::optional<WalkEntry> Walker::Entry(const Name& name) {
  std::string path = path_ + name.text;
  if (IsExcluded(path, name.text) || (options_.skip_hidden && name.text.front() == '.')) return std::nullopt;
  const Level& level = levels_.back();
  if (!level.folder.valid()) return Failed(std::move(path), ENOENT);  // Moved away while it was walked.
  const int folder = level.folder.get();
  unsigned char type = name.type;
  bool by_link = false;
  if (type == DT_UNKNOWN || type == DT_LNK || options_.one_file_system) {
    struct stat info {};
    if (::fstatat(folder, name.text.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) return Failed(std::move(path), errno);
    if (S_ISLNK(info.st_mode)) {
      if (!options_.follow) return Skipped(std::move(path), "a symbolic link");
      if (::fstatat(folder, name.text.c_str(), &info, 0) != 0) {
        return Skipped(std::move(path), errno == ELOOP ? "a loop of symbolic links" : "a symbolic link to nothing");
      }
      by_link = true;
    }
    if (options_.one_file_system && info.st_dev != root_device_) return Skipped(std::move(path), "on another file system");
    type = S_ISREG(info.st_mode) ? DT_REG : S_ISDIR(info.st_mode) ? DT_DIR : DT_FIFO;
    if (type == DT_FIFO) return Skipped(std::move(path), SpecialName(info.st_mode));
  }
  if (type == DT_DIR) {
    Fd opened(::openat(folder, name.text.c_str(), kOpenFolderFlags | (by_link ? 0 : O_NOFOLLOW)));
    if (!opened.valid()) return Failed(std::move(path), errno);
    return Enter(std::move(opened), std::move(path), by_link, false);
  }
  if (type != DT_REG) return Skipped(std::move(path), "not a regular file");
  return OpenFile(folder, name.text.c_str(), by_link, std::move(path));
}

WalkEntry Walker::OpenFile(int folder, const char* name, bool follow, std::string path) const {
  WalkEntry entry;
  struct stat info {};
  if (options_.count_only) {
    if (::fstatat(folder, name, &info, follow ? 0 : AT_SYMLINK_NOFOLLOW) != 0) return Failed(std::move(path), errno);
  } else {
    entry.fd = Fd(::openat(folder, name, kOpenFileFlags | (follow ? 0 : O_NOFOLLOW)));
    if (!entry.fd.valid()) {
      // Became a link between the two looks.
      if (errno == ELOOP && !follow) return Skipped(std::move(path), "a symbolic link");
      return Failed(std::move(path), errno);
    }
    if (::fstat(entry.fd.get(), &info) != 0) return Failed(std::move(path), errno);
  }
  if (!S_ISREG(info.st_mode)) return Skipped(std::move(path), SpecialName(info.st_mode));
  entry.path = std::move(path);
  entry.size = static_cast<std::uint64_t>(info.st_size);
  entry.owner = info.st_uid;
  return entry;
}

WalkEntry Walker::Enter(Fd folder, std::string path, bool by_link, bool is_argument) {
  struct stat info {};
  if (::fstat(folder.get(), &info) != 0) return Failed(std::move(path), errno);
  const bool new_device = levels_.empty() || levels_.back().device != info.st_dev;
  if (new_device && IsKernelFileSystem(folder.get())) {
    WalkEntry entry = Skipped(std::move(path), "a file system of the kernel, which holds no files");
    if (is_argument) entry.kind = WalkEntry::Kind::kFailed;
    return entry;
  }
  if (options_.follow) {
    // A link may not lead into a folder that is being walked or was already:
    // links that fan out could otherwise double the work at every level.
    const bool is_new = entered_.emplace(info.st_dev, info.st_ino).second;
    if (by_link && !is_new) return Skipped(std::move(path), "a folder that was already entered");
  }
  Level level;
  level.device = info.st_dev;
  level.inode = info.st_ino;
  level.by_link = by_link;
  // fdopendir() takes its descriptor over, and we need one for openat().
  const int copy = ::openat(folder.get(), ".", kOpenFolderFlags);
  if (copy < 0) return Failed(std::move(path), errno);
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(::fdopendir(copy), &::closedir);
  if (listing == nullptr) {
    const int error = errno;
    ::close(copy);
    return Failed(std::move(path), error);
  }
  errno = 0;
  while (const dirent* item = ::readdir(listing.get())) {
    if (!IsDotOrDotDot(item->d_name)) level.names.push_back({item->d_name, item->d_type});
    errno = 0;
  }
  if (errno != 0) return Failed(std::move(path), errno);
  std::sort(level.names.begin(), level.names.end(),
            [](const Name& a, const Name& b) { return a.text < b.text; });  // char_traits compares as unsigned.
  level.folder = std::move(folder);
  path_ = path;
  if (path_.back() != '/') path_ += '/';
  level.prefix = path_.size();
  levels_.push_back(std::move(level));
  if (levels_.size() > kOpenLevels) {
    Level& above = levels_[levels_.size() - 1 - kOpenLevels];
    // A folder reached by a link is not its target's "..".
    if (!levels_[levels_.size() - kOpenLevels].by_link) above.folder.Close();
  }
  WalkEntry entry;
  entry.kind = WalkEntry::Kind::kEntered;
  entry.path = std::move(path);
  return entry;
}

void Walker::Leave() {
  if (levels_.size() >= 2) {
    Level& parent = levels_[levels_.size() - 2];
    if (!parent.folder.valid() && parent.next < parent.names.size() && levels_.back().folder.valid()) {
      Fd folder(::openat(levels_.back().folder.get(), "..", kOpenFolderFlags | O_NOFOLLOW));
      struct stat info {};
      if (folder.valid() && ::fstat(folder.get(), &info) == 0 && info.st_dev == parent.device &&
          info.st_ino == parent.inode) {
        parent.folder = std::move(folder);
      }
    }
  }
  levels_.pop_back();
}

}  // namespace dl::os
