// Scope decides which of the kernel's events count, by the administrator's options.
//
//   Scope scope(options);
//   if (!scope.Counts(path, path_is_known, type)) Allow();
//
// A path of another mount namespace proves nothing (anybody may make a namespace in
// which anything has any name), so there nothing is excluded by its path and
// everything counts as below a folder. Pure; one thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "daylight/opener/mount_table.h"
#include "daylight/opener/options.h"
#include "daylight/os/path_mask.h"

namespace dl::opener {

// What there is to be marked.
struct MarkWanted {
  std::string path;
  bool file_system = false;  // Else this mount only.
  bool operator==(const MarkWanted&) const = default;
};

class Scope {
 public:
  explicit Scope(const OnAccessOptions& options);

  // By the path of the event. `trusted`: it is a path of our own mount namespace.
  bool Counts(std::string_view path, bool trusted) const;
  bool CountsUser(std::uint32_t uid) const;
  bool IsRemovable(std::string_view path) const;

  // The marks for what is mounted now; `problems` says what is asked for and cannot be had.
  std::vector<MarkWanted> Marks(const MountTable& table, std::vector<std::string>& problems) const;

 private:
  bool IsTypeExcluded(const Mount& mount) const;
  OnAccessOptions options_;
  os::PathMasks masks_;
};

}  // namespace dl::opener
