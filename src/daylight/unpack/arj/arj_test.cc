#include "daylight/unpack/arj/arj.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include "daylight/unpack/unpack_testing.h"

namespace dl::unpack {
namespace {

// By `arj a -m1`, `-m4`, and `-m1 -ginfected`, of the same words of 708 bytes.
constexpr std::string_view kMethod1 =
    "60ea2a00220b0102100002f38b320d6b8b320d6b0000000000000000000000000000000000006d312e61726a0000163a"
    "f01f000060ea35002e0b01021001008b8b320d6b64000000c4020000593742950000a4110000000000008b320d6b8b32"
    "0d6b00000000612e74787400006ecbc869000000444aaeb12ff79fb005c2c4a59419426a0b1cbe72fc622cb4b04e4811"
    "c6936ed9423cb9336f4f8c9d5d6949b07caf13947486e98ab47b1691046a5d08111f09713532263806920b0b552f7e57"
    "f554164b2b6085b18ec02d029b79abea1c1961fed7f6d660ea0000";
constexpr std::string_view kMethod4 =
    "60ea2a00220b0102100002f38b320d6b8b320d6b0000000000000000000000000000000000006d342e61726a0000b115"
    "c84d000060ea35002e0b01021004008b8b320d6b67000000c4020000593742950000a4110000000000008b320d6b8b32"
    "0d6b00000000612e74787400006023f7410000309c8c668349d8ca0a32184f266349b0ca73369bcde6e104030e675371"
    "b0d267341d015c4153799841804b6116c14d0850318066c37803e039803c00a05bb0c30026415d8f7d017ec2ac0d8159"
    "15b8861926390418043626e807c0fa0ad90d8013fff3affd73ac60ea0000";
constexpr std::string_view kGarbled =
    "60ea2900220b0102110002008b320d6b8b320d6b000000000000000000000000010000000000672e61726a0000091b28"
    "58000060ea35002e0b01021101008b8b320d6b64000000c4020000593742950000a4110000000000008b320d6b8b320d"
    "6b00000000612e74787400007de490e60000f4bdbb5e5fd0077044fc33344b6be9ad9ef2ed4e9c0392c34049bfb8ff39"
    "63812dbbcd49dd90bf6369a498b95e835ffc608d7719644b8bf965fd9bade6eeefe685ccc3d6d6f962e4ffacde8eb90a"
    "a4f9bfd291755f7130c2f662885b04e3e98e0a2e072660ea0000";

std::string FromHex(std::string_view hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    out += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return out;
}

std::string Sum(const std::string& text) {
  return LittleEndian(::crc32(0, reinterpret_cast<const Bytef*>(text.data()), static_cast<uInt>(text.size())), 4);
}

std::string Header(unsigned type, unsigned flags, unsigned method, const std::string& name, const std::string& packed,
                   std::uint64_t size, const std::string& sum) {
  const std::string basic = LittleEndian(30, 1) + LittleEndian(11, 1) + LittleEndian(1, 1) + LittleEndian(2, 1) +
                            LittleEndian(flags, 1) + LittleEndian(method, 1) + LittleEndian(type, 1) +
                            LittleEndian(0, 5) + LittleEndian(packed.size(), 4) + LittleEndian(size, 4) + sum +
                            LittleEndian(0, 6) + name + LittleEndian(0, 2);
  return "\x60\xea" + LittleEndian(basic.size(), 2) + basic + Sum(basic) + LittleEndian(0, 2) + packed;
}

std::string Stored(unsigned flags = 0, unsigned method = 0) {
  return Header(2, 0, 0, "main", "", 0, LittleEndian(0, 4)) + Header(0, flags, method, "a", "text", 4, Sum("text")) +
         Header(3, 0, 0, "folder", "", 0, LittleEndian(0, 4)) + Header(0, 0, 0, "b", "more text", 9, Sum("more text")) +
         LittleEndian(0xea60, 2) + LittleEndian(0, 2);
}

std::string List(const std::string& object) {
  Listing listing;
  return listing.Run(kArj, object) ? listing.text() : "not opened";
}

TEST(ArjTest, Stored) {
  EXPECT_EQ(List(Stored()), "a=4 b=9 ");
  EXPECT_EQ(List("MZ some program" + Stored()), "a=4 b=9 ");
  EXPECT_EQ(List("no program" + Stored()), "not opened");
  EXPECT_EQ(List("\x60\xea\x22 nothing of the kind, though it is long enough for it"), "not opened");
}

TEST(ArjTest, MethodsOfTheRealProgram) {
  std::string words;
  for (const std::string_view hex : {kMethod1, kMethod4}) {
    Listing listing;
    ASSERT_TRUE(listing.Run(kArj, FromHex(hex)));
    EXPECT_EQ(listing.text(), "a.txt=708 ");  // And its sum is right.
    const std::string& content = listing.children().at("a.txt");
    EXPECT_TRUE(content.starts_with("archive\ndayfilesmoon daysunlight\n")) << content;
    EXPECT_TRUE(words.empty() || content == words);
    words = content;
  }
}

TEST(ArjTest, Passwords) {
  Listing closed;
  closed.SetPasswords({"wrong", ""});
  ASSERT_TRUE(closed.Run(kArj, FromHex(kGarbled)));
  EXPECT_EQ(closed.text(), "a.txt!encrypted ");
  Listing open;
  open.SetPasswords({"wrong", "infected"});
  ASSERT_TRUE(open.Run(kArj, FromHex(kGarbled)));
  EXPECT_EQ(open.text(), "a.txt=708 ");
}

TEST(ArjTest, WhatIsNotDecodedIsTold) {
  EXPECT_EQ(List(Stored(0, 9)), "a!unsupported b=9 ");
  EXPECT_EQ(List(Stored(4)), "a!unsupported a=4 b=9 ");
  std::string damaged = Stored();
  damaged.replace(damaged.find("text"), 4, "texT");
  EXPECT_EQ(List(damaged), "a!damaged a=4 b=9 ");
}

TEST(ArjTest, NoMoreThanTheSizeSays) {
  // Codes of no bits make content of nothing: a block of one literal, without end.
  const std::string packed = LittleEndian(0xffff, 2) + std::string(20, '\0');
  const std::string bomb = Header(2, 0, 0, "main", "", 0, LittleEndian(0, 4)) +
                           Header(0, 0, 1, "a", packed, 0xffffffff, LittleEndian(0, 4)) + LittleEndian(0xea60, 4);
  Listing listing(1000, 1'000'000);
  ASSERT_TRUE(listing.Run(kArj, bomb));
  EXPECT_LE(listing.bytes(), 1'010'000u);
}

TEST(ArjTest, TruncatedAtEveryByteAndFlipped) {
  for (const std::string& whole : {Stored(), FromHex(kMethod1), FromHex(kMethod4), FromHex(kGarbled)}) {
    for (std::size_t n = 0; n < whole.size(); ++n) {
      Listing cut;
      cut.SetPasswords({"infected"});
      const bool is_open = cut.Run(kArj, whole.substr(0, n));
      EXPECT_TRUE(!is_open || cut.closed() != 0) << n;
      for (unsigned bit = 0; bit < 8; ++bit) {
        std::string flipped = whole;
        flipped[n] = static_cast<char>(static_cast<unsigned char>(flipped[n]) ^ (1u << bit));
        Listing listing;
        listing.SetPasswords({"infected"});
        listing.Run(kArj, flipped);
      }
    }
  }
}

}  // namespace
}  // namespace dl::unpack
