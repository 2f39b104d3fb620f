// The store of events: one SQLite file that the daemon writes and that `daylight
// events`, or anybody with sqlite3, reads meanwhile.
//
//   Store store({.path = "/var/lib/daylight/events.db"});
//   store.Add(event);               // Kept in memory,
//   store.Flush();                  // written in one transaction.
//
// Nothing that happens to the file stops its owner: what cannot be written waits in
// memory, up to a bound, and then the oldest is given up and counted; `trouble()` says
// what is wrong. It is tried again at every Flush(), after failures less often.
//
// In WAL mode with synchronous=NORMAL: what was flushed survives kill -9; a power cut may
// take the last transactions, but not the file. Bounded by age, rows and bytes; the oldest
// go first. Used by one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "daylight/events/event.h"

namespace dl::events {

struct StoreOptions {
  std::string path;
  std::uint32_t mode = 0640;  // Of a file that is made; its folder has to be there.
  std::uint64_t max_rows = 1'000'000;
  std::uint64_t max_bytes = 1ull << 30;  // Of what is used in the file; its log comes on top, some 4 MB.
  std::int64_t max_age_s = 180 * 86400;  // 0: any.
  std::size_t max_waiting = 10'000;      // Events in memory while they cannot be written,
  std::size_t max_waiting_bytes = 16u << 20;
};

// The owner before this one.
struct PreviousRun {
  std::int64_t alive_ns = 0;  // When it was last known to be there.
  bool clean = false;         // It ended by itself.
};

class Store {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Store(StoreOptions options);
  ~Store();
  Store(Store&&) noexcept;
  Store& operator=(Store&&) noexcept;

  void Add(Event event);
  // Writes what waits, and takes away what is too old or too much. Takes some
  // milliseconds; false when it could not be written, which it is not even tried in the
  // time after a failure.
  bool Flush(Clock::time_point now = Clock::now());
  // As Flush(), whatever failed before: at the end.
  bool FlushNow();
  // The file anew at the next Flush().
  void Reopen();

  // Notes that the owner is there, or ends; nothing happens while the file cannot be written.
  void NoteAlive(std::int64_t now_ns, bool ends);
  // As it was when the file was first opened; none for a new one.
  const std::optional<PreviousRun>& previous() const { return previous_; }

  std::size_t waiting() const { return waiting_.size(); }
  std::uint64_t written() const { return written_; }
  std::uint64_t lost() const { return lost_; }
  // What is wrong now, for people; empty when nothing is.
  const std::string& trouble() const { return trouble_; }

 private:
  struct Connection;
  bool TryFlush();
  bool Open();
  void ReadPrevious();
  bool Fail(std::string what);
  void GiveUpOldest();
  void Prune();

  StoreOptions options_;
  std::unique_ptr<Connection> connection_;
  std::deque<Event> waiting_;
  std::size_t waiting_bytes_ = 0;
  std::uint64_t written_ = 0;
  std::uint64_t lost_ = 0;
  std::string trouble_;
  Clock::time_point not_before_{};
  std::chrono::milliseconds pause_{0};
  std::uint64_t idle_ = 0;
  bool was_open_ = false;
  std::optional<PreviousRun> previous_;
};

}  // namespace dl::events
