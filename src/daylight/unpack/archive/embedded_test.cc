#include "daylight/unpack/archive/embedded.h"

#include <gtest/gtest.h>

#include "daylight/unpack/archive/archive.h"
#include "daylight/unpack/archive/archive_testing.h"
#include "daylight/unpack/unpack_testing.h"

namespace dl::unpack {
namespace {

std::string List(const std::string& object) {
  Listing listing;
  return listing.Run(kArchive, object) ? listing.text() : "not opened";
}

std::vector<FoundArchive> Find(const std::string& object) {
  MemorySource source(AsBytes(object));
  return FindEmbedded(source, 0, object.size(), true);
}

TEST(EmbeddedTest, AtEveryPlace) {
  const std::string seven = MakeArchive(ARCHIVE_FORMAT_7ZIP, {{"a", "text"}});
  const std::string zip = MakeArchive(ARCHIVE_FORMAT_ZIP, {{"a", "text"}});
  for (std::size_t n = 1; n < 200; ++n) {
    EXPECT_EQ(List(std::string(n, 'x') + seven + std::string(n, 'y')), "a=4 ") << n;
    // Behind so much that the zip's end is not seen.
    const auto found = Find(std::string(n, 'P') + zip + std::string(100'000, 'K'));
    ASSERT_EQ(found.size(), 1u) << n;
    EXPECT_EQ(found[0].offset, n);
  }
  EXPECT_EQ(List("head" + zip + std::string(100'000, '\0')), "a=4 ");
}

TEST(EmbeddedTest, AcrossPiecesOfWhatIsNotInMemory) {
  const std::string seven = MakeArchive(ARCHIVE_FORMAT_7ZIP, {{"a", "text"}});
  constexpr std::size_t kLarge = 17u << 20;  // Not looked at as a whole.
  std::string object(kLarge, 'z');
  for (const std::size_t at : {(256u << 10) - 9, (256u << 10) - 5, (256u << 10) - 1, (16u << 20) + 3}) {
    std::string with = object;
    with.replace(at, seven.size(), seven);
    const auto found = Find(with);
    ASSERT_EQ(found.size(), 1u) << at;
    EXPECT_EQ(found[0].offset, at);
  }
}

TEST(EmbeddedTest, SeveralAndNestedOnes) {
  const std::string seven = MakeArchive(ARCHIVE_FORMAT_7ZIP, {{"a", "text"}}, "7zip:compression=store");
  const std::string outer = MakeArchive(ARCHIVE_FORMAT_7ZIP, {{"b", seven}}, "7zip:compression=store");
  EXPECT_EQ(List("data" + seven + "more" + seven), "a=4 a=4 ");
  EXPECT_EQ(Find("data" + outer).size(), 1u);  // What is stored in it is its own.
  std::string many;
  for (std::size_t i = 0; i < kMaxEmbedded + 10; ++i) many += "-" + seven;
  EXPECT_NE(List(many).find("!unsupported"), std::string::npos);
}

TEST(EmbeddedTest, TheMagicAloneIsNone) {
  for (const std::string magic : {"7z\xbc\xaf\x27\x1c", "Rar!\x1a\x07", "MSCF", "PK\x03\x04"}) {
    for (const char fill : {'\0', ' ', '\xff', 'A'}) {
      EXPECT_EQ(List("data" + magic + std::string(100, fill)), "not opened") << magic << int{fill};
    }
  }
}

TEST(EmbeddedTest, CutOffAtEveryByte) {
  const std::string whole =
      "data" + MakeArchive(ARCHIVE_FORMAT_7ZIP, {{"a", "text"}}) + MakeArchive(ARCHIVE_FORMAT_ZIP, {{"b", "text"}});
  for (std::size_t n = 0; n <= whole.size(); ++n) List(whole.substr(0, n));
}

}  // namespace
}  // namespace dl::unpack
