#include "daylight/formats/lnk/text.h"

#include <gtest/gtest.h>

namespace dl::formats {
namespace {

std::string FromUtf8(std::string_view bytes) { return ReplaceInvalidUtf8(AsBytes(bytes)); }

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
}

}  // namespace
}  // namespace dl::formats
