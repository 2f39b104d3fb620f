#include "daylight/os/io.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

namespace dl::os {

namespace {

tl::unexpected<Error> FailErrno(std::string_view what) {
  return Fail(ErrorCode::kIo, what, static_cast<std::uint64_t>(errno));
}

}  // namespace

Status WriteAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0) {
      if (errno == EINTR) continue;
      return FailErrno("write failed");
    }
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

bool StatOpen(int fd, struct stat& info) {
  // The call itself: the C library takes a way that a worker's walls forbid.
  return ::syscall(SYS_fstat, fd, &info) == 0;
}

Result<std::uint64_t> OffsetOf(int fd) {
  // proc(5): the first line is "pos:", a tab and the offset.
  DL_TRY(const std::string text, ReadFile("/proc/self/fdinfo/" + std::to_string(fd), 64u << 10));
  constexpr std::string_view kName = "pos:\t";
  std::uint64_t offset = 0;
  if (!text.starts_with(kName) ||
      std::from_chars(text.data() + kName.size(), text.data() + text.size(), offset).ec != std::errc()) {
    return Fail(ErrorCode::kIo, "cannot tell a file's offset");
  }
  return offset;
}

Result<std::string> ReadAll(int fd, std::uint64_t limit_bytes) {
  std::string text;
  struct stat info {};
  if (StatOpen(fd, info) && S_ISREG(info.st_mode) && info.st_size > 0) {
    text.reserve(
        static_cast<std::size_t>(std::min<std::uint64_t>(static_cast<std::uint64_t>(info.st_size), limit_bytes)) + 1);
  }
  char chunk[64 * 1024];
  for (;;) {
    const ssize_t n = ::read(fd, chunk, sizeof chunk);
    if (n < 0) {
      if (errno == EINTR) continue;
      return FailErrno("read failed");
    }
    if (n == 0) return text;
    if (static_cast<std::uint64_t>(n) > limit_bytes - text.size()) {
      return Fail(ErrorCode::kBudget, "the file is larger than allowed", limit_bytes);
    }
    text.append(chunk, static_cast<std::size_t>(n));
  }
}

Result<Fd> OpenRegular(const std::string& path) {
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd.valid()) return FailErrno("cannot open the file");
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return FailErrno("cannot stat the file");
  if (S_ISDIR(info.st_mode)) return Fail(ErrorCode::kIo, "cannot read a folder", EISDIR);
  if (!S_ISREG(info.st_mode)) return Fail(ErrorCode::kUnsupported, "not a regular file");
  return fd;
}

Result<std::string> ReadFile(const std::string& path, std::uint64_t limit_bytes) {
  DL_TRY(const Fd fd, OpenRegular(path));
  return ReadAll(fd.get(), limit_bytes);
}

Result<Fd> CreateFile(const std::string& path) {
  Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0666));
  if (!fd.valid()) return FailErrno("cannot create the file");
  return fd;
}

std::string Describe(const Error& error) {
  if (error.code == ErrorCode::kIo && error.offset != 0 && error.offset < 4096) {
    return std::strerror(static_cast<int>(error.offset));
  }
  return std::string(error.what);
}

}  // namespace dl::os
