#include "daylight/quarantine/place.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <atomic>
#include <cerrno>

#include "daylight/base/check.h"
#include "daylight/crypto/digest.h"
#include "daylight/os/paths.h"

namespace dl::quarantine {

namespace {

// Longer paths than the kernel takes at once (PATH_MAX) are walked in pieces.
constexpr std::size_t kPieceBytes = 3000;

std::atomic<bool> plain_rename = false;

tl::unexpected<Error> FailErrno(std::string_view what) {
  return Fail(ErrorCode::kIo, what, static_cast<std::uint64_t>(errno));
}

int OpenFolderAt(int at, const std::string& path, int flags) {
  open_how how{};
  // Not O_NOFOLLOW, which makes a last link ENOTDIR instead of ELOOP.
  how.flags = static_cast<unsigned>(flags | O_DIRECTORY | O_CLOEXEC);
  how.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  for (;;) {
    const long fd = ::syscall(SYS_openat2, at, path.c_str(), &how, sizeof how);
    if (fd >= 0 || (errno != EINTR && errno != EAGAIN)) return static_cast<int>(fd);
  }
}

// Whether the file system knows no flags of renameat2(): rename(2), ERRORS.
bool NoFlags(int error) { return error == EINVAL || error == ENOSYS; }

int RenameNoReplace(int folder, const std::string& from, const std::string& to) {
  if (plain_rename) return errno = EINVAL, -1;
  return ::renameat2(folder, from.c_str(), folder, to.c_str(), RENAME_NOREPLACE);
}

std::string RandomBytes(std::size_t n) {
  std::string bytes(n, '\0');
  DL_CHECK(RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(n)) == 1);
  return bytes;
}

}  // namespace

void PretendPlainRename(bool pretend) { plain_rename = pretend; }

Result<Place> Place::Open(const std::string& path) {
  if (path.empty() || path.front() != '/' || path.find('\0') != path.npos) {
    return Fail(ErrorCode::kUnsupported, "the path is not absolute");
  }
  const std::size_t slash = path.rfind('/');
  Place place;
  place.leaf_ = path.substr(slash + 1);
  place.folder_path_ = slash == 0 ? "/" : path.substr(0, slash);
  if (place.leaf_.empty() || place.leaf_ == "." || place.leaf_ == ".." ||
      (place.folder_path_ + "/").find("/../") != std::string::npos) {
    return Fail(ErrorCode::kUnsupported, "the path does not name a file");
  }
  std::string rest = place.folder_path_;
  os::Fd at(AT_FDCWD);
  while (rest.size() > kPieceBytes) {
    const std::size_t cut = rest.rfind('/', kPieceBytes);
    if (cut == rest.npos || cut == 0) break;  // A name that long is refused by the kernel.
    os::Fd next(OpenFolderAt(at.get(), rest.substr(0, cut), O_PATH));
    const int error = errno;
    if (at.get() == AT_FDCWD) static_cast<void>(at.Release());
    at = std::move(next);
    if (!at.valid()) return errno = error, FailErrno("cannot open the file's folder");
    rest.erase(0, rest.find_first_not_of('/', cut));
    if (rest.empty()) rest = ".";
  }
  place.folder_ = os::Fd(OpenFolderAt(at.get(), rest, O_RDONLY));
  const int error = errno;
  if (at.get() == AT_FDCWD) static_cast<void>(at.Release());
  if (!place.folder_.valid()) {
    if (error == ELOOP) return Fail(ErrorCode::kUnsupported, "the path goes through a symbolic link");
    return errno = error, FailErrno("cannot open the file's folder");
  }
  return place;
}

std::string Place::PathOf(const std::string& name) const { return os::Join(folder_path_, name); }

bool Place::Is(const std::string& name, std::uint64_t device, std::uint64_t inode) const {
  const auto state = os::StateOf(folder(), name.c_str());
  return state && state->device == device && state->inode == inode;
}

bool Place::Exists(const std::string& name) const {
  struct stat info {};
  return ::fstatat(folder(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0;
}

Status Place::MoveAside(const std::string& aside) const {
  if (RenameNoReplace(folder(), leaf_, aside) == 0) return {};
  // A plain rename replaces, but only what has 128 random bits for its name.
  if (NoFlags(errno) && ::renameat(folder(), leaf_.c_str(), folder(), aside.c_str()) == 0) return {};
  return FailErrno("cannot rename the file");
}

Status Place::MoveBack(const std::string& name) const {
  if (RenameNoReplace(folder(), name, leaf_) == 0) return {};
  // link() replaces nothing, wherever it works.
  if (NoFlags(errno) && ::linkat(folder(), name.c_str(), folder(), leaf_.c_str(), 0) == 0) return Remove(name);
  return FailErrno("cannot rename the file back");
}

Status Place::MoveOver(const std::string& name) const {
  if (::renameat(folder(), name.c_str(), folder(), leaf_.c_str()) == 0) return {};
  return FailErrno("cannot rename the file into its place");
}

Status Place::Remove(const std::string& name) const {
  if (::unlinkat(folder(), name.c_str(), 0) == 0) return {};
  return FailErrno("cannot remove the file");
}

Status Place::Sync() const {
  // EINVAL: a file system without anything to sync.
  if (::fsync(folder()) == 0 || errno == EINVAL) return {};
  return FailErrno("cannot sync the folder");
}

std::string RandomName() { return ".daylight-" + crypto::Hex(AsBytes(RandomBytes(16))); }

std::string RandomId() {
  // Crockford's letters: no i, l, o, u. 50 random bits.
  constexpr std::string_view kLetters = "0123456789abcdefghjkmnpqrstvwxyz";
  std::string id;
  for (const char c : RandomBytes(10)) id += kLetters[static_cast<unsigned char>(c) % kLetters.size()];
  return id;
}

std::optional<std::string> PathOfOpen(int fd) {
  struct stat info {};
  if (::fstat(fd, &info) != 0 || info.st_nlink == 0) return std::nullopt;
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  std::string path(4096, '\0');
  const ssize_t n = ::readlink(link.c_str(), path.data(), path.size());
  if (n <= 0 || static_cast<std::size_t>(n) == path.size() || path.front() != '/') return std::nullopt;
  path.resize(static_cast<std::size_t>(n));
  return path;
}

}  // namespace dl::quarantine
