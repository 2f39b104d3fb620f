// Place: a name in an open folder, so that what is done to the name is done there,
// whatever becomes of the path.
//
//   DL_TRY(const Place place, Place::Open("/srv/in/a.exe"));
//   if (place.Is("a.exe", device, inode)) ...
//   DL_TRY_STATUS(place.MoveAside(".daylight-0123"));
//
// The folder is reached without following a link. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "daylight/base/error.h"
#include "daylight/os/fd.h"
#include "daylight/os/file_state.h"

namespace dl::quarantine {

class Place {
 public:
  // `path`: absolute, of any length. kUnsupported when it goes through a link or
  // "..", kIo with errno otherwise.
  static Result<Place> Open(const std::string& path);

  int folder() const { return folder_.get(); }
  const std::string& folder_path() const { return folder_path_; }
  const std::string& leaf() const { return leaf_; }
  std::string PathOf(const std::string& name) const;
  // Whether this name here is this file, now. Links are not followed.
  bool Is(const std::string& name, std::uint64_t device, std::uint64_t inode) const;
  bool Exists(const std::string& name) const;

  // The leaf gets the name `aside`, which nobody can have guessed. kIo with errno.
  Status MoveAside(const std::string& aside) const;
  // `name` becomes the leaf, unless something has that name (EEXIST).
  Status MoveBack(const std::string& name) const;
  // The same, but it takes the place of what has the name.
  Status MoveOver(const std::string& name) const;
  Status Remove(const std::string& name) const;
  // Renames and removals are on the disk.
  Status Sync() const;

 private:
  os::Fd folder_;
  std::string folder_path_;
  std::string leaf_;
};

// ".daylight-" and 128 random bits in hexadecimal.
std::string RandomName();
// Hexadecimal-like letters and digits that cannot be mistaken for each other.
std::string RandomId();

// Where the kernel says that an open file is now; nothing once it has no name.
std::optional<std::string> PathOfOpen(int fd);

// Has Place do without renameat2(), as if the file system (NFS, some FUSE) did not
// know its flags. For tests.
void PretendPlainRename(bool pretend);

}  // namespace dl::quarantine
