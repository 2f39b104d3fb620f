#include "daylight/opener/scope.h"

#include <algorithm>

#include "daylight/os/glob.h"
#include "daylight/os/paths.h"

namespace dl::opener {

Scope::Scope(const OnAccessOptions& options) : options_(options) {
  // ParseOptions() lets nothing else through.
  if (auto masks = os::PathMasks::Parse(options.exclude_masks, options.only_masks)) masks_ = std::move(*masks);
}

bool Scope::Counts(std::string_view path, bool trusted) const {
  if (!trusted) return true;
  for (const std::string& exclude : options_.exclude) {
    if (exclude.starts_with('/') && IsBelow(path, exclude)) return false;
    if (os::Excluded(exclude, path, os::BaseName(path))) return false;
  }
  if (!masks_.Counts(path)) return false;
  if (options_.folders.empty()) return true;
  const auto below = [&](const std::string& folder) { return IsBelow(path, folder); };
  if (std::any_of(options_.folders.begin(), options_.folders.end(), below)) return true;
  // A file system that is marked for a folder's sake may be watched for its own sake, too.
  return !options_.mounts.empty() || !options_.file_systems.empty() || options_.containers;
}

bool Scope::CountsUser(std::uint32_t uid) const {
  return std::find(options_.exclude_users.begin(), options_.exclude_users.end(), uid) == options_.exclude_users.end();
}

bool Scope::IsRemovable(std::string_view path) const {
  return std::any_of(options_.removable.begin(), options_.removable.end(),
                     [&](const std::string& folder) { return IsBelow(path, folder); });
}

bool Scope::IsTypeExcluded(const Mount& mount) const {
  return std::find(options_.exclude_types.begin(), options_.exclude_types.end(), mount.type) !=
         options_.exclude_types.end();
}

std::vector<MarkWanted> Scope::Marks(const MountTable& table, std::vector<std::string>& problems) const {
  std::vector<MarkWanted> marks;
  const auto add = [&](const std::string& path, const Mount* mount, bool file_system, bool asked_for) {
    if (mount != nullptr && IsTypeExcluded(*mount)) return;
    if (mount == nullptr || !mount->is_local || table.IsBehindRemote(path)) {
      if (asked_for)
        problems.push_back(path + ": not watched, a server or a daemon answers for it, or nothing is known of it");
      return;
    }
    const MarkWanted mark{path, file_system};
    if (std::find(marks.begin(), marks.end(), mark) == marks.end()) marks.push_back(mark);
  };
  for (const std::string& path : options_.mounts) add(path, table.At(path), false, true);
  for (const std::string& path : options_.file_systems) add(path, table.At(path), true, true);
  for (const std::string& path : options_.folders) {
    add(path, table.At(path), true, true);
    // And what is mounted below it.
    for (const Mount& mount : table.mounts()) {
      if (mount.point != path && IsBelow(mount.point, path)) add(mount.point, &mount, true, false);
    }
  }
  if (options_.containers) {
    for (const Mount& mount : table.mounts()) {
      if (mount.type == "overlay") add(mount.point, &mount, true, false);
    }
  }
  return marks;
}

}  // namespace dl::opener
