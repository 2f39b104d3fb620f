#include "daylight/daemon/http/api_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "daylight/daemon/http/http_access.h"
#include "daylight/daemon/net/session_testing.h"

namespace dl::daemon {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::string Post(const std::string& bytes, const std::string& query = "", const std::string& fields = "") {
  return "POST /v1/scan" + query + " HTTP/1.1\r\nHost: localhost\r\n" + fields +
         "Content-Length: " + std::to_string(bytes.size()) + "\r\n\r\n" + bytes;
}
std::string Get(const std::string& path, const std::string& fields = "Host: localhost\r\n") {
  return "GET " + path + " HTTP/1.1\r\n" + fields + "\r\n";
}
std::string Form(const std::string& bytes, const std::string& name = "form.zip") {
  return "--XX\r\nContent-Disposition: form-data; name=\"f\"; filename=\"" + name +
         "\"\r\nContent-Type: application/octet-stream\r\n\r\n" + bytes + "\r\n--XX--\r\n";
}
const std::string kFormType = "Content-Type: multipart/form-data; boundary=XX\r\n";

std::string Body(const std::string& answer) { return answer.substr(answer.find("\r\n\r\n") + 4); }

class ApiSessionTest : public ::testing::Test {
 protected:
  ApiSessionTest() {
    options.health = [this] { return health; };
    options.metrics = [] { return "daylight_scans_total 1\n"; };
    health.is_ready = true;
    health.version = "0.1";
    health.databases = {{"clamav", "27780", 1700000000, 8}};
    Restart();
  }
  void Restart() {
    session = std::make_unique<ApiSession>(connection, scanning, options);
    connection.closed = false;
    connection.pending.clear();
  }
  std::string Say(const std::string& bytes, std::size_t piece = 1u << 16) {
    connection.sent.clear();
    connection.Feed(*session, bytes, piece);
    while (scanning.Answer()) connection.Drain(*session);
    return connection.sent;
  }
  // As Say(), on a connection of its own.
  std::string Once(const std::string& bytes) {
    Restart();
    return Say(bytes);
  }
  ApiHealth health;
  ApiOptions options;
  TestConnection connection;
  TestScanning scanning;
  std::unique_ptr<ApiSession> session;
};

TEST_F(ApiSessionTest, AnObjectSplitAtEveryByte) {
  const std::string request = Post("it is INFECTED", "?x=1&name=a%20b%2Bc+d.exe&y");
  for (std::size_t piece = 1; piece <= request.size(); ++piece) {
    const std::string answer = Say(request, piece);
    ASSERT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(answer, HasSubstr("\r\nConnection: keep-alive\r\n"));
    const auto record = nlohmann::json::parse(Body(answer));
    EXPECT_EQ(record["path"], "a b+c d.exe");
    EXPECT_EQ(record["verdict"], "detected");
    EXPECT_EQ(record["size"], 14);
    EXPECT_EQ(record["detections"][0]["name"], "Test.Infected");
    EXPECT_EQ(record["outcome"], "infected");
    EXPECT_EQ(record["blocks"], true);
    EXPECT_EQ(record["names"], nlohmann::json({"Test.Infected", "Test.Second"}));
    EXPECT_FALSE(record.contains("allowed_by"));
    ASSERT_EQ(scanning.seen.back(), "it is INFECTED");
  }
  EXPECT_FALSE(connection.closed);
}

TEST_F(ApiSessionTest, EveryVerdictIs200ButAFailure) {
  EXPECT_EQ(nlohmann::json::parse(Body(Say(Post("harmless"))))["outcome"], "clean");
  const auto incomplete = nlohmann::json::parse(Body(Say(Post("ENCRYPTED"))));
  EXPECT_EQ(incomplete["outcome"], "incomplete");
  EXPECT_EQ(incomplete["blocks"], true);
  EXPECT_EQ(incomplete["incomplete"][0]["reason"], "encrypted");
  const std::string failed = Say(Post("BROKEN"));
  EXPECT_THAT(failed, StartsWith("HTTP/1.1 500 "));
  EXPECT_EQ(nlohmann::json::parse(Body(failed))["problem"], "the worker died");
  scanning.busy = true;
  const std::string busy = Say(Post("INFECTED"));
  EXPECT_THAT(busy, StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(busy, HasSubstr("\r\nRetry-After: 1\r\n"));
  EXPECT_EQ(connection.closed, false);
}

TEST_F(ApiSessionTest, WhatTheScannerIsTold) {
  connection.Feed(*session, Post("x", "", "Content-Disposition: attachment; filename=\"dir/n.doc\"\r\n"));
  ASSERT_EQ(scanning.jobs.size(), 1u);
  EXPECT_EQ(scanning.jobs.front().request.names.filename, "n.doc");
  EXPECT_EQ(scanning.jobs.front().request.names.extension, ".doc");
  EXPECT_EQ(scanning.jobs.front().request.path, "dir/n.doc");
  EXPECT_EQ(scanning.jobs.front().request.protocol, Protocol::kHttp);
  EXPECT_EQ(session->waiting(), Waiting::kForUs);
}

TEST_F(ApiSessionTest, Chunked) {
  const std::string request =
      "POST /v1/scan HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: "
      "chunked\r\n\r\n4\r\nINFE\r\n4\r\nCTED\r\n0\r\n\r\n";
  for (std::size_t piece = 1; piece <= request.size(); ++piece) {
    EXPECT_THAT(Say(request, piece), HasSubstr("\"outcome\":\"infected\""));
  }
}

TEST_F(ApiSessionTest, AFormSplitAtEveryByte) {
  const std::string request = Post(Form("it is\r\nINFECTED"), "", kFormType);
  for (std::size_t piece = 1; piece <= request.size(); ++piece) {
    const std::string answer = Say(request, piece);
    ASSERT_THAT(answer, HasSubstr("\"outcome\":\"infected\""));
    EXPECT_THAT(answer, HasSubstr("\"path\":\"form.zip\""));
    ASSERT_EQ(scanning.seen.back(), "it is\r\nINFECTED");
  }
}

TEST_F(ApiSessionTest, FormsThatAreRefused) {
  const std::string file = Form("a");
  const std::string open = file.substr(0, file.size() - 8);  // Without the end.
  EXPECT_THAT(Once(Post(open + "\r\n" + file, "", kFormType)), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(Once(Post(open, "", kFormType)), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(Once(Post("--XX--", "", kFormType)), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(Once(Post("junk", "", kFormType)), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(Once(Post(file, "", "Content-Type: multipart/form-data\r\n")), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(Once(Post("--XX\r\nContent-Disposition: form-data; filename=a\r\nContent-Transfer-Encoding: base64\r\n"
                        "\r\nYQ==\r\n--XX--",
                        "", kFormType)),
              StartsWith("HTTP/1.1 415 "));
  // Hidden from a strict reader, not from every other.
  EXPECT_THAT(Once(Post(open + "\r\n--XX\r\nContent-Disposition : form-data; filename=b\r\n\r\nINFECTED\r\n--XX--", "",
                        kFormType)),
              StartsWith("HTTP/1.1 400 "));
  EXPECT_TRUE(scanning.seen.empty());
  // No file was chosen in the second place of the form.
  EXPECT_THAT(
      Once(Post(open + "\r\n--XX\r\nContent-Disposition: form-data; filename=\"\"\r\n\r\n\r\n--XX--", "", kFormType)),
      HasSubstr("\"outcome\":\"clean\""));
}

TEST_F(ApiSessionTest, Pipelined) {
  const std::string two = Post("INFECTED") + Get("/metrics") + Post("harmless");
  for (const std::size_t piece : {std::size_t{1}, std::size_t{50}, two.size()}) {
    const std::string answers = Say(two, piece);
    const std::size_t first = answers.find("\"outcome\":\"infected\"");
    const std::size_t second = answers.find("daylight_scans_total 1\n");
    const std::size_t third = answers.find("\"outcome\":\"clean\"");
    EXPECT_TRUE(first < second && second < third && third != std::string::npos);
  }
  EXPECT_EQ(scanning.seen.size(), 6u);
}

TEST_F(ApiSessionTest, Continue) {
  EXPECT_EQ(Say("POST /v1/scan HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 8\r\n\r\n"),
            "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_THAT(Say("INFECTED"), HasSubstr("\"outcome\":\"infected\""));
  options.max_body_bytes = 7;
  const std::string answer =
      Say("POST /v1/scan HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 8\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 413 "));
  EXPECT_TRUE(connection.closed);
}

TEST_F(ApiSessionTest, TooLarge) {
  options.max_body_bytes = 8;
  EXPECT_THAT(Once(Post("INFECTED")), HasSubstr("\"outcome\":\"infected\""));
  const std::string answer = Once(Post("INFECTED+"));
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 413 "));
  EXPECT_TRUE(connection.closed);
  const std::string chunked = "POST /v1/scan HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n";
  EXPECT_THAT(Once(chunked + "INFECTED"), "");
  EXPECT_THAT(Say("+"), StartsWith("HTTP/1.1 413 "));
  EXPECT_FALSE(connection.closed);
  EXPECT_EQ(Say("\r\n5\r\nabcde\r\n0\r\n\r\n"), "");
  EXPECT_TRUE(connection.closed);
  EXPECT_THAT(Once(Post(Form("INFECTED+"), "", kFormType)), StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(Once(Post(Form("INFECTED"), "", kFormType)), HasSubstr("\"outcome\":\"infected\""));
}

TEST_F(ApiSessionTest, Refusals) {
  EXPECT_THAT(Once(Get("/")), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(Once(Get("/v1/scan")), HasSubstr("\r\nAllow: POST\r\n"));
  EXPECT_THAT(Once("DELETE /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"), StartsWith("HTTP/1.1 405 "));
  EXPECT_THAT(Once("OPTIONS /v1/scan HTTP/1.1\r\nHost: localhost\r\n\r\n"), Not(HasSubstr("Access-Control")));
  EXPECT_THAT(Once("POST /v1/scan HTTP/1.1\r\nHost: localhost\r\n\r\n"), StartsWith("HTTP/1.1 411 "));
  EXPECT_THAT(Once(Post("a", "", "Content-Encoding: gzip\r\n")), StartsWith("HTTP/1.1 415 "));
  EXPECT_THAT(Once("garbage\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
  EXPECT_TRUE(connection.closed);
  EXPECT_THAT(Once("GET http://localhost/metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"), StartsWith("HTTP/1.1 404 "));
}

TEST_F(ApiSessionTest, HealthMetricsAndItsDescription) {
  EXPECT_EQ(Body(Say(Get("/v1/health"))),
            "{\"status\":\"ok\",\"version\":\"0.1\",\"databases\":[{\"name\":\"clamav\",\"version\":\"27780\","
            "\"loaded_at\":1700000000,\"entries\":8}]}\n");
  health.is_ready = false;
  EXPECT_THAT(Say(Get("/v1/health")), StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(Say(Get("/metrics")), HasSubstr("\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
  std::ifstream file(DAYLIGHT_SOURCE_DIR "/docs/openapi.json");
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_EQ(Body(Say(Get("/v1/openapi.json"))), text.str());
  const auto description = nlohmann::json::parse(text.str());
  EXPECT_EQ(description["paths"].size(), 4u);
  const std::string head = Say("HEAD /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_THAT(head, HasSubstr("\r\nContent-Length: 23\r\n"));
  EXPECT_EQ(Body(head), "");
  EXPECT_FALSE(connection.closed);
}

TEST_F(ApiSessionTest, Tokens) {
  options.requires_token = true;
  options.token = "secret";
  const auto with = [](const std::string& value) { return "Host: localhost\r\nAuthorization: " + value + "\r\n"; };
  EXPECT_THAT(Once(Get("/metrics")), StartsWith("HTTP/1.1 401 "));
  EXPECT_THAT(Once(Get("/metrics")), HasSubstr("\r\nWWW-Authenticate: Bearer"));
  EXPECT_THAT(Once(Get("/nothing")), StartsWith("HTTP/1.1 401 "));
  for (const char* bad :
       {"Bearer secre", "Bearer secrets", "Bearer Secret", "Basic secret", "secret", "Bearer ", "Bearer"}) {
    EXPECT_THAT(Once(Get("/metrics", with(bad))), StartsWith("HTTP/1.1 401 ")) << bad;
  }
  EXPECT_THAT(Once(Get("/metrics", with("Bearer secret"))), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(Once(Get("/metrics", with("bearer secret"))), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(Once(Get("/metrics", with("Bearer no\r\nAuthorization: Bearer secret"))), StartsWith("HTTP/1.1 401 "));
  EXPECT_EQ(Body(Once(Get("/v1/health"))), "{\"status\":\"ok\"}\n");
  EXPECT_THAT(Once(Get("/v1/health", with("Bearer secret"))), HasSubstr("27780"));
  EXPECT_THAT(Once(Post("INFECTED")), StartsWith("HTTP/1.1 401 "));
  EXPECT_TRUE(scanning.jobs.empty());
  options.token.clear();
  EXPECT_THAT(Once(Get("/metrics", with("Bearer "))), StartsWith("HTTP/1.1 401 "));
}

TEST_F(ApiSessionTest, BrowsersOfOtherSitesAreRefused) {
  options.hosts = {"scanner.example.org"};
  const auto status = [&](const std::string& fields) { return Once(Get("/metrics", fields)).substr(9, 3); };
  for (const char* host : {"localhost", "LOCALHOST:80", "localhost.", "127.0.0.1:9000", "[::1]:80", "192.0.2.1",
                           "Scanner.Example.Org:443"}) {
    EXPECT_EQ(status("Host: " + std::string(host) + "\r\n"), "200") << host;
  }
  for (const char* host : {"attacker.example", "localhost.attacker.example", "127.0.0.1.attacker.example", "", "[::1",
                           "localhost@attacker.example", "1.2.3"}) {
    EXPECT_EQ(status("Host: " + std::string(host) + "\r\n"), "421") << host;
  }
  EXPECT_EQ(status(""), "400");
  EXPECT_EQ(status("Host: localhost\r\nHost: localhost\r\n"), "400");
  EXPECT_EQ(status("Host: localhost:1\r\nOrigin: http://localhost:1\r\n"), "200");
  EXPECT_EQ(status("Host: localhost:1\r\nOrigin: http://localhost:2\r\n"), "403");
  EXPECT_EQ(status("Host: localhost\r\nOrigin: https://attacker.example\r\n"), "403");
  EXPECT_EQ(status("Host: localhost\r\nOrigin: null\r\n"), "403");
  EXPECT_EQ(status("Host: localhost\r\nSec-Fetch-Site: cross-site\r\n"), "403");
  EXPECT_EQ(status("Host: localhost\r\nSec-Fetch-Site: none\r\n"), "200");
  connection.info.is_local = true;
  EXPECT_EQ(status("Host: anything\r\n"), "200");
  EXPECT_EQ(status("Host: anything\r\nOrigin: http://attacker.example\r\n"), "403");
}

TEST_F(ApiSessionTest, OldClients) {
  EXPECT_THAT(Once("GET /metrics HTTP/1.0\r\n\r\n"), HasSubstr("Connection: close"));
  EXPECT_TRUE(connection.closed);
  Once("GET /metrics HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_FALSE(connection.closed);
  Once(Get("/metrics", "Host: localhost\r\nConnection: close\r\n"));
  EXPECT_TRUE(connection.closed);
}

TEST_F(ApiSessionTest, AllowListEntriesAreTold) {
  struct Allowing : TestScanning {
    ScanTicket Scan(ScanRequest request, Done done) override {
      return TestScanning::Scan(std::move(request), [done = std::move(done)](const ScanOutcome& found) {
        ScanOutcome outcome = found;
        outcome.kind = ScanOutcome::Kind::kClean;
        outcome.blocks = false;
        outcome.allowed_by = "digest abc by \"root\"";
        done(outcome);
      });
    }
  } allowing;
  ApiSession allowed(connection, allowing, options);
  connection.Feed(allowed, Post("INFECTED"));
  allowing.Answer();
  const auto record = nlohmann::json::parse(Body(connection.sent));
  EXPECT_EQ(record["verdict"], "detected");
  EXPECT_EQ(record["outcome"], "clean");
  EXPECT_EQ(record["allowed_by"], "digest abc by \"root\"");
}

TEST_F(ApiSessionTest, EndsAndTimeouts) {
  connection.Feed(*session, Post("INFECTED"));
  session->OnEnd();
  EXPECT_FALSE(connection.closed);
  scanning.Answer();
  EXPECT_THAT(connection.sent, HasSubstr("\"outcome\":\"infected\""));
  EXPECT_TRUE(connection.closed);
  Restart();
  session->OnTimeout();
  EXPECT_FALSE(connection.closed);
  EXPECT_EQ(Say("GET /metr"), "");
  EXPECT_EQ(session->waiting(), Waiting::kForBytes);
  session->OnTimeout();
  EXPECT_THAT(connection.sent, StartsWith("HTTP/1.1 408 "));
  EXPECT_TRUE(connection.closed);
  Restart();
  connection.sent.clear();
  connection.Feed(*session, Post("INFECTED").substr(0, 65));
  session->OnEnd();
  EXPECT_TRUE(connection.closed);
  EXPECT_EQ(connection.sent, "");
  EXPECT_EQ(scanning.spool().use().memory_bytes, 0u);
}

}  // namespace
}  // namespace dl::daemon
