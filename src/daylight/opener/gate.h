// Gate decides about each file that somebody opens: by what is known, by asking the
// client, or, when no answer comes in time, by the administrator's choice.
//
//   Gate gate(options, port);
//   gate.OnOpen(std::move(event), now_ms);
//   gate.OnVerdict(id, verdict);
//   gate.OnTime(now_ms);            // At gate.next_deadline_ms().
//
// Every event that comes in is answered exactly once. Events on one file share a
// scan where that is as good as a scan for each: when a lease shows that nobody can
// have changed the file since the scan began, or else by the next scan, which begins
// after all of them. Nothing here waits or opens anything. One thread.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "daylight/opener/clean_files.h"
#include "daylight/opener/fanotify.h"
#include "daylight/opener/leased_files.h"
#include "daylight/opener/messages.h"
#include "daylight/opener/options.h"
#include "daylight/os/fd.h"
#include "daylight/os/file_state.h"

namespace dl::opener {

// Where a file is, for what may be remembered of it.
struct FilePlace {
  bool leases_tell = false;                  // A read lease sees every writer there.
  std::optional<std::uint64_t> file_system;  // And times tell of every change (os/disks.h).
};

// What the gate does to the world; the opener's, or a test's.
class GatePort {
 public:
  virtual ~GatePort() = default;
  virtual void Answer(int event_fd, bool allow) = 0;
  // To the client; the file is Gate::FileOf(id) until it is sent.
  virtual void Ask(std::uint64_t id, const AccessEvent& event) = 0;
  virtual void Tell(const Notice& notice) = 0;
  virtual bool Ignore(int file) = 0;
  virtual void StopIgnoring(int file) = 0;
  virtual void StopIgnoringAll() = 0;
  // Path and all; nothing when the event does not count or comes from one of our own.
  virtual std::optional<AccessEvent> Describe(const KernelEvent& event) = 0;
  virtual FilePlace PlaceOf(const os::FileState& state, int file) = 0;
  // Where nothing is kept open.
  virtual bool IsRemovable(int file) = 0;
};

class Gate {
 public:
  Gate(const OnAccessOptions& options, GatePort& port);

  void OnOpen(KernelEvent event, std::int64_t now_ms);
  void OnWritten(KernelEvent event, std::int64_t now_ms);
  // What is not known (any more) is ignored.
  void OnVerdict(std::uint64_t id, const Verdict& verdict, std::int64_t now_ms);
  void OnLeaseBroken(int fd);
  void CheckLeases();
  // Verdicts of other content do not count from here on.
  void SetGeneration(std::uint64_t generation);
  std::uint64_t generation() const { return generation_; }
  void OnClient();
  // All who wait are answered by the choice.
  void OnClientLost();
  // All who wait are let go by the choice, and everything held is given up.
  void Stop();

  void OnTime(std::int64_t now_ms);
  // Of the next thing that OnTime() would do; nothing: none.
  std::optional<std::int64_t> next_deadline_ms() const;
  // Of a scan that was asked for and is not over; -1 for none.
  int FileOf(std::uint64_t id) const;
  std::size_t waiting() const { return waiting_.size(); }
  std::size_t scans() const { return scans_.size(); }
  std::size_t leased() const { return leased_.size(); }
  // File systems came or went: their numbers may be others' now.
  void OnMountsChanged() { clean_.Clear(); }

 private:
  struct Waiting {
    std::uint64_t number = 0;
    int event_fd = -1;
    os::Fd fd;  // Unless the scan has it.
    AccessEvent event;
  };
  struct Scan {
    AccessEvent event;
    FileKey key;
    os::FileState state;
    FilePlace place;
    os::Fd file;
    bool lease = false;
    std::int64_t began_ms = 0;
    std::vector<Waiting> waiting;  // For this scan.
    std::vector<Waiting> next;     // For the one after it.
    os::Fd written_again;          // Written since it began.
    AccessEvent written_event;
  };
  struct Deadline {
    std::int64_t at_ms = 0;
    std::uint64_t number = 0;  // Of a Waiting.
  };

  // Takes `fd` when it is kept.
  bool IsKnownClean(const FileKey& key, const os::FileState& state, os::Fd& fd);
  void Choose(const KernelEvent& event, const AccessEvent& described, NoticeKind why);
  void Start(AccessEvent event, os::Fd file, std::vector<Waiting> waiting, std::int64_t now_ms);
  void Remember(Scan& scan);
  void GiveUpLease(Scan& scan);
  // Takes the scan out of all books.
  Scan Take(std::uint64_t id);
  void AnswerAll(std::vector<Waiting>& waiting, bool allow);
  void Count(NoticeKind kind, bool allowed);

  OnAccessOptions options_;
  GatePort& port_;
  LeasedFiles leased_;
  CleanFiles clean_;
  std::uint64_t generation_ = 0;
  bool has_client_ = false;
  std::uint64_t next_id_ = 1;
  std::uint64_t next_waiting_ = 1;
  std::unordered_map<std::uint64_t, Scan> scans_;
  std::unordered_map<FileKey, std::uint64_t, FileKeyHash> by_file_;
  std::unordered_map<int, std::uint64_t> by_lease_;           // Of scans, by descriptor.
  std::unordered_map<std::uint64_t, std::uint64_t> waiting_;  // Number of a Waiting to its scan.
  std::deque<Deadline> deadlines_;                            // All wait equally long, so in order.
  std::deque<std::pair<std::int64_t, std::uint64_t>>
      begun_;                // Scans by when they began, to forget those without answer.
  std::size_t written_ = 0;  // Scans of what was written.
  // What is told once a second at most, each kind with its number.
  std::unordered_map<std::uint8_t, Notice> untold_;
  std::int64_t tell_at_ms_ = 0;
  std::int64_t now_ms_ = 0;
};

}  // namespace dl::opener
