#include "daylight/quarantine/store.h"

#include <dirent.h>
#include <fcntl.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "daylight/os/io.h"
#include "daylight/os/paths.h"

namespace dl::quarantine {

namespace {

constexpr char kKeyName[] = "key";
constexpr char kNewKeyName[] = "key.new";
constexpr std::string_view kPartEnd = ".part";

tl::unexpected<Error> FailErrno(std::string_view what) {
  return Fail(ErrorCode::kIo, what, static_cast<std::uint64_t>(errno));
}

// The caller's, and nobody else's to read or write.
Result<os::Fd> OpenOwnFolder(int at, const char* name, bool make) {
  if (make) ::mkdirat(at, name, 0700);
  os::Fd fd(::openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
  struct stat info {};
  if (!fd.valid() || ::fstat(fd.get(), &info) != 0) return FailErrno("cannot open the quarantine folder");
  if (info.st_uid != ::geteuid() || (info.st_mode & 077) != 0) {
    return Fail(ErrorCode::kUnsupported, "the quarantine folder belongs to somebody else, or is open to others");
  }
  return fd;
}

Status SyncFolder(int folder) {
  if (::fsync(folder) == 0 || errno == EINVAL) return {};
  return FailErrno("cannot sync the quarantine folder");
}

std::string PartName(const std::string& id) { return id + std::string(kPartEnd); }

}  // namespace

Result<Store> Store::Open(const std::string& folder, bool make) {
  Store store;
  DL_TRY(const std::string here, os::WorkingFolder());
  store.path_ = os::Absolute(folder, here);
  if (make) ::mkdir(os::ParentFolder(store.path_).c_str(), 0755);
  DL_TRY(store.folder_, OpenOwnFolder(AT_FDCWD, store.path_.c_str(), make));
  DL_TRY(store.items_, OpenOwnFolder(store.folder_.get(), "items", true));
  if (auto loaded = store.LoadKey(); loaded) return store;
  // Nobody makes a second key meanwhile.
  DL_TRY(const os::Fd lock, store.LockAll());
  if (::faccessat(store.folder_.get(), kKeyName, F_OK, AT_SYMLINK_NOFOLLOW) != 0) {
    DL_TRY(const std::vector<Blob> blobs, store.Blobs());
    if (!blobs.empty()) return Fail(ErrorCode::kUnsupported, "the quarantine's key is missing");
    DL_TRY_STATUS(store.MakeKey());
  }
  DL_TRY_STATUS(store.LoadKey());
  return store;
}

Status Store::LoadKey() {
  const os::Fd fd(::openat(folder(), kKeyName, O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd.valid()) return FailErrno("cannot open the quarantine's key");
  DL_TRY(const std::string bytes, os::ReadAll(fd.get(), 4096));
  if (bytes.size() != key_.size()) return Fail(ErrorCode::kMalformed, "the quarantine's key is damaged");
  std::memcpy(key_.data(), bytes.data(), key_.size());
  return {};
}

Status Store::MakeKey() {
  Key key;
  if (RAND_bytes(key.data(), static_cast<int>(key.size())) != 1) {
    return Fail(ErrorCode::kIo, "OpenSSL has no random numbers");
  }
  ::unlinkat(folder(), kNewKeyName, 0);
  const os::Fd fd(::openat(folder(), kNewKeyName, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid()) return FailErrno("cannot make the quarantine's key");
  DL_TRY_STATUS(os::WriteAll(fd.get(), AsText(std::as_bytes(std::span(key)))));
  if (::fsync(fd.get()) != 0 || ::renameat(folder(), kNewKeyName, folder(), kKeyName) != 0) {
    return FailErrno("cannot make the quarantine's key");
  }
  return SyncFolder(folder());
}

std::string Store::index_path() const { return os::Join(path_, "index.db"); }

Result<os::Fd> Store::LockAll() const {
  os::Fd fd(::openat(folder(), "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid()) return FailErrno("cannot open the quarantine's lock");
  while (::flock(fd.get(), LOCK_EX) != 0) {
    if (errno != EINTR) return FailErrno("cannot lock the quarantine");
  }
  return fd;
}

Result<os::Fd> Store::Create(const std::string& id) const {
  os::Fd fd(::openat(items_.get(), PartName(id).c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid()) return FailErrno("cannot make a file in quarantine");
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) return FailErrno("cannot lock a file in quarantine");
  return fd;
}

Status Store::Complete(const std::string& id, int blob) const {
  if (::fsync(blob) != 0) return FailErrno("cannot sync the file in quarantine");
  if (::renameat(items_.get(), PartName(id).c_str(), items_.get(), id.c_str()) != 0) {
    return FailErrno("cannot rename the file in quarantine");
  }
  return SyncFolder(items_.get());
}

Result<std::optional<os::Fd>> Store::Lock(const std::string& id, Want want) const {
  for (int attempt = 0; attempt < 3; ++attempt) {
    os::Fd fd(::openat(items_.get(), id.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
    if (!fd.valid() && errno == ENOENT && want == Want::kAny) {
      fd = os::Fd(::openat(items_.get(), PartName(id).c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
    }
    // Both looks may miss it while it is renamed, but not two of each.
    if (!fd.valid() && errno == ENOENT) continue;
    if (!fd.valid()) return FailErrno("cannot open the file in quarantine");
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno == EWOULDBLOCK) return Fail(ErrorCode::kBudget, "another process is at work on this item");
      return FailErrno("cannot lock the file in quarantine");
    }
    // Whoever had it before may have removed it.
    struct stat info {};
    if (::fstat(fd.get(), &info) == 0 && info.st_nlink != 0) return std::optional<os::Fd>(std::move(fd));
  }
  return std::optional<os::Fd>();
}

Result<os::Fd> Store::Read(const std::string& id) const {
  os::Fd fd(::openat(items_.get(), id.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd.valid()) return FailErrno("cannot open the file in quarantine");
  return fd;
}

Status Store::Remove(const std::string& id) const {
  for (const std::string& name : {id, PartName(id)}) {
    if (::unlinkat(items_.get(), name.c_str(), 0) != 0 && errno != ENOENT) {
      return FailErrno("cannot remove the file in quarantine");
    }
  }
  return SyncFolder(items_.get());
}

Result<std::vector<Store::Blob>> Store::Blobs() const {
  const int fd = ::openat(items_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(fd < 0 ? nullptr : ::fdopendir(fd), ::closedir);
  if (listing == nullptr) return FailErrno("cannot list the quarantine");
  std::vector<Blob> blobs;
  while (const dirent* entry = ::readdir(listing.get())) {
    std::string_view name = entry->d_name;
    if (name.starts_with('.')) continue;
    const bool complete = !name.ends_with(kPartEnd);
    if (!complete) name.remove_suffix(kPartEnd.size());
    blobs.push_back({std::string(name), complete});
  }
  return blobs;
}

std::uint64_t Store::FreeBytes() const {
  struct statvfs info {};
  if (::fstatvfs(folder(), &info) != 0) return ~std::uint64_t{0};
  return std::uint64_t{info.f_bavail} * info.f_frsize;
}

bool Store::IsFolder(std::uint64_t device, std::uint64_t inode) const {
  struct stat info {};
  return ::fstat(folder(), &info) == 0 && info.st_dev == device && info.st_ino == inode;
}

}  // namespace dl::quarantine
