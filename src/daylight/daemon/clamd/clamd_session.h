// ClamdSession speaks clamd's protocol, as clamd 1.4 answers it, byte by byte.
//
//   daemon::ClamdSession session(connection, scanning, walking, options);
//   session.OnBytes("zPING\0");        // The connection is sent "PONG\0" and closed.
//
// PING VERSION VERSIONCOMMANDS RELOAD SHUTDOWN STATS SCAN CONTSCAN MULTISCAN ALLMATCHSCAN
// INSTREAM FILDES IDSESSION END DETSTATS DETSTATSCLEAR. docs/protocols/clamd.md says what
// differs and why. One thread.
#pragma once

#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "daylight/daemon/net/session.h"
#include "daylight/daemon/service/scanning.h"
#include "daylight/daemon/service/walking.h"

namespace dl::daemon {

struct ClamdOptions {
  std::uint64_t max_stream_bytes = 100u << 20;  // StreamMaxLength
  bool unofficial_suffix = true;                // Names that are not official end in .UNOFFICIAL.
  bool allow_shutdown = false;                  // On a Unix socket; never on TCP.
  bool allow_reload = true;
  // Of paths: what is not looked at (os/glob.h, os/path_mask.h).
  std::vector<std::string> exclude;
  std::vector<std::string> exclude_masks;
  std::uint32_t max_in_flight = 64;      // Scans of one connection at a time.
  std::function<std::string()> version;  // "ClamAV 1.4.6/27780/..."
  std::function<std::string()> stats;    // Without its END.
  std::function<void()> reload;
  std::function<void()> shutdown;
};

class ClamdSession : public Session {
 public:
  // All are borrowed.
  ClamdSession(Connection& connection, Scanning& scanning, Walking& walking, const ClamdOptions& options);
  ~ClamdSession() override;
  std::size_t OnBytes(std::string_view bytes) override;
  bool takes_descriptors() const override { return state_ != State::kEnded; }
  void OnDescriptor(os::Fd fd) override;
  void OnEnd() override;
  void OnTimeout() override;
  void OnRefused() override;
  Waiting waiting() const override;

 private:
  enum class Command : std::uint8_t;
  struct Known;
  enum class State : std::uint8_t { kCommand, kStream, kDescriptor, kEnded };
  // One scan that was asked for and is not yet answered.
  struct Job {
    std::uint32_t id = 0;
    char end = '\n';
    std::string label;  // "stream", "fd[12]", a path.
    ScanTicket ticket;
  };
  // SCAN and its like: a walk whose files are scanned side by side and answered in order.
  struct PathJob {
    struct File {
      std::string label;
      ScanTicket ticket;
      std::optional<std::string> reply;  // All of its lines; empty: nothing to say.
      bool found = false;
      bool silent = false;  // Does not count as an answer.
    };
    std::uint32_t id = 0;
    char end = '\n';
    std::string path;
    bool all_matches = false;
    bool stop_at_first = false;
    std::size_t max_in_flight = 1;
    std::unique_ptr<Walk> walk;
    std::list<File> files;
    bool asked = false;      // Next() was called and has not answered.
    bool exhausted = false;  // There are no more files.
    bool answered = false;   // Some line was sent.
  };

  std::size_t TakeCommand(std::string_view bytes);
  std::size_t TakeStream(std::string_view bytes);
  std::size_t TakeDescriptor(std::string_view bytes);
  void Execute(std::string_view text, bool old_style);
  void Reply(std::uint32_t id, char end, std::string_view text);
  std::string Line(std::uint32_t id, char end, std::string_view text) const;
  void ReplyAndClose(std::string_view text);
  void StartPaths(const Known& known, std::string path);
  void GoOn(PathJob& job);
  void OnFile(PathJob& job, std::optional<WalkedFile> file);
  bool GiveOut(PathJob& job);
  void ScanDescriptor(os::Fd fd);
  void Submit(ScanRequest request, std::string label);
  std::string Lines(std::uint32_t id, char end, const std::string& label, const ScanOutcome& outcome,
                    bool all_matches) const;
  void Finished();
  std::size_t in_flight() const { return jobs_.size() + path_jobs_.size(); }

  Connection& connection_;
  Scanning& scanning_;
  Walking& walking_;
  const ClamdOptions& options_;
  State state_ = State::kCommand;
  bool in_session_ = false;
  bool ending_ = false;     // Nothing more is taken; closes when all is answered.
  bool has_begun_ = false;  // Some of a command has come.
  char end_ = '\n';         // Of the command that is being read or answered.
  std::uint32_t id_ = 0;
  // Of a stream: what is left of the chunk, and the bytes so far.
  std::uint64_t chunk_left_ = 0;
  SpooledStream stream_;
  os::Fd descriptor_;
  std::list<Job> jobs_;
  std::list<PathJob> path_jobs_;
};

}  // namespace dl::daemon
