// A client of the KAV protocols that says anything, in pieces of any size. The first
// byte chooses which of the two and the settings, the second the size of the pieces.
//
// Meaning: what is said back are whole answers; for infected bytes it is never "CLEAN"
// or "OK"; paths are asked for only by who may, and are absolute; nothing stays in the
// spool.
#include <cstdlib>
#include <memory>
#include <string>

#include "daylight/base/check.h"
#include "daylight/daemon/kav/kav_session.h"
#include "daylight/daemon/net/session_testing.h"
#include "daylight/os/memfd.h"
#include "session_fuzzing.h"

using namespace dl;
using namespace dl::daemon;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const SessionInput given(data, size);
  const unsigned how = given.how;
  const std::size_t piece = given.piece;
  const std::string_view input = given.bytes;
  const bool by_line = (how & 8) != 0;
  TestConnection connection;
  connection.info.is_local = (how & 4) != 0;
  TestScanning scanning;
  scanning.incomplete_blocks = (how & 16) != 0;
  scanning.busy = (how & 32) != 0;
  KavOptions options;
  options.max_body_bytes = (how & 1) != 0 ? 12 : 1u << 20;
  options.paths_over_tcp = (how & 2) != 0;
  options.scan_path = [&](std::string path, const PeerInfo&, Scanning::Done done) {
    DL_CHECK(connection.info.is_local || options.paths_over_tcp);
    DL_CHECK(path.starts_with('/') && path.size() <= 5000 && path.find('\0') == std::string::npos);
    ScanRequest request;
    request.fd = std::move(*os::SealedMemfd("path", {path}));
    request.size = path.size();
    return scanning.Scan(std::move(request), std::move(done));
  };
  {
    std::unique_ptr<Session> session;
    if (by_line) {
      session = std::make_unique<KavLineSession>(connection, options);
    } else {
      session = std::make_unique<KavSession>(connection, scanning, options);
    }
    std::string_view rest = input;
    std::size_t told = 0;
    while (!rest.empty() && !connection.closed) {
      connection.Feed(*session, rest.substr(0, piece), piece);
      rest.remove_prefix(std::min(piece, rest.size()));
      DL_CHECK(connection.pending.size() <= kMaxPendingBytes || session->waiting() == Waiting::kForUs);
      for (;;) {
        const std::size_t before = connection.sent.size();
        if (!scanning.Answer()) break;
        const std::string_view answer = std::string_view(connection.sent).substr(before);
        DL_CHECK(!answer.empty());
        const bool is_bad = scanning.seen[told++].find("INFECTED") != std::string::npos;
        if (by_line) {
          DL_CHECK(connection.closed);
          const std::string_view line = answer.substr(0, answer.size() - 1);
          if (is_bad) DL_CHECK(!line.ends_with(": OK"));
          if (is_bad && !scanning.busy) DL_CHECK(line.ends_with(" FOUND"));
        } else {
          if (is_bad) DL_CHECK(!answer.ends_with("CLEAN"));
          if (is_bad && !scanning.busy) DL_CHECK(answer.ends_with("\r\n\r\nDETECT Test.Infected"));
        }
        connection.Drain(*session);
      }
    }
    if ((how & 64) != 0 && !connection.closed) session->OnTimeout();
    if ((how & 128) != 0 && !connection.closed) session->OnEnd();
  }
  if (by_line && !connection.sent.empty()) {
    const char end = connection.sent.back();
    DL_CHECK(end == '\n' || end == '\0');
    DL_CHECK(connection.sent.find(end) == connection.sent.size() - 1);
  }
  if (!by_line && !connection.sent.empty()) DL_CHECK(connection.sent.starts_with("HTTP/1.1 "));
  DL_CHECK(scanning.spool().use().memory_bytes == 0);
  return 0;
}
