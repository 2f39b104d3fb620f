// Index: the list of items, in SQLite. Every change is on the disk when the call
// returns, and it is the journal: what an item's state says is what Recover() goes
// by.
//
//   DL_TRY(Index index, Index::Open(store.index_path()));
//   DL_TRY_STATUS(index.Add(item));
//
// One thread; not across fork().
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daylight/base/error.h"
#include "daylight/quarantine/item.h"

struct sqlite3;

namespace dl::quarantine {

class Index {
 public:
  // A file of the caller's own, made if need be.
  static Result<Index> Open(const std::string& path);

  // kMalformed when there is one with this id.
  Status Add(const Item& item);
  Status Update(const Item& item);
  Status Remove(const std::string& id);
  // In the order in which they were taken.
  Result<std::vector<Item>> All() const;
  // Those from kCopying to kAside.
  Result<std::vector<Item>> BeingTaken() const;
  Result<std::optional<Item>> Find(const std::string& id) const;

 private:
  struct Closer {
    void operator()(sqlite3* database) const;
  };
  Result<std::vector<Item>> Select(const char* sql, const std::string* id) const;
  Status Write(const char* sql, const Item& item);
  Status Run(const char* sql) const;
  std::unique_ptr<sqlite3, Closer> database_;
};

}  // namespace dl::quarantine
