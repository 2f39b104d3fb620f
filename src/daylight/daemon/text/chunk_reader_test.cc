#include "daylight/daemon/text/chunk_reader.h"

#include <gtest/gtest.h>

#include <string>

namespace dl::daemon {
namespace {

using Event = ChunkReader::Event;

struct Read {
  std::string data;
  Event event = Event::kMore;
  bool ieof = false;
  std::string left;
};

// Gives `bytes` in pieces of `piece`, what was left before each.
Read ReadAll(std::string_view bytes, std::size_t piece) {
  ChunkReader reader;
  Read read;
  while (!bytes.empty()) {
    read.left += bytes.substr(0, piece);
    bytes.remove_prefix(std::min(piece, bytes.size()));
    std::string_view view = read.left;
    while ((read.event = reader.Next(view)) == Event::kData) read.data += reader.data();
    read.left = std::string(view);
    if (read.event != Event::kMore) break;
  }
  read.left += bytes;
  read.ieof = reader.ieof();
  return read;
}

TEST(ChunkReaderTest, SplitAtEveryByteItReadsTheSame) {
  const std::string body = "5;a=b\r\nhello\r\n000A\r\n, worlds!!\r\n0; ieof\r\nTrailer: x\r\n\r\nNEXT";
  for (std::size_t piece = 1; piece <= body.size(); ++piece) {
    const Read read = ReadAll(body, piece);
    EXPECT_EQ(read.event, Event::kEnd);
    EXPECT_EQ(read.data, "hello, worlds!!");
    EXPECT_TRUE(read.ieof);
    EXPECT_EQ(read.left, "NEXT");
  }
}

TEST(ChunkReaderTest, OnlyTheLastChunkSaysIeof) {
  EXPECT_FALSE(ReadAll("1; ieof\r\na\r\n0\r\n\r\n", 100).ieof);
  EXPECT_FALSE(ReadAll("0; ieoff\r\n\r\n", 100).ieof);
  EXPECT_TRUE(ReadAll("0;IEOF\r\n\r\n", 100).ieof);
}

TEST(ChunkReaderTest, SizesThatAreNoneAreBad) {
  for (const char* body :
       {"\r\n", "-1\r\n", "+1\r\na\r\n", "0x1\r\na\r\n", "g\r\n", " \r\n", "1 1\r\n", "10000000000000000\r\n",
        "fffffffffffffffff\r\n", "1\r\nab\r\n", "1\r\na\n\n", ";ieof\r\n", "1,\r\na\r\n"}) {
    EXPECT_EQ(ReadAll(body, 100).event, Event::kBad) << body;
    EXPECT_EQ(ReadAll(body, 1).event, Event::kBad) << body;
  }
}

TEST(ChunkReaderTest, TheLargestSizeNeedsNoMemoryAndDoesNotWrap) {
  const Read read = ReadAll("ffffffffffffffff\r\nabc", 100);
  EXPECT_EQ(read.event, Event::kMore);
  EXPECT_EQ(read.data, "abc");
}

TEST(ChunkReaderTest, LinesAndTrailersAreBounded) {
  const std::string at_limit = "0;" + std::string(ChunkReader::kMaxLineBytes - 4, 'a') + "\r\n\r\n";
  EXPECT_EQ(ReadAll(at_limit, 1000).event, Event::kEnd);
  EXPECT_EQ(ReadAll("0;" + std::string(ChunkReader::kMaxLineBytes, 'a'), 1000).event, Event::kBad);
  std::string trailers = "0\r\n";
  while (trailers.size() < ChunkReader::kMaxTrailerBytes) trailers += "A: " + std::string(995, 'b') + "\r\n";
  EXPECT_EQ(ReadAll(trailers + "\r\n", 1000).event, Event::kBad);
}

}  // namespace
}  // namespace dl::daemon
