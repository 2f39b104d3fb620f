#include "daylight/bytes/cursor.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>

namespace dl {
namespace {

constexpr std::array<std::byte, 5> kFive = {std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}, std::byte{5}};
constexpr std::uint64_t kHuge = std::numeric_limits<std::uint64_t>::max();

TEST(CursorTest, ReadsBothByteOrders) {
  Cursor cursor{Bytes(kFive)};
  EXPECT_EQ(*cursor.ReadU16Le(), 0x0201u);
  EXPECT_EQ(*cursor.ReadU16Be(), 0x0304u);
  EXPECT_EQ(*cursor.ReadU8(), 5u);
  EXPECT_TRUE(cursor.AtEnd());
}

TEST(CursorTest, AFailedReadMovesNothing) {
  Cursor cursor{Bytes(kFive)};
  ASSERT_TRUE(cursor.Skip(2));
  EXPECT_FALSE(cursor.ReadU32Le());
  EXPECT_FALSE(cursor.ReadU64Be());
  EXPECT_EQ(cursor.position(), 2u);
  EXPECT_EQ(cursor.ReadBytes(3)->size(), 3u);  // At the limit...
  EXPECT_FALSE(cursor.ReadBytes(1));           // ...and one past it.
}

TEST(CursorTest, LengthsThatWouldWrapAreTruncation) {
  Cursor cursor{Bytes(kFive)};
  ASSERT_TRUE(cursor.Skip(1));
  EXPECT_FALSE(cursor.ReadBytes(kHuge));               // 1 + max wraps to 0
  EXPECT_FALSE(cursor.ReadRecords(kHuge / 2 + 2, 2));  // product wraps to 2
  EXPECT_FALSE(cursor.Window(1, kHuge));
  EXPECT_FALSE(cursor.Window(kHuge, 1));
  EXPECT_FALSE(cursor.SeekTo(6));
  EXPECT_EQ(cursor.position(), 1u);
  EXPECT_TRUE(cursor.SeekTo(5));
}

TEST(CursorTest, AWindowCannotEscapeItself) {
  const Cursor cursor{Bytes(kFive)};
  auto window = cursor.Window(1, 2);
  ASSERT_TRUE(window);
  EXPECT_EQ(*window->ReadU16Be(), 0x0203u);
  EXPECT_FALSE(window->ReadU8());
}

TEST(CursorTest, CStringNeedsItsNul) {
  Cursor cursor{AsBytes(std::string_view("ab\0cd", 5))};
  EXPECT_EQ(*cursor.ReadCString(10), "ab");
  EXPECT_FALSE(cursor.ReadCString(10));
  EXPECT_EQ(cursor.position(), 3u);
}

TEST(CursorTest, Uleb128IsBounded) {
  const std::array<std::byte, 3> value = {std::byte{0xe5}, std::byte{0x8e}, std::byte{0x26}};
  Cursor cursor{Bytes(value)};
  EXPECT_EQ(*cursor.ReadUleb128(), 624485u);
  std::array<std::byte, 11> endless;
  endless.fill(std::byte{0xff});
  Cursor bad{Bytes(endless)};
  EXPECT_FALSE(bad.ReadUleb128());
  EXPECT_EQ(bad.position(), 0u);
}

}  // namespace
}  // namespace dl
