#include "daylight/report/escape.h"

#include <gtest/gtest.h>

namespace dl::report {
namespace {

TEST(EscapeTest, LinesHoldNoControlCharacters) {
  EXPECT_EQ(EscapeLine("a\nb\tc\rd\x1b[31m"), "a\\nb\\tc\\rd\\x1b[31m");
  EXPECT_EQ(EscapeLine("back\\slash"), "back\\\\slash");
  EXPECT_EQ(EscapeLine("gr\xc3\xbc\xc3\x9f"), "gr\xc3\xbc\xc3\x9f");
  EXPECT_EQ(EscapeLine("\xff\xc3"), "\\xff\\xc3");
  EXPECT_EQ(EscapeLine("\xc2\x9b"), "\\xc2\\x9b");  // C1: an escape sequence's start.
  EXPECT_EQ(EscapeLine("\xe2\x80\xae"
                       "exe"),
            "\\xe2\\x80\\xae"
            "exe");                                          // U+202E turns text round.
  EXPECT_EQ(EscapeLine("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // A surrogate is not UTF-8.
  EXPECT_EQ(EscapeLine("\xc0\xaf"), "\\xc0\\xaf");           // Nor is an overlong slash.
  EXPECT_EQ(EscapeLine("\x7f"), "\\x7f");
  EXPECT_EQ(EscapeLayout("a\\\n b\x07"), "a\\\n b\\x07");
  EXPECT_EQ(EscapeData("a\\\x80\n"), "a\\\\\\x80\\x0a");
}

TEST(EscapeTest, EveryByteAloneIsOneSafeLine) {
  for (int i = 0; i < 256; ++i) {
    for (const char c : EscapeLine(std::string(1, static_cast<char>(i)))) {
      EXPECT_GE(c, 0x20) << i;
      EXPECT_LT(c, 0x7f) << i;
    }
  }
}

TEST(EscapeTest, Json) {
  const auto json = [](std::string_view bytes) {
    std::string out;
    AppendJsonString(out, bytes);
    return out;
  };
  EXPECT_EQ(json("a\"\\\n\x01"), "\"a\\\"\\\\\\n\\u0001\"");
  EXPECT_EQ(json("\xff"), "\"\xef\xbf\xbd\"");
  EXPECT_EQ(json("\xe2\x80\xae"), "\"\\u202e\"");
  EXPECT_EQ(json("\xf3\xa0\x80\xa1"), "\"\\udb40\\udc21\"");  // A tag character, U+E0021.
  EXPECT_EQ(json("\xf0\x9f\x98\x80"), "\"\xf0\x9f\x98\x80\"");
}

TEST(EscapeTest, HtmlHoldsNoMarkupAndNothingThatReordersText) {
  EXPECT_EQ(EscapeHtml("<a href='x'>&\"</a>"), "&lt;a href=&#39;x&#39;&gt;&amp;&quot;&lt;/a&gt;");
  EXPECT_EQ(EscapeHtml("a\xe2\x80\xae"
                       "b\n"),
            "a\\xe2\\x80\\xae"
            "b\\n");
  EXPECT_EQ(EscapeHtml("\xff\xc3\xa9"), "\\xff\xc3\xa9");
}

TEST(EscapeTest, CsvCells) {
  const auto cell = [](std::string_view bytes) {
    std::string out;
    AppendCsvCell(out, bytes);
    return out;
  };
  EXPECT_EQ(cell(""), "");
  EXPECT_EQ(cell("plain text"), "plain text");
  EXPECT_EQ(cell("a,\"b\""), "\"a,\"\"b\"\"\"");
  EXPECT_EQ(cell("a;b"), "\"a;b\"");
  EXPECT_EQ(cell("a\r\nb"), "a\\r\\nb");
  for (const std::string_view start :
       {"=", "+", "-", "@", "\xef\xbc\x9d", "\xef\xbc\x8b", "\xef\xbc\x8d", "\xef\xbc\xa0"}) {
    EXPECT_EQ(cell(std::string(start) + "1"), "'" + std::string(start) + "1");
    EXPECT_EQ(cell("  " + std::string(start)), "'  " + std::string(start));
    EXPECT_EQ(cell("\xc2\xa0\xe3\x80\x80" + std::string(start)), "'\xc2\xa0\xe3\x80\x80" + std::string(start));
    EXPECT_EQ(cell("1" + std::string(start)), "1" + std::string(start));
  }
  EXPECT_EQ(cell("\t=1"), "\\t=1");
}

TEST(EscapeTest, Base64OfRfc4648) {
  EXPECT_EQ(Base64(""), "");
  EXPECT_EQ(Base64("f"), "Zg==");
  EXPECT_EQ(Base64("fo"), "Zm8=");
  EXPECT_EQ(Base64("foo"), "Zm9v");
  EXPECT_EQ(Base64("foob"), "Zm9vYg==");
  EXPECT_EQ(Base64("\xff\xff\xff"), "////");
}

TEST(EscapeTest, Uris) {
  EXPECT_EQ(FileUri("/a b/%"), "file:///a%20b/%25");
  EXPECT_EQ(FileUri("x:y"), "x%3Ay");
  EXPECT_EQ(FileUri("\xff"), "%FF");
}

}  // namespace
}  // namespace dl::report
