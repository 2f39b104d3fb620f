#include "daylight/unpack/archive/rar_headers.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include "daylight/unpack/archive/archive.h"
#include "daylight/unpack/unpack_testing.h"

namespace dl::unpack {
namespace {

std::string Sum(const std::string& text, unsigned bytes) {
  return LittleEndian(::crc32(0, reinterpret_cast<const Bytef*>(text.data()), static_cast<uInt>(text.size())), bytes);
}

std::string Block5(const std::string& body) {
  const std::string sized = LittleEndian(body.size(), 1) + body;
  return Sum(sized, 4) + sized;
}

// Of one stored file; flags of the archive and of the file's block, and its extra records.
std::string Rar5(unsigned archive_flags, unsigned block_flags, const std::string& extra = "") {
  const std::string data = "text";
  const unsigned flags = block_flags | 2u | (extra.empty() ? 0u : 1u);
  std::string file = LittleEndian(2, 1) + LittleEndian(flags, 1);
  if (!extra.empty()) file += LittleEndian(extra.size(), 1);
  file += LittleEndian(4, 1) + LittleEndian(4, 1) + LittleEndian(4, 1) + LittleEndian(0, 1) + Sum(data, 4);
  file += LittleEndian(0, 1) + LittleEndian(1, 1) + LittleEndian(5, 1) + "a.txt" + extra;
  return std::string("Rar!\x1a\x07\x01\x00", 8) +
         Block5(LittleEndian(1, 1) + LittleEndian(0, 1) + LittleEndian(archive_flags, 1)) + Block5(file) + data +
         Block5(LittleEndian(5, 1) + LittleEndian(0, 1) + LittleEndian(0, 1));
}

std::string Rar4(unsigned archive_flags, unsigned file_flags) {
  const auto block = [](const std::string& body) { return Sum(body, 2) + body; };
  const std::string data = "text";
  const std::string name = "a.txt";
  const std::string file = LittleEndian(0x74, 1) + LittleEndian(0x8000u | file_flags, 2) +
                           LittleEndian(32 + name.size(), 2) + LittleEndian(data.size(), 4) +
                           LittleEndian(data.size(), 4) + LittleEndian(3, 1) + Sum(data, 4) +
                           LittleEndian(0x50421041, 4) + LittleEndian(20, 1) + LittleEndian(0x30, 1) +
                           LittleEndian(name.size(), 2) + LittleEndian(0x81a4, 4) + name;
  return std::string("Rar!\x1a\x07\x00", 7) +
         block(LittleEndian(0x73, 1) + LittleEndian(archive_flags, 2) + LittleEndian(13, 2) + LittleEndian(0, 6)) +
         block(file) + data + block(LittleEndian(0x7b, 1) + LittleEndian(0x4000, 2) + LittleEndian(7, 2));
}

std::string List(const std::string& object) {
  Listing listing;
  return listing.Run(kArchive, object) ? listing.text() : "not opened";
}

TEST(RarHeadersTest, PlainOnes) {
  EXPECT_EQ(List(Rar5(0, 0)), "a.txt=4 ");
  EXPECT_EQ(List(Rar4(0, 0)), "a.txt=4 ");
  for (const std::string& rar : {Rar5(0, 0), Rar4(0, 0)}) {
    EXPECT_EQ(List("some picture" + rar), "a.txt=4 ");
    MemorySource source(AsBytes(rar));
    const auto notes = ReadRarHeaders(source, 0);
    ASSERT_TRUE(notes);
    EXPECT_EQ(notes->end, rar.size());
  }
}

TEST(RarHeadersTest, EncryptedFiles) {
  const std::string record = LittleEndian(3, 1) + LittleEndian(1, 1) + "xx";
  EXPECT_NE(List(Rar5(0, 0, record)).find("a.txt!encrypted"), std::string::npos);
  EXPECT_NE(List(Rar4(0, 4)).find("a.txt!encrypted"), std::string::npos);
}

TEST(RarHeadersTest, EncryptedNames) {
  EXPECT_EQ(List(Rar4(0x80, 0)), "!encrypted ");
  const std::string rar5 =
      std::string("Rar!\x1a\x07\x01\x00", 8) + Block5(LittleEndian(4, 1) + LittleEndian(0, 4)) + "random bytes";
  EXPECT_EQ(List(rar5), "!encrypted ");
  EXPECT_EQ(List("picture" + rar5), "!encrypted ");
}

TEST(RarHeadersTest, FilesThatContinueElsewhere) {
  EXPECT_NE(List(Rar5(1, 8)).find("a.txt!unsupported"), std::string::npos);
  EXPECT_NE(List(Rar5(1, 16)).find("a.txt!unsupported"), std::string::npos);
  EXPECT_NE(List(Rar4(1, 1)).find("a.txt!unsupported"), std::string::npos);
  // A volume whose files are whole.
  EXPECT_EQ(List(Rar5(1, 0)), "a.txt=4 ");
}

TEST(RarHeadersTest, CutOffAndFlipped) {
  for (const std::string& whole : {Rar5(0, 0, LittleEndian(3, 1) + LittleEndian(1, 1) + "xx"), Rar4(0, 4)}) {
    for (std::size_t n = 0; n < whole.size(); ++n) {
      List(whole.substr(0, n));
      for (unsigned bit = 0; bit < 8; ++bit) {
        std::string flipped = whole;
        flipped[n] = static_cast<char>(static_cast<unsigned char>(flipped[n]) ^ (1u << bit));
        List(flipped);
      }
    }
  }
}

// Whatever a header's first bytes are, when there are no more of them.
TEST(RarHeadersTest, AlmostNothingBehindTheMagic) {
  for (const std::string& magic : {std::string("Rar!\x1a\x07\x01\x00", 8), std::string("Rar!\x1a\x07\x00", 7)}) {
    for (unsigned first = 0; first < 16; ++first) {
      for (unsigned second = 0; second < 256; ++second) {
        for (std::size_t n = 0; n < 7; ++n) {
          const std::string rar =
              magic + std::string{static_cast<char>(first), static_cast<char>(second)} + std::string(n, '\0');
          MemorySource source(AsBytes(rar));
          EXPECT_FALSE(ReadRarHeaders(source, 0)) << first << " " << second << " " << n;
        }
      }
    }
  }
}

}  // namespace
}  // namespace dl::unpack
