#include "daylight/os/file_state.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

namespace dl::os {

namespace {

constexpr unsigned kWanted = STATX_TYPE | STATX_MODE | STATX_UID | STATX_INO | STATX_SIZE | STATX_MTIME | STATX_CTIME;

std::int64_t Nanoseconds(const statx_timestamp& time) {
  return time.tv_sec * std::int64_t{1'000'000'000} + static_cast<std::int64_t>(time.tv_nsec);
}

// AT_STATX_DONT_SYNC: any user may mount a FUSE daemon that never answers over a
// file of his own, and this asks none.
std::optional<FileState> State(int at, const char* name, int flags) {
  struct statx info {};
  if (::statx(at, name, flags | AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC, kWanted | STATX_BTIME,
              &info) != 0 ||
      (info.stx_mask & kWanted) != kWanted) {
    return std::nullopt;
  }
  FileState state;
  state.device = ::makedev(info.stx_dev_major, info.stx_dev_minor);
  state.inode = info.stx_ino;
  state.size = info.stx_size;
  state.modified_ns = Nanoseconds(info.stx_mtime);
  state.changed_ns = Nanoseconds(info.stx_ctime);
  if ((info.stx_mask & STATX_BTIME) != 0) state.born_ns = Nanoseconds(info.stx_btime);
  state.owner = info.stx_uid;
  state.mode = info.stx_mode;
  return state;
}

}  // namespace

bool FileState::is_regular() const { return S_ISREG(mode); }

std::optional<FileState> StateOf(int folder, const char* name) { return State(folder, name, 0); }
std::optional<FileState> StateOf(int fd) { return State(fd, "", AT_EMPTY_PATH); }

}  // namespace dl::os
