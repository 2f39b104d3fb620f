#include "daylight/unpack/archive/zip_layout.h"

#include <gtest/gtest.h>

#include "daylight/unpack/archive/archive.h"
#include "daylight/unpack/archive/archive_testing.h"
#include "daylight/unpack/unpack_testing.h"

namespace dl::unpack {
namespace {

std::string Zip(const Entries& entries) { return MakeArchive(ARCHIVE_FORMAT_ZIP, entries, "zip:compression=store"); }

std::string List(const std::string& object) {
  Listing listing;
  return listing.Run(kArchive, object) ? listing.text() : "not opened";
}

std::size_t Gaps(const std::string& object) {
  MemorySource source(AsBytes(object));
  const Bytes bytes = AsBytes(object);
  const auto layout = ReadZipLayout({bytes, bytes, bytes.size(), source});
  return layout ? layout->gaps.size() : 999;
}

TEST(ZipLayoutTest, OrdinaryOnesHaveNoGaps) {
  EXPECT_EQ(Gaps(Zip({{"a", "text"}, {"b", "more"}})), 0u);
  EXPECT_EQ(Gaps(MakeArchive(ARCHIVE_FORMAT_ZIP, {{"a", std::string(1000, 'x')}})), 0u);
  EXPECT_EQ(Gaps("no zip"), 999u);
}

TEST(ZipLayoutTest, OneBehindAnother) {
  const std::string one = Zip({{"a", "text"}, {"b", "text2"}});
  const std::string two = Zip({{"c", "text33"}});
  EXPECT_EQ(List(one + two), "c=6 a=4 b=5 ");
  EXPECT_EQ(List(one + "between" + two + "behind"), "c=6 a=4 b=5 ");
  EXPECT_EQ(List(one + one + two), "c=6 a=4 b=5 a=4 b=5 ");
}

TEST(ZipLayoutTest, EntriesThatTheDirectoryLeavesOut) {
  // The second of three is renamed away from the directory: its record is cut out.
  std::string zip = Zip({{"a", "text"}, {"b", "hidden"}, {"c", "text"}});
  const std::size_t first = zip.find("PK\x01\x02");
  const std::size_t second = zip.find("PK\x01\x02", first + 4);
  const std::size_t third = zip.find("PK\x01\x02", second + 4);
  const std::size_t cut = third - second;
  zip.erase(second, cut);
  const std::size_t end = zip.rfind("PK\x05\x06");
  zip[end + 8] = zip[end + 10] = 2;
  const std::size_t size = end - first;
  zip[end + 12] = static_cast<char>(size & 0xff);
  zip[end + 13] = static_cast<char>(size >> 8);
  EXPECT_EQ(List(zip), "a=4 c=4 b=6 ");
}

TEST(ZipLayoutTest, NamesThatDiffer) {
  std::string zip = Zip({{"name.exe", "text"}});
  zip.replace(zip.find("name.exe"), 8, "name.txt");
  Listing listing;
  ASSERT_TRUE(listing.Run(kArchive, zip));
  EXPECT_EQ(listing.children().count("name.exe"), 1u) << listing.text();
  EXPECT_EQ(listing.children().count("name.txt"), 1u) << listing.text();
}

TEST(ZipLayoutTest, HeadersThatDisagreeAreReadBothWays) {
  // A size that only the directory says.
  std::string zip = Zip({{"a", "0123456789"}, {"b", "text"}});
  const std::size_t local = zip.find("PK\x03\x04", 0);
  const std::size_t central = zip.find("PK\x01\x02", 0);
  ASSERT_EQ(local, 0u);
  if ((zip[6] & 8) == 0) {
    zip[central + 20] = zip[central + 24] = 4;
    EXPECT_EQ(Gaps(zip), 1u);
  }
  zip[central + 10] = 8;  // Another method.
  EXPECT_GE(Gaps(zip), 1u);
}

TEST(ZipLayoutTest, ArchivesBetweenEntries) {
  const std::string seven = MakeArchive(ARCHIVE_FORMAT_7ZIP, {{"s", "seven"}});
  EXPECT_EQ(List(seven + Zip({{"a", "text"}})).find("not opened"), std::string::npos);
  EXPECT_EQ(List("x" + seven + Zip({{"a", "text"}})), "a=4 s=5 ");
  EXPECT_EQ(List(Zip({{"a", "text"}}) + seven), "a=4 s=5 ");
}

TEST(ZipLayoutTest, CommentsOfAnyLength) {
  for (const std::size_t length : {0u, 100u, 20'000u, 60'000u}) {
    std::string zip = Zip({{"a", "text"}});
    zip[zip.size() - 2] = static_cast<char>(length & 0xff);
    zip[zip.size() - 1] = static_cast<char>(length >> 8);
    EXPECT_EQ(List("#!/bin/sh\n" + zip + std::string(length, 'c')), "a=4 ") << length;
  }
}

TEST(ZipLayoutTest, EntriesThatOverlap) {
  // All records of the directory point to the first entry.
  Entries entries;
  for (int i = 0; i < 50; ++i) entries.emplace_back(std::to_string(10 + i), std::string(1000, 'x'));
  std::string zip = Zip(entries);
  for (std::size_t at = zip.find("PK\x01\x02"); at != std::string::npos; at = zip.find("PK\x01\x02", at + 4)) {
    for (std::size_t i = 0; i < 4; ++i) zip[at + 42 + i] = 0;
  }
  Listing listing(1000, 20'000);
  ASSERT_TRUE(listing.Run(kArchive, zip));
  EXPECT_LE(listing.bytes(), 25'000u);
}

TEST(ZipLayoutTest, LaterVolumes) {
  std::string zip = Zip({{"a", "text"}}).substr(20);
  zip[zip.size() - 18] = 2;  // The third disk.
  EXPECT_NE(List(zip).find("!unsupported"), std::string::npos) << List(zip);
}

TEST(ZipLayoutTest, DamagedEverywhere) {
  const std::string whole = Zip({{"a", "text"}, {"b", "hidden"}}) + Zip({{"c", "text"}});
  for (std::size_t n = 0; n < whole.size(); ++n) {
    List(whole.substr(0, n));
    List(whole.substr(n));
    for (const unsigned bit : {0u, 3u, 7u}) {
      std::string flipped = whole;
      flipped[n] = static_cast<char>(static_cast<unsigned char>(flipped[n]) ^ (1u << bit));
      Listing listing;
      listing.Run(kArchive, flipped);
      EXPECT_LE(listing.children().size(), 10u);
    }
  }
}

}  // namespace
}  // namespace dl::unpack
