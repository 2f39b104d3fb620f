// An ICAP client that says anything, in pieces of any size. The first byte chooses the
// settings, the second the size of the pieces.
//
// Meaning: what is said back are whole answers, no more than there were requests; for
// infected bytes it is never "pass"; little is queued and little left over.
#include <cstdlib>
#include <string>

#include "daylight/base/check.h"
#include "daylight/daemon/icap/icap_session.h"
#include "daylight/daemon/net/session_testing.h"
#include "daylight/daemon/text/head.h"
#include "session_fuzzing.h"

namespace {

using namespace dl;
using namespace dl::daemon;

struct Answers {
  std::size_t finals = 0;
  bool is_whole = true;  // The last one ends.
};

// Every answer is one; a body that does not end is the last thing said.
Answers ReadAnswers(std::string_view said) {
  Answers answers;
  while (!said.empty()) {
    const std::size_t end = said.find("\r\n\r\n");
    DL_CHECK(end != std::string_view::npos);
    const auto first_line = said.substr(0, said.find("\r\n"));
    DL_CHECK(first_line.starts_with("ICAP/1.0 "));
    std::string text(said.substr(0, end + 4));
    said.remove_prefix(end + 4);
    if (first_line == "ICAP/1.0 100 Continue") continue;
    ++answers.finals;
    // Folded lines: see FoundLines().
    for (std::size_t at = text.find("\r\n\t"); at != std::string::npos; at = text.find("\r\n\t"))
      text.replace(at, 3, " ");
    const auto head = Head::Parse(text, Head::Manner::kStrict);
    DL_CHECK(head.has_value());
    DL_CHECK(head->Count("ISTag") == 1);
    const auto encapsulated = head->Find("Encapsulated");
    if (first_line.starts_with("ICAP/1.0 204")) {
      DL_CHECK(!encapsulated);
      continue;
    }
    DL_CHECK(encapsulated.has_value());
    const auto last = encapsulated->rfind('=');
    DL_CHECK(last != std::string_view::npos);
    const auto head_bytes = ParseDecimal(encapsulated->substr(last + 1));
    DL_CHECK(head_bytes && *head_bytes <= said.size());
    said.remove_prefix(static_cast<std::size_t>(*head_bytes));
    if (encapsulated->find("null-body") != std::string_view::npos) continue;
    ChunkReader chunks;
    for (;;) {
      const auto event = chunks.Next(said);
      DL_CHECK(event != ChunkReader::Event::kBad);
      if (event == ChunkReader::Event::kEnd) break;
      if (event == ChunkReader::Event::kMore) {
        DL_CHECK(said.empty());
        answers.is_whole = false;
        return answers;
      }
    }
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
  IcapOptions options;
  options.max_body_bytes = (how & 1) != 0 ? 12 : 1u << 20;
  options.too_large_blocks = (how & 2) != 0;
  options.allow_204 = (how & 4) != 0;
  if ((how & 8) != 0) options.services = {"*"};
  options.istag = [] { return "tag\r\n"; };
  TestConnection connection;
  TestScanning scanning;
  scanning.incomplete_blocks = (how & 16) != 0;
  scanning.busy = (how & 32) != 0;
  {
    IcapSession session(connection, scanning, options);
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
        const std::string& seen = scanning.seen[told++];
        const bool is_bad = seen.find("INFECTED") != std::string::npos;
        const bool is_known_bad = is_bad && !scanning.busy;
        if (answer.empty()) {
          // The form was clean; its files come next.
          DL_CHECK(!is_bad && !scanning.busy && !scanning.jobs.empty());
          continue;
        }
        DL_CHECK(answer.starts_with("ICAP/1.0 "));
        // In the head: behind it may come what the client wrote itself.
        const std::string_view head = answer.substr(0, answer.find("\r\n\r\n"));
        DL_CHECK((head.find("Type=0; Resolution=2; Threat=") != std::string_view::npos) == is_known_bad);
        if (is_known_bad) DL_CHECK(answer.substr(head.size() + 4).starts_with("HTTP/1.1 403 "));
        connection.Drain(session);
      }
    }
    if ((how & 64) != 0 && !connection.closed) session.OnTimeout();
    if ((how & 128) != 0 && !connection.closed) session.OnEnd();
  }
  DL_CHECK(connection.most_queued <= options.max_section_bytes + (256u << 10));
  DL_CHECK(ReadAnswers(connection.sent).finals <= CountHeads(input) + 1);
  DL_CHECK(scanning.spool().use().memory_bytes == 0);
  return 0;
}
