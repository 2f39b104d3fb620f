#include "daylight/unpack/embedded/embedded.h"

#include <gtest/gtest.h>

#include "daylight/unpack/unpack_testing.h"

namespace dl::unpack {
namespace {

// A PE file of one section that holds `content`.
std::string Program(const std::string& content) {
  std::string file(0x200, '\0');
  const auto number = [&](std::size_t at, std::size_t value) {
    for (std::size_t i = 0; i < 4; ++i) file[at + i] = static_cast<char>(value >> (8 * i) & 0xff);
  };
  file.replace(0, 2, "MZ");
  number(0x3c, 0x40);
  file.replace(0x40, 7, std::string("PE\0\0\x4c\x01\x01", 7));
  number(0x40 + 24 + 16, content.size());
  number(0x40 + 24 + 20, 0x200);
  return file + content;
}

std::string Say(const std::string& object) {
  Listing listing;
  return listing.Run(kEmbedded, object) ? listing.text() : "not opened";
}

TEST(EmbeddedTest, InASectionAndBehindTheEnd) {
  EXPECT_EQ(Say(Program("plain")), "");
  EXPECT_EQ(Say(Program("xx" + Program("inner") + "yy")), "embedded at 0x202.exe=519 ");
  EXPECT_EQ(Say(Program("x") + Program("behind")), "embedded at 0x201.exe=518 ");
  EXPECT_EQ(Say(Program("MZ but no program, MZ")), "");
  EXPECT_EQ(Say("MZ but no program"), "not opened");
}

TEST(EmbeddedTest, NestedOnesAreAllFoundAtOnce) {
  EXPECT_EQ(Say(Program(Program(Program("x")))), "embedded at 0x200.exe=1025 embedded at 0x400.exe=513 ");
}

TEST(EmbeddedTest, AcrossPieces) {
  for (const std::size_t size : {(1u << 20) - 0x203u, (1u << 20) - 0x300u, (1u << 20) + 10u}) {
    Listing listing;
    EXPECT_TRUE(listing.Run(kEmbedded, Program(std::string(size, 'x') + Program("inner"))));
    EXPECT_EQ(listing.children().size(), 1u) << size;
  }
}

TEST(EmbeddedTest, TruncatedAtEveryByte) {
  const std::string file = Program(Program("x"));
  for (std::size_t n = 0; n < file.size(); ++n) Say(file.substr(0, n));
}

}  // namespace
}  // namespace dl::unpack
