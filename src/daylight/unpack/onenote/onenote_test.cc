#include "daylight/unpack/onenote/onenote.h"

#include <gtest/gtest.h>

#include "daylight/unpack/unpack_testing.h"

namespace dl::unpack {
namespace {

using namespace std::string_literals;

const std::string kBegin =
    "\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3"s + std::string(1008, '\x11');

std::string Number(std::uint64_t n) {
  std::string out;
  for (int i = 0; i < 8; ++i, n >>= 8) out += static_cast<char>(static_cast<unsigned char>(n));
  return out;
}

std::string File(const std::string& data, std::uint64_t size) {
  std::string out =
      "\xe7\x16\xe3\xbd\x65\x26\x11\x45\xa4\xc4\x8d\x4d\x0b\x7a\x9e\xac" + Number(size) + std::string(12, '\0') + data;
  out.resize((out.size() + 7) / 8 * 8);
  return out + "\x22\xa7\xfb\x71\x79\x0f\x0b\x4a\xbb\x13\x89\x92\x56\x42\x6b\x24";
}
std::string File(const std::string& data) { return File(data, data.size()); }

std::string List(const std::string& section) {
  Listing listing;
  return listing.Run(kOneNote, section) ? listing.text() : "not opened";
}

TEST(OneNoteTest, FilesThatAreStored) {
  const std::string section = kBegin + File("first") + "between" + File("") + File(std::string(1000, 'x')) + "end";
  Listing listing;
  ASSERT_TRUE(listing.Run(kOneNote, section));
  EXPECT_EQ(listing.text(), "file1=5 file2=0 file3=1000 ");
  EXPECT_EQ(listing.children().at("file1"), "first");
  EXPECT_EQ(List(kBegin), "");
  EXPECT_EQ(List("text" + section), "not opened");
}

TEST(OneNoteTest, SectionsWithinSectionsAreOneFile) {
  EXPECT_EQ(List(kBegin + File(kBegin + File("inner"))), "file1=1088 ");
}

TEST(OneNoteTest, WrongSizes) {
  // What such a size covers is searched.
  EXPECT_EQ(List(kBegin + File("first", 150) + File("second") + std::string(100, '.')), "file1=150 file2=6 ");
  const std::string section = kBegin + File("first", ~std::uint64_t{0}) + File("second");
  EXPECT_EQ(List(section), "file1=92 file1!damaged file2=6 ") << section.size() - kBegin.size();
}

TEST(OneNoteTest, PackagedSectionsAreNotDecoded) {
  std::string section = kBegin + File("first");
  section.replace(48, 16, "\x2f\xe9\x8d\x63\xd4\xa6\xc1\x4b\x9a\x36\xb3\xfc\x25\x11\xa5\xb7");
  EXPECT_EQ(List(section), "!unsupported ");
}

TEST(OneNoteTest, TruncatedAtEveryByteAndFlipped) {
  const std::string section = kBegin + File("first") + File("second");
  for (std::size_t n = 0; n < section.size(); ++n) {
    const std::string list = List(section.substr(0, n));
    std::string flipped = section;
    flipped[n] = static_cast<char>(static_cast<unsigned char>(flipped[n]) ^ (1u << (n % 8)));
    List(flipped);
    // A header, and no more of it than that.
    if (n == kBegin.size() + 20) {
      EXPECT_EQ(list, "!damaged ");
    }
  }
}

TEST(OneNoteTest, EndsWhereNoMoreIsWanted) {
  std::string section = kBegin;
  for (int i = 0; i < 100; ++i) section += File("x");
  Listing listing(10);
  EXPECT_TRUE(listing.Run(kOneNote, section));
  EXPECT_EQ(listing.children().size(), 10u);
}

}  // namespace
}  // namespace dl::unpack
