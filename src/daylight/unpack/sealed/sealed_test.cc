#include "daylight/unpack/sealed/sealed.h"

#include <gtest/gtest.h>

#include "daylight/unpack/unpack_testing.h"

namespace dl::unpack {
namespace {

std::string Say(const std::string& object) {
  Listing listing;
  return listing.Run(kSealed, object) ? listing.text() : "not sealed";
}

// A PE file of one section with 64 bytes at 0x200.
std::string Program(const std::string& section, const std::string& code = "", const std::string& behind = "") {
  std::string file(0x240, '\0');
  const auto put = [&](std::size_t at, const std::string& bytes) { file.replace(at, bytes.size(), bytes); };
  const auto number = [&](std::size_t at, std::uint32_t value) {
    for (std::size_t i = 0; i < 4; ++i) file[at + i] = static_cast<char>(value >> (8 * i) & 0xff);
  };
  put(0, "MZ");
  number(0x3c, 0x40);
  put(0x40, std::string("PE\0\0\x4c\x01\x01", 7));
  file[0x40 + 20] = 0x60;          // Size of the optional header.
  number(0x40 + 24 + 16, 0x1000);  // Entry point.
  const std::size_t header = 0x40 + 24 + 0x60;
  put(header, section);
  number(header + 8, 0x40);
  number(header + 12, 0x1000);
  number(header + 16, 0x40);
  number(header + 20, 0x200);
  put(0x200, code);
  return file + behind;
}

TEST(SealedTest, PackersByTheirSections) {
  EXPECT_EQ(Say(Program("UPX1")), "!unsupported ");
  EXPECT_EQ(Say(Program(".aspack")), "!unsupported ");
  EXPECT_EQ(Say(Program(".text")), "not sealed");
  EXPECT_EQ(Say(Program("UPX10")), "not sealed");
}

TEST(SealedTest, PackersByTheirCode) {
  EXPECT_EQ(Say(Program(".x", std::string("\xeb\x01\x68\x60\xe8\0\0\0\0\x8b\x1c\x24\x83\xc3\x12\x81", 16))),
            "!unsupported ");
}

TEST(SealedTest, InstallersByWhatIsBehindThem) {
  EXPECT_EQ(Say(Program(".text", "", std::string("\0\0\0\0\xef\xbe\xad\xdeNullsoftInst", 20))), "!unsupported ");
  EXPECT_EQ(Say(Program(".text", "", "a signature")), "not sealed");
  EXPECT_EQ(Say(std::string("\xef\xbe\xad\xdeNullsoftInst in a text")), "not sealed");
}

TEST(SealedTest, ArchivesAndImages) {
  EXPECT_EQ(Say("1234567**ACE**"), "!unsupported ");
  EXPECT_EQ(Say(std::string(1000, 'x') + "koly" + std::string(508, '\0')), "!unsupported ");
  EXPECT_EQ(Say("koly"), "not sealed");
}

TEST(SealedTest, TruncatedAtEveryByte) {
  const std::string file = Program("UPX1", "code", "behind");
  for (std::size_t n = 0; n < file.size(); ++n) Say(file.substr(0, n));
}

}  // namespace
}  // namespace dl::unpack
