#include "daylight/os/walk.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "daylight/os/glob.h"
#include "daylight/os/paths.h"

namespace dl::os {

namespace {

// Folders kept open at once; the ones above are reopened through "..".
constexpr std::size_t kOpenLevels = 48;
// A file system that did not answer so often is not asked again.
constexpr int kMaxSilent = 3;
constexpr std::string_view kKernelReason = "a file system of the kernel, which holds no files";

std::string_view SpecialName(mode_t mode) {
  if (S_ISFIFO(mode)) return "a FIFO";
  if (S_ISSOCK(mode)) return "a socket";
  if (S_ISCHR(mode) || S_ISBLK(mode)) return "a device";
  if (S_ISLNK(mode)) return "a symbolic link";
  return "not a regular file";
}

}  // namespace

Walker::Walker(WalkOptions options) : options_(std::move(options)), helper_(options_.helper) {}

void Walker::LoadMounts() {
  mounts_ = Mounts::Load();
  mounts_loaded_ = true;
}

// All opening goes through here. `level`: where `name` is; null for an argument.
Opened Walker::OpenBy(const Level* level, const std::string& name, OpenHow how, const std::string& key) {
  if (!mounts_loaded_) LoadMounts();
  const int folder = level != nullptr ? level->folder.get() : AT_FDCWD;
  how.magic = options_.follow;
  how.look_only = how.look_only || options_.count_only;
  // A name below a local folder cannot lead to a remote file system but by a link
  // or by a mount, and into a mount it is not followed.
  how.cross = level == nullptr || how.follow || level->remote;
  bool ask = options_.always_ask_helper || (level != nullptr && level->remote) ||
             (mounts_.any_remote() && (how.cross || mounts_.IsRemoteName(name)));
  if (!ask) {
    Opened opened = Open(folder, name.c_str(), how);
    if (opened.error != EXDEV || how.cross) return opened;
    LoadMounts();  // It may be new.
    how.cross = true;
    ask = mounts_.any_remote();
    if (!ask) return Open(folder, name.c_str(), how);
  }
  how.cross = true;
  int& silent = silent_[key];
  if (silent >= kMaxSilent) {
    Opened opened;
    opened.error = ETIMEDOUT;
    opened.silent = true;
    return opened;
  }
  Opened opened = helper_.Open(folder, name, how);
  if (opened.silent) ++silent;
  return opened;
}

FileSystemKind Walker::KindOfDevice(const Opened& opened) {
  const auto [at, is_new] = kinds_.try_emplace(opened.info.st_dev, FileSystemKind::kLocal);
  if (is_new) {
    unsigned long f_type = opened.f_type;
    struct statfs system {};
    if (f_type == 0 && opened.fd.valid() && ::fstatfs(opened.fd.get(), &system) == 0) {
      f_type = static_cast<unsigned long>(system.f_type);
    }
    at->second = KindOf(f_type);
  }
  return at->second;
}

// Whether what was opened is what the folder's listing named, or at least what
// has the name now (a file was replaced, or the listing shows what a mount or an
// overlay hides).
bool Walker::IsStillNamed(const Level& level, const Name& name, const Opened& opened) const {
  if (opened.info.st_ino == name.inode || level.remote) return true;
  struct stat now {};
  return ::fstatat(level.folder.get(), name.text.c_str(), &now, AT_SYMLINK_NOFOLLOW) == 0 &&
         now.st_dev == opened.info.st_dev && now.st_ino == opened.info.st_ino;
}

WalkEntry Walker::Failed(std::string path, const Opened& opened) const {
  WalkEntry entry = Failed(std::move(path), opened.error);
  if (opened.silent && opened.error == ETIMEDOUT) entry.reason = "the file system does not answer";
  return entry;
}

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

// What is no file must be told of: below it there may be files that count.
bool Walker::Counts(const WalkEntry& entry) const {
  return entry.kind != WalkEntry::Kind::kFile || options_.masks.empty() || options_.masks.Counts(entry.path);
}

std::optional<WalkEntry> Walker::Next() {
  for (;;) {
    if (levels_.empty()) {
      if (arguments_.empty()) return std::nullopt;
      std::string path = std::move(arguments_.front());
      arguments_.pop_front();
      if (auto entry = Argument(std::move(path)); entry && Counts(*entry)) return entry;
      continue;
    }
    Level& level = levels_.back();
    if (level.next == level.names.size()) {
      Leave();
      continue;
    }
    path_.resize(level.prefix);
    const Name name = std::move(level.names[level.next++]);
    if (auto entry = Entry(name); entry && Counts(*entry)) return entry;
  }
}

bool Walker::HasName(std::string_view name) const {
  if (levels_.empty()) return false;
  const std::vector<Name>& names = levels_.back().names;
  // Sorted; those that were given out are empty now.
  const auto begin = names.begin() + static_cast<std::ptrdiff_t>(levels_.back().next);
  const auto found =
      std::lower_bound(begin, names.end(), name, [](const Name& a, std::string_view b) { return a.text < b; });
  return found != names.end() && found->text == name;
}

Opened Walker::OpenHere(const std::string& path, OpenHow how) {
  Opened opened;
  opened.error = ENOENT;
  if (levels_.empty() || !levels_.back().folder.valid()) return opened;
  const Level& level = levels_.back();
  how.in_root = true;
  if (!level.remote && !options_.always_ask_helper) {
    how.cross = false;
    opened = Open(level.folder.get(), path.c_str(), how);
    if (opened.error != EXDEV) return opened;
  }
  return OpenBy(&level, path, how, level.key);
}

Listed Walker::ListHere(const std::string& path) {
  Listed listed;
  const Opened folder = OpenHere(path, {.want = Want::kFolder});
  listed.error = folder.error;
  if (listed.error != 0) return listed;
  const bool remote = levels_.back().remote || options_.always_ask_helper;
  return remote ? helper_.List(folder.fd.get()) : ListFolder(folder.fd.get());
}

std::optional<WalkEntry> Walker::Argument(std::string path) {
  if (path.empty()) return Failed(std::move(path), ENOENT);
  if (path.find('\0') != std::string::npos) return Failed(std::move(path), EINVAL);
  if (IsExcluded(path, BaseName(path))) return std::nullopt;
  std::string key;
  if (!mounts_loaded_) LoadMounts();
  if (mounts_.any_remote()) {
    const auto here = WorkingFolder();
    key = mounts_.RemoteAbove(Absolute(path, here ? *here : "/"));
  }
  const OpenHow how = {.want = Want::kAny, .follow = true};
  if (auto known = KnownByPath(nullptr, path, how, path, key)) return known;
  Opened opened = OpenBy(nullptr, path, how, key);
  if (opened.error != 0) {
    WalkEntry entry = Failed(std::move(path), opened);
    if (opened.error == ELOOP && !options_.follow) entry.reason += ", or a link of /proc into a process (see --follow)";
    return entry;
  }
  root_device_ = opened.info.st_dev;
  const mode_t mode = opened.info.st_mode;
  if (!S_ISREG(mode) && !S_ISDIR(mode)) {
    // Asked for by name, so it must not pass for scanned.
    WalkEntry entry = Skipped(std::move(path), SpecialName(mode));
    entry.kind = WalkEntry::Kind::kFailed;
    entry.reason += ", not a regular file";
    return entry;
  }
  if (S_ISREG(mode)) return File(std::move(opened), std::move(path), true);
  const bool remote = options_.always_ask_helper || KindOfDevice(opened) == FileSystemKind::kRemote;
  return Enter(std::move(opened), std::move(path), false, true, remote, std::move(key));
}

std::optional<WalkEntry> Walker::Entry(const Name& name) {
  std::string path = path_ + name.text;
  if (IsExcluded(path, name.text) || (options_.skip_hidden && name.text.front() == '.')) return std::nullopt;
  // What is of a type that the folder does not tell is looked at in Next().
  if (name.type == DT_REG && !options_.masks.Counts(path)) return std::nullopt;
  if (name.type == DT_DIR && options_.masks.LeavesOutAllBelow(path)) return std::nullopt;
  const Level& level = levels_.back();
  if (!level.folder.valid()) return Failed(std::move(path), ENOENT);  // Moved away while it was walked.
  if (name.type == DT_LNK && !options_.follow) return Skipped(std::move(path), "a symbolic link");
  OpenHow how;
  how.want = name.type == DT_REG ? Want::kFile : name.type == DT_DIR ? Want::kFolder : Want::kAny;
  how.follow = name.type == DT_LNK;
  if (how.want == Want::kAny && name.type != DT_LNK && name.type != DT_UNKNOWN) {
    return Skipped(std::move(path), SpecialName(static_cast<mode_t>(DTTOIF(name.type))));
  }
  if (auto known = how.follow ? KnownByPath(&level, name.text, how, path, level.key) : Known(level, name, path)) {
    return known;
  }
  // Perhaps a mount, which need not answer to be left out.
  if (options_.one_file_system && !level.remote && !how.follow && mounts_.IsRemoteName(name.text) &&
      Open(level.folder.get(), name.text.c_str(), {.want = how.want, .cross = false, .look_only = true}).error ==
          EXDEV) {
    return Skipped(std::move(path), "on another file system");
  }
  Opened opened = OpenBy(&level, name.text, how, level.key);
  if (opened.error == 0 && S_ISLNK(opened.info.st_mode) && options_.follow) {  // Of unknown type.
    how.follow = true;
    opened = OpenBy(&level, name.text, how, level.key);
  }
  if (opened.error != 0) {
    if (how.follow && opened.error == ELOOP) return Skipped(std::move(path), "a loop of symbolic links");
    if (how.follow && (opened.error == ENOENT || opened.error == ENOTDIR))
      return Skipped(std::move(path), "a symbolic link to nothing");
    // Became a link between the two looks.
    if (opened.error == ELOOP) return Skipped(std::move(path), "a symbolic link");
    if (opened.error == ENOTDIR && name.type == DT_DIR) return Skipped(std::move(path), "no folder any more");
    if (opened.error == ENXIO) return Skipped(std::move(path), "a socket");
    return Failed(std::move(path), opened);
  }
  const mode_t mode = opened.info.st_mode;
  if (!S_ISREG(mode) && !S_ISDIR(mode)) return Skipped(std::move(path), SpecialName(mode));
  if (options_.one_file_system && opened.info.st_dev != root_device_ &&
      (S_ISDIR(mode) || opened.info.st_dev != level.device)) {
    return Skipped(std::move(path), "on another file system");
  }
  if (S_ISREG(mode)) {
    if (!how.follow && !IsStillNamed(level, name, opened)) {
      WalkEntry entry = Failed(std::move(path), EAGAIN);
      entry.reason = "it was replaced by another file while it was opened";
      return entry;
    }
    return File(std::move(opened), std::move(path), false);
  }
  const bool remote = options_.always_ask_helper || level.remote || KindOfDevice(opened) == FileSystemKind::kRemote;
  std::string key = level.key;
  if (opened.info.st_dev != level.device) key = "device " + std::to_string(opened.info.st_dev);
  return Enter(std::move(opened), std::move(path), how.follow, false, remote, std::move(key));
}

namespace {

WalkEntry KnownEntry(const FileState& state, const std::string& path) {
  WalkEntry entry;
  entry.known = true;
  entry.path = path;
  entry.size = state.size;
  entry.modified_ns = state.modified_ns;
  entry.owner = state.owner;
  return entry;
}

}  // namespace

std::optional<WalkEntry> Walker::Known(const Level& level, const Name& name, const std::string& path) {
  if ((!options_.is_known && !options_.count_only) || level.remote || options_.always_ask_helper) return std::nullopt;
  if ((name.type != DT_REG && name.type != DT_UNKNOWN) || mounts_.IsRemoteName(name.text)) return std::nullopt;
  const auto state = StateOf(level.folder.get(), name.text.c_str());
  // What is mounted over a file is none of this folder's file system.
  if (!state || !state->is_regular() || state->device != level.device) return std::nullopt;
  if (!options_.count_only && !options_.is_known({*state, level.folder.get(), path})) return std::nullopt;
  return KnownEntry(*state, path);
}

// Where links are on the way, or other file systems: found by the rules for opening.
std::optional<WalkEntry> Walker::KnownByPath(const Level* level, const std::string& name, OpenHow how,
                                             const std::string& path, const std::string& key) {
  if (!options_.is_known || options_.always_ask_helper || mounts_.any_remote()) return std::nullopt;
  how.look_only = true;
  const Opened found = OpenBy(level, name, how, key);
  if (found.error != 0 || !S_ISREG(found.info.st_mode)) return std::nullopt;
  if (options_.one_file_system && level != nullptr && found.info.st_dev != root_device_) return std::nullopt;
  const auto state = StateOf(found.fd.get());
  if (!state || !options_.is_known({*state, found.fd.get(), path})) return std::nullopt;
  if (level == nullptr) root_device_ = found.info.st_dev;
  return KnownEntry(*state, path);
}

WalkEntry Walker::File(Opened opened, std::string path, bool is_argument) {
  // A file of the kernel may have been mounted, or linked, anywhere.
  const bool elsewhere = is_argument || levels_.empty() || opened.info.st_dev != levels_.back().device;
  if (elsewhere && KindOfDevice(opened) == FileSystemKind::kKernel) {
    WalkEntry entry = Skipped(std::move(path), "on " + std::string(kKernelReason));
    if (is_argument) entry.kind = WalkEntry::Kind::kFailed;
    return entry;
  }
  WalkEntry entry;
  entry.path = std::move(path);
  entry.remote = options_.always_ask_helper || (!levels_.empty() && !is_argument && levels_.back().remote) ||
                 (elsewhere && KindOfDevice(opened) == FileSystemKind::kRemote);
  if (options_.read_ahead_bytes > 0 && !options_.count_only && KindOfDevice(opened) == FileSystemKind::kLocal) {
    const auto size = static_cast<std::uint64_t>(opened.info.st_size);
    ::posix_fadvise(opened.fd.get(), 0, static_cast<off_t>(std::min(size, options_.read_ahead_bytes)),
                    POSIX_FADV_WILLNEED);
  }
  if (!options_.count_only) entry.fd = std::move(opened.fd);
  entry.size = static_cast<std::uint64_t>(opened.info.st_size);
  entry.modified_ns = opened.info.st_mtim.tv_sec * std::int64_t{1'000'000'000} + opened.info.st_mtim.tv_nsec;
  entry.owner = opened.info.st_uid;
  return entry;
}

WalkEntry Walker::Enter(Opened opened, std::string path, bool by_link, bool is_argument, bool remote, std::string key) {
  const struct stat& info = opened.info;
  const bool new_device = levels_.empty() || levels_.back().device != info.st_dev;
  if (new_device && KindOfDevice(opened) == FileSystemKind::kKernel) {
    WalkEntry entry = Skipped(std::move(path), kKernelReason);
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
  level.remote = remote;
  level.key = std::move(key);
  Listed listed = remote ? helper_.List(opened.fd.get()) : ListFolder(opened.fd.get());
  if (listed.silent) ++silent_[level.key];
  if (listed.error != 0) {
    Opened why;
    why.error = listed.error;
    why.silent = listed.silent;
    return Failed(std::move(path), why);
  }
  level.names = std::move(listed.names);
  std::sort(level.names.begin(), level.names.end(),
            [](const Name& a, const Name& b) { return a.text < b.text; });  // char_traits compares as unsigned.
  level.folder = std::move(opened.fd);
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
      Opened up = OpenBy(&levels_.back(), "..", {.want = Want::kFolder}, levels_.back().key);
      if (up.error == 0 && up.info.st_dev == parent.device && up.info.st_ino == parent.inode) {
        parent.folder = std::move(up.fd);
      }
    }
  }
  levels_.pop_back();
}

}  // namespace dl::os
