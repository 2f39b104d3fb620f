#include "daylight/unpack/zip/zip_directory.h"

#include <gtest/gtest.h>

#include "daylight/unpack/zip/zip_testing.h"

namespace dl::unpack {
namespace {

using namespace std::string_literals;

struct Opened {
  explicit Opened(std::string object) : bytes(std::move(object)), source(AsBytes(bytes)) {}
  Probe probe() { return {AsBytes(bytes), AsBytes(bytes), bytes.size(), source}; }
  std::vector<ZipEntry> Entries() {
    std::vector<ZipEntry> entries;
    const auto directory = FindZipDirectory(probe());
    if (!directory) return entries;
    Cursor records(AsBytes(bytes).subspan(static_cast<std::size_t>(directory->begin)));
    for (auto entry = ReadZipEntry(records); entry; entry = ReadZipEntry(records)) entries.push_back(*entry);
    return entries;
  }
  std::string Content(const ZipEntry& entry, std::uint64_t most = 1u << 20) {
    const auto content = ReadZipContent(source, *FindZipDirectory(probe()), entry, most);
    return content ? std::string(AsText(*content)) : "!" + std::string(content.error().what);
  }
  std::string bytes;
  MemorySource source;
};

TEST(ZipDirectoryTest, Entries) {
  Opened zip("in front" + MakeZip({{"a", "text"}, {"folder/b", std::string(1000, 'x'), 8}}));
  const auto entries = zip.Entries();
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(FindZipDirectory(zip.probe())->base, 8u);
  EXPECT_EQ(entries[1].name, "folder/b");
  EXPECT_EQ(entries[1].method, 8);
  EXPECT_EQ(entries[1].size, 1000u);
  EXPECT_LT(entries[1].packed, 100u);
  EXPECT_EQ(zip.Content(entries[0]), "text");
  EXPECT_EQ(zip.Content(entries[1]), std::string(1000, 'x'));
  EXPECT_EQ(zip.Content(entries[1], 1000), std::string(1000, 'x'));
  EXPECT_EQ(zip.Content(entries[1], 999), "!the entry is too large");
  EXPECT_EQ(zip.Content(entries[0], 3), "!the entry is too large");
}

TEST(ZipDirectoryTest, WhatIsNotRead) {
  Opened zip(MakeZip({{"a", "text"}}));
  ZipEntry entry = zip.Entries().at(0);
  entry.flags = 1;
  EXPECT_EQ(zip.Content(entry), "!the entry is encrypted");
  entry.flags = 0;
  entry.method = 12;
  EXPECT_EQ(zip.Content(entry), "!the entry is packed by a rare method");
  entry.method = 8;
  EXPECT_EQ(zip.Content(entry), "!the entry cannot be inflated");
  entry.offset = ~std::uint64_t{0};
  EXPECT_EQ(zip.Content(entry), "!the entry has no header");
  entry.offset = 0;
  entry.packed = 10'000;
  EXPECT_EQ(zip.Content(entry), "!the entry ends in the middle");
}

TEST(ZipDirectoryTest, EmptyOnes) {
  const std::string end = "PK\x05\x06"s + std::string(18, '\0');
  EXPECT_TRUE(IsEmptyZip(Opened(end).probe()));
  EXPECT_TRUE(IsEmptyZip(Opened("in front" + end).probe()));
  EXPECT_FALSE(IsEmptyZip(Opened(end + "behind").probe()));
  EXPECT_FALSE(IsEmptyZip(Opened(MakeZip({{"a", "text"}})).probe()));
  EXPECT_FALSE(FindZipDirectory(Opened(end).probe()));
  for (std::size_t n = 0; n < end.size(); ++n) EXPECT_FALSE(IsEmptyZip(Opened(end.substr(0, n)).probe()));
}

TEST(ZipDirectoryTest, SizesOfZip64) {
  // All three fields are elsewhere.
  std::string zip = MakeZip({{"a", "text"}});
  const std::size_t central = zip.find("PK\x01\x02");
  std::string extra = LittleEndian(1, 2) + LittleEndian(24, 2);
  for (const std::uint64_t n : {std::uint64_t{4}, std::uint64_t{5} << 32, std::uint64_t{0}})
    extra += LittleEndian(n, 8);
  zip.insert(central + 47, extra);
  for (const std::size_t field : {20u, 24u, 42u}) zip.replace(central + field, 4, "\xff\xff\xff\xff");
  zip.replace(central + 30, 2, LittleEndian(extra.size(), 2));
  Cursor records(AsBytes(zip).subspan(central));
  const auto entry = ReadZipEntry(records);
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->size, 4u);
  EXPECT_EQ(entry->packed, std::uint64_t{5} << 32);
  EXPECT_EQ(entry->offset, 0u);
}

TEST(ZipDirectoryTest, CutAndFlipped) {
  const std::string whole = MakeZip({{"a", "text"}, {"b", std::string(50, 'x'), 8}});
  for (std::size_t n = 0; n < whole.size(); ++n) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      std::string flipped = whole;
      flipped[n] = static_cast<char>(static_cast<unsigned char>(flipped[n]) ^ (1u << bit));
      Opened zip(flipped);
      for (const ZipEntry& entry : zip.Entries()) EXPECT_LE(zip.Content(entry, 100).size(), 100u);
    }
    EXPECT_TRUE(Opened(whole.substr(0, n)).Entries().empty());
  }
}

}  // namespace
}  // namespace dl::unpack
