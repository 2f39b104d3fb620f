// Which file systems hold files, and which may stop answering.
//
//   os::KindOf(info.f_type) == os::FileSystemKind::kRemote
//   const os::Mounts mounts = os::Mounts::Load();
//   if (mounts.any_remote()) ...
//
// A call on a file system whose server is gone can hang in the kernel for ever,
// stat() included; so what is mounted where is taken from /proc/self/mountinfo,
// which asks nobody.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dl::os {

enum class FileSystemKind : unsigned char {
  kLocal,
  kKernel,  // Shows the kernel's state and holds no files: reading may block, never end, or change something.
  kRemote,  // A server, a daemon or an automounter answers, or does not.
};
// Of a number from statfs().
FileSystemKind KindOf(unsigned long f_type);

// What is mounted by the mount of this number, by the text of a mountinfo;
// empty when there is none.
std::string MountSource(std::string_view mountinfo, std::uint64_t mount);

// One line of a mountinfo, its texts borrowed and as they stand there.
struct MountLine {
  std::uint64_t id = 0;
  unsigned major = 0;  // Of the device.
  unsigned minor = 0;
  std::string_view point;
  std::string_view type;
  std::string_view source;
};
// Takes lines off `mountinfo` up to the next that is one; nothing at its end.
std::optional<MountLine> NextMount(std::string_view& mountinfo);

// A field of a mountinfo as it is: there, space, tab, newline and backslash are
// written as \040 and the like (proc(5)).
std::string UnescapeMountPoint(std::string_view text);

class Mounts {
 public:
  // Nothing remote when there is no /proc.
  static Mounts Load();
  static Mounts Parse(std::string_view mountinfo);

  bool any_remote() const { return !remote_.empty(); }
  // Whether a remote mount has this last name, wherever it is.
  bool IsRemoteName(std::string_view name) const;
  // The longest remote mount point that `absolute` lies on, as it is written;
  // empty for none.
  std::string_view RemoteAbove(std::string_view absolute) const;

 private:
  std::vector<std::string> remote_;  // Mount points.
};

}  // namespace dl::os
