#include "daylight/opener/surroundings.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "daylight/opener/processes.h"
#include "daylight/os/io.h"

namespace dl::opener {

namespace {

constexpr std::uint64_t kMaxMountinfoBytes = 64u << 20;
constexpr std::string_view kDeletedMark = " (deleted)";

// Empty when there is none, or one that is longer than the kernel tells (PATH_MAX).
std::string PathOf(int file) {
  std::array<char, 64> name;
  ::snprintf(name.data(), name.size(), "/proc/self/fd/%d", file);
  std::array<char, 8192> target;
  const ssize_t n = ::readlink(name.data(), target.data(), target.size());
  return n > 0 && static_cast<std::size_t>(n) < target.size() ? std::string(target.data(), static_cast<std::size_t>(n))
                                                              : std::string();
}

}  // namespace

Surroundings::Surroundings(const OnAccessOptions& options)
    : options_(options), scope_(options), mountinfo_(::open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC)) {}

void Surroundings::Refresh(const Fanotify& fanotify, std::vector<std::string>& problems) {
  std::string text;
  if (::lseek(mountinfo_.get(), 0, SEEK_SET) == 0) {
    if (auto read = os::ReadAll(mountinfo_.get(), kMaxMountinfoBytes)) text = std::move(*read);
  }
  table_ = MountTable::Parse(text);
  // A device's number may be another file system's now.
  places_.clear();
  disks_ = os::Disks();
  stable_devices_.clear();
  for (const std::string& point : options_.stable_mounts) {
    struct stat info {};
    const Mount* const mount = table_.At(point);
    if (mount != nullptr && mount->point == point && mount->is_local && !table_.IsBehindRemote(point) &&
        ::stat(point.c_str(), &info) == 0) {
      stable_devices_.insert(info.st_dev);
    }
  }
  watched_ = 0;
  for (const MarkWanted& mark : scope_.Marks(table_, problems)) {
    if (const auto marked = fanotify.Mark(mark.path, mark.file_system)) {
      ++watched_;
    } else {
      problems.push_back(mark.path + ": " + std::string(marked.error().what) + ": " + os::Describe(marked.error()));
    }
  }
}

std::optional<AccessEvent> Surroundings::Describe(const KernelEvent& event, std::span<const pid_t> own) const {
  AccessEvent described;
  described.kind = event.kind;
  described.pid = static_cast<std::uint32_t>(event.pid);
  described.path = PathOf(event.fd.get());
  struct statx info {};
  const bool told =
      ::statx(event.fd.get(), "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_NLINK | STATX_MNT_ID, &info) == 0;
  if (told && info.stx_nlink == 0 && described.path.ends_with(kDeletedMark)) {
    described.deleted = true;
    described.path.resize(described.path.size() - kDeletedMark.size());
  }
  // The path of a mount that is not ours says what its namespace calls the file, which anybody may choose.
  const bool known =
      told && (info.stx_mask & STATX_MNT_ID) != 0 && table_.Has(info.stx_mnt_id) && !described.path.empty();
  described.path_is_foreign = !known;
  if (!scope_.Counts(described.path, known)) return std::nullopt;
  if (IsWithin(event.pid, own)) return std::nullopt;
  const auto users = UsersOf(event.pid);
  described.uid = users ? users->effective : 0xffffffff;
  // A program that is somebody else's in part (setuid) is not excluded.
  if (users && users->all_same && !scope_.CountsUser(users->effective)) return std::nullopt;
  described.program = ProgramOf(event.pid);
  return described;
}

FilePlace Surroundings::PlaceOf(const os::FileState& state, int file) {
  const auto [found, is_new] = places_.try_emplace(state.device);
  if (is_new) found->second = Examine(state, file);
  return found->second;
}

FilePlace Surroundings::Examine(const os::FileState& state, int file) {
  struct statfs system {};
  if (::fstatfs(file, &system) != 0) return {};
  const auto type = static_cast<unsigned long>(system.f_type);
  // A lease is as good there as anywhere, but times say nothing of what is written through a mapping.
  if (type == TMPFS_MAGIC) return {.leases_tell = true, .file_system = {}};
  if (!os::TellsEveryChange(type)) return {};
  if (const auto id = disks_.Find(state.device, file)) return {.leases_tell = true, .file_system = id};
  if (!stable_devices_.contains(state.device)) return {};
  std::uint64_t id = 0;
  std::memcpy(&id, &system.f_fsid, sizeof id);
  return {.leases_tell = true, .file_system = id};
}

bool Surroundings::IsRemovable(int file) const { return scope_.IsRemovable(PathOf(file)); }

}  // namespace dl::opener
