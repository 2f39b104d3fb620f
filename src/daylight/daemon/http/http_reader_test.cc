#include "daylight/daemon/http/http_reader.h"

#include <gtest/gtest.h>

#include "daylight/daemon/text/chunk_reader.h"

namespace dl::daemon {
namespace {

using Event = HttpReader::Event;

struct Read {
  Event event = Event::kMore;
  HttpRequest request;
  std::string body;
  std::string left;
  int status = 0;
};

Read ReadOne(std::string_view bytes, std::size_t piece) {
  HttpReader reader;
  Read read;
  while (!bytes.empty() && read.event != Event::kEnd && read.event != Event::kBad) {
    read.left += bytes.substr(0, piece);
    bytes.remove_prefix(std::min(piece, bytes.size()));
    std::string_view view = read.left;
    do {
      read.event = reader.Next(view);
      if (read.event == Event::kBody) read.body += reader.data();
    } while (read.event == Event::kHead || read.event == Event::kBody);
    read.left = std::string(view);
  }
  read.left += bytes;
  read.request = reader.request();
  read.status = reader.status();
  return read;
}

int StatusOf(const std::string& text) {
  const Read read = ReadOne(text, 1u << 16);
  EXPECT_EQ(read.event == Event::kBad, read.status != 0);
  EXPECT_EQ(ReadOne(text, 1).status, read.status) << text;
  return read.status;
}

TEST(HttpReaderTest, SplitAtEveryByteItReadsTheSame) {
  const std::string text =
      "\r\nPOST /v1/scan?name=a HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhelloNEXT";
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    const Read read = ReadOne(text, piece);
    ASSERT_EQ(read.event, Event::kEnd);
    EXPECT_EQ(read.request.method, "POST");
    EXPECT_EQ(read.request.target, "/v1/scan?name=a");
    EXPECT_EQ(read.request.Find("host"), "h");
    EXPECT_EQ(read.request.content_length, 5u);
    EXPECT_TRUE(read.request.expects_continue && read.request.keeps_alive && read.request.has_body());
    EXPECT_EQ(read.body, "hello");
    EXPECT_EQ(read.left, "NEXT");
  }
}

TEST(HttpReaderTest, ChunksSplitAtEveryByte) {
  const std::string text =
      "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\nA\r\n, worlds!!\r\n0\r\nHost: "
      "x\r\n\r\nNEXT";
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    const Read read = ReadOne(text, piece);
    ASSERT_EQ(read.event, Event::kEnd) << piece;
    EXPECT_EQ(read.body, "hello, worlds!!");
    EXPECT_EQ(read.left, "NEXT");
    EXPECT_EQ(read.request.Count("Host"), 1u);
    EXPECT_TRUE(read.request.is_chunked);
  }
}

TEST(HttpReaderTest, WhatHasTwoEndsIsRefused) {
  const std::string head = "POST / HTTP/1.1\r\nHost: h\r\n";
  EXPECT_EQ(StatusOf(head + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
  EXPECT_EQ(StatusOf(head + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"), 400);
  EXPECT_EQ(StatusOf(head + "Content-Length: 5\r\nContent-Length: 6\r\n\r\n"), 400);
  EXPECT_EQ(StatusOf(head + "Content-Length: -1\r\n\r\n"), 400);
  EXPECT_EQ(StatusOf(head + "Content-Length: 18446744073709551616\r\n\r\n"), 400);
  EXPECT_EQ(StatusOf(head + "Transfer-Encoding: identity\r\n\r\n"), 501);
  EXPECT_EQ(StatusOf(head + "Transfer-Encoding: gzip, chunked\r\n\r\n"), 501);
  EXPECT_EQ(StatusOf(head + "Transfer-Encoding: \r\n\r\n"), 501);
  EXPECT_EQ(StatusOf("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
  EXPECT_EQ(StatusOf(head + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n"), 400);
  EXPECT_EQ(StatusOf(head + "Transfer-Encoding: chunked\r\n\r\n-1\r\n"), 400);
  EXPECT_EQ(StatusOf(head + "Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n"), 400);
  EXPECT_EQ(StatusOf(head + "Expect: something\r\n\r\n"), 417);
}

TEST(HttpReaderTest, WhatIsNoRequest) {
  EXPECT_EQ(StatusOf("garbage\r\n\r\n"), 400);
  EXPECT_EQ(StatusOf("GET / HTTP/2.0\r\n\r\n"), 505);
  EXPECT_EQ(StatusOf("GET / ICAP/1.0\r\n\r\n"), 505);
  EXPECT_EQ(StatusOf("GET / HTTP/1.1\r\nno colon\r\n\r\n"), 400);
  EXPECT_EQ(StatusOf(std::string("GET / HTTP/1.1\r\na: \0\r\n\r\n", 24)), 400);
}

TEST(HttpReaderTest, HeadsAreBounded) {
  std::string text = "GET / HTTP/1.1\r\n";
  for (std::size_t i = 0; i < HttpReader::kMaxFields; ++i) text += "a: b\r\n";
  EXPECT_EQ(StatusOf(text + "\r\n"), 0);
  EXPECT_EQ(StatusOf(text + "a: b\r\n\r\n"), 431);
  EXPECT_EQ(StatusOf("GET /" + std::string(HttpReader::kMaxHeadBytes, 'a')), 431);
  EXPECT_EQ(StatusOf("GET / HTTP/1.1\r\na: " + std::string(HttpReader::kMaxHeadBytes, 'a')), 431);
  const std::string chunked = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;";
  EXPECT_EQ(StatusOf(chunked + std::string(ChunkReader::kMaxLineBytes, 'a')), 400);
}

}  // namespace
}  // namespace dl::daemon
