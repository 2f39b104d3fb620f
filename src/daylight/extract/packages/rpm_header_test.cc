#include "daylight/extract/packages/rpm_header.h"

#include <gtest/gtest.h>

#include "daylight/extract/packages/packages_testing.h"

namespace dl::extract {
namespace {

std::string Example() {
  return RpmHeaderMaker()
      .Text(1000, "kesl")
      .Text(1001, "12.1")
      .Text(1002, "3.el9")
      .Number(1003, 2)
      .Text(1004, "An agent", 9)
      .Number(1008, 0xf0000000)
      .Text(1011, "Vendor")
      .Text(1014, "Commercial")
      .Text(1015, "Packager")
      .Text(1020, "https://example.org")
      .Text(1022, "x86_64")
      .Text(1044, "kesl-src-12.1-3.el9.src.rpm")
      .Make();
}

report::PackageFact Of(std::string_view blob) {
  const auto header = RpmHeader::Parse(AsBytes(blob));
  return header ? PackageOf(*header) : report::PackageFact{};
}

TEST(RpmHeaderTest, TagsAreThePackage) {
  const report::PackageFact fact = Of(Example());
  EXPECT_EQ(fact.system, report::PackageSystem::kRpm);
  EXPECT_EQ(fact.name, "kesl");
  EXPECT_EQ(fact.version, "2:12.1-3.el9");
  EXPECT_EQ(fact.architecture, "x86_64");
  EXPECT_EQ(fact.source, "kesl-src 12.1-3.el9");
  EXPECT_EQ(fact.vendor, "Vendor");
  EXPECT_EQ(fact.maintainer, "Packager");
  EXPECT_EQ(fact.licence, "Commercial");
  EXPECT_EQ(fact.summary, "An agent");
  EXPECT_EQ(fact.homepage, "https://example.org");
  EXPECT_EQ(fact.installed_at, 0xf0000000);  // rpm's numbers have no sign.
}

TEST(RpmHeaderTest, TheLastOfATagIsMeant) {
  EXPECT_EQ(Of(RpmHeaderMaker().Text(1000, "old").Text(1000, "new").Make()).name, "new");
  // One of another type is none.
  EXPECT_EQ(Of(RpmHeaderMaker().Text(1000, "old").Number(1000, 7).Make()).name, "old");
  EXPECT_EQ(Of(RpmHeaderMaker().Text(1000, "a").Text(1003, "no number").Text(1001, "1").Make()).version, "1");
}

TEST(RpmHeaderTest, TruncatedAnywhereItIsNone) {
  const std::string blob = Example();
  for (std::size_t n = 0; n < blob.size(); ++n) {
    // From an allocation of this very length, so that a sanitizer sees what is read behind it.
    const std::vector<char> exact(blob.begin(), blob.begin() + static_cast<std::ptrdiff_t>(n));
    EXPECT_FALSE(RpmHeader::Parse(AsBytes(std::string_view(exact.data(), exact.size())))) << n;
  }
  EXPECT_TRUE(RpmHeader::Parse(AsBytes(blob)));
}

TEST(RpmHeaderTest, CountsAndLengthsAtTheirBounds) {
  const auto big = RpmHeaderMaker::Big;
  EXPECT_FALSE(RpmHeader::Parse(AsBytes(big(0) + big(0))));
  EXPECT_FALSE(RpmHeader::Parse(AsBytes(big(0xffffffff) + big(0) + std::string(64, '\0'))));
  EXPECT_FALSE(RpmHeader::Parse(AsBytes(big(1) + big(0xffffffff) + std::string(64, '\0'))));
  EXPECT_FALSE(RpmHeader::Parse(AsBytes(big(0x10000001) + big(16) + std::string(64, '\0'))));
  const std::string magic("\x8e\xad\xe8\x01\0\0\0\0", 8);
  const auto length = [&](std::uint32_t entries, std::uint32_t bytes) {
    return RpmHeader::LengthInFile(AsBytes(magic + big(entries) + big(bytes))).value_or(0);
  };
  EXPECT_EQ(length(1, 5), 8u + 8 + 16 + 5);
  EXPECT_EQ(length(RpmHeader::kMaxEntries, RpmHeader::kMaxDataBytes), 16u + 16 * 0xffff + (256u << 20));
  EXPECT_EQ(length(RpmHeader::kMaxEntries + 1, 0), 0u);
  EXPECT_EQ(length(1, RpmHeader::kMaxDataBytes + 1), 0u);
}

TEST(RpmHeaderTest, OffsetsOutsideSayNothing) {
  const auto big = RpmHeaderMaker::Big;
  for (const std::uint32_t offset : {4u, 5u, 0x7fffffffu, 0xffffffffu}) {
    const std::string blob = big(1) + big(4) + big(1000) + big(6) + big(offset) + big(1) + "abc" + '\0';
    EXPECT_EQ(Of(blob).name, "") << offset;
    const std::string number = big(1) + big(4) + big(1003) + big(4) + big(offset) + big(1) + big(7);
    EXPECT_EQ(Of(number).version, "") << offset;
  }
  // No NUL until the end.
  EXPECT_EQ(Of(big(1) + big(4) + big(1000) + big(6) + big(0) + big(1) + "abcd").name, "");
}

TEST(RpmHeaderTest, SourcesOfOtherForms) {
  const auto source = [](std::string_view file) { return Of(RpmHeaderMaker().Text(1044, file).Make()).source; };
  EXPECT_EQ(source("(none)"), "");
  EXPECT_EQ(source("a-1-2.nosrc.rpm"), "a 1-2");
  EXPECT_EQ(source("a.src.rpm"), "a");
  EXPECT_EQ(source("-1-2.src.rpm"), "-1-2");
  EXPECT_EQ(source("x"), "x");
}

}  // namespace
}  // namespace dl::extract
