#include "daylight/bytes/utf8.h"

#include <gtest/gtest.h>

namespace dl {
namespace {

TEST(Utf8Test, OfEveryLength) {
  std::string out;
  for (const std::uint32_t code : {0x41u, 0x7fu, 0x80u, 0x7ffu, 0x800u, 0xffffu, 0x10000u, 0x10ffffu})
    AppendUtf8(code, out);
  EXPECT_EQ(out, "A\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf");
}

}  // namespace
}  // namespace dl
