#include "assemble.h"

#include <gtest/gtest.h>

#include "daylight/bytes/bytes.h"

namespace dl::testing {
namespace {

std::string Assemble(std::string_view text) {
  const Assembled result = AssembleText(text);
  EXPECT_EQ(result.error, "");
  return std::string(AsText(result.bytes));
}

using std::string_literals::operator""s;

TEST(AssembleTest, NumbersTextAndPadding) {
  EXPECT_EQ(Assemble("u8 1 u16 0x203 u32 4  # comment\nascii \"a\\0\\x41\\\"\" utf16 \"b\""),
            "\1\3\2\4\0\0\0a\0A\"b\0"s);
  EXPECT_EQ(Assemble("u8 1 align 4 u8 2 at 6 u8 3 zero 1"), "\1\0\0\0\2\0\3\0"s);
}

TEST(AssembleTest, LabelsMayStandLaterAndHaveAddresses) {
  EXPECT_EQ(Assemble("u8 end end-here rva:here+1 label here u8 7 label end"), "\4\1\4\7"s);
  EXPECT_EQ(Assemble("u16 rva:data map 0x1000 label data"), "\0\x10"s);
}

TEST(AssembleTest, MistakesNameTheirLine) {
  EXPECT_EQ(AssembleText("u8 1\nu8 nowhere").error, "line 2: no such label or number: nowhere");
  EXPECT_EQ(AssembleText("u32 1 at 2").error, "line 1: already past 2");
  EXPECT_EQ(AssembleText("frob 1").error, "line 1: unknown statement: frob");
  EXPECT_EQ(AssembleText("label a\nlabel a").error, "line 2: label twice: a");
}

TEST(AssembleTest, Hex) {
  EXPECT_EQ(AsText(AssembleHex("4d 5A # MZ\n90").bytes), "MZ\x90");
  EXPECT_EQ(AssembleHex("4d\n5").error, "line 2: not hexadecimal: 5");
}

}  // namespace
}  // namespace dl::testing
