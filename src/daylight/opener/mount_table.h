// MountTable is what /proc/self/mountinfo says, line by line.
//
//   const MountTable table = MountTable::Parse(text);
//   const Mount* mount = table.At("/srv/data/x");   // The mount that a path is on.
//
// It asks no file system, so it never waits for one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace dl::opener {

struct Mount {
  std::uint64_t id = 0;
  std::uint64_t device = 0;  // As makedev(3) makes it.
  std::string point;
  std::string type;
  bool is_local = false;  // Holds files, and no server or daemon answers for it (os/mounts.h).
};

class MountTable {
 public:
  static MountTable Parse(std::string_view mountinfo);
  const std::vector<Mount>& mounts() const { return mounts_; }
  bool Has(std::uint64_t id) const { return ids_.contains(id); }
  // The last of the longest mount points above `path`; null for none.
  const Mount* At(std::string_view path) const;
  // Whether the way to this path leads over what may never answer.
  bool IsBehindRemote(std::string_view path) const;

 private:
  std::vector<Mount> mounts_;
  std::unordered_set<std::uint64_t> ids_;
};

// Whether `path` is `folder` or below it; by text.
bool IsBelow(std::string_view path, std::string_view folder);

}  // namespace dl::opener
