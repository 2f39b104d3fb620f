// Sessions of an engine that is no longer to be had everywhere, so that what was set up
// for it goes on without a change.
//
//   KavOptions options;
//   options.scan_path = [&](std::string path, const PeerInfo& peer, Scanning::Done done) { … return ticket; };
//   KavSession http(connection, scanning, options);      // rspamd's kaspersky_se, port 9999
//   KavLineSession lines(connection, options);           // rspamd's kaspersky_av
//
// docs/protocols/kav.md says what is spoken. Borrow their arguments; one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "daylight/daemon/http/http_session.h"
#include "daylight/daemon/service/scanning.h"

namespace dl::daemon {

struct KavOptions {
  std::uint64_t max_body_bytes = std::uint64_t{1} << 30;
  // Opens a path with the rights of the peer and has it scanned. Answers later, never
  // from within; kFailed with a problem for what cannot be opened. Empty: paths are
  // refused.
  std::function<ScanTicket(std::string path, const PeerInfo& peer, Scanning::Done done)> scan_path;
  // Of a TCP connection nobody knows whose rights to open a path with. True: scan_path
  // is asked all the same, and has to know.
  bool paths_over_tcp = false;

  bool MayNamePaths(const PeerInfo& peer) const { return scan_path && (peer.is_local || paths_over_tcp); }
};

// POST /scanmemory, POST /scanfile, by version 1 of the protocol.
class KavSession : public HttpSession {
 public:
  KavSession(Connection& connection, Scanning& scanning, const KavOptions& options)
      : HttpSession(connection), scanning_(scanning), options_(options) {}

 private:
  void OnRequest() override;
  void OnBody(std::string_view data) override;
  void OnBodyEnd() override;
  void OnOver() override;
  HttpReply Problem(int status, std::string_view why) override;
  void OnOutcome(const ScanOutcome& outcome);

  Scanning& scanning_;
  const KavOptions& options_;
  bool is_over_ = false;
  bool is_path_ = false;
  std::string path_;
  SpooledStream stream_;
  ScanTicket ticket_;
};

// "nSCAN PATH\n", one for each connection.
class KavLineSession : public Session {
 public:
  KavLineSession(Connection& connection, const KavOptions& options) : connection_(connection), options_(options) {}
  std::size_t OnBytes(std::string_view bytes) override;
  void OnEnd() override;
  void OnTimeout() override;
  Waiting waiting() const override;

 private:
  void OnLine(std::string_view line, char end);
  void Answer(std::string_view text);

  Connection& connection_;
  const KavOptions& options_;
  bool is_mid_line_ = false;
  bool is_over_ = false;
  char end_ = '\n';
  std::string path_;
  std::optional<ScanTicket> ticket_;
};

// What the answer of version 1 says of an object: "DETECT Eicar-Test-Signature".
std::string KavText(const ScanOutcome& outcome);

}  // namespace dl::daemon
