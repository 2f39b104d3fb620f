#include "daylight/formats/pe/icons.h"

#include <gtest/gtest.h>

#include "daylight/formats/pe/icon_metrics.h"

namespace dl::pe {
namespace {

IconPixels Draw(std::uint32_t side, std::uint32_t (*pixel)(std::uint32_t x, std::uint32_t y)) {
  IconPixels pixels{side, side, {}};
  for (std::uint32_t y = 0; y < side; ++y) {
    for (std::uint32_t x = 0; x < side; ++x) pixels.values.push_back(0xff000000 | pixel(x, y));
  }
  return pixels;
}

std::uint32_t Flag(std::uint32_t x, std::uint32_t y) { return x < 8 ? 0xff0000 : y < 20 ? 0xffffff : 0x0000ff; }
std::uint32_t Grey(std::uint32_t x, std::uint32_t y) { return ((x * y) % 256) * 0x010101; }

TEST(IconMetricsTest, FindsTheColouredAndTheBrightSquare) {
  const IconMetrics metrics = MeasureIcon(Draw(32, Flag));
  EXPECT_EQ(metrics.size, 32u);
  EXPECT_EQ(metrics.colour[0], (IconArea{4072, 0, 0}));
  EXPECT_EQ(metrics.grey[0], (IconArea{0, 8, 0}));
  EXPECT_EQ(metrics.bright[0].average, 255u);
  // 12 rows of 24 and 32 of 8 pixels are coloured: 544 of 1024.
  EXPECT_EQ(metrics.colour_share, 53u);
  EXPECT_EQ(metrics.red + metrics.green + metrics.blue, 99u);
}

TEST(IconMetricsTest, GreyIconsHaveSixAreasOfEdges) {
  const IconMetrics metrics = MeasureIcon(Draw(32, Grey));
  EXPECT_EQ(metrics.colour_share, 0u);
  EXPECT_EQ(metrics.red, 0u);
  EXPECT_EQ(metrics.grey[0].x, metrics.colour[0].x);
}

TEST(IconHashTest, IsReadAsItIsWritten) {
  for (const std::uint32_t side : {16u, 24u, 32u}) {
    const IconMetrics metrics = MeasureIcon(Draw(side, Flag));
    const auto signature = ParseIdbLine("N:G1:*:" + IconHash(metrics));
    ASSERT_TRUE(signature) << signature.error().what;
    EXPECT_EQ(signature->name, "N");
    EXPECT_EQ(signature->group1, "G1");
    EXPECT_EQ(signature->group2, "*");
    EXPECT_EQ(signature->metrics, metrics);
    EXPECT_TRUE(Matches(metrics, *signature));
  }
}

TEST(IconMatchTest, OtherIconsAndOtherSizesDoNotMatch) {
  const IconMetrics flag = MeasureIcon(Draw(32, Flag));
  EXPECT_FALSE(Matches(MeasureIcon(Draw(32, Grey)), flag));
  EXPECT_FALSE(Matches(MeasureIcon(Draw(24, Flag)), flag));
  // 28 pixels are compared with 24.
  EXPECT_FALSE(Matches(MeasureIcon(Draw(28, Flag)), flag));
  EXPECT_FALSE(AnyIconMatches({}, IconSignature{"N", "G", "H", flag}));
}

TEST(IdbLineTest, RefusesWhatIsOutOfRange) {
  const std::string hash = IconHash(MeasureIcon(Draw(32, Flag)));
  EXPECT_TRUE(ParseIdbLine("N:G:H:" + hash + "\r\n"));
  EXPECT_FALSE(ParseIdbLine("N:G:H:" + hash + "0"));
  EXPECT_FALSE(ParseIdbLine("N:G:H:" + hash.substr(1)));
  EXPECT_FALSE(ParseIdbLine("N:G:" + hash));
  EXPECT_FALSE(ParseIdbLine("N:G:H:" + hash + ":"));
  const auto with = [&](std::size_t at, std::string_view digits) {
    std::string changed = hash;
    changed.replace(at, digits.size(), digits);
    return ParseIdbLine("N:G:H:" + changed).has_value();
  };
  EXPECT_FALSE(with(0, "21"));   // Size 33.
  EXPECT_FALSE(with(0, "g0"));   // No digit.
  EXPECT_TRUE(with(2, "fe8"));   // Colour up to 4072 (0xfe8)
  EXPECT_FALSE(with(2, "fe9"));  // and no more.
  EXPECT_TRUE(with(5, "1c"));    // Places up to 28 of 32
  EXPECT_FALSE(with(5, "1d"));   // and no more.
  EXPECT_TRUE(with(116, "67000064"));
  EXPECT_FALSE(with(116, "68000064"));  // Shares of more than 103 in all.
  EXPECT_FALSE(with(116, "67000065"));  // More than all pixels coloured.
}

TEST(IconGroupTest, StarAndNothingAreAllGroups) {
  EXPECT_TRUE(IsInIconGroup("A", std::nullopt));
  EXPECT_TRUE(IsInIconGroup("A", "*"));
  EXPECT_TRUE(IsInIconGroup("A", "A"));
  EXPECT_FALSE(IsInIconGroup("A", "B"));
  EXPECT_FALSE(IsInIconGroup("*", "B"));
}

}  // namespace
}  // namespace dl::pe
