#include "daylight/rules/clamav/byte_compare.h"

#include <gtest/gtest.h>

namespace dl::clamav {
namespace {

ByteCompare Make(std::int64_t offset, ByteCompare::Base base, bool little, bool exact, std::uint32_t bytes, char op,
                 std::int64_t value) {
  ByteCompare compare;
  compare.offset = offset;
  compare.base = base;
  compare.is_little_endian = little;
  compare.is_exact = exact;
  compare.bytes = bytes;
  compare.comparisons = {{op, value}};
  return compare;
}

using Base = ByteCompare::Base;

TEST(ByteCompareTest, RawNumbers) {
  const std::string text("ab\x01\x02\x03\x04\x05\x06\x07\x08zz", 12);
  const Bytes bytes = AsBytes(text);
  EXPECT_TRUE(Holds(Make(2, Base::kRaw, false, true, 2, '=', 0x0102), bytes, 0));
  EXPECT_TRUE(Holds(Make(2, Base::kRaw, true, true, 2, '=', 0x0201), bytes, 0));
  EXPECT_TRUE(Holds(Make(2, Base::kRaw, true, true, 4, '>', 0x04030200), bytes, 0));
  EXPECT_FALSE(Holds(Make(2, Base::kRaw, true, true, 4, '>', 0x04030201), bytes, 0));
  EXPECT_TRUE(Holds(Make(2, Base::kRaw, false, true, 8, '<', 0x0102030405060709), bytes, 0));
  EXPECT_FALSE(Holds(Make(2, Base::kRaw, false, true, 3, '=', 0x010203), bytes, 0));
  // Up to the end and one past it.
  EXPECT_TRUE(Holds(Make(10, Base::kRaw, false, true, 2, '=', 0x7a7a), bytes, 0));
  EXPECT_FALSE(Holds(Make(11, Base::kRaw, false, true, 2, '=', 0x7a7a), bytes, 0));
  // Before the start.
  EXPECT_TRUE(Holds(Make(-1, Base::kRaw, false, true, 1, '=', 'b'), bytes, 2));
  EXPECT_FALSE(Holds(Make(-3, Base::kRaw, false, true, 1, '=', 'a'), bytes, 2));
}

TEST(ByteCompareTest, TextNumbers) {
  const Bytes bytes = AsBytes("x  12ab 0x1F zz");
  EXPECT_TRUE(Holds(Make(3, Base::kDecimal, false, false, 4, '=', 12), bytes, 0));
  EXPECT_FALSE(Holds(Make(3, Base::kDecimal, false, true, 4, '=', 12), bytes, 0));
  EXPECT_TRUE(Holds(Make(3, Base::kHex, false, true, 4, '=', 0x12ab), bytes, 0));
  EXPECT_TRUE(Holds(Make(3, Base::kHex, true, true, 4, '=', 0xab12), bytes, 0));
  EXPECT_TRUE(Holds(Make(8, Base::kAuto, false, true, 4, '=', 31), bytes, 0));
  EXPECT_FALSE(Holds(Make(3, Base::kAuto, false, true, 2, '=', 12), bytes, 0));
  EXPECT_TRUE(Holds(Make(3, Base::kAuto, false, false, 3, '=', 12), bytes, 0));
  EXPECT_FALSE(Holds(Make(3, Base::kDecimal, true, false, 2, '=', 12), bytes, 0));
  // Spaces before it are passed over, but then it is not exact.
  EXPECT_TRUE(Holds(Make(1, Base::kDecimal, false, false, 4, '=', 12), bytes, 0));
  EXPECT_FALSE(Holds(Make(1, Base::kDecimal, false, true, 4, '=', 12), bytes, 0));
}

TEST(ByteCompareTest, OffsetsThatWouldWrapMatchNothing) {
  const Bytes bytes = AsBytes("12345678");
  EXPECT_FALSE(Holds(Make(INT64_MAX, Base::kRaw, false, true, 1, '>', 0), bytes, 5));
  EXPECT_FALSE(Holds(Make(INT64_MIN, Base::kRaw, false, true, 1, '>', 0), bytes, 5));
  EXPECT_FALSE(Holds(Make(1, Base::kRaw, false, true, 1, '>', 0), bytes, ~std::uint64_t{0}));
  EXPECT_FALSE(Holds(Make(1, Base::kDecimal, false, true, 0xffffffff, '>', 0), bytes, 0));
}

}  // namespace
}  // namespace dl::clamav
