#include "daylight/formats/pe/image.h"

#include <gtest/gtest.h>

#include "assemble.h"

namespace dl::pe {
namespace {

// A PE32 file with the given section headers (40 bytes each) and size.
std::vector<std::byte> WithSections(int count, const std::string& headers, const std::string& alignment,
                                    std::size_t size) {
  const std::string text =
      "ascii \"MZ\" at 0x3c u32 nt at 0x40 label nt ascii \"PE\\0\\0\" u16 0x14c " + std::to_string(count) +
      " u32 0 0 0 u16 224 2 label optional u16 0x10b u8 0 0 u32 0 0 0 0x1234 0 0 0x400000 " + alignment +
      " u16 0 0 0 0 0 0 u32 0 0 0 0 u16 0 0 u32 0 0 0 0 0 16 zero 128 label sections\n" + headers;
  testing::Assembled result = testing::AssembleText(text);
  EXPECT_EQ(result.error, "");
  result.bytes.resize(size);
  return std::move(result.bytes);
}

constexpr const char* kTwoSections =
    "ascii \".text\\0\\0\\0\" u32 0x800 0x1000 0x400 0x400 zero 16\n"
    "ascii \".data\\0\\0\\0\" u32 0x100 0x2000 0x200 0x800 zero 16\n";

TEST(ImageTest, AddressesMapThroughSections) {
  const auto bytes = WithSections(2, kTwoSections, "0x1000 0x200", 0xa00);
  const auto image = Image::Parse(bytes);
  ASSERT_TRUE(image);
  EXPECT_EQ(image->RvaToOffset(0x1000), 0x400u);
  EXPECT_EQ(image->RvaToOffset(0x13ff), 0x7ffu);
  EXPECT_EQ(image->RvaToOffset(0x1400), std::nullopt);  // In memory, not in the file.
  EXPECT_EQ(image->RvaToOffset(0x21ff), 0x9ffu);        // Raw data beyond the virtual size.
  EXPECT_EQ(image->RvaToOffset(0x2200), std::nullopt);
  EXPECT_EQ(image->RvaToOffset(0x3ff), 0x3ffu);  // Before the first section.
  EXPECT_EQ(image->RvaToOffset(0x9ff), 0x9ffu);
  EXPECT_EQ(image->RvaToOffset(0xa00), std::nullopt);
  EXPECT_EQ(image->RvaToOffset(~std::uint64_t{0}), std::nullopt);
}

TEST(ImageTest, RawOffsetsAreRoundedDownAsTheLoaderDoes) {
  constexpr const char* kOdd = "ascii \".text\\0\\0\\0\" u32 0x800 0x1000 0x400 0x333 zero 16\n";
  struct Case {
    const char* alignment;
    std::uint64_t offset;
  };
  for (const Case& c : {Case{"0x1000 0x200", 0x200}, Case{"0x1000 0x1000", 0x200}, Case{"0x1000 4", 0x200},
                        Case{"0x200 4", 0x330}, Case{"0x200 0", 0x333}, Case{"0x200 0x100", 0x300}}) {
    const auto bytes = WithSections(1, kOdd, c.alignment, 0xa00);
    const auto image = Image::Parse(bytes);
    ASSERT_TRUE(image);
    EXPECT_EQ(image->RvaToOffset(0x1000), c.offset) << c.alignment;
  }
}

TEST(ImageTest, NinetySixSectionsCount) {
  std::string headers;
  for (int i = 0; i < 97; ++i)
    headers += "ascii \"s\\0\\0\\0\\0\\0\\0\\0\" u32 16 0x1000+" + std::to_string(i * 0x1000) + " 16 0x2000 zero 16\n";
  const auto bytes = WithSections(97, headers, "0x1000 0x200", 0x4000);
  const auto image = Image::Parse(bytes);
  ASSERT_TRUE(image);
  EXPECT_EQ(image->sections().size(), 96u);
  EXPECT_EQ(image->headers().number_of_sections, 97);
  EXPECT_EQ(image->RvaToOffset(0x1000 + 95 * 0x1000), 0x2000u);
  EXPECT_EQ(image->RvaToOffset(0x1000 + 96 * 0x1000), std::nullopt);
}

TEST(ImageTest, ASectionTableThatLeavesTheFileMapsNothing) {
  auto bytes = WithSections(2, kTwoSections, "0x1000 0x200", 0xa00);
  const std::size_t table_end = 0x40 + 24 + 224 + 80;
  bytes.resize(table_end);
  EXPECT_EQ(Image::Parse(bytes)->RvaToOffset(0x10), 0x10u);
  bytes.resize(table_end - 1);
  const auto image = Image::Parse(bytes);
  ASSERT_TRUE(image);
  EXPECT_EQ(image->sections().size(), 1u);
  EXPECT_EQ(image->RvaToOffset(0x10), std::nullopt);
}

TEST(ImageTest, HeadersMustBeWhole) {
  auto bytes = WithSections(0, "", "0x1000 0x200", 0x40 + 24 + 224);
  EXPECT_TRUE(Image::Parse(bytes));
  EXPECT_FALSE(Image::Parse(Bytes(bytes).first(bytes.size() - 1)));
  bytes[0x40 + 24] = std::byte{0x0b};
  bytes[0x40 + 25] = std::byte{0x02};  // PE32+ needs 16 bytes more.
  EXPECT_FALSE(Image::Parse(bytes));
  bytes.resize(bytes.size() + 16);
  EXPECT_TRUE(Image::Parse(bytes));
  bytes[0x3f] = std::byte{0x80};  // A negative e_lfanew.
  EXPECT_FALSE(Image::Parse(bytes));
}

TEST(EntryPointTest, FollowsTheKeywordsOwnMapping) {
  // The keyword's mapping knows no section sizes: 0x1234 is in .text.
  auto bytes = WithSections(2, kTwoSections, "0x1000 0x200", 0xa00);
  EXPECT_EQ(PeEntryPointOffset(bytes), 0x400u + 0x234u);
  // Nor does it need the offset to be in the file.
  bytes.resize(0x40 + 24 + 224 + 80 + 1);
  EXPECT_EQ(PeEntryPointOffset(bytes), 0x400u + 0x234u);
  // A table that ends with the file is already too long for it.
  bytes.pop_back();
  EXPECT_EQ(PeEntryPointOffset(bytes), 0u);
}

TEST(EntryPointTest, OnlyX86Files) {
  auto bytes = WithSections(0, "", "0x1000 0x200", 0xa00);
  EXPECT_EQ(PeEntryPointOffset(bytes), 0x1234u);
  bytes[0x44] = std::byte{0x64};
  bytes[0x45] = std::byte{0x86};
  EXPECT_EQ(PeEntryPointOffset(bytes), 0x1234u);
  bytes[0x45] = std::byte{0xaa};  // ARM64
  EXPECT_EQ(PeEntryPointOffset(bytes), std::nullopt);
  EXPECT_EQ(PeEntryPointOffset({}), std::nullopt);
}

}  // namespace
}  // namespace dl::pe
