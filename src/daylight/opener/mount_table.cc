#include "daylight/opener/mount_table.h"

#include <sys/sysmacros.h>

#include <algorithm>

#include "daylight/os/mounts.h"

namespace dl::opener {

namespace {

// File systems that keep files here. What is on no list (a server's, a FUSE daemon's, the kernel's own, one that is not
// known) is not watched: opening the event's descriptor could wait for it, and with it everything.
constexpr std::string_view kLocalTypes[] = {"ext2",  "ext3",     "ext4",    "xfs",     "btrfs",    "f2fs",
                                            "tmpfs", "ramfs",    "overlay", "zfs",     "bcachefs", "jfs",
                                            "vfat",  "exfat",    "ntfs3",   "iso9660", "udf",      "squashfs",
                                            "erofs", "reiserfs", "nilfs2",  "hfsplus", "minix"};

}  // namespace

bool IsBelow(std::string_view path, std::string_view folder) {
  if (folder == "/") return path.starts_with('/');
  return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

MountTable MountTable::Parse(std::string_view mountinfo) {
  MountTable table;
  while (const auto line = os::NextMount(mountinfo)) {
    Mount mount;
    mount.id = line->id;
    mount.device = ::makedev(line->major, line->minor);
    mount.point = os::UnescapeMountPoint(line->point);
    mount.type = line->type;
    mount.is_local = std::find(std::begin(kLocalTypes), std::end(kLocalTypes), mount.type) != std::end(kLocalTypes);
    table.ids_.insert(mount.id);
    table.mounts_.push_back(std::move(mount));
  }
  return table;
}

const Mount* MountTable::At(std::string_view path) const {
  const Mount* best = nullptr;
  for (const Mount& mount : mounts_) {
    if (IsBelow(path, mount.point) && (best == nullptr || mount.point.size() >= best->point.size())) best = &mount;
  }
  return best;
}

bool MountTable::IsBehindRemote(std::string_view path) const {
  return std::any_of(mounts_.begin(), mounts_.end(), [&](const Mount& mount) {
    // The kernel's own (/proc, /dev) answer, so only what is neither local nor theirs could hang; theirs hold no mounts
    // that are watched, but for /dev/shm and the like, so devtmpfs and the like count as answering.
    static constexpr std::string_view kAnswering[] = {"devtmpfs", "proc", "sysfs", "rootfs", "securityfs"};
    const bool answers =
        mount.is_local || std::find(std::begin(kAnswering), std::end(kAnswering), mount.type) != std::end(kAnswering);
    return !answers && IsBelow(path, mount.point);
  });
}

}  // namespace dl::opener
