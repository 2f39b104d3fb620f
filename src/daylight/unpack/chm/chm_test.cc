#include "daylight/unpack/chm/chm.h"

#include <gtest/gtest.h>

#include "daylight/unpack/chm/chm_testing.h"
#include "daylight/unpack/unpack_testing.h"

namespace dl::unpack {
namespace {

std::string Long(char begin, std::size_t size) {
  std::string text;
  for (std::size_t i = 0; text.size() < size; ++i) text += begin + std::to_string(i * i);
  text.resize(size);
  return text;
}

const std::vector<ChmFile> kFiles = {{"/plain.txt", "as it is", 0},
                                     {"/index.html", "<html>a page</html>"},
                                     {"/empty", ""},
                                     {"/folder/program.exe", Long('M', 150'000)},
                                     {"/last.js", "the last"}};

Listing Open(const std::string& object) {
  Listing listing;
  listing.Run(kChm, object);
  return listing;
}

TEST(ChmTest, FilesOfBothSections) {
  for (unsigned kind = 0; kind <= 3; ++kind) {
    const Listing listing = Open(MakeChm(kFiles, {.lzx = {.kind = kind}}));
    EXPECT_EQ(listing.text(), "plain.txt=8 index.html=19 folder/program.exe=150000 last.js=8 ");
    for (const ChmFile& file : kFiles) {
      if (file.bytes.empty()) continue;
      EXPECT_TRUE(listing.children().at(file.name.substr(1)) == file.bytes) << file.name;
    }
  }
}

TEST(ChmTest, WithoutTheTable) {
  const std::string all = Open(MakeChm(kFiles)).text();
  EXPECT_EQ(Open(MakeChm(kFiles, {.has_table = false})).text(), all);
  EXPECT_EQ(Open(MakeChm(kFiles, {.lzx = {.interval = 0}, .has_table = false})).text(), all);
}

TEST(ChmTest, EntriesByTheirNumberOrTheirSize) {
  const std::string file = MakeChm(kFiles);
  const std::size_t chunk = file.find("PMGL");
  const std::string all = Open(file).text();
  std::string other = file;
  other.replace(chunk + 4, 4, LittleEndian(4096 - 20, 4));
  EXPECT_EQ(Open(other).text(), all);
  other = file;
  other.replace(chunk + 4094, 2, LittleEndian(0, 2));
  EXPECT_EQ(Open(other).text(), all);
}

TEST(ChmTest, ManyChunks) {
  std::vector<ChmFile> files;
  for (int i = 0; i < 200; ++i) files.push_back({"/file" + std::to_string(i), std::to_string(i)});
  EXPECT_EQ(Open(MakeChm(files, {.chunk = 512})).children().size(), 200u);
}

TEST(ChmTest, DamageEndsAtTheNextReset) {
  const auto damage = [](std::string& compressed) { compressed.replace(5000, 100, 100, '\xff'); };
  std::vector<ChmFile> files = {{"/0", Long('a', 1000)}, {"/1", Long('b', 70'000)}, {"/2", Long('c', 1000)}};
  const Listing listing = Open(MakeChm(files, {.lzx = {.interval = 32768}, .damage = damage}));
  EXPECT_EQ(listing.closed(), 1u) << listing.text();
  EXPECT_TRUE(listing.children().at("0") == files[0].bytes);
  EXPECT_TRUE(listing.children().at("2") == files[2].bytes);
  EXPECT_TRUE(files[1].bytes.starts_with(listing.children().at("1").substr(0, 2000)));
}

TEST(ChmTest, FilesThatOverlap) {
  const ChmOptions options{.more = {ChmEntry("/all", 1, 0, 150'000), ChmEntry("/behind", 1, 149'000, 1 << 20),
                                    ChmEntry("/far", 1, std::uint64_t{1} << 60, 1), ChmEntry("/other", 7, 0, 1),
                                    ChmEntry("/cut", 0, 0, std::uint64_t{1} << 40)}};
  const Listing listing = Open(MakeChm(kFiles, options));
  EXPECT_TRUE(listing.children().at("folder/program.exe") == kFiles[3].bytes);
  EXPECT_TRUE(listing.children().at("all").substr(19) == kFiles[3].bytes.substr(0, 150'000 - 19));
  EXPECT_EQ(listing.children().at("behind").size(), 5 * 32768u - 149'000);  // To the end of the last frame.
  EXPECT_NE(listing.text().find("behind!damaged"), std::string::npos) << listing.text();
  EXPECT_NE(listing.text().find("far!damaged"), std::string::npos) << listing.text();
  EXPECT_NE(listing.text().find("other!damaged"), std::string::npos) << listing.text();
  EXPECT_NE(listing.text().find("cut!damaged"), std::string::npos) << listing.text();
}

TEST(ChmTest, ComingBackTooOftenEnds) {
  // Each reads a byte before and one behind the end of a frame, and the next begins anew, 16 MiB before.
  ChmOptions options{.lzx = {.kind = 3, .block = 1u << 20, .interval = std::uint64_t{1} << 25}};
  for (int i = 0; i < 100; ++i) options.more.push_back(ChmEntry("/" + std::to_string(i), 1, (1u << 24) - 1, 2));
  const Listing listing = Open(MakeChm({{"/big", std::string((1u << 24) + 10, 'x')}}, options));
  EXPECT_GT(listing.closed(), 90u) << listing.text();
  EXPECT_NE(listing.text().find("99!max-memory"), std::string::npos) << listing.text();
}

TEST(ChmTest, WhatIsNotKnownIsTold) {
  const std::string file = MakeChm(kFiles);
  const auto with = [&](const std::string& what, std::size_t at, const std::string& by) {
    std::string other = file;
    other.replace(what.empty() ? at : other.find(what) + at, by.size(), by);
    return Open(other).text();
  };
  EXPECT_EQ(with("", 4, "\x04"), "!unsupported ");
  EXPECT_EQ(with("", 5, "x"), "");  // No magic.
  const std::string closed = "plain.txt=8 index.html!unsupported folder/program.exe!unsupported last.js!unsupported ";
  EXPECT_EQ(with("LZXC", 0, "LZXD"), closed);
  EXPECT_EQ(with("LZXC", 12, "\x03"), closed);
  EXPECT_EQ(with("ITSP", 0, "ITSQ"), "!damaged ");
  EXPECT_EQ(with("PMGL", 4, "\xff\xff"), "!damaged ");
}

TEST(ChmTest, TruncatedAtEveryByteAndFlipped) {
  const std::string file = MakeChm({{"/a", "first", 0}, {"/b", Long('b', 300)}}, {.lzx = {.kind = 2}, .chunk = 512});
  const std::string whole = Open(file).text();
  EXPECT_NE(Open(file.substr(0, file.size() - 1000)).closed(), 0u);
  for (std::size_t n = 0; n < file.size(); ++n) {
    const Listing cut = Open(file.substr(0, n));
    // Only what fills up the last frame is nobody's.
    EXPECT_TRUE(n < 8 || cut.closed() != 0 || cut.text() == whole) << n << " " << cut.text();
    std::string flipped = file;
    flipped[n] = static_cast<char>(static_cast<unsigned char>(flipped[n]) ^ (1u << n % 8));
    Open(flipped);
  }
}

TEST(ChmTest, EndsWhereNoMoreIsWanted) {
  Listing few(1);
  few.Run(kChm, MakeChm(kFiles));
  EXPECT_EQ(few.children().size(), 1u);
  Listing short_one(100, 10'000);
  short_one.Run(kChm, MakeChm(kFiles));
  EXPECT_LE(short_one.bytes(), 20'000u);
}

}  // namespace
}  // namespace dl::unpack
