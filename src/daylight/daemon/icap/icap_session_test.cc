#include "daylight/daemon/icap/icap_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daylight/daemon/icap/icap_replies.h"
#include "daylight/daemon/net/session_testing.h"

namespace dl::daemon {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

const std::string kRequestHead = "GET http://example.org/dir/file.zip?q=1 HTTP/1.1\r\nHost: example.org\r\n\r\n";
const std::string kResponseHead = "HTTP/1.1 200 OK\r\nContent-Type: application/zip\r\n\r\n";

// What a client says, made from parts.
struct Client {
  std::string service = "avscan";
  std::string fields = "Allow: 204\r\n";
  std::string request_head = kRequestHead;
  std::string response_head = kResponseHead;

  std::string Respmod(const std::string& chunks) const {
    return "RESPMOD icap://localhost/" + service + " ICAP/1.0\r\nHost: localhost\r\n" + fields +
           "Encapsulated: req-hdr=0, res-hdr=" + std::to_string(request_head.size()) +
           ", res-body=" + std::to_string(request_head.size() + response_head.size()) + "\r\n\r\n" + request_head +
           response_head + chunks;
  }
  std::string Reqmod(const std::string& chunks) const {
    return "REQMOD icap://localhost/" + service + " ICAP/1.0\r\nHost: localhost\r\n" + fields +
           "Encapsulated: req-hdr=0, req-body=" + std::to_string(request_head.size()) + "\r\n\r\n" + request_head +
           chunks;
  }
};

std::string Body(const std::string& bytes) { return (bytes.empty() ? "" : Chunk(bytes)) + std::string(kLastChunk); }

class IcapSessionTest : public ::testing::Test {
 protected:
  IcapSessionTest() {
    options.istag = [this] { return tag; };
    session = std::make_unique<IcapSession>(connection, scanning, options);
  }
  // Gives `bytes`, answers what is asked of the scanner, gives back what was said.
  std::string Say(const std::string& bytes, std::size_t piece = 1u << 16) {
    connection.sent.clear();
    connection.Feed(*session, bytes, piece);
    while (scanning.Answer()) connection.Drain(*session);
    return connection.sent;
  }
  std::string tag = "state-1";
  IcapOptions options;
  TestConnection connection;
  TestScanning scanning;
  std::unique_ptr<IcapSession> session;
  Client client;
};

// What stands behind the head of an ICAP answer.
std::string Content(const std::string& answer) { return answer.substr(answer.find("\r\n\r\n") + 4); }
// The bytes of its body, out of their chunks; "cut" when it does not end.
std::string Dechunk(std::string_view chunks) {
  ChunkReader reader;
  std::string bytes;
  for (;;) {
    switch (reader.Next(chunks)) {
      case ChunkReader::Event::kData: bytes += reader.data(); break;
      case ChunkReader::Event::kEnd: return chunks.empty() ? bytes : "more behind it";
      default: return "cut";
    }
  }
}

TEST_F(IcapSessionTest, Options) {
  const std::string answer =
      Say("OPTIONS icap://localhost/avscan ICAP/1.0\r\nHost: localhost\r\nEncapsulated: null-body=0\r\n\r\n");
  EXPECT_EQ(answer,
            "ICAP/1.0 200 OK\r\nISTag: \"state-1\"\r\nService: Daylight\r\nConnection: keep-alive\r\n"
            "Methods: RESPMOD, REQMOD\r\nOptions-TTL: 600\r\nMax-Connections: 100\r\nAllow: 204\r\nPreview: 1024\r\n"
            "Transfer-Preview: *\r\nX-Include: X-Client-IP, X-Client-Username\r\nEncapsulated: null-body=0\r\n\r\n");
  EXPECT_FALSE(connection.closed);
  options.preview_bytes.reset();
  options.allow_204 = false;
  options.offers_respmod = false;
  const std::string bare = Say("OPTIONS icap://localhost/avscan ICAP/1.0\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(bare, Not(HasSubstr("Preview")));
  EXPECT_THAT(bare, Not(HasSubstr("204")));
  EXPECT_THAT(bare, HasSubstr("Methods: REQMOD\r\n"));
  EXPECT_THAT(bare, HasSubstr("Connection: close\r\n"));
  EXPECT_TRUE(connection.closed);
}

TEST_F(IcapSessionTest, OptionsWithABodyAreRead) {
  const std::string answer =
      Say("OPTIONS icap://localhost/avscan ICAP/1.0\r\nEncapsulated: opt-body=0\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
          "OPTIONS icap://localhost/avscan ICAP/1.0\r\n\r\n");
  EXPECT_EQ(answer.find("ICAP/1.0 200"), 0u);
  EXPECT_NE(answer.find("ICAP/1.0 200", 10), std::string::npos);
  EXPECT_FALSE(connection.closed);
}

TEST_F(IcapSessionTest, CleanIs204HoweverItIsSplit) {
  const std::string request = client.Respmod(Body("harmless"));
  for (std::size_t piece = 1; piece <= request.size(); ++piece) {
    EXPECT_EQ(Say(request, piece),
              "ICAP/1.0 204 No Content\r\nISTag: \"state-1\"\r\nService: Daylight\r\nConnection: keep-alive\r\n\r\n");
    ASSERT_EQ(scanning.seen.back(), "harmless");
  }
}

TEST_F(IcapSessionTest, TheScannerIsToldWhatItIs) {
  connection.info.name = "192.0.2.7:40112";
  connection.Feed(*session, client.Respmod(Body("harmless")));
  ASSERT_EQ(scanning.jobs.size(), 1u);
  const ScanRequest& request = scanning.jobs.front().request;
  EXPECT_EQ(request.names.filename, "file.zip");
  EXPECT_EQ(request.names.extension, ".zip");
  EXPECT_EQ(request.path, "http://example.org/dir/file.zip?q=1");
  EXPECT_EQ(request.protocol, Protocol::kIcap);
  EXPECT_EQ(request.peer.name, "192.0.2.7:40112");
  EXPECT_EQ(request.size, 8u);
  EXPECT_TRUE(request.unread.empty());
  EXPECT_EQ(session->waiting(), Waiting::kForUs);
  scanning.Answer();
  EXPECT_EQ(session->waiting(), Waiting::kForCommand);
  client.response_head = "HTTP/1.1 200 OK\r\nContent-Disposition: attachment; filename=\"other.exe\"\r\n\r\n";
  connection.Feed(*session, client.Respmod(Body("harmless")));
  EXPECT_EQ(scanning.jobs.front().request.names.filename, "other.exe");
}

TEST_F(IcapSessionTest, AThreatIsAPage) {
  const std::string request = client.Respmod(Body("this is INFECTED"));
  for (std::size_t piece = 1; piece <= request.size(); piece += 7) {
    const std::string answer = Say(request, piece);
    EXPECT_THAT(answer, StartsWith("ICAP/1.0 200 OK\r\n"));
    EXPECT_THAT(answer, HasSubstr("\r\nX-Infection-Found: Type=0; Resolution=2; Threat=Test.Infected;\r\n"));
    EXPECT_THAT(answer, HasSubstr("\r\nX-Virus-ID: Test.Infected\r\n"));
    EXPECT_THAT(answer,
                HasSubstr("\r\nX-Violations-Found: 2\r\n\t-\r\n\tTest.Infected\r\n\t0\r\n\t2\r\n\t-\r\n\tTest.Second"));
    EXPECT_THAT(answer, Not(HasSubstr("X-Daylight-Incomplete")));
    const std::string content = Content(answer);
    EXPECT_THAT(content, StartsWith("HTTP/1.1 403 Forbidden\r\n"));
    const std::size_t head = content.find("\r\n\r\n") + 4;
    EXPECT_THAT(answer, HasSubstr("Encapsulated: res-hdr=0, res-body=" + std::to_string(head) + "\r\n"));
    const std::string page = Dechunk(content.substr(head));
    EXPECT_THAT(page, HasSubstr("<b>Test.Infected</b>"));
    EXPECT_THAT(content, HasSubstr("Content-Length: " + std::to_string(page.size()) + "\r\n"));
  }
  EXPECT_THAT(Say(client.Reqmod(Body("this is INFECTED"))), HasSubstr("Encapsulated: res-hdr=0, res-body="));
}

TEST_F(IcapSessionTest, NamesAndUrlsCannotBreakOut) {
  ScanOutcome outcome;
  outcome.kind = ScanOutcome::Kind::kInfected;
  outcome.names = {"a\r\nX-Evil: 1;b,<script>\xff"};
  EXPECT_THAT(FoundLines(outcome), HasSubstr("Threat=a__X-Evil: 1_b_<script>_;\r\n"));
  EXPECT_THAT(FoundLines(outcome), HasSubstr("\r\n\ta__X-Evil_ 1_b_<script>_\r\n"));
  const BlockPage page = MakeBlockPage("{name} {url} {reason} {no} {", "<b>", "r", "u\"'");
  EXPECT_EQ(page.page, "&lt;b&gt; u&quot;&#39; r {no} {");
  EXPECT_EQ(IcapTag("a\"b\\c\n" + std::string(100, 'd')).size(), 34u);
  EXPECT_THAT(IcapTag("a\"b\\c\nd"), "\"a_b_c_d\"");
}

TEST_F(IcapSessionTest, IncompleteIsToldWhetherItPassesOrNot) {
  const std::string blocked = Say(client.Respmod(Body("ENCRYPTED")));
  EXPECT_THAT(blocked, StartsWith("ICAP/1.0 200"));
  EXPECT_THAT(blocked, HasSubstr("\r\nX-Daylight-Incomplete: encrypted\r\n"));
  EXPECT_THAT(blocked, HasSubstr("X-Infection-Found: Type=2; Resolution=2; Threat=Heuristics.Encrypted.Zip;\r\n"));
  EXPECT_THAT(blocked, HasSubstr("HTTP/1.1 403"));
  scanning.incomplete_blocks = false;
  const std::string passed = Say(client.Respmod(Body("ENCRYPTED")));
  EXPECT_THAT(passed, StartsWith("ICAP/1.0 204"));
  EXPECT_THAT(passed, HasSubstr("\r\nX-Daylight-Incomplete: encrypted\r\n"));
  EXPECT_THAT(passed, Not(HasSubstr("X-Infection-Found")));
  EXPECT_THAT(Say(client.Respmod(Body("BROKEN"))), HasSubstr("X-Daylight-Incomplete: failed: the worker died\r\n"));
}

TEST_F(IcapSessionTest, PreviewThenTheRest) {
  client.fields = "Preview: 4\r\n";
  EXPECT_EQ(Say(client.Respmod(Body("INFE"))), "ICAP/1.0 100 Continue\r\n\r\n");
  EXPECT_EQ(session->waiting(), Waiting::kForBytes);
  EXPECT_THAT(Say(Body("CTED")), HasSubstr("Threat=Test.Infected;"));
  EXPECT_EQ(scanning.seen.back(), "INFECTED");
  // After the preview, 204 is not for a client that did not offer it.
  Say(client.Respmod(Body("harm")));
  EXPECT_EQ(Dechunk(Content(Say(Body("less"))).substr(kResponseHead.size())), "harmless");
  client.fields = "Preview: 4\r\nAllow: 204\r\n";
  Say(client.Respmod(Body("harm")));
  EXPECT_THAT(Say(Body("less")), StartsWith("ICAP/1.0 204"));
  client.fields = "Preview: 0\r\nAllow: 204\r\n";
  EXPECT_EQ(Say(client.Respmod(Body(""))), "ICAP/1.0 100 Continue\r\n\r\n");
  EXPECT_THAT(Say(Body("all of it")), StartsWith("ICAP/1.0 204"));
  EXPECT_EQ(scanning.seen.back(), "all of it");
}

TEST_F(IcapSessionTest, APreviewThatIsAllIsAnsweredAtOnce) {
  client.fields = "Preview: 1024\r\n";
  // In a preview 204 needs no offer (section 4.5).
  EXPECT_THAT(Say(client.Respmod("4\r\nharm\r\n0; ieof\r\n\r\n")), StartsWith("ICAP/1.0 204"));
  EXPECT_THAT(Say(client.Respmod("8\r\nINFECTED\r\n0; ieof\r\n\r\n")), HasSubstr("Threat=Test.Infected;"));
  EXPECT_THAT(Say(client.Respmod("0; ieof\r\n\r\n")), StartsWith("ICAP/1.0 204"));
  EXPECT_FALSE(connection.closed);
}

TEST_F(IcapSessionTest, Without204TheOriginalComesBackInPieces) {
  client.fields = "";
  std::string bytes;
  while (bytes.size() < 300'000) bytes += std::to_string(bytes.size()) + ",";
  std::string chunks;
  for (std::size_t at = 0; at < bytes.size(); at += 1000) chunks += Chunk(bytes.substr(at, 1000));
  chunks += "0\r\nTrailer: gone\r\n\r\n";
  const std::string answer = Say(client.Respmod(chunks));
  EXPECT_THAT(answer, HasSubstr("Encapsulated: res-hdr=0, res-body=" + std::to_string(kResponseHead.size()) + "\r\n"));
  EXPECT_THAT(Content(answer), StartsWith(kResponseHead));
  EXPECT_EQ(Dechunk(Content(answer).substr(kResponseHead.size())), bytes);
  EXPECT_LE(connection.most_queued, 70'000u);
  EXPECT_EQ(scanning.spool().use().memory_bytes, 0u);
  const std::string request = Say(client.Reqmod(Body("upload")));
  EXPECT_THAT(request, HasSubstr("Encapsulated: req-hdr=0, req-body="));
  EXPECT_EQ(Content(request), kRequestHead + Body("upload"));
  EXPECT_EQ(Content(Say(client.Reqmod(Body("")))), kRequestHead + std::string(kLastChunk));
}

TEST_F(IcapSessionTest, WithoutABodyNothingIsScanned) {
  const std::string head = "REQMOD icap://localhost/avscan ICAP/1.0\r\n";
  const std::string tail = "Encapsulated: req-hdr=0, null-body=" + std::to_string(kRequestHead.size()) + "\r\n\r\n";
  EXPECT_THAT(Say(head + "Allow: 204\r\n" + tail + kRequestHead), StartsWith("ICAP/1.0 204"));
  const std::string answer = Say(head + tail + kRequestHead);
  EXPECT_THAT(answer, HasSubstr("Encapsulated: req-hdr=0, null-body=" + std::to_string(kRequestHead.size()) + "\r\n"));
  EXPECT_EQ(Content(answer), kRequestHead);
  EXPECT_TRUE(scanning.seen.empty());
}

TEST_F(IcapSessionTest, Pipelined) {
  const std::string two = client.Respmod(Body("INFECTED")) + client.Reqmod(Body("harmless"));
  for (const std::size_t piece : {std::size_t{1}, std::size_t{100}, two.size()}) {
    const std::string answers = Say(two, piece);
    EXPECT_THAT(answers, StartsWith("ICAP/1.0 200"));
    EXPECT_THAT(answers, HasSubstr("\r\n0\r\n\r\nICAP/1.0 204"));
  }
  EXPECT_EQ(scanning.seen.size(), 6u);
}

TEST_F(IcapSessionTest, AnEmptyBodyThatEndsTwice) {
  // As rspamd and e2guardian write it.
  const std::string twice = client.Respmod("0\r\n\r\n0\r\n\r\n");
  for (const std::size_t piece : {std::size_t{1}, twice.size()}) {
    EXPECT_THAT(Say(twice + client.Respmod(Body("INFECTED")), piece), HasSubstr("Threat=Test.Infected"));
  }
  EXPECT_FALSE(connection.closed);
}

TEST_F(IcapSessionTest, Refusals) {
  const auto refused = [&](const std::string& request, const std::string& status, bool closes) {
    session = std::make_unique<IcapSession>(connection, scanning, options);
    connection.closed = false;
    connection.pending.clear();
    const std::string answer = Say(request);
    EXPECT_THAT(answer, StartsWith("ICAP/1.0 " + status)) << request;
    EXPECT_THAT(answer, HasSubstr("\r\nEncapsulated: null-body=0\r\n"));
    EXPECT_EQ(answer.find("ICAP/1.0", 1), std::string::npos);
    EXPECT_EQ(connection.closed, closes) << request;
    return answer;
  };
  refused("garbage\r\n\r\n", "400", true);
  refused("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "400", true);
  refused(std::string(20'000, 'a'), "400", true);
  refused("OPTIONS icap://h/avscan ICAP/1.0\r\n" + std::string(17'000, 'b'), "400", true);
  refused("FOO icap://h/avscan ICAP/1.0\r\n\r\n", "501", true);
  refused("OPTIONS icap://h/avscan ICAP/3.0\r\n\r\n", "505", true);
  refused("OPTIONS icap://h/other ICAP/1.0\r\n\r\n", "404", false);
  refused(client.Respmod("zz\r\n"), "400", true);
  refused(client.Respmod("10000000000000000\r\n"), "400", true);
  refused("RESPMOD icap://h/avscan ICAP/1.0\r\nEncapsulated: res-hdr=0, res-body=999999999\r\n\r\n", "400", true);
  client.response_head = "HTTP/1.1 200 OK\r\n";  // Does not end.
  refused(client.Respmod(Body("a")), "400", true);
  client = Client();
  client.service = "other";
  refused(client.Respmod(Body("a")), "404", false);
  client.fields = "Preview: 1\r\n";
  refused(client.Respmod(Body("a")), "404", false);
  client = Client();
  options.offers_reqmod = false;
  EXPECT_THAT(refused(client.Reqmod(Body("a")), "405", false), HasSubstr("\r\nAllow: OPTIONS, RESPMOD\r\n"));
  scanning.busy = true;
  refused(client.Respmod(Body("INFECTED")), "503", false);
}

TEST_F(IcapSessionTest, AfterARefusalTheNextRequestIsRead) {
  Client other = client;
  other.service = "other";
  const std::string answers = Say(other.Respmod(Body("INFECTED")) + client.Respmod(Body("INFECTED")));
  EXPECT_THAT(answers, StartsWith("ICAP/1.0 404"));
  EXPECT_THAT(answers, HasSubstr("ICAP/1.0 200"));
  EXPECT_EQ(scanning.seen.size(), 1u);
}

TEST_F(IcapSessionTest, TooLargeIsBlockedAtOnce) {
  options.max_body_bytes = 10;
  const std::string answer = Say(client.Respmod(Chunk("0123456789") + Chunk("x")));
  EXPECT_THAT(answer, HasSubstr("X-Daylight-Incomplete: too large\r\n"));
  EXPECT_THAT(answer, HasSubstr("HTTP/1.1 403"));
  EXPECT_EQ(session->waiting(), Waiting::kForBytes);
  // What is left is passed over, and the next request is read.
  EXPECT_EQ(Say(Body("yyy")), "");
  EXPECT_THAT(Say(client.Respmod(Body("0123456789"))), StartsWith("ICAP/1.0 204"));
  EXPECT_EQ(scanning.seen.size(), 1u);
}

TEST_F(IcapSessionTest, TooLargePassesWhereThatIsWanted) {
  options.max_body_bytes = 10;
  options.too_large_blocks = false;
  EXPECT_THAT(Say(client.Respmod(Chunk("0123456789") + Body("x"))), StartsWith("ICAP/1.0 204"));
  client.fields = "";
  std::string bytes;
  std::string chunks;
  for (int i = 0; i < 100; ++i) {
    chunks += Chunk(std::string(3001, static_cast<char>('a' + i % 26)));
    bytes += std::string(3001, static_cast<char>('a' + i % 26));
  }
  const std::string request = client.Respmod(Chunk("01234") + chunks + std::string(kLastChunk));
  for (const std::size_t piece : {std::size_t{997}, request.size()}) {
    const std::string answer = Say(request + client.Respmod(Body("")), piece);
    EXPECT_THAT(answer, HasSubstr("X-Daylight-Incomplete: too large\r\n"));
    const std::size_t next = answer.find("\r\n0\r\n\r\nICAP/1.0 200 OK");
    ASSERT_NE(next, std::string::npos);
    EXPECT_EQ(Dechunk(Content(answer.substr(0, next + 7)).substr(kResponseHead.size())), "01234" + bytes);
  }
  EXPECT_EQ(scanning.spool().use().memory_bytes, 0u);
}

TEST_F(IcapSessionTest, PartsAndStrangeEncodingsAreUnread) {
  client.response_head = "HTTP/1.1 206 Partial Content\r\nContent-Encoding: gzip, br\r\n\r\n";
  connection.Feed(*session, client.Respmod(Body("a")));
  ASSERT_EQ(scanning.jobs.front().request.unread.size(), 2u);
  EXPECT_EQ(scanning.jobs.front().request.unread[0].reason, "partial");
  EXPECT_EQ(scanning.jobs.front().request.unread[1].reason, "encoding");
}

TEST_F(IcapSessionTest, FilesOfAFormAreScannedByThemselves) {
  client.request_head = "POST http://example.org/up HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=XX\r\n\r\n";
  const auto part = [](const std::string& name, const std::string& bytes) {
    return "--XX\r\nContent-Disposition: form-data; name=\"f\"; filename=\"" + name + "\"\r\n\r\n" + bytes + "\r\n";
  };
  const std::string form = part("a.exe", "first") + part("b.exe", "second") + "--XX--\r\n";
  const std::string request = client.Reqmod(Body(form));
  for (const std::size_t piece : {std::size_t{1}, std::size_t{10}, request.size()}) {
    scanning.seen.clear();
    EXPECT_THAT(Say(request, piece), StartsWith("ICAP/1.0 204"));
    EXPECT_EQ(scanning.seen, (std::vector<std::string>{form, "first", "second"}));
  }
  client.fields = "";
  EXPECT_EQ(Content(Say(client.Reqmod(Body(form)))), client.request_head + Body(form));
  // The double finds it in the form already: here only the file counts.
  connection.Feed(*session, client.Reqmod(Body(part("a.exe", "x") + part("b.exe", "ENCRYPTED") + "--XX--")));
  scanning.jobs.front().done(ScanOutcome());
  scanning.jobs.pop_front();
  ASSERT_EQ(scanning.jobs.size(), 1u);
  EXPECT_EQ(scanning.jobs.front().request.names.filename, "a.exe");
  connection.sent.clear();
  scanning.Answer();
  EXPECT_EQ(scanning.jobs.front().request.names.filename, "b.exe");
  EXPECT_EQ(connection.sent, "");
  scanning.Answer();
  EXPECT_THAT(connection.sent, HasSubstr("Threat=Heuristics.Encrypted.Zip;"));
  EXPECT_EQ(scanning.spool().use().memory_bytes, 0u);
}

TEST_F(IcapSessionTest, FormsThatAreNotUnderstoodAreUnread) {
  client.request_head = "POST http://example.org/up HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=XX\r\n\r\n";
  const std::string head = "--XX\r\nContent-Disposition: form-data; filename=a\r\n";
  for (const std::string& form : {head + "\r\nwithout an end", std::string(9000, 'x'), head + "\r\na\r\n--XXX--",
                                  head + "Content-Transfer-Encoding: base64\r\n\r\na\r\n--XX--"}) {
    connection.Feed(*session, client.Reqmod(Body(form)));
    ASSERT_EQ(scanning.jobs.front().request.unread.size(), 1u);
    EXPECT_EQ(scanning.jobs.front().request.unread[0].reason, "form");
    Say("");
  }
  client.request_head = "POST http://example.org/up HTTP/1.1\r\nContent-Type: multipart/form-data\r\n\r\n";
  connection.Feed(*session, client.Reqmod(Body("x")));
  EXPECT_EQ(scanning.jobs.front().request.unread.size(), 1u);
}

TEST_F(IcapSessionTest, TheTagChangesWithTheDatabase) {
  Say(client.Respmod(Body("a")));
  tag = "state-2";
  EXPECT_THAT(Say(client.Respmod(Body("a"))), HasSubstr("ISTag: \"state-2\"\r\n"));
}

TEST_F(IcapSessionTest, NoRoomIsTemporary) {
  struct Full : TestScanning {
    Spool& spool() override { return small; }
    static SpoolOptions Small() {
      SpoolOptions options;
      options.max_memory_bytes = 10;
      return options;
    }
    Spool small{Small()};
  } full;
  IcapSession session_without_room(connection, full, options);
  connection.Feed(session_without_room, client.Respmod(Body("01234567890")));
  EXPECT_THAT(connection.sent, StartsWith("ICAP/1.0 503 Service Overloaded\r\n"));
  EXPECT_EQ(session_without_room.waiting(), Waiting::kForCommand);
}

TEST_F(IcapSessionTest, AClientThatGoesAway) {
  connection.Feed(*session, client.Respmod("5\r\nab"));
  session->OnEnd();
  EXPECT_TRUE(connection.closed);
  EXPECT_EQ(connection.sent, "");
  EXPECT_EQ(scanning.spool().use().memory_bytes, 0u);
}

TEST_F(IcapSessionTest, AClientThatOnlyStopsTalkingIsAnswered) {
  connection.Feed(*session, client.Respmod(Body("INFECTED")));
  session->OnEnd();
  EXPECT_FALSE(connection.closed);
  scanning.Answer();
  EXPECT_THAT(connection.sent, HasSubstr("Threat=Test.Infected;"));
  EXPECT_THAT(connection.sent, HasSubstr("Connection: close"));
  EXPECT_TRUE(connection.closed);
}

TEST_F(IcapSessionTest, ASessionThatEndsDropsItsScan) {
  connection.Feed(*session, client.Respmod(Body("INFECTED")));
  session.reset();
  EXPECT_FALSE(scanning.Answer());
}

TEST_F(IcapSessionTest, Timeouts) {
  session->OnTimeout();
  EXPECT_EQ(connection.sent, "");
  connection.Feed(*session, "OPTIONS icap");
  EXPECT_EQ(session->waiting(), Waiting::kForBytes);
  session->OnTimeout();
  EXPECT_THAT(connection.sent, StartsWith("ICAP/1.0 408 Request Timeout\r\n"));
  EXPECT_TRUE(connection.closed);
}

TEST_F(IcapSessionTest, StoppingWhileItScans) {
  connection.Feed(*session, client.Respmod(Body("INFECTED")));
  session->OnTimeout();
  EXPECT_THAT(connection.sent, StartsWith("ICAP/1.0 503"));
  EXPECT_FALSE(scanning.Answer());
}

}  // namespace
}  // namespace dl::daemon
