// Scanning is what a protocol asks: here are bytes, what of them?
//
//   ticket_ = scanning.Scan(std::move(request), [this](const ScanOutcome& outcome) { Reply(outcome); });
//
// The answer comes later, on the same thread, never from within Scan(), and never
// once the ticket is gone: a session that ends drops its tickets, and what still
// waited for a worker is not scanned at all. Everything here is used by one thread.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "daylight/daemon/service/spool.h"
#include "daylight/os/fd.h"
#include "daylight/report/jobs.h"
#include "daylight/report/report.h"

namespace dl::daemon {

// Who is at the other end of a connection, as the kernel says.
struct PeerInfo {
  bool is_local = false;  // A Unix socket: the next five are known (SO_PEERCRED, SO_PEERGROUPS).
  uid_t uid = 0;
  gid_t gid = 0;
  pid_t pid = 0;
  pid_t session = 0;  // Of that process when it came (getsid(2)): it may be gone before anybody asks.
  std::vector<gid_t> groups;
  std::string program;    // Its path, where that is known (on access).
  std::string name;       // For people: "192.0.2.7:40112", "uid 105 (pid 812)".
  std::string limit_key;  // What limits for one client count by: its address without the port, its user.
};

enum class Protocol : std::uint8_t { kClamd, kIcap, kHttp, kKav, kOnAccess, kSchedule };
// "clamd", "icap", "http", "kav", "on-access", "schedule".
const char* ProtocolName(Protocol protocol);

struct ScanRequest {
  // One of the two: a regular file open for reading only or a sealed memory file, or
  // all of the bytes.
  os::Fd fd;
  std::string bytes;
  std::uint64_t size = 0;        // In bytes, by fstat.
  std::int64_t modified_ns = 0;  // By fstat, for what others may write to meanwhile; 0: nobody can.
  report::ObjectNames names;
  bool is_prompt = true;   // Nobody can make calls on `fd` wait (os/open_file.h).
  bool is_shared = false;  // A stranger has the same open file, and may move its offset.
  std::string path;        // For events and people; empty for a stream.
  Protocol protocol = Protocol::kClamd;
  PeerInfo peer;
  std::vector<report::Incomplete> unread;  // What the protocol itself left out.
  SpoolShare share;                        // What the bytes take of the spool's budget; given back with the descriptor.
};

// What is to be told of an object. The configuration has been applied: an allow
// list entry turned kInfected into kClean, `blocks` says what the administrator wants.
struct ScanOutcome {
  enum class Kind : std::uint8_t {
    kClean,
    kInfected,
    kIncomplete,  // Nothing was found, but something stayed unread.
    kFailed,      // Nothing can be said; `problem` says why.
    kBusy,        // Not even tried: too much is waiting.
  };
  Kind kind = Kind::kClean;
  bool blocks = false;  // Whether the protocol should refuse the object. Always with kInfected.
  std::vector<std::string>
      names;                    // What was found, or a Heuristics.* name of what stayed unread; without `.UNOFFICIAL`.
  std::vector<bool> official;   // One for each name: of a signed ClamAV database, or such a Heuristics name.
  std::string problem;          // kFailed, kBusy, kIncomplete: for people; one line, may hold any bytes.
  std::string allowed_by;       // The allow list entry that made it pass: who and why; else empty.
  report::ObjectReport report;  // As a worker gave it, and settled.
};

// Makes `request` one for the bytes of a stream that is whole; kIo when they could not
// be kept.
Status TakeStream(SpooledStream& stream, ScanRequest& request);

class ScanTicket {
 public:
  ScanTicket() = default;
  explicit ScanTicket(std::shared_ptr<bool> wanted) : wanted_(std::move(wanted)) {}
  ScanTicket(ScanTicket&& other) noexcept = default;
  ScanTicket& operator=(ScanTicket&& other) noexcept {
    Drop();
    wanted_ = std::move(other.wanted_);
    return *this;
  }
  ScanTicket(const ScanTicket&) = delete;
  ScanTicket& operator=(const ScanTicket&) = delete;
  ~ScanTicket() { Drop(); }
  void Drop() {
    if (wanted_) *wanted_ = false;
    wanted_.reset();
  }

 private:
  std::shared_ptr<bool> wanted_;
};

class Scanning {
 public:
  using Done = std::function<void(const ScanOutcome&)>;
  virtual ~Scanning() = default;
  [[nodiscard]] virtual ScanTicket Scan(ScanRequest request, Done done) = 0;
  // Where a stream's bytes are kept until it is whole.
  virtual Spool& spool() = 0;
};

}  // namespace dl::daemon
