#include "daylight/formats/text/text.h"

#include <gtest/gtest.h>

namespace dl::text {
namespace {

using namespace std::string_literals;

TEST(NormaliseTextTest, CaseBlanksAndControls) {
  EXPECT_EQ(NormaliseText(AsBytes("Hello,\r\n\t\v\f WORLD\x01\x7f")), "hello, world\x7f");
  EXPECT_EQ(NormaliseText(AsBytes("a\0b\xc3\xa4"
                                  "c"s)),
            "abc");
  EXPECT_EQ(NormaliseText(AsBytes(" \x80 A")), " a");
  EXPECT_EQ(NormaliseText({}), "");
}

TEST(NormaliseTextTest, ABorderOfTheBufferForgetsTheBlank) {
  const std::string text = std::string(131071, 'x') + "  y";
  EXPECT_EQ(NormaliseText(AsBytes(text)), std::string(131071, 'x') + "  y");
  EXPECT_EQ(NormaliseText(AsBytes(text), 100), std::string(131071, 'x') + " y");
}

}  // namespace
}  // namespace dl::text
