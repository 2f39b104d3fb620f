#include "daylight/unpack/rtf/rtf.h"

#include <gtest/gtest.h>

#include "daylight/unpack/unpack_testing.h"

namespace dl::unpack {
namespace {

using namespace std::string_literals;

std::string Hex(std::string_view bytes) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    out += kDigits[static_cast<unsigned char>(c) >> 4];
    out += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

std::string Object(const std::string& name, const std::string& native, const std::string& rest = "") {
  return LittleEndian(0x501, 4) + LittleEndian(2, 4) + LittleEndian(name.size() + 1, 4) + name + '\0' +
         LittleEndian(0, 4) + LittleEndian(0, 4) + LittleEndian(native.size(), 4) + native + rest;
}

std::string List(const std::string& rtf) {
  Listing listing;
  if (!listing.Run(kRtf, rtf)) return "not opened";
  std::string out;
  for (const auto& [name, content] : listing.children()) out += name + "=" + content + " ";
  return out;
}

// An object's hex, however it is written.
std::string OfObject(const std::string& data) { return List("{\\rtf1{\\object\\objemb{\\*\\objdata " + data + "}}}"); }

const std::string kHex = Hex(Object("Equation.3", "some data"));
const std::string kExpected = "object1/Equation.3=some data ";

TEST(RtfTest, ObjectsAndPictures) {
  EXPECT_EQ(OfObject(kHex), kExpected);
  EXPECT_EQ(OfObject(Hex(Object("Equation.3", "some data", "a picture"))),
            "object1/Equation.3=some data object1/rest=a picture ");
  EXPECT_EQ(OfObject(Hex(Object("a\tb/c", "x"))), "object1/a_b_c=x ");
  EXPECT_EQ(OfObject(Hex("no object")), "object1=no object ");
  EXPECT_EQ(List("{\\rtf1 text{\\pict\\pngblip\\picw10 " + Hex("PNG") + "}{\\*\\datastore " + Hex("d") + "} abc}"),
            "data2=d picture1=PNG ");
  EXPECT_EQ(List("{\\rtf1{\\pict{\\*\\picprop{\\sp abc}}\\wmetafile8\\bin3 }{\\}}}"), "picture1=}{\\ ");
}

TEST(RtfTest, EmbeddedFiles) {
  const std::string package =
      "\x02\0label\0C:\\a.exe\0\0\0\x03\0"s + LittleEndian(2, 4) + "t\0"s + LittleEndian(4, 4) + "data" + "behind it";
  EXPECT_EQ(OfObject(Hex(Object("Package", package))), "object1/a.exe=data ");
}

TEST(RtfTest, HeadersThatWordForgives) {
  for (const char* begin : {"{\\rt", "{\\rtxyz", " \r\n{\\rtf1", "\xef\xbb\xbf{\\rtf", "{\\rtf999999999999"}) {
    EXPECT_EQ(List(begin + "{\\*\\objdata "s + kHex + "}"), kExpected) << begin;
  }
  EXPECT_EQ(List("{\\rx1}"), "not opened");
  EXPECT_EQ(List("text {\\rtf1}"), "not opened");
}

TEST(RtfTest, ObfuscationsOfTheField) {
  // Into each place of the digits, even into the middle of a byte.
  for (const char* noise : {" ",
                            "\r\n",
                            "\t\t",
                            "zZ-+",
                            "{}",
                            "{{}}",
                            "\\objupdate ",
                            "\\par\r\n",
                            "{\\*\\unknown 41}",
                            "{\\*\\objclass ff}",
                            "{\\author abc}",
                            "{\\~}",
                            "\\{",
                            "\\}",
                            "\\\\",
                            "{\\*\\a{\\*\\b 1}2}",
                            "\\bin0 ",
                            "\\'61",
                            "\\'zz",
                            "\\x-12 ",
                            "\\bin-4 ",
                            "\\bin99999999 "}) {
    for (std::size_t at = 0; at <= kHex.size(); ++at) {
      // As digits it would be data.
      std::string data = kHex;
      data.insert(at, noise);
      const std::string list = OfObject(data);
      EXPECT_NE(list.find(kExpected), std::string::npos) << noise << " at " << at << ": " << list.substr(0, 200);
    }
  }
  // All digits in groups of their own, and of words that are not known.
  std::string nested;
  for (const char c : kHex) nested += "{\\qz "s + c + "}";
  EXPECT_EQ(OfObject(nested), kExpected);
  EXPECT_EQ(OfObject("{\\unknown{" + kHex + "}}"), kExpected);
  std::string upper = kHex;
  for (char& c : upper) c = static_cast<char>(c >= 'a' ? c & ~0x20 : c);
  EXPECT_EQ(OfObject(upper), kExpected);
  // As it is, in part or as a whole.
  const std::string raw = Object("Equation.3", "some data");
  EXPECT_EQ(OfObject("\\bin" + std::to_string(raw.size()) + " " + raw), kExpected);
  EXPECT_EQ(OfObject(kHex.substr(0, 10) + "\\bin" + std::to_string(raw.size() - 5) + " " + raw.substr(5)), kExpected);
  // Numbers of 32 bits wrap.
  EXPECT_EQ(OfObject("\\bin" + std::to_string((std::uint64_t{1} << 32) + raw.size()) + " " + raw), kExpected);
  // Never closed, and closed before it is opened.
  EXPECT_EQ(List("{\\rtf1}}}}{\\object{\\*\\objdata " + kHex), kExpected);
}

TEST(RtfTest, BothReadingsOfAnOddDigit) {
  // Forgotten by some, the first half of the next byte for others.
  std::string data = kHex;
  data.insert(20, "5\\'41");
  EXPECT_NE(OfObject(data).find("object1b/Equation.3=some data "), std::string::npos) << OfObject(data);
}

TEST(RtfTest, SeveralAndNested) {
  EXPECT_EQ(List("{\\rtf1{\\objdata " + Hex("a1") + "\\objdata " + Hex("b2") + "{\\objdata " + Hex("c3") + "}" +
                 Hex("b3") + "}{\\objdata}}"),
            "object1=a1 object2=c3 object3=b2b3 ");
}

TEST(RtfTest, DeepNestingIsToldAndCostsNothing) {
  const std::string deep(1'000'000, '{');
  EXPECT_EQ(List("{\\rtf1" + deep + "\\objdata " + kHex), kExpected);
  std::string objects;
  for (int i = 0; i < 200'000; ++i) objects += "{\\objdata ";
  Listing listing;
  EXPECT_TRUE(listing.Run(kRtf, "{\\rtf1" + objects + kHex));
  EXPECT_EQ(listing.text(), "object1/Equation.3=9 !unsupported ");
}

TEST(RtfTest, WrappedSizes) {
  for (const std::size_t n : {std::size_t{0}, std::size_t{1}, std::size_t{0x7fffffff}, std::size_t{0xffffffff}}) {
    OfObject(Hex(LittleEndian(1, 4) + LittleEndian(2, 4) + LittleEndian(n, 4) + "class"));
    EXPECT_EQ(OfObject(Hex(LittleEndian(1, 4) + LittleEndian(2, 4) + LittleEndian(1, 4) + '\0' + LittleEndian(0, 4) +
                           LittleEndian(0, 4) + LittleEndian(n | 0x10, 4) + "data")),
              "object1/native=data ");
  }
}

TEST(RtfTest, TruncatedAtEveryByteAndFlipped) {
  const std::string rtf = "{\\rtf1\\ansi{\\object\\objemb{\\*\\objdata " + kHex + "}}{\\pict\\bin4 abcd}}";
  for (std::size_t n = 0; n < rtf.size(); ++n) {
    List(rtf.substr(0, n));
    for (unsigned bit = 0; bit < 8; ++bit) {
      std::string flipped = rtf;
      flipped[n] = static_cast<char>(static_cast<unsigned char>(flipped[n]) ^ (1u << bit));
      List(flipped);
    }
  }
}

TEST(RtfTest, EndsWhereNoMoreIsWanted) {
  std::string rtf = "{\\rtf1";
  for (int i = 0; i < 100; ++i) rtf += "{\\objdata 4141}";
  Listing listing(10);
  EXPECT_TRUE(listing.Run(kRtf, rtf));
  EXPECT_EQ(listing.children().size(), 10u);
}

}  // namespace
}  // namespace dl::unpack
