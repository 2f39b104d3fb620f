// Store: the quarantine's own folder: the key, the sealed files, the locks.
//
//   DL_TRY(Store store, Store::Open("/var/lib/daylight/quarantine", true));
//   DL_TRY(os::Fd blob, store.Create(id));       // Locked for as long as it is open.
//
// An item belongs to whoever has its sealed file locked (flock(2)), a lock that the
// kernel takes back when a process dies. Open a store in the process that uses it:
// locks are shared across fork().
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daylight/base/error.h"
#include "daylight/os/fd.h"
#include "daylight/quarantine/sealed_file.h"

namespace dl::quarantine {

class Store {
 public:
  // `make`: the folder (0700), if it is not there. kUnsupported when it is not the caller's
  // alone, or when there are items without the key that they were sealed with.
  static Result<Store> Open(const std::string& folder, bool make);

  const Key& key() const { return key_; }
  int folder() const { return folder_.get(); }
  std::string index_path() const;

  // For short sections in which an item's first traces are made. Released by
  // closing.
  Result<os::Fd> LockAll() const;

  // A new file for an item, incomplete until Complete().
  Result<os::Fd> Create(const std::string& id) const;
  Status Complete(const std::string& id, int blob) const;

  enum class Want : unsigned char { kComplete, kAny };
  // Locked for the caller, as long as it is open; nothing when there is no such
  // file; kBudget when another process has it.
  Result<std::optional<os::Fd>> Lock(const std::string& id, Want want) const;
  // For reading only, without a lock.
  Result<os::Fd> Read(const std::string& id) const;
  // Whatever there is of it.
  Status Remove(const std::string& id) const;

  struct Blob {
    std::string id;
    bool complete = false;
  };
  Result<std::vector<Blob>> Blobs() const;
  // What an ordinary user may still fill here, in bytes.
  std::uint64_t FreeBytes() const;
  // By device and inode.
  bool IsFolder(std::uint64_t device, std::uint64_t inode) const;

 private:
  Status LoadKey();
  Status MakeKey();
  os::Fd folder_;
  os::Fd items_;
  std::string path_;
  Key key_{};
};

}  // namespace dl::quarantine
