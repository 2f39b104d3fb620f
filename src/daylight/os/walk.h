// Walker finds the files below the user's arguments, one at a time, opened.
//
//   os::Walker walker({.exclude = {"*.tmp"}});
//   walker.Add("/srv");
//   while (std::optional<os::WalkEntry> entry = walker.Next()) ...
//
// The order is always the same: arguments as given, then depth first, the names
// of a folder sorted by their bytes. An argument may be a symbolic link; links
// met on the way are followed with `follow` only, and so are /proc's links into
// processes, arguments or not. Whatever is not a regular file is skipped without
// being opened, as are the kernel's own file systems (/proc, /sys). Trees deeper
// than PATH_MAX are walked too: every step is relative to an open folder.
//
// Where anything is mounted that may stop answering (a network file system, a
// FUSE daemon, an automounter), all that could touch it is done by an OpenHelper:
// such a mount costs its own files, which fail, and some time. On machines without
// one, and on local file systems, nothing is asked of anybody else. Used by one
// thread.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "daylight/os/fd.h"
#include "daylight/os/file_state.h"
#include "daylight/os/mounts.h"
#include "daylight/os/open_helper.h"
#include "daylight/os/path_mask.h"

namespace dl::os {

// A file that was found, but not opened.
struct FoundFile {
  const FileState& state;
  int at;  // Open, and on the same file system.
  const std::string& path;
};

struct WalkOptions {
  bool follow = false;
  bool one_file_system = false;
  bool count_only = false;                // Files are not opened.
  bool skip_hidden = false;               // Leave out what begins with a dot, but for arguments.
  std::vector<std::string> exclude = {};  // See glob.h.
  PathMasks masks = {};                   // Which files count; for absolute arguments.
  // Asked of regular files on local file systems. Those for which it says yes are
  // not opened: `known` in their entry.
  std::function<bool(const FoundFile&)> is_known = {};
  // How much of each file on a local file system is asked of the disk as soon as it
  // is opened, without waiting for it; in bytes.
  std::uint64_t read_ahead_bytes = 0;
  OpenHelper::Options helper = {};
  bool always_ask_helper = false;  // As if everything were remote; for tests.
};

struct WalkEntry {
  enum class Kind : std::uint8_t {
    kFile,
    kFailed,   // Could not be read, see `reason`.
    kSkipped,  // Not something to scan: a link, a device, another file system.
    kEntered,  // A folder whose entries come next.
  };
  Kind kind = Kind::kFile;
  std::string path;
  std::string reason;
  Fd fd;                // For kFile, not with count_only, nor when known.
  bool known = false;   // See WalkOptions::is_known.
  bool remote = false;  // On a file system that may stop answering: reading may never end.
  std::uint64_t size = 0;
  std::int64_t modified_ns = 0;  // Since 1970.
  std::uint32_t owner = 0;       // User number.
};

class Walker {
 public:
  explicit Walker(WalkOptions options);
  void Add(std::string path) { arguments_.push_back(std::move(path)); }
  // Empty after the last.
  std::optional<WalkEntry> Next();

  // For who has just been given an entry, about the folder it is in, or which it is (kEntered):
  // whether it has such a name,
  bool HasName(std::string_view name) const;
  // what is there by a path, links being resolved as if that folder were the root,
  Opened OpenHere(const std::string& path, OpenHow how);
  // and the names of a folder there, unless there is a link on the way.
  Listed ListHere(const std::string& path);

 private:
  using Name = FolderName;
  struct Level {
    Fd folder;
    std::vector<Name> names;
    std::size_t next = 0;
    std::size_t prefix = 0;  // How much of path_ leads to this folder, slash included.
    dev_t device = 0;
    ino_t inode = 0;
    bool by_link = false;
    bool remote = false;
    std::string key;  // Of silent_.
  };

  Opened OpenBy(const Level* level, const std::string& name, OpenHow how, const std::string& key);
  void LoadMounts();
  FileSystemKind KindOfDevice(const Opened& opened);
  bool IsStillNamed(const Level& level, const Name& name, const Opened& opened) const;
  WalkEntry Failed(std::string path, int error) const;
  WalkEntry Failed(std::string path, const Opened& opened) const;
  WalkEntry Skipped(std::string path, std::string_view why) const;
  std::optional<WalkEntry> Argument(std::string path);
  std::optional<WalkEntry> Entry(const Name& name);
  WalkEntry File(Opened opened, std::string path, bool is_argument);
  // The entry of a file that need not be opened, by its name or once it is found.
  std::optional<WalkEntry> Known(const Level& level, const Name& name, const std::string& path);
  std::optional<WalkEntry> KnownByPath(const Level* level, const std::string& name, OpenHow how,
                                       const std::string& path, const std::string& key);
  // Takes the folder, whose shown path is `path`.
  WalkEntry Enter(Opened opened, std::string path, bool by_link, bool is_argument, bool remote, std::string key);
  void Leave();
  bool IsExcluded(std::string_view path, std::string_view name) const;
  bool Counts(const WalkEntry& entry) const;

  WalkOptions options_;
  std::deque<std::string> arguments_;
  std::vector<Level> levels_;
  std::string path_;
  dev_t root_device_ = 0;
  Mounts mounts_;
  bool mounts_loaded_ = false;
  OpenHelper helper_;
  std::map<dev_t, FileSystemKind> kinds_;
  std::map<std::string, int> silent_;  // How often a file system did not answer.
  // Folders entered, to end loops of links; kept only with `follow`.
  std::set<std::pair<dev_t, ino_t>> entered_;
};

}  // namespace dl::os
