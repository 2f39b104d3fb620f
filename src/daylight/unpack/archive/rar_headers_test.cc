#include "daylight/unpack/archive/rar_headers.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include "daylight/unpack/archive/archive.h"
#include "daylight/unpack/unpack_testing.h"

namespace dl::unpack {
namespace {

std::string Number(std::uint64_t value, unsigned bytes) {
  std::string out;
  for (unsigned i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 0xff);
  return out;
}

std::string Sum(const std::string& text, unsigned bytes) {
  return Number(::crc32(0, reinterpret_cast<const Bytef*>(text.data()), static_cast<uInt>(text.size())), bytes);
}

std::string Block5(const std::string& body) {
  const std::string sized = Number(body.size(), 1) + body;
  return Sum(sized, 4) + sized;
}

// Of one stored file; flags of the archive and of the file's block, and its extra records.
std::string Rar5(unsigned archive_flags, unsigned block_flags, const std::string& extra = "") {
  const std::string data = "text";
  const unsigned flags = block_flags | 2u | (extra.empty() ? 0u : 1u);
  std::string file = Number(2, 1) + Number(flags, 1);
  if (!extra.empty()) file += Number(extra.size(), 1);
  file += Number(4, 1) + Number(4, 1) + Number(4, 1) + Number(0, 1) + Sum(data, 4);
  file += Number(0, 1) + Number(1, 1) + Number(5, 1) + "a.txt" + extra;
  return std::string("Rar!\x1a\x07\x01\x00", 8) + Block5(Number(1, 1) + Number(0, 1) + Number(archive_flags, 1)) +
         Block5(file) + data + Block5(Number(5, 1) + Number(0, 1) + Number(0, 1));
}

std::string Rar4(unsigned archive_flags, unsigned file_flags) {
  const auto block = [](const std::string& body) { return Sum(body, 2) + body; };
  const std::string data = "text";
  const std::string name = "a.txt";
  const std::string file = Number(0x74, 1) + Number(0x8000u | file_flags, 2) + Number(32 + name.size(), 2) +
                           Number(data.size(), 4) + Number(data.size(), 4) + Number(3, 1) + Sum(data, 4) +
                           Number(0x50421041, 4) + Number(20, 1) + Number(0x30, 1) + Number(name.size(), 2) +
                           Number(0x81a4, 4) + name;
  return std::string("Rar!\x1a\x07\x00", 7) +
         block(Number(0x73, 1) + Number(archive_flags, 2) + Number(13, 2) + Number(0, 6)) + block(file) + data +
         block(Number(0x7b, 1) + Number(0x4000, 2) + Number(7, 2));
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
  const std::string record = Number(3, 1) + Number(1, 1) + "xx";
  EXPECT_NE(List(Rar5(0, 0, record)).find("a.txt!encrypted"), std::string::npos);
  EXPECT_NE(List(Rar4(0, 4)).find("a.txt!encrypted"), std::string::npos);
}

TEST(RarHeadersTest, EncryptedNames) {
  EXPECT_EQ(List(Rar4(0x80, 0)), "!encrypted ");
  const std::string rar5 =
      std::string("Rar!\x1a\x07\x01\x00", 8) + Block5(Number(4, 1) + Number(0, 4)) + "random bytes";
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
  for (const std::string& whole : {Rar5(0, 0, Number(3, 1) + Number(1, 1) + "xx"), Rar4(0, 4)}) {
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
