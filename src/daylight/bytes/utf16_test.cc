#include "daylight/bytes/utf16.h"

#include <gtest/gtest.h>

namespace dl {
namespace {

std::string FromUtf16(std::string_view bytes) { return Utf8FromUtf16(AsBytes(bytes), /*is_big_endian=*/false); }

TEST(Utf16Test, BecomesUtf8) {
  EXPECT_EQ(FromUtf16({"a\0\xe4\0\xac\x20", 6}), "a\xc3\xa4\xe2\x82\xac");
  EXPECT_EQ(FromUtf16({"\x3d\xd8\x00\xde", 4}), "\xf0\x9f\x98\x80");
  EXPECT_EQ(FromUtf16({"\xff\xdb\xff\xdf", 4}), "\xf4\x8f\xbf\xbf");
  EXPECT_EQ(FromUtf16({"a\0b", 3}), "a");
  EXPECT_EQ(FromUtf16(""), "");
}

TEST(Utf16Test, LoneSurrogatesAreReplaced) {
  EXPECT_EQ(FromUtf16({"\x00\xd8", 2}), "\xef\xbf\xbd");
  EXPECT_EQ(FromUtf16({"\x00\xdc\x00\xd8\x00\xdc", 6}), "\xef\xbf\xbd\xf0\x90\x80\x80");
  EXPECT_EQ(FromUtf16({"\x00\xd8z\0", 4}), "\xef\xbf\xbdz");
  EXPECT_EQ(FromUtf16({"\x00\xd8\x00\xd8", 4}), "\xef\xbf\xbd\xef\xbf\xbd");
}

TEST(Utf16Test, BigEndian) {
  EXPECT_EQ(Utf8FromUtf16(AsBytes({"\0a\xd8\x3d\xde\x00", 6}), /*is_big_endian=*/true), "a\xf0\x9f\x98\x80");
}

TEST(Utf16Test, BeforeNul) {
  EXPECT_EQ(BeforeNul16(AsBytes({"a\0\0b\0\0c", 7})).size(), 4u);
  EXPECT_EQ(BeforeNul16(AsBytes({"a\0b", 3})).size(), 2u);
}

}  // namespace
}  // namespace dl
