#include "daylight/unpack/program/pe_layout.h"

#include <gtest/gtest.h>

namespace dl::unpack {
namespace {

void Put(std::string& file, std::size_t at, std::size_t value) {
  for (std::size_t i = 0; i < 4; ++i) file[at + i] = static_cast<char>(value >> (8 * i) & 0xff);
}

// Two sections, the entry point in the second.
std::string Program() {
  std::string file(0x40 + 24 + 0x60 + 2 * 40, '\0');
  file.replace(0, 2, "MZ");
  Put(file, 0x3c, 0x40);
  file.replace(0x40, 7, std::string("PE\0\0\x4c\x01\x02", 7));
  file[0x40 + 20] = 0x60;
  Put(file, 0x40 + 24 + 16, 0x2010);
  for (std::size_t i = 0; i < 2; ++i) {
    const std::size_t header = 0x40 + 24 + 0x60 + 40 * i;
    file.replace(header, 5, i == 0 ? ".text" : ".data");
    Put(file, header + 8, 0x100);
    Put(file, header + 12, 0x1000 * (i + 1));
    Put(file, header + 16, 0x80);
    Put(file, header + 20, 0x200 + 0x80 * i);
  }
  return file;
}

TEST(PeLayoutTest, Sections) {
  const auto layout = ReadPeLayout(AsBytes(Program()));
  ASSERT_TRUE(layout);
  ASSERT_EQ(layout->sections.size(), 2u);
  EXPECT_EQ(layout->sections[1].name, ".data");
  EXPECT_TRUE(layout->has_all_sections);
  EXPECT_EQ(layout->end(), 0x300u);
  EXPECT_EQ(layout->entry_offset(), 0x290u);
}

TEST(PeLayoutTest, TruncatedAtEveryByte) {
  const std::string file = Program();
  for (std::size_t n = 0; n < file.size(); ++n) {
    const auto layout = ReadPeLayout(AsBytes(file).first(n));
    EXPECT_FALSE(layout && layout->has_all_sections) << n;
  }
  EXPECT_FALSE(ReadPeLayout(AsBytes("MZ")));
}

}  // namespace
}  // namespace dl::unpack
