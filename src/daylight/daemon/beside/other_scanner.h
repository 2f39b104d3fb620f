// OtherScanner asks a scanner of somebody else's about one object, while a migration
// is under way: clamd, kavhttpd, or a command that scans one file.
//
//   const OtherScanner other = *OtherScanner::Clamd("/run/clamav/clamd.ctl");
//   const OtherAnswer answer = other.Ask(object, Patience(stop_fd, until));
//
// Ask() waits, so it belongs into a thread that has nothing else to do; it returns soon
// after `until`, or when `stop_fd` is readable. The other side is believed nothing: what
// it sends is bounded, and what is no answer is none. An OtherScanner is a value that
// nothing changes, so any thread may use it.
#pragma once

#include <sys/socket.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daylight/report/report.h"

namespace dl::daemon {

// The bytes: a descriptor, or all of them.
struct AskedObject {
  int fd = -1;             // Borrowed; read by offset only, so that nobody who shares it sees it move.
  std::string_view bytes;  // Without one.
  std::uint64_t size = 0;
  bool is_prompt = true;  // Reading it makes nobody wait (os/open_file.h). Else it is handed over or not at all.
  bool is_ours = false;   // A file without a name that we have made: others of this user may open it by /proc.

  // 0 at the end, negative when it cannot be read.
  std::int64_t ReadAt(std::uint64_t offset, std::span<char> out) const;
};

struct OtherAnswer {
  enum class Kind : std::uint8_t {
    kVerdict,
    kNone,   // It is not there, too slow, or says what nobody understands; `problem` for people.
    kUnfit,  // This object cannot be given to it, which is nobody's fault.
  };
  Kind kind = Kind::kNone;
  report::Verdict verdict = report::Verdict::kFailed;
  std::vector<std::string> names;  // Any bytes, but few and short.
  std::string problem;             // One line, may hold any bytes; also of kFailed.
};

// How long one question may take.
class Patience {
 public:
  using Clock = std::chrono::steady_clock;
  // `stop_fd`: borrowed, readable once everything is to end; -1: never.
  Patience(int stop_fd, Clock::time_point until) : stop_fd_(stop_fd), until_(until) {}
  // False: there is no more time.
  bool WaitFor(int fd, short events) const;
  // To be read: any of three, of which -1 is none.
  bool WaitForAny(const std::array<int, 3>& fds) const;
  bool is_over() const;

 private:
  int Remaining() const;
  int stop_fd_;
  Clock::time_point until_;
};

class OtherScanner {
 public:
  enum class Kind : std::uint8_t { kClamd, kKav, kCommand };
  // `where`: the path of a Unix socket, or a numeric address with its port.
  static std::optional<OtherScanner> Clamd(const std::string& where);
  static std::optional<OtherScanner> Kav(const std::string& where);
  // The first is an absolute path; "{path}" stands for the file in one of the others, or one is "-", for
  // standard input. It ends with 0 (clean), 1 (detected; its first line is or has the name) or 2 (failed),
  // as clamscan does.
  static std::optional<OtherScanner> Command(std::vector<std::string> argv);

  OtherAnswer Ask(const AskedObject& object, const Patience& patience) const;
  // "clamd", "kav", "command".
  const char* name() const;

 private:
  OtherScanner() = default;
  Kind kind_ = Kind::kClamd;
  sockaddr_storage address_{};
  socklen_t address_bytes_ = 0;
  std::vector<std::string> argv_;
};

// Whether `sid` is or just was the session of a command that is asked: what it asks us is not to be asked of it again.
bool IsAskedCommand(pid_t sid);

// The answer when a stranger's line says `text` of an object in clamd's words ("stream: Eicar FOUND").
OtherAnswer ReadClamdLine(std::string_view line);
// The same for a line of version 1 of the KAV protocol ("DETECT Eicar").
OtherAnswer ReadKavLine(std::string_view line);

}  // namespace dl::daemon
