#include "daylight/report/frame.h"

#include <gtest/gtest.h>

#include "daylight/report/frame_reader.h"

namespace dl::report {
namespace {

TEST(FrameTest, CutAtEveryBoundary) {
  const std::string stream = MakeFrame(MessageType::kReady, 0, 7, "abcd") +
                             MakeFrame(MessageType::kVerifyAnswer, 3, 8, "") +
                             MakeFrame(MessageType::kObjectReport, 0, ~std::uint64_t{0}, std::string(500, 'x'));
  for (std::size_t step = 1; step <= stream.size(); ++step) {
    FrameReader reader(Side::kWorker);
    std::vector<Frame> frames;
    for (std::size_t at = 0; at < stream.size(); at += step) {
      reader.Append(AsBytes(std::string_view(stream).substr(at, step)));
      for (;;) {
        auto frame = reader.Next();
        ASSERT_TRUE(frame);
        if (!*frame) break;
        frames.push_back(std::move(**frame));
      }
    }
    ASSERT_EQ(frames.size(), 3u);
    EXPECT_EQ(frames[0].payload, "abcd");
    EXPECT_EQ(frames[1].header.descriptors, 3);
    EXPECT_EQ(frames[2].header.sequence, ~std::uint64_t{0});
    EXPECT_EQ(frames[2].payload.size(), 500u);
  }
}

TEST(FrameTest, HeadersThatLieAreRefused) {
  const std::string good = MakeFrame(MessageType::kHello, 0, 7, "");
  const auto parse = [](std::string bytes, std::size_t at, char value) {
    bytes[at] = value;
    return static_cast<bool>(ParseFrameHeader(AsBytes(bytes)));
  };
  EXPECT_TRUE(parse(good, 0, good[0]));
  EXPECT_FALSE(parse(good, 0, 'x'));     // Magic.
  EXPECT_FALSE(parse(good, 4, '\x63'));  // A type that there is not.
  EXPECT_FALSE(parse(good, 6, '\xfe'));  // 254 descriptors.
  EXPECT_TRUE(parse(good, 6, '\xfd'));   // 253.
  EXPECT_FALSE(parse(good, 8, '\x41'));  // 65 bytes, where 64 are allowed.
  EXPECT_TRUE(parse(good, 8, '\x40'));
  EXPECT_FALSE(ParseFrameHeader(AsBytes(good.substr(0, 19))));
}

TEST(FrameTest, AReaderTakesWhatItsSideSendsAndNoMore) {
  const auto read = [](FrameReader reader, const std::string& bytes) {
    reader.Append(AsBytes(bytes));
    return reader.Next();
  };
  const std::string report = MakeFrame(MessageType::kObjectReport, 0, 1, std::string(100, 'x'));
  EXPECT_TRUE(read(FrameReader(Side::kWorker, 100), report));
  // Refused by the header alone, before anything is kept for the rest.
  EXPECT_FALSE(read(FrameReader(Side::kWorker, 99), report.substr(0, kFrameHeaderBytes)));
  EXPECT_FALSE(read(FrameReader(Side::kBroker), report.substr(0, kFrameHeaderBytes)));
  EXPECT_FALSE(
      read(FrameReader(Side::kWorker), MakeFrame(MessageType::kOpenDatabases, 0, 1, "").substr(0, kFrameHeaderBytes)));
}

}  // namespace
}  // namespace dl::report
