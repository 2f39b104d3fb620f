#include "daylight/sandbox/cache_folder.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "daylight/os/paths.h"

namespace dl::sandbox {

namespace {

tl::unexpected<Error> FailErrno(std::string_view what) {
  return Fail(ErrorCode::kIo, what, static_cast<std::uint64_t>(errno));
}

// Empty for whoever has none. Somebody else's does not count: sudo may leave a
// user's home to root, who would make folders wherever links in it lead.
std::string Home() {
  const char* home = std::getenv("HOME");
  struct stat info {};
  if (home == nullptr || home[0] != '/' || ::stat(home, &info) != 0 || info.st_uid != ::geteuid()) return {};
  return home;
}

// And the one above, for the user only, as the XDG rules have it. What is further
// above has to be there: a home that does not exist is not made.
void MakeFolders(const std::string& path) {
  ::mkdir(os::ParentFolder(path).c_str(), 0700);
  ::mkdir(path.c_str(), 0700);
}

}  // namespace

bool IsOnlyOurs(const struct stat& info) {
  return info.st_uid == ::geteuid() && (info.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

Result<os::Fd> OpenCacheFolderIn(const std::string& folder) {
  MakeFolders(folder);
  os::Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd.valid()) {
    if (errno == ENOTDIR || errno == ELOOP) return Fail(ErrorCode::kUnsupported, "it is not a folder, or a link");
    return FailErrno("cannot open the folder");
  }
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return FailErrno("cannot stat the folder");
  if (!IsOnlyOurs(info)) {
    return Fail(ErrorCode::kUnsupported, "it belongs to somebody else, or others may write there");
  }
  return fd;
}

Result<os::Fd> OpenCacheFolder(std::string& folder) {
  if (const char* named = std::getenv("XDG_CACHE_HOME"); named != nullptr && named[0] == '/') {
    folder = os::Join(named, "daylight");
    return OpenCacheFolderIn(folder);
  }
  if (::geteuid() == 0) {
    folder = "/var/cache/daylight";
    auto fd = OpenCacheFolderIn(folder);
    if (fd && ::faccessat(fd->get(), ".", W_OK, AT_EACCESS) == 0) return fd;
  }
  const std::string home = Home();
  if (home.empty()) return Fail(ErrorCode::kUnsupported, "neither XDG_CACHE_HOME nor HOME names a folder");
  folder = os::Join(home, ".cache/daylight");
  return OpenCacheFolderIn(folder);
}

}  // namespace dl::sandbox
