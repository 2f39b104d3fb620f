// Reading the store, while the daemon writes it or not.
//
//   std::string trouble;
//   auto reader = StoreReader::Open("/var/lib/daylight/events.db", trouble);
//   reader->Read({.kinds = {EventKind::kDetection}}, [](const StoredEvent& stored) { … return true; });
//
// Opens for reading only, and holds no lock while its user is at work: rows come in
// pages, each by a query of its own. What is in the file is believed to be nothing but
// bytes: it may be anybody's.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daylight/base/error.h"
#include "daylight/events/event.h"

namespace dl::events {

struct StoreQuery {
  std::optional<std::int64_t> since_ns;
  std::optional<std::int64_t> until_ns;  // Inclusive.
  std::vector<EventKind> kinds;          // Empty: all.
  std::string path_prefix;               // Exact bytes.
  std::int64_t after_seq = 0;            // Only what was written later.
};

struct StoredEvent {
  std::int64_t seq = 0;  // In the order of writing.
  Event event;
};

class StoreReader {
 public:
  // `trouble` says why not, for people.
  static Result<StoreReader> Open(const std::string& path, std::string& trouble);
  ~StoreReader();
  StoreReader(StoreReader&&) noexcept;
  StoreReader& operator=(StoreReader&&) noexcept;

  // In the order of writing, until `take` says false.
  Status Read(const StoreQuery& query, const std::function<bool(const StoredEvent&)>& take);
  // `after_seq` for the last `n` that fit.
  Result<std::int64_t> StartOfLast(const StoreQuery& query, std::uint64_t n);
  // Nobody had the file open, and it is not looked at whether somebody has by now: to see what
  // comes later, open it again.
  bool is_snapshot() const { return snapshot_; }
  // Of the last failure, for people.
  const std::string& trouble() const { return trouble_; }

 private:
  struct Connection;
  explicit StoreReader(std::unique_ptr<Connection> connection);
  std::unique_ptr<Connection> connection_;
  std::string trouble_;
  bool snapshot_ = false;
};

}  // namespace dl::events
