// Disks knows on which file systems a file that looks unchanged is unchanged.
//
//   os::Disks disks;
//   if (const auto id = disks.Find(state.device, folder)) ...   // *id and the inode name a file.
//
// That takes a local file system whose change times move with every write, through
// mappings too, and on which a read lease sees every writer (an allow-list), on a
// disk that is not taken away and changed elsewhere: no removable medium, no USB,
// no loop device, whose file may be written to directly, and no network. What
// cannot be made out is none. docs/verdict-cache.md says why, one by one. Used by
// one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

namespace dl::os {

// Whether this number of statfs() is on the allow-list.
bool TellsEveryChange(unsigned long f_type);

class Disks {
 public:
  // `sys`: where sysfs is, and `mountinfo` the list of mounts; others in tests.
  explicit Disks(std::string sys = "/sys", std::string mountinfo = "/proc/self/mountinfo")
      : sys_(std::move(sys)), mountinfo_(std::move(mountinfo)) {}

  // The file system's own number (f_fsid of statfs), when it is such a one.
  // `device`: as stat() gives it; `at`: anything open on it.
  std::optional<std::uint64_t> Find(std::uint64_t device, int at) {
    if (device != last_device_ || !known_) Remember(device, at);
    return last_;
  }
  // Whether a block device ("254:1") is of such a kind.
  bool IsFixed(const std::string& number, int depth = 0) const;

 private:
  void Remember(std::uint64_t device, int at);
  std::optional<std::uint64_t> Examine(std::uint64_t device, int at) const;
  // What is mounted by this mount; empty when unknown.
  std::string Source(std::uint64_t mount) const;

  std::string sys_;
  std::string mountinfo_;
  std::unordered_map<std::uint64_t, std::optional<std::uint64_t>> found_;
  std::uint64_t last_device_ = 0;
  std::optional<std::uint64_t> last_;
  bool known_ = false;
};

}  // namespace dl::os
