#include "daylight/formats/dex/dex.h"

#include <gtest/gtest.h>

#include "daylight/formats/sample_testing.h"

namespace dl::dex {
namespace {

std::string Day() { return std::string(AsText(formats::ReadHexSample("dex/day.hex"))); }

// Places in the sample.
constexpr std::size_t kStringIdsSize = 0x38;
constexpr std::size_t kMapOffset = 0x34;
constexpr std::size_t kClassDefsSize = 0x60;

std::uint32_t GetLe(const std::string& bytes, std::size_t offset) {
  std::uint32_t value = 0;
  for (std::size_t i = 4; i > 0; --i) value = value << 8 | static_cast<unsigned char>(bytes.at(offset + i - 1));
  return value;
}

void PutLe(std::string& bytes, std::size_t offset, std::size_t width, std::uint64_t value) {
  ASSERT_LE(offset + width, bytes.size());
  for (std::size_t i = 0; i < width; ++i) bytes[offset + i] = static_cast<char>(value >> (8 * i) & 0xff);
}

DexFile Parse(const std::string& bytes) {
  auto file = ParseDex(AsBytes(bytes));
  EXPECT_TRUE(file.has_value());
  return file ? *std::move(file) : DexFile{};
}

TEST(DexTest, OneClass) {
  const std::string bytes = Day();
  const DexFile file = Parse(bytes);
  EXPECT_TRUE(file.complete);
  EXPECT_EQ(file.header.magic, "dex\n035");
  ASSERT_EQ(file.strings.size(), 10u);
  EXPECT_EQ(file.strings[0]->value, "<clinit>");
  ASSERT_EQ(file.methods.size(), 3u);
  EXPECT_EQ(file.methods[2].class_name, "Lorg/example/Day;");
  EXPECT_EQ(file.methods[2].name, "light");
  EXPECT_EQ(file.methods[2].shorty, "I");
  EXPECT_FALSE(file.methods[2].is_direct);
  ASSERT_TRUE(file.methods[2].code);
  EXPECT_EQ(AsText(*file.methods[2].code->instructions), std::string_view("\x12\x10\x0f\0", 4));
  EXPECT_FALSE(file.methods[1].code);
  ASSERT_EQ(file.fields.size(), 2u);
  EXPECT_EQ(file.fields[1].name, "name");
  EXPECT_FALSE(file.fields[1].is_static);
  EXPECT_EQ(file.map.size(), 11u);
  EXPECT_FALSE(file.broken_method);
}

TEST(DexTest, VersionsFrom035To039) {
  std::string bytes = Day();
  for (const char version : {'5', '6', '7', '8', '9'}) {
    bytes[6] = version;
    EXPECT_TRUE(ParseDex(AsBytes(bytes))) << version;
  }
  for (const char version : {'4', ':', '\0'}) {
    bytes[6] = version;
    EXPECT_EQ(ParseDex(AsBytes(bytes)).error().code, ErrorCode::kUnsupported);
  }
  EXPECT_EQ(ParseDex(AsBytes(Day().substr(0, 111))).error().code, ErrorCode::kTruncated);
  EXPECT_TRUE(ParseDex(AsBytes(Day().substr(0, 112))));
}

TEST(DexTest, ATableThatDoesNotFitEndsTheReading) {
  std::string bytes = Day();
  PutLe(bytes, kStringIdsSize, 4, bytes.size() / 4);
  DexFile file = Parse(bytes);
  EXPECT_TRUE(file.strings.empty());
  EXPECT_TRUE(file.types.empty());
  EXPECT_FALSE(file.complete);

  bytes = Day();
  PutLe(bytes, kClassDefsSize, 4, 0x10000000);
  file = Parse(bytes);
  EXPECT_EQ(file.types.size(), 4u);
  EXPECT_EQ(file.map.size(), 11u);
  EXPECT_TRUE(file.classes.empty());
  EXPECT_FALSE(file.complete);
}

TEST(DexTest, AMapThatEndsEarlyGivesItsItemsAndNoClasses) {
  std::string bytes = Day();
  PutLe(bytes, GetLe(bytes, kMapOffset), 4, 12);
  const DexFile file = Parse(bytes);
  EXPECT_EQ(file.map_size, 12u);
  EXPECT_EQ(file.map.size(), 11u);
  EXPECT_FALSE(file.complete);
}

TEST(DexTest, AMethodWithoutAnIdIsKeptButNotCounted) {
  std::string bytes = Day();
  const std::size_t direct = bytes.find(std::string("\x01\x01\x02\x01", 4));  // The counts of the class data.
  ASSERT_NE(direct, std::string::npos);
  bytes[direct + 4 + 4 + 6] = '\x40';  // The second direct method's difference.
  const DexFile file = Parse(bytes);
  EXPECT_TRUE(file.complete);
  // Virtual methods are then read from where the direct ones stopped.
  EXPECT_EQ(file.methods.size(), 1u);
  ASSERT_TRUE(file.broken_method);
  EXPECT_EQ(file.broken_method->index_difference, 0x40u);
  EXPECT_FALSE(file.broken_method->name);
}

// 100,000 strings that are all of the file.
TEST(DexTest, OverlappingStringsMeetTheLimit) {
  constexpr std::size_t kCount = 100000;
  std::string bytes = Day().substr(0, 112);
  for (const std::size_t field :
       {kStringIdsSize, std::size_t{0x40}, std::size_t{0x48}, std::size_t{0x50}, std::size_t{0x58}, kClassDefsSize}) {
    PutLe(bytes, field, 4, 0);
  }
  PutLe(bytes, kMapOffset, 4, 0);
  PutLe(bytes, kStringIdsSize, 4, kCount);
  PutLe(bytes, kStringIdsSize + 4, 4, 120);
  bytes += std::string("\xff\xff\x10\0\0\0\0\0", 8);  // A string of 278,527 bytes, at 112.
  for (std::size_t i = 0; i < kCount; ++i) bytes += std::string("\x70\0\0\0", 4);
  const DexFile file = Parse(bytes);
  ASSERT_TRUE(file.stopped);
  EXPECT_EQ(file.stopped->code, ErrorCode::kBudget);
  EXPECT_EQ(file.strings.size(), kCount);
  EXPECT_TRUE(file.strings.front());
  EXPECT_FALSE(file.strings.back());
}

TEST(DexTest, HostileVariantsCountWhatTheyHave) {
  formats::ForEachHostileVariant(AsBytes(Day()), [](Bytes bytes) {
    const auto file = ParseDex(bytes);
    if (!file) return;
    EXPECT_LE(file->map.size(), file->map_size.value_or(0));
    EXPECT_LE(file->class_data.size(), file->classes.size());
    if (file->complete) {
      EXPECT_EQ(file->strings.size(), file->header.string_ids_size);
      EXPECT_EQ(file->classes.size(), file->header.class_defs_size);
    }
  });
}

}  // namespace
}  // namespace dl::dex
