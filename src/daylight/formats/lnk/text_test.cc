#include "daylight/formats/lnk/text.h"

#include <gtest/gtest.h>

namespace dl::formats {
namespace {

std::string FromUtf16(std::string_view bytes) { return Utf16LeToUtf8(AsBytes(bytes)); }
std::string FromUtf8(std::string_view bytes) { return ReplaceInvalidUtf8(AsBytes(bytes)); }

TEST(TextTest, Utf16) {
  EXPECT_EQ(FromUtf16({"a\0\xe4\0\xac\x20", 6}), "a\xc3\xa4\xe2\x82\xac");
  EXPECT_EQ(FromUtf16({"\x3d\xd8\x00\xde", 4}), "\xf0\x9f\x98\x80");
  EXPECT_EQ(FromUtf16({"\xff\xdb\xff\xdf", 4}), "\xf4\x8f\xbf\xbf");
  EXPECT_EQ(FromUtf16({"a\0b", 3}), "a");
  EXPECT_EQ(FromUtf16(""), "");
}

TEST(TextTest, LoneSurrogatesAreReplaced) {
  EXPECT_EQ(FromUtf16({"\x00\xd8", 2}), "\xef\xbf\xbd");
  EXPECT_EQ(FromUtf16({"\x00\xdc\x00\xd8\x00\xdc", 6}), "\xef\xbf\xbd\xf0\x90\x80\x80");
  EXPECT_EQ(FromUtf16({"\x00\xd8z\0", 4}), "\xef\xbf\xbdz");
  EXPECT_EQ(FromUtf16({"\x00\xd8\x00\xd8", 4}), "\xef\xbf\xbd\xef\xbf\xbd");
}

TEST(TextTest, ValidUtf8IsKept) {
  const std::string_view text = "a\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xf0\x90\x80\x80\xf4\x8f\xbf\xbf";
  EXPECT_EQ(FromUtf8(text), text);
}

// The examples of Unicode 15, table 3-8 and following.
TEST(TextTest, InvalidUtf8IsReplacedByMaximalParts) {
  constexpr const char* kR = "\xef\xbf\xbd";
  const auto times = [](int n) {
    std::string out;
    for (int i = 0; i < n; ++i) out += kR;
    return out;
  };
  EXPECT_EQ(FromUtf8("\xc0\xaf\xe0\x80\xbf\xf0\x81\x82"
                     "A"),
            times(8) + "A");
  EXPECT_EQ(FromUtf8("\xed\xa0\x80\xed\xbf\xbf\xed\xaf"
                     "A"),
            times(8) + "A");
  EXPECT_EQ(FromUtf8("\xf4\x91\x92\x93\xff"
                     "A\x80\xbf"
                     "B"),
            times(5) + "A" + times(2) + "B");
  EXPECT_EQ(FromUtf8("\xe1\x80\xe2\xf0\x91\x92\xf1\xbf"
                     "A"),
            times(4) + "A");
}

TEST(TextTest, BeforeNul) {
  EXPECT_EQ(AsText(BeforeNul(AsBytes({"ab\0c", 4}))), "ab");
  EXPECT_EQ(AsText(BeforeNul(AsBytes("ab"))), "ab");
  EXPECT_EQ(BeforeNul16(AsBytes({"a\0\0b\0\0c", 7})).size(), 4u);
  EXPECT_EQ(BeforeNul16(AsBytes({"a\0b", 3})).size(), 2u);
}

}  // namespace
}  // namespace dl::formats
