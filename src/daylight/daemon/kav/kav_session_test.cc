#include "daylight/daemon/kav/kav_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daylight/daemon/net/session_testing.h"
#include "daylight/os/memfd.h"

namespace dl::daemon {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// As rspamd 3.4 sends it.
std::string Post(const std::string& path, const std::string& body, const std::string& fields = "") {
  return "POST " + path + " HTTP/1.1\r\nConnection: close\r\nHost: 127.0.0.1\r\nX-KAV-ProtocolVersion: 1\r\n" + fields +
         "X-KAV-Timeout: 5000\r\nX-KAV-ObjectURL: [from:a@example.org]\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}
std::string Body(const std::string& answer) {
  const std::size_t head = answer.find("\r\n\r\n");
  return head == std::string::npos ? "no answer" : answer.substr(head + 4);
}

class KavTest : public ::testing::Test {
 protected:
  KavTest() {
    options.scan_path = [this](std::string path, const PeerInfo&, Scanning::Done done) {
      paths.push_back(path);
      ScanRequest request;
      // The double judges by the bytes: here the path is what they are.
      request.fd = std::move(*os::SealedMemfd("path", {path}));
      request.size = path.size();
      return scanning.Scan(std::move(request), std::move(done));
    };
    connection.info.is_local = true;
    Restart();
  }
  void Restart() {
    session = std::make_unique<KavSession>(connection, scanning, options);
    lines = std::make_unique<KavLineSession>(connection, options);
    connection.closed = false;
    connection.pending.clear();
    connection.sent.clear();
  }
  std::string Say(Session& to, const std::string& bytes, std::size_t piece = 1u << 16) {
    connection.Feed(to, bytes, piece);
    while (scanning.Answer()) connection.Drain(to);
    return connection.sent;
  }
  std::string Http(const std::string& bytes, std::size_t piece = 1u << 16) {
    Restart();
    return Say(*session, bytes, piece);
  }
  std::string Line(const std::string& bytes, std::size_t piece = 1u << 16) {
    Restart();
    return Say(*lines, bytes, piece);
  }
  KavOptions options;
  TestConnection connection;
  TestScanning scanning;
  std::vector<std::string> paths;
  std::unique_ptr<KavSession> session;
  std::unique_ptr<KavLineSession> lines;
};

TEST_F(KavTest, MemorySplitAtEveryByte) {
  const std::string request = Post("/scanmemory", "it is INFECTED");
  for (std::size_t piece = 1; piece <= request.size(); ++piece) {
    const std::string answer = Http(request, piece);
    ASSERT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_EQ(Body(answer), "DETECT Test.Infected");
    EXPECT_TRUE(connection.closed);
    EXPECT_EQ(scanning.seen.back(), "it is INFECTED");
  }
}

TEST_F(KavTest, EveryOutcome) {
  EXPECT_EQ(Body(Http(Post("/scanmemory", "harmless"))), "CLEAN");
  EXPECT_EQ(Body(Http(Post("/scanmemory", "ENCRYPTED"))), "NON_SCANNED (PASSWORD PROTECTED)");
  EXPECT_EQ(Body(Http(Post("/scanmemory", "BROKEN"))), "SERVER_ERROR");
  scanning.incomplete_blocks = false;
  const std::string passed = Http(Post("/scanmemory", "ENCRYPTED"));
  EXPECT_EQ(Body(passed), "CLEAN");
  EXPECT_THAT(passed, HasSubstr("\r\nX-Daylight-Incomplete: encrypted\r\n"));
  scanning.busy = true;
  EXPECT_THAT(Http(Post("/scanmemory", "INFECTED")), StartsWith("HTTP/1.1 503 "));
  ScanOutcome outcome;
  outcome.kind = ScanOutcome::Kind::kIncomplete;
  outcome.blocks = true;
  outcome.report.incomplete.push_back({"", "budget", ""});
  EXPECT_EQ(KavText(outcome), "NON_SCANNED (budget)");
  outcome.kind = ScanOutcome::Kind::kInfected;
  outcome.names = {"a\r\nb"};
  EXPECT_EQ(KavText(outcome), "DETECT a__b");
}

TEST_F(KavTest, WhatTheScannerIsTold) {
  connection.Feed(*session, Post("/scanmemory", "x"));
  ASSERT_EQ(scanning.jobs.size(), 1u);
  EXPECT_EQ(scanning.jobs.front().request.path, "[from:a@example.org]");
  EXPECT_EQ(scanning.jobs.front().request.protocol, Protocol::kKav);
}

TEST_F(KavTest, Paths) {
  EXPECT_EQ(Body(Http(Post("/scanfile", "/tmp/INFECTED.tmp"))), "DETECT Test.Infected");
  EXPECT_EQ(Body(Http(Post("/scanfile", "/tmp/a.tmp\r\n"))), "CLEAN");
  EXPECT_EQ(paths, (std::vector<std::string>{"/tmp/INFECTED.tmp", "/tmp/a.tmp"}));
  EXPECT_THAT(Http(Post("/scanfile", "a.tmp")), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(Http(Post("/scanfile", "")), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(Http(Post("/scanfile", std::string("/a\0b", 4))), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(Http(Post("/scanfile", "/" + std::string(5000, 'a'))), StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(Http("POST /scanfile HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1770\r\n/" +
                   std::string(5999, 'a') + "\r\n0\r\n\r\n"),
              StartsWith("HTTP/1.1 413 "));
  connection.info.is_local = false;
  EXPECT_THAT(Http(Post("/scanfile", "/tmp/a.tmp")), StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(Line("nSCAN /tmp/a.tmp\n"), "/tmp/a.tmp: Access denied. ERROR\n");
  EXPECT_EQ(paths.size(), 2u);
  options.paths_over_tcp = true;
  EXPECT_EQ(Body(Http(Post("/scanfile", "/tmp/a.tmp"))), "CLEAN");
  options.scan_path = nullptr;
  EXPECT_THAT(Http(Post("/scanfile", "/tmp/a.tmp")), StartsWith("HTTP/1.1 403 "));
}

TEST_F(KavTest, Refusals) {
  EXPECT_THAT(Http(Post("/other", "a")), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(Http("GET /scanmemory HTTP/1.1\r\nHost: a\r\n\r\n"), StartsWith("HTTP/1.1 405 "));
  EXPECT_THAT(Http("POST /scanmemory HTTP/1.1\r\nHost: a\r\n\r\n"), StartsWith("HTTP/1.1 411 "));
  EXPECT_THAT(Http("POST /scanmemory HTTP/1.1\r\nHost: a\r\nX-KAV-ProtocolVersion: 3\r\nContent-Length: 1\r\n\r\na"),
              StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(Http(Post("/scanmemory", "a", "Origin: http://a\r\n")), StartsWith("HTTP/1.1 403 "));
  options.max_body_bytes = 3;
  EXPECT_THAT(Http(Post("/scanmemory", "abcd")), StartsWith("HTTP/1.1 413 "));
  EXPECT_EQ(Body(Http(Post("/scanmemory", "abc"))), "CLEAN");
}

TEST_F(KavTest, KeptAlive) {
  const std::string one = "POST /scanmemory HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\n";
  const std::string answers = Http(one + "INFECTED" + one + "harmless", 1);
  EXPECT_THAT(answers, HasSubstr("DETECT Test.InfectedHTTP/1.1 200 OK"));
  EXPECT_THAT(answers, ::testing::EndsWith("\r\n\r\nCLEAN"));
  EXPECT_FALSE(connection.closed);
}

TEST_F(KavTest, LinesSplitAtEveryByte) {
  const std::string request = "nSCAN /tmp/INFECTED.tmp\n";
  for (std::size_t piece = 1; piece <= request.size(); ++piece) {
    EXPECT_EQ(Line(request, piece), "/tmp/INFECTED.tmp: Test.Infected FOUND\n");
    EXPECT_TRUE(connection.closed);
  }
}

TEST_F(KavTest, Lines) {
  EXPECT_EQ(Line("nSCAN /tmp/a.tmp\n"), "/tmp/a.tmp: OK\n");
  EXPECT_EQ(Line("SCAN /tmp/a b.tmp\r\n"), "/tmp/a b.tmp: OK\n");
  EXPECT_EQ(Line(std::string("zSCAN /tmp/a\nb\0", 15)), std::string("/tmp/a\nb: OK\0", 13));
  EXPECT_EQ(Line("nSCAN /tmp/ENCRYPTED\n"), "/tmp/ENCRYPTED: Heuristics.Encrypted.Zip FOUND\n");
  EXPECT_EQ(Line("nSCAN /tmp/BROKEN\n"), "/tmp/BROKEN: the worker died ERROR\n");
  scanning.incomplete_blocks = false;
  EXPECT_EQ(Line("nSCAN /tmp/ENCRYPTED\n"), "/tmp/ENCRYPTED: OK\n");
  EXPECT_EQ(Line("nSCAN tmp\n"), "tmp: Not an absolute path. ERROR\n");
  EXPECT_EQ(Line("nPING\n"), "UNKNOWN COMMAND\n");
  EXPECT_EQ(Line("\n"), "UNKNOWN COMMAND\n");
  EXPECT_EQ(Line("nSCAN /" + std::string(9000, 'a'), 100), "UNKNOWN COMMAND\n");
  EXPECT_TRUE(connection.closed);
  // One for each connection.
  EXPECT_EQ(Line("nSCAN /a\nnSCAN /b\n"), "/a: OK\n");
}

TEST_F(KavTest, LinesThatEndEarly) {
  connection.Feed(*lines, "nSCAN /a");
  EXPECT_EQ(lines->waiting(), Waiting::kForBytes);
  lines->OnEnd();
  EXPECT_TRUE(connection.closed);
  Restart();
  connection.Feed(*lines, "nSCAN /INFECTED\n");
  lines->OnEnd();
  EXPECT_FALSE(connection.closed);
  EXPECT_EQ(lines->waiting(), Waiting::kForUs);
  scanning.Answer();
  EXPECT_EQ(connection.sent, "/INFECTED: Test.Infected FOUND\n");
  EXPECT_TRUE(connection.closed);
  Restart();
  connection.Feed(*lines, "nSCAN /INFECTED\n");
  lines->OnTimeout();
  EXPECT_THAT(connection.sent, HasSubstr(" ERROR\n"));
  EXPECT_FALSE(scanning.Answer());
}

}  // namespace
}  // namespace dl::daemon
