#include "daylight/os/memfd.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>

#include "daylight/os/io.h"

namespace dl::os {

Result<Fd> CreateMemfd(const char* name) {
  Fd fd(::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd.valid()) return Fail(ErrorCode::kIo, "cannot create a memory file", static_cast<std::uint64_t>(errno));
  return fd;
}

Status Seal(int fd) {
  if (::fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0) {
    return Fail(ErrorCode::kIo, "cannot seal a memory file", static_cast<std::uint64_t>(errno));
  }
  return {};
}

Result<Fd> SealedMemfd(const char* name, std::initializer_list<std::string_view> parts) {
  DL_TRY(Fd fd, CreateMemfd(name));
  for (const std::string_view part : parts) DL_TRY_STATUS(WriteAll(fd.get(), part));
  if (::lseek(fd.get(), 0, SEEK_SET) != 0) return Fail(ErrorCode::kIo, "cannot rewind a memory file");
  DL_TRY_STATUS(Seal(fd.get()));
  return fd;
}

Result<std::uint64_t> FileSize(int fd) {
  struct stat info {};
  if (!StatOpen(fd, info)) return Fail(ErrorCode::kIo, "cannot stat the file", static_cast<std::uint64_t>(errno));
  return static_cast<std::uint64_t>(info.st_size);
}

}  // namespace dl::os
