#include "daylight/daemon/text/multipart.h"

#include <gtest/gtest.h>

namespace dl::daemon {
namespace {

using Event = MultipartReader::Event;

// "[filename]bytes|" for each part, "." at the end, "!" when it is bad.
std::string Read(std::string_view text, std::size_t piece, std::string_view boundary = "XX") {
  MultipartReader reader(boundary);
  std::string told;
  while (!text.empty()) {
    reader.Append(text.substr(0, piece));
    text.remove_prefix(std::min(piece, text.size()));
    for (;;) {
      const Event event = reader.Next();
      if (event == Event::kMore) break;
      if (event == Event::kBad) return told + "!";
      if (event == Event::kPart) told += reader.part().is_file ? "[" + reader.part().filename + "]" : "[]";
      if (event == Event::kData) told += reader.data();
      if (event == Event::kPartEnd) told += "|";
      if (event == Event::kEnd) told += ".";
    }
  }
  return told;
}

std::string Everywhere(std::string_view text, std::string_view boundary = "XX") {
  const std::string whole = Read(text, 1u << 16, boundary);
  for (std::size_t piece = 1; piece < text.size(); ++piece) EXPECT_EQ(Read(text, piece, boundary), whole) << piece;
  return whole;
}

TEST(MultipartTest, AsCurlAndBrowsersWriteIt) {
  EXPECT_EQ(Everywhere("--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.zip\"\r\n"
                       "Content-Type: application/zip\r\n\r\nby\r\ntes\r\n--XX\r\n"
                       "Content-Disposition: form-data; name=\"note\"\r\n\r\ntext\r\n--XX--\r\n"),
            "[a.zip]by\r\ntes|[]text|.");
}

TEST(MultipartTest, AwkwardBytes) {
  EXPECT_EQ(Everywhere("preamble\r\n--XX  \r\n\r\n\r\n--X\r\n-\r\n--XY\r\n--XX--epilogue\r\n--XX\r\n"),
            "[]\r\n--X\r\n-\r\n--XY|.");
  EXPECT_EQ(Everywhere("--XX\r\nA: b\r\n\r\n\r\n--XX--"), "[]|.");
  EXPECT_EQ(Everywhere("--XX--"), ".");
  EXPECT_EQ(Everywhere("--XX\r\n\r\nunfinished\r\n--X"), Read("--XX\r\n\r\nunfinished\r\n--X", 1000));
  EXPECT_EQ(Everywhere("--XX\r\n\r\na\r\n--XXY\r\n"), "[]a|!");
  EXPECT_EQ(Everywhere("--XX\n\nx"), "!");
}

TEST(MultipartTest, WhateverMentionsAFilenameIsAFile) {
  EXPECT_EQ(Everywhere("--XX\r\nX: y\r\nContent-Disposition : form-data; FileName=a\r\n\r\nb\r\n--XX--"), "[]b|.");
  MultipartReader reader("XX");
  reader.Append("--XX\r\nContent-Disposition : form-data; FileName=a\r\nContent-Transfer-Encoding: BASE64\r\n\r\n");
  EXPECT_EQ(reader.Next(), Event::kPart);
  EXPECT_TRUE(reader.part().is_file);
  EXPECT_TRUE(reader.part().is_encoded);
}

TEST(MultipartTest, Bounds) {
  EXPECT_EQ(Read(std::string(MultipartReader::kMaxHeadBytes + 100, 'p'), 100), "!");
  EXPECT_EQ(Read("--XX\r\nA: " + std::string(MultipartReader::kMaxHeadBytes, 'p'), 100), "!");
  EXPECT_EQ(Read("--XX" + std::string(1000, ' '), 10), "!");
}

}  // namespace
}  // namespace dl::daemon
