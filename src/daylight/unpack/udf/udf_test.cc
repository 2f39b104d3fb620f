#include "daylight/unpack/udf/udf.h"

#include <gtest/gtest.h>

#include "daylight/unpack/unpack_testing.h"

namespace dl::unpack {
namespace {

constexpr std::size_t kBlock = 2048;
constexpr std::size_t kFirst = 257;  // The partition's first block.

void Put(std::string& disc, std::size_t at, std::uint64_t value, unsigned bytes) {
  for (unsigned i = 0; i < bytes; ++i) disc[at + i] = static_cast<char>(value >> (8 * i) & 0xff);
}

// A file entry in block `block` of the partition, with allocation descriptors of that kind.
void PutFile(std::string& disc, std::size_t block, bool is_folder, unsigned kind, std::uint64_t size,
             const std::string& descriptors) {
  const std::size_t at = (kFirst + block) * kBlock;
  Put(disc, at, 261, 2);
  Put(disc, at + 27, is_folder ? 4 : 5, 1);
  Put(disc, at + 34, kind, 2);
  Put(disc, at + 56, size, 8);
  Put(disc, at + 172, descriptors.size(), 4);
  disc.replace(at + 176, descriptors.size(), descriptors);
}

std::string Short(std::uint32_t length, std::uint32_t block) {
  std::string out(8, '\0');
  Put(out, 0, length, 4);
  Put(out, 4, block, 4);
  return out;
}

std::string Identifier(const std::string& name, std::uint32_t block, unsigned traits = 0) {
  std::string out(38, '\0');
  Put(out, 0, 257, 2);
  Put(out, 18, traits, 1);
  Put(out, 19, name.empty() ? 0 : name.size() + 1, 1);
  Put(out, 24, block, 4);
  if (!name.empty()) out += '\x08' + name;
  out.resize((out.size() + 3) / 4 * 4);
  return out;
}

// Root (block 1) with a file of two extents, a folder with an embedded file and a way back.
std::string Disc() {
  std::string disc(300 * kBlock, '\0');
  disc.replace(16 * kBlock + 1, 5, "BEA01");
  disc.replace(17 * kBlock + 1, 5, "NSR02");
  Put(disc, 256 * kBlock, 2, 2);
  Put(disc, 256 * kBlock + 16, 3 * kBlock, 4);
  Put(disc, 256 * kBlock + 20, 32, 4);
  Put(disc, 32 * kBlock, 5, 2);
  Put(disc, 32 * kBlock + 188, kFirst, 4);
  Put(disc, 33 * kBlock, 6, 2);
  Put(disc, 33 * kBlock + 212, kBlock, 4);
  Put(disc, 33 * kBlock + 268, 1, 4);
  Put(disc, 33 * kBlock + 440, 1 | 6 << 8, 2);
  Put(disc, 34 * kBlock, 8, 2);
  Put(disc, kFirst * kBlock, 256, 2);
  Put(disc, kFirst * kBlock + 404, 1, 4);
  const std::string root =
      Identifier("", 1, 0x0a) + Identifier("two.txt", 3) + Identifier("in", 4, 2) + Identifier("gone", 3, 4);
  PutFile(disc, 1, true, 0, root.size(), Short(static_cast<std::uint32_t>(root.size()), 2));
  disc.replace((kFirst + 2) * kBlock, root.size(), root);
  PutFile(disc, 3, false, 0, kBlock + 4, Short(kBlock, 10) + Short(4, 12));
  disc.replace((kFirst + 10) * kBlock, 5, "first");
  disc.replace((kFirst + 12) * kBlock, 4, "last");
  const std::string folder = Identifier("here.txt", 5) + Identifier("loop", 1, 2) + Identifier("hole", 6);
  PutFile(disc, 4, true, 3, folder.size(), folder);
  PutFile(disc, 5, false, 3, 8, "embedded");
  PutFile(disc, 6, false, 0, 100, Short(100 | 2u << 30, 0));
  return disc;
}

std::string List(const std::string& object) {
  Listing listing;
  return listing.Run(kUdf, object) ? listing.text() : "not opened";
}

TEST(UdfTest, Files) {
  Listing listing;
  ASSERT_TRUE(listing.Run(kUdf, Disc()));
  EXPECT_EQ(listing.text(), "two.txt=2052 in/here.txt=8 in/hole=100 ");
  EXPECT_EQ(listing.children().at("in/here.txt"), "embedded");
  EXPECT_TRUE(listing.children().at("two.txt").starts_with("first"));
  EXPECT_TRUE(listing.children().at("two.txt").ends_with("last"));
}

TEST(UdfTest, WhatIsNotReadIsTold) {
  std::string disc = Disc();
  Put(disc, 33 * kBlock + 440, 2, 1);  // Another kind of partition.
  EXPECT_NE(List(disc).find("!"), std::string::npos);
  disc = Disc();
  Put(disc, 256 * kBlock, 0, 2);
  EXPECT_EQ(List(disc), "!damaged ");
  disc = Disc();
  Put(disc, (kFirst + 3) * kBlock + 34, 2, 2);
  EXPECT_EQ(List(disc), "two.txt!unsupported in/here.txt=8 in/hole=100 ");
  disc = Disc();
  Put(disc, (kFirst + 3) * kBlock + 56, 1'000'000, 8);
  EXPECT_NE(List(disc).find("two.txt!damaged"), std::string::npos);
  EXPECT_EQ(List(std::string(100'000, 'x')), "not opened");
}

TEST(UdfTest, ListsOfExtentsThatLeadToThemselves) {
  std::string disc = Disc();
  PutFile(disc, 3, false, 0, 1000, Short(100 | 3u << 30, 7));
  Put(disc, (kFirst + 7) * kBlock, 258, 2);
  Put(disc, (kFirst + 7) * kBlock + 20, 8, 4);
  disc.replace((kFirst + 7) * kBlock + 24, 8, Short(100 | 3u << 30, 7));
  EXPECT_NE(List(disc).find("two.txt!damaged"), std::string::npos);
}

TEST(UdfTest, TruncatedAndFlipped) {
  const std::string whole = Disc();
  for (std::size_t n = 0; n < whole.size(); n += 509) List(whole.substr(0, n));
  for (std::size_t block : {32u, 33u, 256u, 257u, 258u, 259u, 260u, 261u, 262u}) {
    for (std::size_t i = 0; i < 460; ++i) {
      for (const unsigned bit : {0u, 4u, 7u}) {
        std::string flipped = whole;
        char& c = flipped[block * kBlock + i];
        c = static_cast<char>(static_cast<unsigned char>(c) ^ (1u << bit));
        Listing listing(100, 1u << 20);
        listing.Run(kUdf, flipped);
      }
    }
  }
}

}  // namespace
}  // namespace dl::unpack
