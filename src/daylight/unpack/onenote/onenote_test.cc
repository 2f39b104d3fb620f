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

// [MS-FSSHTTPB] 2.2.1.1 in two, four or nine bytes.
std::string Compact(std::uint64_t n) {
  if (n < 1u << 14) return Number(n << 2 | 2).substr(0, 2);
  if (n < 1u << 28) return Number(n << 4 | 8).substr(0, 4);
  return "\x80" + Number(n);
}
std::string Item(const std::string& data) { return Compact(data.size()) + data; }
const std::string kGuid = "\x0c" + std::string(16, 'g');

// A single object, or what begins one, with the shortest header.
std::string Object(unsigned type, const std::string& data, bool is_compound = false) {
  const std::uint64_t flags = is_compound ? 4 : 0;
  if (data.size() < 128 && type < 64) return Number(flags | type << 3 | data.size() << 9).substr(0, 2) + data;
  const std::uint64_t size = std::min<std::uint64_t>(data.size(), 0x7fff);
  return Number(2 | flags | std::uint64_t{type} << 3 | size << 17).substr(0, 4) +
         (size == 0x7fff ? Compact(data.size()) : "") + data;
}
std::string Compound(unsigned type, const std::string& data, const std::string& inside) {
  const std::string end = type < 64 ? Number(1 | type << 2).substr(0, 1) : Number(3 | type << 2).substr(0, 2);
  return Object(type, data, true) + inside + end;
}
std::string Declaration(unsigned partition) {
  return Object(0x18, kGuid + Compact(partition) + Compact(9) + Compact(0) + Compact(0));
}
std::string Element(const std::string& inside) { return Compound(1, kGuid + "\0"s + Compact(5), inside); }
std::string Package(const std::string& elements) {
  return kBegin.substr(0, 48) + "\x2f\xe9\x8d\x63\xd4\xa6\xc1\x4b\x9a\x36\xb3\xfc\x25\x11\xa5\xb7" + "\0\0\0\0"s +
         Compound(0x7a, kGuid + std::string(16, 's'), Compound(0x15, "\0"s, elements)) + std::string(100, '\0');
}

TEST(OneNoteTest, PackagedSections) {
  const std::string no_references = Compact(0) + Compact(0);
  const std::string references = Compact(1) + kGuid + Compact(1) + kGuid + kGuid;
  const std::string group =
      Element(Compound(0x1d, "",
                       Declaration(4) + Declaration(1) + Declaration(2) +
                           Object(5, kGuid + kGuid + Compact(2) + Compact(0) + Compact(0)) + Declaration(2)) +
              Compound(0x1e, "",
                       Object(0x16, no_references + Item("metadata")) + Object(0x16, references + Item("properties")) +
                           Object(0x16, references + Item("inside")) + Object(0x1c, no_references + kGuid) +
                           Object(0x16, no_references + Item("another"))));
  const std::string large(40'000, 'x');
  const std::string section = Package(group + Element(Object(2, Item("a blob"))) + Element(Object(2, Item(large))));
  Listing listing;
  ASSERT_TRUE(listing.Run(kOneNote, section));
  EXPECT_EQ(listing.text(), "file1=6 file2=7 file3=6 file4=40000 ");
  EXPECT_EQ(listing.children().at("file1"), "inside");
  EXPECT_EQ(listing.children().at("file3"), "a blob");
  EXPECT_EQ(listing.children().at("file4"), large);
  EXPECT_EQ(List(Package(group + group)), "file1=6 file2=7 file3=6 file4=7 ");
  EXPECT_EQ(List(Package("")), "");
  EXPECT_EQ(List(Package(Object(0x6a, "part"))), "!unsupported ");

  // What is wrong is told, with what came before.
  const std::string blob = Package(Element(Object(2, Item("a blob"))));
  const std::size_t end = blob.size() - 100;
  for (std::size_t n = 64; n < end; ++n) {
    EXPECT_NE(List(blob.substr(0, n)).find("!damaged"), std::string::npos) << n;
  }
  EXPECT_EQ(List(Package(Element(Object(2, Compact(50) + "short")))), "!damaged ");
  EXPECT_EQ(List(Package(Compound(0x1d, "", "") + "\x05")), "!damaged ");
  std::string deep;
  for (int i = 0; i < 1000; ++i) deep += Object(1, "", true);
  EXPECT_EQ(List(Package(deep)), "!damaged ");
  for (std::size_t n = 0; n < 8 * end; ++n) {
    std::string flipped = blob;
    flipped[n / 8] = static_cast<char>(static_cast<unsigned char>(flipped[n / 8]) ^ (1u << n % 8));
    List(flipped);
  }
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
