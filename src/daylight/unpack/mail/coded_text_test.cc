#include "daylight/unpack/mail/coded_text.h"

#include <gtest/gtest.h>

#include "daylight/unpack/unpack_testing.h"

namespace dl::unpack {
namespace {

std::string List(const std::string& object) {
  Listing listing;
  return listing.Run(kCodedText, object) ? listing.text() : "not opened";
}

std::map<std::string, std::string> Children(const std::string& object) {
  Listing listing;
  listing.Run(kCodedText, object);
  return listing.children();
}

const std::string kUu = "begin 644 a b.txt\n#86)C\n`\nend\n";

TEST(CodedTextTest, Uuencode) {
  EXPECT_EQ(List(kUu), "a b.txt=3 ");
  EXPECT_EQ(Children("Some text.\r\n\r\nbegin 0755 x.bin\r\n#86)C\r\n`\r\nend\r\n").at("x.bin"), "abc");
  EXPECT_EQ(List("Text\n" + kUu + "more text\n\nbegin 644 c\n!80``\n`\nend\n"), "a b.txt=3 c=1 ");
  EXPECT_EQ(List("begin 644 empty\n`\nend\n"), "empty=0 ");
  EXPECT_EQ(Children("begin-base64 644 b\nYWJj\nZA==\n====\n" + kUu),
            (std::map<std::string, std::string>{{"b", "abcd"}, {"a b.txt", "abc"}}));
}

TEST(CodedTextTest, UuencodeWithoutItsEnd) {
  EXPECT_EQ(List("begin 644 a\n#86)C\n"), "a=3 a!damaged ");
  EXPECT_EQ(List("begin 644 a\n#86)C\n`\n"), "a=3 ");
  EXPECT_EQ(
      List("begin 644 a\n#86)C\nand so\nthe text\ngoes on\nand on,\nline by\nline,\nmore than\neight\nof them\n" + kUu),
      "a=3 a!damaged a b.txt=3 ");
}

TEST(CodedTextTest, WhatOnlyLooksLikeIt) {
  EXPECT_EQ(List("begin 644 a\nis how such files begin\n"), "not opened");
  EXPECT_EQ(List("begin 12 of the month\n#86)C\n"), "not opened");
  EXPECT_EQ(List("we begin 644 a\n#86)C\n"), "not opened");
  EXPECT_EQ(List("program a;\nbegin\n  end.\n"), "not opened");
  EXPECT_EQ(List("=ybegin is a keyword of yEnc\n"), "not opened");
  EXPECT_EQ(List("(This file must be converted with BinHex 4.0) is what it says\n"), "not opened");
  EXPECT_EQ(List(std::string("\0\n", 2) + kUu), "not opened");  // No text.
}

// As the draft of yEnc 1.3 has it.
std::string YencOf(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    const auto code = static_cast<unsigned char>(static_cast<unsigned char>(c) + 42);
    if (code == 0 || code == '\n' || code == '\r' || code == '=') {
      out += '=';
      out += static_cast<char>(code + 64);
    } else {
      out += static_cast<char>(code);
    }
  }
  return out;
}

TEST(CodedTextTest, Yenc) {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  // python: zlib.crc32(bytes(range(256)))
  const std::string text =
      "=ybegin line=128 size=256 name=all.bin\r\n" + YencOf(all) + "\r\n=yend size=256 crc32=29058c73\r\n";
  EXPECT_EQ(Children("text\r\n" + text).at("all.bin"), all);
  EXPECT_EQ(List(text), "all.bin=256 ");
  std::string wrong = text;
  wrong.replace(wrong.find("29058c73"), 8, "29058c74");
  EXPECT_EQ(List(wrong), "all.bin=256 all.bin!damaged ");
  EXPECT_EQ(List(text.substr(0, text.find("=yend"))), "all.bin=256 all.bin!damaged ");
}

TEST(CodedTextTest, YencInParts) {
  const auto part = [](int number, int begin, const std::string& bytes) {
    return "=ybegin part=" + std::to_string(number) + " line=128 size=6 name=n\n=ypart begin=" + std::to_string(begin) +
           " end=" + std::to_string(begin + 2) + "\n" + YencOf(bytes) + "\n=yend size=3\n";
  };
  EXPECT_EQ(List(part(1, 1, "abc") + "between\n" + part(2, 4, "def")), "n=6 ");
  EXPECT_EQ(Children(part(1, 1, "abc") + part(2, 4, "def")).at("n"), "abcdef");
  EXPECT_EQ(List(part(1, 1, "abc")), "n=3 n!unsupported ");
  EXPECT_EQ(List(part(2, 4, "def")), "n=3 n!unsupported ");
}

// BinHex 4.0 without runs, which are optional.
std::uint16_t CrcOf(const std::string& bytes) {
  unsigned crc = 0;
  for (const char c : bytes) {
    crc ^= static_cast<unsigned>(static_cast<unsigned char>(c)) << 8;
    for (int k = 0; k < 8; ++k) crc = (crc & 0x8000) != 0 ? (crc << 1) ^ 0x1021 : crc << 1;
  }
  return static_cast<std::uint16_t>(crc);
}
std::string Big(std::uint32_t value, int bytes) {
  std::string out;
  for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(value >> (8 * i));
  return out;
}
std::string SixBits(const std::string& bytes) {
  const std::string alphabet = "!\"#$%&'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr";
  std::string out;
  unsigned bits = 0;
  int count = 0;
  for (std::size_t i = 0; i < bytes.size() || count > 0;) {
    if (count < 6) {
      bits = bits << 8 | (i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0u);
      ++i;
      count += 8;
    }
    out += alphabet[bits >> (count - 6) & 63];
    count -= 6;
    if (out.size() % 65 == 64) out += '\n';
    if (i >= bytes.size() && count < 6) {
      if (count > 0) out += alphabet[bits << (6 - count) & 63];
      break;
    }
  }
  return out;
}
const std::string kBanner = "(This file must be converted with BinHex 4.0)\n\n:";
std::string BinHexOf(const std::string& name, const std::string& data, const std::string& resource) {
  const std::string header = Big(static_cast<std::uint32_t>(name.size()), 1) + name + Big(0, 1) + "TEXTabcd" +
                             Big(0, 2) + Big(static_cast<std::uint32_t>(data.size()), 4) +
                             Big(static_cast<std::uint32_t>(resource.size()), 4);
  return kBanner +
         SixBits(header + Big(CrcOf(header), 2) + data + Big(CrcOf(data), 2) + resource + Big(CrcOf(resource), 2)) +
         ":\n";
}

TEST(CodedTextTest, BinHex) {
  const std::string text = "Dear all,\n" + BinHexOf("pic", "some bytes", "res");
  EXPECT_EQ(Children(text), (std::map<std::string, std::string>{{"pic", "some bytes"}, {"pic.rsrc", "res"}}));
  EXPECT_EQ(List(text), "pic=10 pic.rsrc=3 ");
  EXPECT_EQ(List(BinHexOf("pic", "some bytes", "")), "pic=10 ");
  EXPECT_EQ(List(text + kUu), "pic=10 pic.rsrc=3 a b.txt=3 ");
}

TEST(CodedTextTest, BinHexRuns) {
  // Five times 'a', and 0x90 itself; its checksum is over what these stand for.
  const std::string data = "aaaaa\x90";
  const std::string header = Big(1, 1) + "n" + Big(0, 1) + "TEXTabcd" + Big(0, 2) + Big(6, 4) + Big(0, 4);
  const std::string runs =
      header + Big(CrcOf(header), 2) + "a\x90\x05\x90" + Big(0, 1) + Big(CrcOf(data), 2) + Big(0, 2);
  EXPECT_EQ(Children(kBanner + SixBits(runs) + ":").at("n"), data);
  EXPECT_EQ(List(kBanner + SixBits(runs) + ":"), "n=6 ");
}

TEST(CodedTextTest, BinHexThatIsDamaged) {
  std::string text = BinHexOf("pic", "some bytes", "res");
  EXPECT_EQ(List(text.substr(0, text.size() - 6)), "pic=10 pic.rsrc=2 pic.rsrc!damaged ");
  // Within the data fork.
  text[kBanner.size() + 45] = text[kBanner.size() + 45] == 'A' ? 'B' : 'A';
  EXPECT_EQ(List(text), "pic=10 pic!damaged pic.rsrc=3 ");
}

TEST(CodedTextTest, TruncatedAndFlipped) {
  const std::string all = kUu + BinHexOf("pic", "some bytes", "res") + "\n=ybegin line=128 size=3 name=y\n" +
                          YencOf("abc") + "\n=yend size=3\n";
  EXPECT_EQ(List(all), "a b.txt=3 pic=10 pic.rsrc=3 y=3 ");
  for (std::size_t n = 0; n < all.size(); ++n) {
    List(all.substr(0, n));
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = all;
      flipped[n] = static_cast<char>(static_cast<unsigned char>(flipped[n]) ^ (1u << bit));
      List(flipped);
    }
  }
}

TEST(CodedTextTest, ManyThatNeverEndAreReadOnce) {
  // Would take minutes if each of them were searched to the end.
  for (const std::string piece : {"=ybegin line=1 size=1 name=a\n", "begin 644 a\n#86)C\n", "begin-base64 644 a\n",
                                  "(This file must be converted with BinHex 4.0)\n", "\n:", "=ybegin \n", "begin \n"}) {
    std::string many;
    while (many.size() < (4u << 20)) many += piece;
    Listing listing(200'000);
    listing.Run(kCodedText, many);
  }
}

TEST(CodedTextTest, EndsWhereNoMoreIsWanted) {
  std::string many;
  for (int i = 0; i < 100; ++i) many += kUu;
  Listing listing(10);
  EXPECT_TRUE(listing.Run(kCodedText, many));
  EXPECT_EQ(listing.text().size(), 10 * std::string("a b.txt=3 ").size());
}

}  // namespace
}  // namespace dl::unpack
