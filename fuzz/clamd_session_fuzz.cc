// The clamd protocol with any bytes, in pieces of any size: an answer for what is asked
// and no more, none of them "OK" for what is infected, and bounded memory.
#include <cstdint>
#include <string>
#include <string_view>

#include "daylight/base/check.h"
#include "daylight/daemon/clamd/clamd_session.h"
#include "daylight/daemon/net/session_testing.h"

namespace {

class NoWalking : public dl::daemon::Walking {
  class None : public dl::daemon::Walk {
    void Next() override {}
  };
  std::unique_ptr<dl::daemon::Walk> Start(const dl::daemon::PeerInfo&, const std::string&, const dl::daemon::WalkWants&,
                                          OnFile) override {
    return std::make_unique<None>();
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t piece = data[0] == 0 ? size : data[0];
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  dl::daemon::ClamdOptions options;
  options.max_stream_bytes = 4096;
  options.max_in_flight = 4;
  options.allow_shutdown = true;
  options.version = [] { return "V"; };
  options.stats = [] { return "S\n"; };
  options.reload = [] {};
  options.shutdown = [] {};
  dl::daemon::TestConnection connection;
  connection.info.is_local = true;
  dl::daemon::TestScanning scanning;
  NoWalking walking;
  {
    dl::daemon::ClamdSession session(connection, scanning, walking, options);
    connection.Feed(session, bytes, piece);
    DL_CHECK(connection.pending.size() <= dl::daemon::kMaxPendingBytes + piece);
    DL_CHECK(scanning.jobs.size() <= 4);
    for (int round = 0; round < 1000 && scanning.Answer(); ++round) connection.Drain(session);
    session.OnEnd();
    while (scanning.Answer()) {
    }
  }
  std::size_t infected = 0;
  for (const std::string& seen : scanning.seen) {
    if (seen.find("INFECTED") != std::string::npos) ++infected;
  }
  std::size_t found = 0;
  for (std::size_t at = 0; (at = connection.sent.find("stream: Test.Infected FOUND", at)) != std::string::npos; ++at)
    ++found;
  DL_CHECK(found == infected);
  DL_CHECK(scanning.spool().use().memory_bytes == 0);
  return 0;
}
