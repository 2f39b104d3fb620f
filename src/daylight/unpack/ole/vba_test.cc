#include "daylight/unpack/ole/vba.h"

#include <gtest/gtest.h>

#include "daylight/unpack/ole/vba_testing.h"

namespace dl::unpack {
namespace {

using namespace std::string_view_literals;

std::string Decompress(std::string_view container, std::size_t most = 1u << 20) {
  const std::vector<std::byte> out = DecompressVba(AsBytes(container), most);
  return std::string(AsText(out));
}

// [MS-OVBA] 3.2.1 to 3.2.3.
TEST(VbaTest, ExamplesOfTheSpecification) {
  EXPECT_EQ(
      Decompress("\x01\x19\xB0\x00\x61\x62\x63\x64\x65\x66\x67\x68\x00\x69\x6A\x6B\x6C\x6D\x6E\x6F\x70\x00\x71\x72"
                 "\x73\x74\x75\x76\x2E"sv),
      "abcdefghijklmnopqrstuv.");
  EXPECT_EQ(
      Decompress("\x01\x2F\xB0\x00\x23\x61\x61\x61\x62\x63\x64\x65\x82\x66\x00\x70\x61\x67\x68\x69\x6A\x01\x38\x08"
                 "\x61\x6B\x6C\x00\x30\x6D\x6E\x6F\x70\x06\x71\x02\x70\x04\x10\x72\x73\x74\x75\x76\x10\x77\x78\x79"
                 "\x7A\x00\x3C"sv),
      "#aaabcdefaaaaghijaaaaaklaaamnopqaaaaaaaaaaaarstuvwxyzaaa");
  EXPECT_EQ(Decompress("\x01\x03\xB0\x02\x61\x45\x00"sv), std::string(73, 'a'));
}

TEST(VbaTest, BackAndForth) {
  std::string text;
  for (int i = 0; i < 2000; ++i) text += "Sub Macro" + std::to_string(i * 7919 % 1000) + "()\r\n";
  for (const std::size_t n : {1u, 2u, 16u, 17u, 4095u, 4096u, 4097u, 20'000u}) {
    const std::string part = text.substr(0, n);
    EXPECT_EQ(Decompress(CompressVba(part)), part) << n;
    // Filled up with zeros.
    EXPECT_EQ(Decompress(CompressVba(part) + std::string(64, '\0')), part) << n;
  }
  // A chunk as it is has 4096 bytes.
  const std::string raw(4096, 'r');
  EXPECT_EQ(Decompress("\x01\xff\x3f" + raw + CompressVba("end").substr(1)), raw + "end");
}

TEST(VbaTest, WhatCannotBe) {
  EXPECT_EQ(Decompress(""), "");
  EXPECT_EQ(Decompress("\x02\x19\xb0"), "");
  // Copies of nothing, and from before the chunk; a chunk that grows too large.
  EXPECT_EQ(Decompress("\x01\x02\xb0\x01\x00\x00"sv), "");
  EXPECT_EQ(Decompress("\x01\x03\xb0\x02\x61\x00\x20"sv), "a");
  EXPECT_EQ(Decompress("\x01\x03\xb0\x02\x61\xff\x0f"sv), "a");
  const std::string whole = CompressVba("Attribute VB_Name = \"a\"\r\nAttribute VB_Base = 1\r\n");
  for (std::size_t n = 0; n < whole.size(); ++n) Decompress(whole.substr(0, n));
}

TEST(VbaTest, NoMoreThanIsAskedFor) {
  // Three bytes that stand for 4096, many times.
  std::string bomb = "\x01";
  for (int i = 0; i < 1000; ++i) bomb += "\x03\xb0\x02\x61\xfc\x0f"sv;
  EXPECT_EQ(Decompress(bomb, 10'000).size(), 10'000u);
  EXPECT_GT(Decompress(bomb, 1u << 24).size(), 4'000'000u);
}

TEST(VbaTest, ModulesOfDir) {
  const std::string dir = MakeVbaDir({{"ThisDocument", "ThisDocument", 7}, {"Module1", "stream", 0x1234}});
  const auto modules = ParseVbaDir(AsBytes(dir)).modules;
  ASSERT_EQ(modules.size(), 2u);
  EXPECT_EQ(modules[0].name, "ThisDocument");
  EXPECT_EQ(modules[1].stream_name, "stream");
  EXPECT_EQ(modules[1].offset, 0x1234u);
  for (std::size_t n = 0; n < dir.size(); ++n) {
    EXPECT_LE(ParseVbaDir(AsBytes(std::string_view(dir).substr(0, n))).modules.size(), 2u);
  }
}

TEST(VbaTest, SourceIsFoundWithoutDir) {
  const std::string source = CompressVba("Attribute VB_Name = \"a\"\r\n");
  EXPECT_EQ(FindVbaSource(AsBytes("p-code" + source)), 6u);
  EXPECT_EQ(FindVbaSource(AsBytes("\0Attribut"sv)), std::nullopt);
  EXPECT_EQ(FindVbaSource(AsBytes("\x01\x19\x80\0Attribute"sv)), std::nullopt);
}

}  // namespace
}  // namespace dl::unpack
