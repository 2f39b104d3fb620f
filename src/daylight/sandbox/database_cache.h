// DatabaseCache keeps what was compiled, so that it need not be compiled again
// while its sources are the same.
//
//   auto cache = DatabaseCache::Open();
//   if (auto entry = cache->Find(key)) Use(entry->fd);
//   else cache->Keep(key, compiled_fd, notes);
//
// A folder of the user's own. What lies in it is believed as far as the user
// believes himself: only files of ours that nobody else may write count, found
// without following links, and databases with a sound header. An entry appears
// whole or not at all, whatever other processes or a power cut do, and once there
// it is never written again, only removed. Used by one thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daylight/base/error.h"
#include "daylight/database/database.h"
#include "daylight/os/fd.h"

namespace dl::sandbox {

class DatabaseCache {
 public:
  struct Entry {
    os::Fd fd;
    std::shared_ptr<const database::Database> database;
    std::vector<std::string> notes;  // Those it was kept with.
  };

  // In the user's cache folder, see cache_folder.h.
  static Result<DatabaseCache> Open(std::string& folder);
  // In this folder.
  static Result<DatabaseCache> OpenIn(const std::string& folder);

  // `key`: 64 hexadecimal digits, as of SHA-256. `problem` is set when there is an entry that cannot
  // be used.
  std::optional<Entry> Find(const std::string& key, std::string& problem);
  // Copies the database (sealed, from its start). Removes entries that nobody
  // used for long, and more than a few.
  Status Keep(const std::string& key, int database, const std::vector<std::string>& notes);
  // So that it is made anew the next time.
  void Remove(const std::string& key);

 private:
  explicit DatabaseCache(os::Fd folder) : folder_(std::move(folder)) {}
  void RemoveOld(const std::string& but_not);
  os::Fd folder_;
};

}  // namespace dl::sandbox
