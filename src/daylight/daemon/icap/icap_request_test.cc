#include "daylight/daemon/icap/icap_request.h"

#include <gtest/gtest.h>

namespace dl::daemon {
namespace {

int Status(const std::string& head) {
  IcapRequest request;
  return ParseIcapRequest(head, request);
}

std::string With(const std::string& encapsulated, const std::string& method = "RESPMOD") {
  return method + " icap://h/avscan ICAP/1.0\r\nHost: h\r\nEncapsulated: " + encapsulated + "\r\n\r\n";
}

TEST(IcapRequestTest, SquidsRequest) {
  IcapRequest request;
  ASSERT_EQ(ParseIcapRequest("RESPMOD icap://127.0.0.1:1344/avscan ICAP/1.0\r\nHost: 127.0.0.1:1344\r\n"
                             "Date: Mon, 10 Jan 2000 09:55:21 GMT\r\n"
                             "Encapsulated: req-hdr=0, res-hdr=137, res-body=296\r\nPreview: 1024\r\n"
                             "Allow: 204, trailers\r\nX-Client-IP: ::1\r\n\r\n",
                             request),
            0);
  EXPECT_EQ(request.method, IcapMethod::kRespmod);
  EXPECT_EQ(request.service, "avscan");
  ASSERT_TRUE(request.req_head && request.res_head);
  EXPECT_EQ(request.req_head->begin, 0u);
  EXPECT_EQ(request.req_head->end, 137u);
  EXPECT_EQ(request.res_head->end, 296u);
  EXPECT_EQ(request.head_bytes, 296u);
  EXPECT_TRUE(request.has_body && request.has_preview && request.allows_204);
  EXPECT_FALSE(request.wants_close);
}

TEST(IcapRequestTest, Services) {
  const auto service = [](const std::string& uri) {
    IcapRequest request;
    const int status = ParseIcapRequest("OPTIONS " + uri + " ICAP/1.0\r\n\r\n", request);
    return status == 0 ? request.service : std::to_string(status);
  };
  EXPECT_EQ(service("icap://h/avscan"), "avscan");
  EXPECT_EQ(service("icap://h:1344/av/respmod?a=b"), "av/respmod");
  EXPECT_EQ(service("ICAPS://[::1]:1344/x/"), "x");
  EXPECT_EQ(service("icap://::1/x"), "x");  // rspamd's
  EXPECT_EQ(service("/x"), "x");
  EXPECT_EQ(service("icap://h"), "");
  EXPECT_EQ(service("http://h/x"), "400");
  EXPECT_EQ(service("x"), "400");
}

TEST(IcapRequestTest, EncapsulatedIsReadStrictly) {
  for (const char* good : {"res-body=0", "null-body=0", "res-hdr=0, res-body=10", "req-hdr=0,res-hdr=5,null-body=9",
                           "REQ-HDR=0, res-body=1"}) {
    EXPECT_EQ(Status(With(good)), 0) << good;
  }
  for (const char* bad : {"",
                          "res-hdr=0",
                          "res-body",
                          "res-body=",
                          "res-body=-1",
                          "res-body=1",
                          "res-hdr=1, res-body=2",
                          "res-hdr=0, res-body=0",
                          "res-hdr=0, res-body=18446744073709551616",
                          "res-hdr=5, res-body=3",
                          "res-hdr=0, req-hdr=5, res-body=9",
                          "res-body=0, res-hdr=5",
                          "res-body=0, res-body=5",
                          "res-hdr=0, res-hdr=5, res-body=9",
                          "req-hdr=0, req-body=5",
                          "opt-body=0",
                          "res-body=0x1",
                          "res-body=0,",
                          "what=0, res-body=4",
                          "res-hdr=0, , res-body=9"}) {
    if (std::string_view(bad) == "res-body=0,") continue;  // Nothing behind a comma is nothing.
    EXPECT_EQ(Status(With(bad)), 400) << bad;
  }
  EXPECT_EQ(Status(With("req-hdr=0, req-body=5", "REQMOD")), 0);
  EXPECT_EQ(Status(With("res-hdr=0, res-body=5", "REQMOD")), 400);
  EXPECT_EQ(Status("RESPMOD icap://h/a ICAP/1.0\r\nHost: h\r\n\r\n"), 400);
  EXPECT_EQ(Status("RESPMOD icap://h/a ICAP/1.0\r\nEncapsulated: res-body=0\r\nEncapsulated: res-body=0\r\n\r\n"), 400);
}

TEST(IcapRequestTest, Refusals) {
  EXPECT_EQ(Status("OPTIONS icap://h/a ICAP/1.1\r\n\r\n"), 505);
  EXPECT_EQ(Status("OPTIONS icap://h/a ICAP/2.0\r\n\r\n"), 505);
  EXPECT_EQ(Status("OPTIONS icap://h/a HTTP/1.0\r\n\r\n"), 400);
  EXPECT_EQ(Status("LOGMOD icap://h/a ICAP/1.0\r\n\r\n"), 501);
  EXPECT_EQ(Status("options icap://h/a ICAP/1.0\r\n\r\n"), 501);
  EXPECT_EQ(Status("OPTIONS icap://h/a\r\n\r\n"), 400);
  EXPECT_EQ(Status("OPTIONS  icap://h/a ICAP/1.0\r\n\r\n"), 400);
  EXPECT_EQ(Status("\r\n\r\n"), 400);
  EXPECT_EQ(Status("OPTIONS icap://h/a ICAP/1.0\nHost: a\n\n"), 400);
  EXPECT_EQ(Status("RESPMOD icap://h/a ICAP/1.0\r\nEncapsulated: res-body=0\r\nPreview: x\r\n\r\n"), 400);
}

}  // namespace
}  // namespace dl::daemon
