// An HTTP client that says anything to the scanner's interface, in pieces of any size.
// The first byte chooses the settings, the second the size of the pieces.
//
// Meaning: what is said back are whole answers, no more than there were requests; for
// infected bytes it is never "clean"; without the token nothing is scanned; little is
// left over, and nothing stays in the spool.
#include <cstdlib>
#include <string>

#include "daylight/base/check.h"
#include "daylight/daemon/http/api_session.h"
#include "daylight/daemon/net/session_testing.h"
#include "daylight/daemon/text/head.h"
#include "session_fuzzing.h"

namespace {

using namespace dl;
using namespace dl::daemon;

// `has_bodies`: none was an answer to HEAD.
std::size_t CountAnswers(std::string_view said, bool has_bodies) {
  std::size_t answers = 0;
  while (!said.empty()) {
    const std::size_t end = said.find("\r\n\r\n");
    DL_CHECK(end != std::string_view::npos);
    const auto head = Head::Parse(said.substr(0, end + 4), Head::Manner::kStrict);
    DL_CHECK(head && head->start_line().starts_with("HTTP/1.1 "));
    said.remove_prefix(end + 4);
    if (head->start_line() == "HTTP/1.1 100 Continue") continue;
    ++answers;
    const auto length = ParseDecimal(head->Find("Content-Length").value_or(""));
    DL_CHECK(length && !head->Find("Access-Control-Allow-Origin"));
    if (!has_bodies) return 0;
    DL_CHECK(*length <= said.size());
    said.remove_prefix(static_cast<std::size_t>(*length));
  }
  return answers;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const SessionInput given(data, size);
  const unsigned how = given.how;
  const std::size_t piece = given.piece;
  const std::string_view input = given.bytes;
  ApiOptions options;
  options.max_body_bytes = (how & 1) != 0 ? 12 : 1u << 20;
  options.requires_token = (how & 2) != 0;
  options.token = "correct horse battery staple";
  options.health = [] { return ApiHealth{true, "1", {}}; };
  options.metrics = [] { return std::string("m 1\n"); };
  TestConnection connection;
  connection.info.is_local = (how & 4) != 0;
  TestScanning scanning;
  scanning.incomplete_blocks = (how & 16) != 0;
  scanning.busy = (how & 32) != 0;
  {
    ApiSession session(connection, scanning, options);
    std::string_view rest = input;
    std::size_t told = 0;
    while (!rest.empty() && !connection.closed) {
      connection.Feed(session, rest.substr(0, piece), piece);
      rest.remove_prefix(std::min(piece, rest.size()));
      DL_CHECK(connection.pending.size() <= kMaxPendingBytes || session.waiting() == Waiting::kForUs);
      for (;;) {
        const std::size_t before = connection.sent.size();
        if (!scanning.Answer()) break;
        const std::string_view answer = std::string_view(connection.sent).substr(before);
        const bool is_bad = scanning.seen[told++].find("INFECTED") != std::string::npos;
        DL_CHECK(!scanning.busy || answer.starts_with("HTTP/1.1 503 "));
        if (is_bad && !scanning.busy) {
          DL_CHECK(answer.find(",\"outcome\":\"infected\",\"blocks\":true,") != std::string_view::npos);
        }
        connection.Drain(session);
      }
    }
    if ((how & 64) != 0 && !connection.closed) session.OnTimeout();
    if ((how & 128) != 0 && !connection.closed) session.OnEnd();
  }
  const bool may_have_heads = input.find("HEAD") != std::string_view::npos;
  DL_CHECK(CountAnswers(connection.sent, !may_have_heads) <= CountHeads(input) + 1);
  if (options.requires_token && input.find(options.token) == std::string_view::npos) DL_CHECK(scanning.seen.empty());
  DL_CHECK(scanning.spool().use().memory_bytes == 0);
  return 0;
}
