#include "daylight/bytes/utf8.h"

#include <gtest/gtest.h>

#include "daylight/bytes/utf16.h"

namespace dl {
namespace {

TEST(Utf8Test, OfEveryLength) {
  std::string out;
  for (const std::uint32_t code : {0x41u, 0x7fu, 0x80u, 0x7ffu, 0x800u, 0xffffu, 0x10000u, 0x10ffffu})
    AppendUtf8(code, out);
  EXPECT_EQ(out, "A\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf");
}

TEST(Utf8Test, FromUtf16) {
  const auto from = [](std::string_view bytes, bool is_big) { return Utf8FromUtf16(AsBytes(bytes), is_big); };
  EXPECT_EQ(from(std::string_view("A\0\xe4\0\x3d\xd8\0\xde", 8), false), "A\u00e4\U0001f600");
  EXPECT_EQ(from(std::string_view("\0A\0\xe4\xd8\x3d\xde\0", 8), true), "A\u00e4\U0001f600");
  // Halves that are alone, and an odd byte.
  EXPECT_EQ(from("\x3d\xd8", false), "\ufffd");
  EXPECT_EQ(from("\x3d\xd8x", false), "\ufffd");
  EXPECT_EQ(from(std::string_view("\xde\0\0A", 4), true),
            "\ufffd"
            "A");
  EXPECT_EQ(from("x", true), "");
}

}  // namespace
}  // namespace dl
