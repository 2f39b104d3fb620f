#include <gtest/gtest.h>

#include "daylight/daemon/text/head.h"
#include "daylight/daemon/text/safe_text.h"

namespace dl::daemon {
namespace {

using Manner = Head::Manner;

TEST(HeadTest, FieldsAreFoundWithoutCase) {
  const auto head =
      Head::Parse("GET / X/1\r\nAllow: 204, trailers\r\nALLOW:206\r\nEmpty:\r\n\r\nbody", Manner::kStrict);
  ASSERT_TRUE(head);
  EXPECT_EQ(head->start_line(), "GET / X/1");
  EXPECT_EQ(head->Find("allow"), "204, trailers");
  EXPECT_EQ(head->Count("Allow"), 2u);
  EXPECT_TRUE(head->HasToken("Allow", "206"));
  EXPECT_TRUE(head->HasToken("Allow", "204"));
  EXPECT_FALSE(head->HasToken("Allow", "20"));
  EXPECT_EQ(head->Find("Empty"), "");
  EXPECT_FALSE(head->Find("body"));
}

TEST(HeadTest, StrictRefusesWhatLenientPassesOver) {
  for (const char* text :
       {"S\nA: b\r\n\r\n", "S\r\nA: b\n\r\n", "S\r\nA : b\r\n\r\n", "S\r\n folded\r\n\r\n", "S\r\nno colon\r\n\r\n",
        "S\r\nA: \x01\r\n\r\n", "S\r\nA: b\rC: d\r\n\r\n", "S\r\n: b\r\n\r\n", "S\r\nA: b"}) {
    EXPECT_FALSE(Head::Parse(text, Manner::kStrict)) << text;
    EXPECT_TRUE(Head::Parse(text, Manner::kLenient)) << text;
  }
}

TEST(HeadTest, FieldsAreCounted) {
  std::string text = "S\r\n";
  for (std::size_t i = 0; i < Head::kMaxFields; ++i) text += "A: b\r\n";
  EXPECT_TRUE(Head::Parse(text, Manner::kStrict));
  text += "A: b\r\n";
  EXPECT_FALSE(Head::Parse(text, Manner::kStrict));
  EXPECT_TRUE(Head::Parse(text, Manner::kLenient));
}

TEST(HeadTest, Decimals) {
  EXPECT_EQ(ParseDecimal("0"), 0u);
  EXPECT_EQ(ParseDecimal("18446744073709551615"), ~std::uint64_t{0});
  for (const char* text : {"", "-1", "+1", " 1", "1 ", "0x1", "18446744073709551616"}) {
    EXPECT_FALSE(ParseDecimal(text)) << text;
  }
}

TEST(SafeTextTest, HeadersGetNoLinesAndNoOtherCharacters) {
  EXPECT_EQ(HeaderText("a\r\nSet-Cookie: b\x7f\xc3\xa4"), "a__Set-Cookie: b___");
  EXPECT_EQ(HeaderPart("a;b,c"), "a_b_c");
  EXPECT_EQ(HeaderText(std::string(300, 'a')).size(), 200u);
}

TEST(SafeTextTest, HtmlIsEscaped) {
  EXPECT_EQ(HtmlText("<script>\"'&\n"), "&lt;script&gt;&quot;&#39;&amp;\\n");
  EXPECT_EQ(HtmlText("\xff"), "\\xff");
}

TEST(SafeTextTest, Parameters) {
  EXPECT_EQ(HeaderParameter("multipart/form-data; boundary=abc", "boundary"), "abc");
  EXPECT_EQ(HeaderParameter("a/b; x=\"1; boundary=no\"; BOUNDARY=\"a b\"", "boundary"), "a b");
  EXPECT_EQ(HeaderParameter("a/b; flag; boundary=x", "boundary"), "x");
  EXPECT_EQ(HeaderParameter("a/b; boundary=", "boundary"), "");
  EXPECT_EQ(HeaderParameter("a/b; boundary=\"open", "boundary"), "open");
  EXPECT_EQ(HeaderParameter("boundary=x", "boundary"), "");
  EXPECT_EQ(HeaderParameter(";;;=;=\"", "boundary"), "");
  EXPECT_EQ(DispositionFilename("attachment; filename=\"a\\\"b.zip\""), "a\"b.zip");
  EXPECT_EQ(DispositionFilename("attachment; filename=\"C:\\x\\a.zip\""), "C:\\x\\a.zip");
  EXPECT_EQ(DispositionFilename("attachment; filename=x; filename*=UTF-8''%c3%a4.exe"), "\xc3\xa4.exe");
}

TEST(SafeTextTest, NamesOfStreams) {
  EXPECT_EQ(NamesOfStream("/a/b.tar.gz").filename, "b.tar.gz");
  EXPECT_EQ(NamesOfStream("/a/b.zip").extension, ".zip");
  EXPECT_EQ(NamesOfStream("C:\\dir\\c.exe").object, "c.exe");
  EXPECT_EQ(NamesOfStream("").filename, "-");
  EXPECT_EQ(NamesOfStream("a/").filename, "-");
  EXPECT_EQ(NamesOfStream(std::string("a.exe\0.txt", 10)).filename, "a.exe");
  const auto names = NamesOfStream(std::string(1000, 'a') + ".exe");
  EXPECT_EQ(names.filename.size(), 255u);
  EXPECT_EQ(names.extension, ".exe");
  EXPECT_EQ(PercentDecode("%41%zz%4"), "A%zz%4");
}

}  // namespace
}  // namespace dl::daemon
