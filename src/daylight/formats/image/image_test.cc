#include "daylight/formats/image/image.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "daylight/formats/image/idct.h"
#include "daylight/formats/image/luma.h"

namespace dl::image {
namespace {

std::string ReadFile(const std::string& path) {
  std::ostringstream content;
  content << std::ifstream(path, std::ios::binary).rdbuf();
  return content.str();
}

std::string Picture(const std::string& name) { return ReadFile(DAYLIGHT_SOURCE_DIR "/fuzz/corpus/image/" + name); }

TEST(ImageTest, HashesAreThoseOfClamscan) {
  std::istringstream golden(ReadFile(DAYLIGHT_SOURCE_DIR "/tests/golden/image/hashes.txt"));
  std::size_t count = 0;
  for (std::string line; std::getline(golden, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream fields(line);
    std::string expected;
    std::string name;
    fields >> expected >> name;
    const std::string picture = Picture(name);
    ASSERT_FALSE(picture.empty()) << name;
    const auto hash = FuzzyHash(AsBytes(picture));
    EXPECT_EQ(hash ? HashText(*hash) : "-", expected) << name;
    ++count;
  }
  EXPECT_GT(count, 40u);
}

TEST(ImageTest, OnlyFormatsThatClamavHashesAreIdentified) {
  using namespace std::string_view_literals;
  EXPECT_EQ(Identify(AsBytes("BM"sv)), Format::kBmp);
  EXPECT_EQ(Identify(AsBytes("GIF87a"sv)), Format::kGif);
  EXPECT_EQ(Identify(AsBytes("GIF88a"sv)), Format::kNone);
  EXPECT_EQ(Identify(AsBytes("\xff\xd8\xff"sv)), Format::kJpeg);
  EXPECT_EQ(Identify(AsBytes("\xff\xd8"sv)), Format::kNone);
  EXPECT_EQ(Identify(AsBytes("II*\0"sv)), Format::kTiff);
  EXPECT_EQ(Identify(AsBytes("MM\0*"sv)), Format::kTiff);
  EXPECT_EQ(Identify(AsBytes("MM\0+"sv)), Format::kNone);  // BigTIFF.
  EXPECT_EQ(Identify(AsBytes("\x89PNG\r\n\x1a\n"sv)), Format::kPng);
  EXPECT_EQ(Identify(AsBytes("RIFF\0\0\0\0WEBP"sv)), Format::kNone);
  EXPECT_EQ(Identify(AsBytes("P6 1 1 255 "sv)), Format::kNone);
  EXPECT_EQ(Identify(AsBytes(""sv)), Format::kNone);
  EXPECT_FALSE(FuzzyHash(AsBytes("nothing"sv)));
}

TEST(ImageTest, EveryPrefixOfEveryPictureEnds) {
  std::istringstream golden(ReadFile(DAYLIGHT_SOURCE_DIR "/tests/golden/image/hashes.txt"));
  for (std::string line; std::getline(golden, line);) {
    if (line.empty() || line[0] == '#') continue;
    const std::string picture = Picture(line.substr(line.rfind(' ') + 1));
    for (std::size_t size = 0; size < picture.size(); size += 7) {
      // From an allocation of its own size, so that a sanitizer sees its end.
      const std::vector<char> prefix(picture.begin(), picture.begin() + static_cast<std::ptrdiff_t>(size));
      (void)FuzzyHash(AsBytes({prefix.data(), prefix.size()}));
    }
  }
}

TEST(ImageTest, LimitsAreErrorsOnTheirOtherSide) {
  for (const char* name : {"rgb24.bmp", "c2_d8.png", "c6_d8_adam7.png", "s22.jpg", "lzw.tif", "b4.gif"}) {
    const std::string picture = Picture(name);
    Limits limits;
    limits.max_pixels = 26 * 19;
    EXPECT_TRUE(FuzzyHash(AsBytes(picture), limits)) << name;
    limits.max_pixels = 26 * 19 - 1;
    const auto hash = FuzzyHash(AsBytes(picture), limits);
    ASSERT_FALSE(hash) << name;
    EXPECT_EQ(hash.error().code, ErrorCode::kBudget) << name;
  }
  Limits limits;
  limits.max_decoder_bytes = 100;
  for (const char* name : {"c6_d8_adam7.png", "s22.jpg", "progressive.jpg", "lzw.tif", "jpeg.tif"}) {
    EXPECT_FALSE(FuzzyHash(AsBytes(Picture(name)), limits)) << name;
  }
}

TEST(ImageTest, HugeDimensionsCostNothing) {
  std::string bmp = Picture("rgb24.bmp");
  bmp.replace(18, 8, std::string("\xff\xff\0\0\xff\xff\0\0", 8));
  EXPECT_EQ(FuzzyHash(AsBytes(bmp)).error().code, ErrorCode::kBudget);
  std::string gif = Picture("b4.gif");
  gif.replace(6, 4, "\xff\xff\xff\xff");
  EXPECT_EQ(FuzzyHash(AsBytes(gif)).error().code, ErrorCode::kBudget);
  std::string jpeg = Picture("s22.jpg");
  const std::size_t frame = jpeg.find("\xff\xc0");
  ASSERT_NE(frame, std::string::npos);
  jpeg.replace(frame + 5, 4, "\xff\xdc\xff\xdc");
  EXPECT_EQ(FuzzyHash(AsBytes(jpeg)).error().code, ErrorCode::kBudget);
}

TEST(LumaTest, RoundsToNearest) {
  EXPECT_EQ(Luma(255, 255, 255), 255);
  EXPECT_EQ(Luma(0, 0, 0), 0);
  EXPECT_EQ(Luma(255, 0, 0), 76);   // 76.245
  EXPECT_EQ(Luma(0, 255, 0), 150);  // 149.685
  EXPECT_EQ(Luma(0, 0, 255), 29);   // 29.07
  EXPECT_EQ(To8Bits(std::uint16_t{128}), 0);
  EXPECT_EQ(To8Bits(std::uint16_t{129}), 1);
  EXPECT_EQ(To8Bits(std::uint16_t{65535}), 255);
}

TEST(ShrinkTest, FlatPicturesStayFlat) {
  for (const auto& [width, height] : {std::pair(1, 1), std::pair(5, 400), std::pair(32, 32), std::pair(333, 31)}) {
    auto plane = LumaPlane::Make(static_cast<std::uint64_t>(width), static_cast<std::uint64_t>(height), Limits{});
    ASSERT_TRUE(plane);
    for (std::size_t y = 0; y < plane->height(); ++y) std::ranges::fill(plane->row(y), std::uint8_t{100});
    for (const std::uint8_t pixel : Shrink(*plane)) EXPECT_EQ(pixel, 100);
  }
}

TEST(DctTest, AHalfWhitePictureHasOddFrequenciesOnly) {
  std::vector<std::uint8_t> small_image(kSide * kSide);
  for (std::size_t i = 0; i < small_image.size(); ++i) small_image[i] = i % kSide < kSide / 2 ? 255 : 0;
  // The mean, then frequencies 1, 3, 5 and 7 across with changing signs; what
  // is zero or rounded to nearly zero is not above a median of about zero.
  EXPECT_EQ(HashOf(small_image) >> 56 & 0xd5, 0xc4u);
}

TEST(IdctTest, ADcCoefficientAloneIsFlat) {
  std::array<std::int32_t, 64> coefficients{};
  coefficients[0] = 80;
  std::array<std::int16_t, 64> samples{};
  InverseDct(coefficients, samples, 8);
  for (const std::int16_t sample : samples) EXPECT_EQ(sample, 138);
  // Hostile values neither overflow nor leave the range.
  for (auto& coefficient : coefficients) coefficient = 0x7fffffff;
  InverseDct(coefficients, samples, 8);
  for (const std::int16_t sample : samples) EXPECT_TRUE(sample >= 0 && sample <= 255);
}

}  // namespace
}  // namespace dl::image
