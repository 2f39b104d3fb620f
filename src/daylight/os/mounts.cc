#include "daylight/os/mounts.h"

#include <linux/magic.h>

#include <algorithm>
#include <charconv>

#include "daylight/os/io.h"
#include "daylight/os/paths.h"

namespace dl::os {

namespace {

// Of file systems that <linux/magic.h> does not name.
constexpr unsigned long kConfigfs = 0x62656570;
constexpr unsigned long kFusectl = 0x65735543;
constexpr unsigned long kMqueue = 0x19800202;
constexpr unsigned long kRpcPipefs = 0x67596969;
constexpr unsigned long kNfsd = 0x6e667364;
constexpr unsigned long kCifs = 0xff534d42;
constexpr unsigned long kLustre = 0x0bd00bd0;
constexpr unsigned long kBeegfs = 0x19830326;
constexpr unsigned long kVboxsf = 0x786f4256;

constexpr std::string_view kRemoteTypes[] = {"nfs",     "nfs4",   "cifs",  "smb3",     "smbfs",  "fuse",
                                             "fuseblk", "9p",     "ceph",  "afs",      "coda",   "ncpfs",
                                             "lustre",  "beegfs", "pvfs2", "orangefs", "vboxsf", "autofs"};

bool IsRemoteType(std::string_view type) {
  return type.starts_with("fuse.") ||
         std::find(std::begin(kRemoteTypes), std::end(kRemoteTypes), type) != std::end(kRemoteTypes);
}

std::string_view TakeWord(std::string_view& line) {
  const std::size_t end = std::min(line.find(' '), line.size());
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(std::min(end + 1, line.size()));
  return word;
}

template <typename T>
bool ToNumber(std::string_view text, T& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

std::optional<MountLine> NextMount(std::string_view& mountinfo) {
  while (!mountinfo.empty()) {
    const std::size_t end = std::min(mountinfo.find('\n'), mountinfo.size());
    std::string_view line = mountinfo.substr(0, end);
    mountinfo.remove_prefix(std::min(end + 1, mountinfo.size()));
    // proc(5): number, parent, device, root, mount point, options, any number of
    // tags, "-", type, source, ...
    MountLine mount;
    const std::string_view id = TakeWord(line);
    TakeWord(line);
    const std::string_view device = TakeWord(line);
    TakeWord(line);
    mount.point = TakeWord(line);
    const std::size_t colon = device.find(':');
    const std::size_t dash = line.find(" - ");
    if (colon == device.npos || dash == line.npos || !ToNumber(id, mount.id) ||
        !ToNumber(device.substr(0, colon), mount.major) || !ToNumber(device.substr(colon + 1), mount.minor)) {
      continue;
    }
    line.remove_prefix(dash + 3);
    mount.type = TakeWord(line);
    mount.source = TakeWord(line);
    return mount;
  }
  return std::nullopt;
}

std::string UnescapeMountPoint(std::string_view text) {
  std::string out;
  const auto octal = [&](std::size_t at) { return at < text.size() && text[at] >= '0' && text[at] <= '7'; };
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && octal(i + 1) && octal(i + 2) && octal(i + 3)) {
      out += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
      i += 3;
    } else {
      out += text[i];
    }
  }
  return out;
}

FileSystemKind KindOf(unsigned long f_type) {
  switch (f_type) {
    case PROC_SUPER_MAGIC:
    case SYSFS_MAGIC:
    case DEBUGFS_MAGIC:
    case TRACEFS_MAGIC:
    case SECURITYFS_MAGIC:
    case SELINUX_MAGIC:
    case SMACK_MAGIC:
    case CGROUP_SUPER_MAGIC:
    case CGROUP2_SUPER_MAGIC:
    case RDTGROUP_SUPER_MAGIC:
    case DEVPTS_SUPER_MAGIC:
    case BPF_FS_MAGIC:
    case PSTOREFS_MAGIC:
    case EFIVARFS_MAGIC:
    case NSFS_MAGIC:
    case BINFMTFS_MAGIC:
    case XENFS_SUPER_MAGIC:
    case SOCKFS_MAGIC:
    case PIPEFS_MAGIC:
    case ANON_INODE_FS_MAGIC:
    case kConfigfs:
    case kFusectl:
    case kMqueue:
    case kRpcPipefs:
    case kNfsd: return FileSystemKind::kKernel;
    case NFS_SUPER_MAGIC:
    case SMB_SUPER_MAGIC:
    case SMB2_SUPER_MAGIC:
    case kCifs:
    case FUSE_SUPER_MAGIC:
    case V9FS_MAGIC:
    case CEPH_SUPER_MAGIC:
    case AFS_SUPER_MAGIC:
    case AFS_FS_MAGIC:
    case CODA_SUPER_MAGIC:
    case NCP_SUPER_MAGIC:
    case AUTOFS_SUPER_MAGIC:
    case kLustre:
    case kBeegfs:
    case kVboxsf: return FileSystemKind::kRemote;
    default: return FileSystemKind::kLocal;
  }
}

Mounts Mounts::Load() {
  const auto text = ReadFile("/proc/self/mountinfo", 64u << 20);
  return text ? Parse(*text) : Mounts();
}

Mounts Mounts::Parse(std::string_view mountinfo) {
  Mounts mounts;
  while (const auto line = NextMount(mountinfo)) {
    if (IsRemoteType(line->type)) mounts.remote_.push_back(UnescapeMountPoint(line->point));
  }
  return mounts;
}

std::string MountSource(std::string_view mountinfo, std::uint64_t mount) {
  while (const auto line = NextMount(mountinfo)) {
    if (line->id == mount) return UnescapeMountPoint(line->source);
  }
  return {};
}

bool Mounts::IsRemoteName(std::string_view name) const {
  return std::any_of(remote_.begin(), remote_.end(), [&](const std::string& point) { return BaseName(point) == name; });
}

std::string_view Mounts::RemoteAbove(std::string_view absolute) const {
  std::string_view best;
  for (const std::string_view point : remote_) {
    const bool above = point == "/" || (absolute.starts_with(point) &&
                                        (absolute.size() == point.size() || absolute[point.size()] == '/'));
    if (above && point.size() > best.size()) best = point;
  }
  return best;
}

}  // namespace dl::os
