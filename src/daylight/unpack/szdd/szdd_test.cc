#include "daylight/unpack/szdd/szdd.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include "daylight/unpack/unpack_testing.h"

namespace dl::unpack {
namespace {

// "abcabcabcabc!" as three literals, a match and a literal, from the window's place `begin` on.
std::string Packed(unsigned begin) {
  return "\x17" + std::string("abc") + LittleEndian(begin & 0xff, 1) + LittleEndian((begin >> 4 & 0xf0) | (9 - 3), 1) +
         "!";
}

std::string Szdd(const std::string& packed, std::uint64_t size) {
  return "SZDD\x88\xf0\x27\x33" + std::string("Ae") + LittleEndian(size, 4) + packed;
}

std::string Kwaj(unsigned method, std::uint64_t size, const std::string& packed) {
  return "KWAJ\x88\xf0\x27\xd1" + LittleEndian(method, 2) + LittleEndian(28, 2) + LittleEndian(0x19, 2) +
         LittleEndian(size, 4) + std::string("name\0ex\0xx", 10) + packed;
}

std::string MsZipBlock(const std::string& text, const std::string& dictionary) {
  ::z_stream stream = {};
  EXPECT_EQ(::deflateInit2(&stream, 9, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY), Z_OK);
  if (!dictionary.empty()) {
    ::deflateSetDictionary(&stream, reinterpret_cast<const Bytef*>(dictionary.data()),
                           static_cast<uInt>(dictionary.size()));
  }
  std::string out(text.size() + 100, '\0');
  std::string in = text;
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(::deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(out.size() - stream.avail_out);
  ::deflateEnd(&stream);
  return LittleEndian(out.size() + 2, 2) + "CK" + out;
}

Listing Open(const std::string& object, const std::string& name = "setup.ex_") {
  Listing listing;
  listing.Run(kSzdd, object, name);
  return listing;
}

TEST(SzddTest, Lzss) {
  EXPECT_EQ(Open(Szdd(Packed(4096 - 16), 13)).children().at("setup.exe"), "abcabcabcabc!");
  EXPECT_EQ(Open(Szdd(Packed(4096 - 16), 13), "other").children().at("content"), "abcabcabcabc!");
  const std::string qbasic = "SZ\x20\x88\xf0\x27\x33\xd1" + LittleEndian(13, 4) + Packed(4096 - 18);
  EXPECT_EQ(Open(qbasic).children().at("setup.ex"), "abcabcabcabc!");
  EXPECT_EQ(Open(Kwaj(2, 13, Packed(4096 - 16))).children().at("name.ex"), "abcabcabcabc!");
}

TEST(SzddTest, KwajsOtherMethods) {
  EXPECT_EQ(Open(Kwaj(0, 4, "text")).children().at("name.ex"), "text");
  EXPECT_EQ(Open(Kwaj(1, 4, "\x8b\x9a\x87\x8b")).children().at("name.ex"), "text");
  const std::string first(32768, 'x');
  const std::string zipped = MsZipBlock(first, "") + MsZipBlock(first + "end", first);
  EXPECT_EQ(Open(Kwaj(4, 65539, zipped)).children().at("name.ex"), first + first + "end");
  EXPECT_EQ(Open(Kwaj(3, 4, "text")).text(), "!unsupported ");
  EXPECT_EQ(Open(Kwaj(7, 4, "text")).text(), "!unsupported ");
}

TEST(SzddTest, DamageIsTold) {
  EXPECT_EQ(Open(Szdd(Packed(4096 - 16), 14)).text(), "setup.exe!damaged setup.exe=13 ");
  EXPECT_EQ(Open(Szdd(Packed(4096 - 16), 5)).text(), "setup.exe=5 ");
  EXPECT_EQ(Open(Kwaj(4, 10, "\x05\x01" + std::string("CX"))).closed(), 1u);
}

TEST(SzddTest, TruncatedAtEveryByteAndFlipped) {
  for (const std::string& whole : {Szdd(Packed(4096 - 16), 13), Kwaj(2, 13, Packed(4096 - 16)), Kwaj(0, 4, "text"),
                                   Kwaj(4, 4, MsZipBlock("text", ""))}) {
    for (std::size_t n = 0; n < whole.size(); ++n) {
      const Listing cut = Open(whole.substr(0, n));
      EXPECT_TRUE(n < 8 || n + 1 == whole.size() || cut.closed() != 0) << n;
      for (unsigned bit = 0; bit < 8; ++bit) {
        std::string flipped = whole;
        flipped[n] = static_cast<char>(static_cast<unsigned char>(flipped[n]) ^ (1u << bit));
        EXPECT_LE(Open(flipped).bytes(), 10'000u);
      }
    }
  }
}

}  // namespace
}  // namespace dl::unpack
