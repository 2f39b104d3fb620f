#include "daylight/os/disks.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include <cstring>
#include <filesystem>
#include <system_error>

#include "daylight/os/io.h"
#include "daylight/os/mounts.h"
#include "daylight/os/paths.h"

namespace dl::os {

namespace {

// Of LUKS on LVM on MD and the like.
constexpr int kMaxStack = 8;

std::string Number(unsigned major, unsigned minor) { return std::to_string(major) + ":" + std::to_string(minor); }

// The first line of a small file of sysfs; empty when there is none.
std::string Line(const std::string& path) {
  auto text = ReadFile(path, 4096);
  if (!text) return {};
  text->resize(std::min(text->find('\n'), text->size()));
  return std::move(*text);
}

}  // namespace

// Not here, though local: tmpfs, whose times do not move when a mapping is
// written; overlayfs, where a lease does not see a mapping of the file below.
bool TellsEveryChange(unsigned long f_type) {
  switch (f_type) {
    case EXT4_SUPER_MAGIC:  // And ext2, ext3.
    case XFS_SUPER_MAGIC:
    case BTRFS_SUPER_MAGIC:
    case F2FS_SUPER_MAGIC: return true;
    default: return false;
  }
}

bool Disks::IsFixed(const std::string& number, int depth) const {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::path device = fs::canonical(sys_ + "/dev/block/" + number, error);
  const fs::path root = fs::canonical(sys_, error);
  if (error || depth > kMaxStack || !device.native().starts_with(root.native() + "/devices/")) return false;
  const std::string place = device.native().substr(root.native().size());
  if (place.starts_with("/devices/virtual/")) {
    // Made of others, or of nothing that is known here.
    if (!place.starts_with("/devices/virtual/block/dm-") && !place.starts_with("/devices/virtual/block/md")) {
      return false;
    }
    // A partition of it has no parts of its own.
    const fs::path whole = fs::exists(device / "partition", error) ? device.parent_path() : device;
    bool any = false;
    for (fs::directory_iterator part(whole / "slaves", error), end; !error && part != end; part.increment(error)) {
      if (!IsFixed(Line(part->path() / "dev"), depth + 1)) return false;
      any = true;
    }
    return any && !error;
  }
  // Buses that things are pulled from, and disks of other machines.
  for (const char* const bus : {"/usb", "/fw", "/session", "/nvme-fabrics"}) {
    if (place.find(bus) != place.npos) return false;
  }
  for (fs::path up = device; up != root && up.has_relative_path(); up = up.parent_path()) {
    // Of the disk "1", of a bus (Thunderbolt) "removable"; of a card's slot its type.
    const std::string removable = Line(up / "removable");
    if (removable == "1" || removable == "removable" || Line(up / "device/type") == "SD") return false;
  }
  return true;
}

std::string Disks::Source(std::uint64_t mount) const {
  const auto text = ReadFile(mountinfo_, 64u << 20);
  return text ? MountSource(*text, mount) : std::string();
}

std::optional<std::uint64_t> Disks::Examine(std::uint64_t device, int at) const {
  struct statfs system {};
  struct statx info {};
  if (::fstatfs(at, &system) != 0 || !TellsEveryChange(static_cast<unsigned long>(system.f_type)) ||
      ::statx(at, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_MNT_ID, &info) != 0 ||
      ::makedev(info.stx_dev_major, info.stx_dev_minor) != device) {
    return std::nullopt;
  }
  std::string number = Number(info.stx_dev_major, info.stx_dev_minor);
  if (info.stx_dev_major == 0) {
    // A subvolume of Btrfs has a number that no disk has.
    struct stat disk {};
    const std::string source = (info.stx_mask & STATX_MNT_ID) != 0 ? Source(info.stx_mnt_id) : "";
    if (source.empty() || ::stat(source.c_str(), &disk) != 0 || !S_ISBLK(disk.st_mode)) return std::nullopt;
    number = Number(gnu_dev_major(disk.st_rdev), gnu_dev_minor(disk.st_rdev));
  }
  if (!IsFixed(number)) return std::nullopt;
  std::uint64_t id = 0;
  static_assert(sizeof id == sizeof system.f_fsid);
  std::memcpy(&id, &system.f_fsid, sizeof id);
  return id;
}

void Disks::Remember(std::uint64_t device, int at) {
  const auto [found, is_new] = found_.try_emplace(device);
  if (is_new) found->second = Examine(device, at);
  last_device_ = device;
  last_ = found->second;
  known_ = true;
}

}  // namespace dl::os
