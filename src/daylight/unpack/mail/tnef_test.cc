#include "daylight/unpack/mail/tnef.h"

#include <gtest/gtest.h>

#include "daylight/unpack/mail/compressed_rtf.h"
#include "daylight/unpack/unpack_testing.h"

namespace dl::unpack {
namespace {

std::string Attribute(int level, std::uint32_t id, const std::string& data) {
  unsigned sum = 0;
  for (const char c : data) sum += static_cast<unsigned char>(c);
  return LittleEndian(static_cast<unsigned>(level), 1) + LittleEndian(id, 4) + LittleEndian(data.size(), 4) + data +
         LittleEndian(sum, 2);
}

// A property of one value of no fixed size.
std::string Property(std::uint32_t tag, std::string value) {
  const std::string size = LittleEndian(value.size(), 4);
  value.resize((value.size() + 3) / 4 * 4);
  return LittleEndian(tag & 0xffff, 2) + LittleEndian(tag >> 16, 2) + LittleEndian(1, 4) + size + value;
}

std::string Wide(const std::string& text) {
  std::string out;
  for (const char c : text + '\0') out += std::string(1, c) + '\0';
  return out;
}

const std::string kSignature = "\x78\x9f\x3e\x22\x01" + std::string(1, '\0');

// [MS-OXRTFCP] 3.1.
const std::string kRtfExample =
    LittleEndian(0x2d, 4) + LittleEndian(0x2b, 4) + "LZFu" + LittleEndian(0xa7c7c5f1, 4) +
    std::string(
        "\x03\x00\x0a\x00\x72\x63\x70\x67\x31\x32\x35\x42\x32\x0a\xf3\x20\x68\x65\x6c\x09\x00\x20\x62\x77\x05"
        "\xb0\x6c\x64\x7d\x0a\x80\x0f\xa0",
        33);

std::string Example() {
  const std::string named = LittleEndian(0x001e, 2) + LittleEndian(0x8001, 2) + std::string(16, 'g') +
                            LittleEndian(1, 4) + LittleEndian(6, 4) + Wide("ab") + std::string(2, '\0') +
                            LittleEndian(1, 4) + LittleEndian(2, 4) + "x" + std::string(3, '\0');
  const std::string fixed = LittleEndian(0x0003, 2) + LittleEndian(0x0e21, 2) + LittleEndian(7, 4);
  return kSignature + Attribute(1, 0x00089006, LittleEndian(0x00010000, 4)) +
         Attribute(1, 0x00069003,
                   LittleEndian(4, 4) + named + fixed + Property(0x1009'0102, kRtfExample) +
                       Property(0x1013'0102, "<b>text</b>")) +
         Attribute(2, 0x00069002, std::string(14, '\0')) + Attribute(2, 0x00018010, std::string("SHORT~1.EXE\0", 12)) +
         Attribute(2, 0x0006800f, "the first") +
         Attribute(2, 0x00069005, LittleEndian(2, 4) + fixed + Property(0x3707'001f, Wide("a long name.exe"))) +
         Attribute(2, 0x00069002, std::string(14, '\0')) + Attribute(2, 0x00018010, std::string("second.txt\0", 11)) +
         Attribute(2, 0x0006800f, "the second");
}

TEST(TnefTest, BodiesAndAttachments) {
  Listing listing;
  EXPECT_TRUE(listing.Run(kTnef, Example()));
  EXPECT_EQ(listing.text(), "body.rtf=43 body.html=11 a long name.exe=9 second.txt=10 ");
  EXPECT_EQ(listing.children().at("body.rtf"), "{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n");
  EXPECT_EQ(listing.children().at("a long name.exe"), "the first");
}

TEST(TnefTest, EmbeddedMessagesAndNamesThatAreNone) {
  const std::string object = kSignature + Attribute(1, 0x0002800c, "inner");
  const std::string outer =
      kSignature + Attribute(2, 0x00069002, std::string(14, '\0')) +
      Attribute(2, 0x00069005, LittleEndian(1, 4) + Property(0x3701'000d, std::string(16, 'i') + object)) +
      Attribute(2, 0x00069002, std::string(14, '\0')) + Attribute(2, 0x0006800f, "no name");
  Listing listing;
  EXPECT_TRUE(listing.Run(kTnef, outer));
  EXPECT_EQ(listing.children().at("object"), object);
  EXPECT_EQ(listing.children().at(""), "no name");
  Listing inner;
  EXPECT_TRUE(inner.Run(kTnef, object));
  EXPECT_EQ(inner.text(), "body.txt=5 ");
}

TEST(TnefTest, DamageIsTold) {
  Listing listing;
  EXPECT_TRUE(listing.Run(kTnef, Example().substr(0, Example().size() - 4)));
  EXPECT_EQ(listing.text(), "body.rtf=43 body.html=11 a long name.exe=9 !damaged second.txt=8 ");
  // Half of the last checksum is not missed.
  Listing short_one;
  EXPECT_TRUE(short_one.Run(kTnef, Example().substr(0, Example().size() - 1)));
  EXPECT_EQ(short_one.closed(), 0u);
  Listing behind;
  EXPECT_TRUE(behind.Run(kTnef, Example() + "\r\n"));
  EXPECT_EQ(behind.closed(), 0u);
  std::string flipped = Example();
  const std::size_t at = flipped.find("rcpg125");
  flipped[at] = 'x';
  Listing rtf;
  EXPECT_TRUE(rtf.Run(kTnef, flipped));
  EXPECT_NE(rtf.text().find("body.rtf!damaged"), std::string::npos) << rtf.text();
}

TEST(TnefTest, LengthsThatWouldWrap) {
  for (const std::uint64_t size : {std::uint64_t{0xffffffff}, std::uint64_t{0xfffffff0}, std::uint64_t{0x80000000}}) {
    const std::string count = LittleEndian(size, 4);
    for (const std::string& data :
         {count, LittleEndian(1, 4) + LittleEndian(0x0102, 2) + LittleEndian(0x1009, 2) + count,
          LittleEndian(1, 4) + LittleEndian(0x0102, 2) + LittleEndian(0x1009, 2) + LittleEndian(1, 4) + count + "xx",
          LittleEndian(1, 4) + LittleEndian(0x1005, 2) + LittleEndian(0x1009, 2) + count,
          LittleEndian(1, 4) + LittleEndian(0x001e, 2) + LittleEndian(0x8009, 2) + std::string(16, 'g') +
              LittleEndian(1, 4) + count}) {
      Listing listing;
      EXPECT_TRUE(listing.Run(kTnef, kSignature + Attribute(1, 0x00069003, data)));
      EXPECT_EQ(listing.text(), "!damaged ");
    }
    Listing listing;
    EXPECT_TRUE(listing.Run(kTnef, kSignature + "\x02" + LittleEndian(0x0006800f, 4) + count + "data"));
    EXPECT_EQ(listing.text(), "!damaged =4 ");
  }
}

TEST(TnefTest, TruncatedAtEveryByteAndFlipped) {
  const std::string whole = Example();
  for (std::size_t n = 0; n < whole.size(); ++n) {
    Listing listing;
    listing.Run(kTnef, whole.substr(0, n));
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = whole;
      flipped[n] = static_cast<char>(static_cast<unsigned char>(flipped[n]) ^ (1u << bit));
      Listing other;
      other.Run(kTnef, flipped);
    }
  }
}

std::string Decompress(const std::string& bytes, std::size_t piece, bool& is_damaged) {
  mail::CompressedRtf rtf(AsBytes(bytes));
  EXPECT_TRUE(rtf.is_one());
  std::string out;
  std::string buffer(piece, '\0');
  while (const std::size_t n = rtf.Read(std::as_writable_bytes(std::span(buffer)))) out.append(buffer, 0, n);
  is_damaged = rtf.is_damaged();
  return out;
}

TEST(CompressedRtfTest, InAnyPieces) {
  for (const std::size_t piece : {1u, 2u, 7u, 100u}) {
    bool is_damaged = true;
    EXPECT_EQ(Decompress(kRtfExample, piece, is_damaged), "{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n");
    EXPECT_FALSE(is_damaged);
  }
}

TEST(CompressedRtfTest, NotCompressed) {
  bool is_damaged = true;
  EXPECT_EQ(
      Decompress(LittleEndian(12 + 5, 4) + LittleEndian(5, 4) + "MELA" + LittleEndian(0, 4) + "{rtf}", 3, is_damaged),
      "{rtf}");
  EXPECT_FALSE(is_damaged);
}

TEST(CompressedRtfTest, Truncated) {
  for (std::size_t n = 16; n < kRtfExample.size(); ++n) {
    bool is_damaged = false;
    Decompress(kRtfExample.substr(0, n), 10, is_damaged);
    EXPECT_TRUE(is_damaged) << n;
  }
  EXPECT_FALSE(mail::CompressedRtf(AsBytes(kRtfExample.substr(0, 15))).is_one());
  EXPECT_FALSE(mail::CompressedRtf(AsBytes("{\\rtf1 that is not compressed}")).is_one());
}

}  // namespace
}  // namespace dl::unpack
