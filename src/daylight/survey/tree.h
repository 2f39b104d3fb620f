// Tree walks a target and tells what it meets: names itself, contents through an Asker.
// Private to survey.cc.
#pragma once

#include <deque>
#include <set>
#include <string>
#include <vector>

#include "daylight/os/walk.h"
#include "daylight/survey/survey.h"

namespace dl::survey {

// Whether a folder with this path, within a system, holds the files of a container: the storage
// of docker (overlay2/ID/diff), podman (overlay/ID/diff), containerd (snapshots/N/fs), or any
// of these with the vfs driver (vfs/dir/ID).
bool IsContainerStorage(std::string_view path);

class Tree {
 public:
  Tree(const Options& options, Asker& asker, Survey::Take take, Looked& looked)
      : options_(options), asker_(asker), take_(std::move(take)), looked_(looked) {}
  // `folder`: as the user named it. What is met is asked about at once.
  void Walk(const std::string& folder);

 private:
  // A root below the target, which ends where the walk leaves its folder.
  struct Nested {
    std::string prefix;  // Relative to the target, with a slash at its end.
    std::uint32_t root = 0;
  };

  void Folder(const std::string& path);
  // Where links lead to databases, the walk does not.
  void ReadLinkedDatabases();
  void File(os::WalkEntry& entry, const std::string& path);
  void Failed(const os::WalkEntry& entry, const std::string& path);
  void Read(os::Fd file, std::uint64_t size, report::FactPlace place, report::SurveyKind kind, bool open_archives,
            const std::string& beside);
  void ReadImageFolder(const std::string& path);
  bool IsDatabase(std::string_view path) const;
  bool IsLink(const std::string& path);
  std::uint32_t Root() const { return nested_.empty() ? 0 : nested_.back().root; }
  bool IsSystem(const std::string& path);
  report::FactPlace PlaceOf(const std::string& path) const;
  void Flush(bool always);

  const Options& options_;
  Asker& asker_;
  Survey::Take take_;
  Looked& looked_;
  std::string folder_;            // The target's, with a slash at its end.
  std::vector<Nested> nested_;    // Innermost last.
  os::Walker* walker_ = nullptr;  // While it walks.
  report::SoftwareFacts facts_;
  std::uint64_t files_ = 0;
};

}  // namespace dl::survey
