#include "daylight/formats/html/html.h"

#include <gtest/gtest.h>

#include <string>

#include "daylight/formats/html/chunk_reader.h"
#include "daylight/formats/html/entities.h"
#include "daylight/formats/html/js_scanner.h"
#include "daylight/formats/html/script_encoding.h"

namespace dl::html {
namespace {

using namespace std::string_literals;

std::string NoComment(const std::string& html) { return Normalise(AsBytes(html)).nocomment; }
std::string NoTags(const std::string& html) { return Normalise(AsBytes(html)).notags; }
std::string Script(const std::string& script) {
  return Normalise(AsBytes("<html><script>" + script + "</script>")).javascript;
}

// These are what clamscan 1.4.6 leaves behind (tests/differential/clamav_normalise.py).
TEST(NormaliseTest, CaseSpaceAndComments) {
  EXPECT_EQ(NoComment("<HTML> <B>Hello\r\n  World</B><!-- x -->!"), "<html><b>hello world</b>!");
  EXPECT_EQ(NoTags("<HTML> <B>Hello\r\n  World</B><!-- x -->!"), " hello world !");
  EXPECT_EQ(NoComment("a<!-- b > c -->d"), "ac -->d");
  EXPECT_EQ(NoComment(""), "");
}

TEST(NormaliseTest, ArgumentsAndTheirQuotes) {
  EXPECT_EQ(NoComment("<a HREF = 'Http://X' b=\"Y\" c>"), "<a href=\"http://x\" b=\"y\" c>");
  EXPECT_EQ(NoTags("<a HREF='Http://X'>y</a><img src=Z>."), " Http://X y Z .");
}

TEST(NormaliseTest, Entities) {
  EXPECT_EQ(NoComment("&amp;&eacute;&euro;&NoSuch;&#65;&#x20AC;&#x3002;&amp x"),
            "&\xe9&#x20ac;&nosuch;a&#x20ac;.&amp x");
  EXPECT_EQ(NormalCharacter(FindEntity("Euml")), "\xcb");
  EXPECT_EQ(FindEntity("euml"), 0xeb);
  EXPECT_EQ(FindEntity("EUML"), 0);
  EXPECT_EQ(FindEntity(""), 0);
}

TEST(NormaliseTest, NulsAreSkipped) { EXPECT_EQ(NoComment("<\0h\0t\0m\0l\0>\0A\0"s), "<html>a"); }

TEST(NormaliseTest, DataUrls) {
  const Forms forms = Normalise(AsBytes("<img src=\"data:text/html;base64,QUJD\">x"));
  ASSERT_EQ(forms.data.size(), 1u);
  EXPECT_EQ(forms.data[0],
            "From html-normalise\nContent-type: text/html;base64\nContent-transfer-encoding: base64\n\nQUJD");
}

TEST(NormaliseTest, ScriptsInsideStayInTheForm) {
  EXPECT_EQ(NoComment("<script>if(a<b){X='y'}</script>z"), "<script>if(a<b){x=\"y\"}</script>z");
}

TEST(NormaliseTest, AStyleWhoseEndTagIsTooNearEndsIt) { EXPECT_EQ(NoComment("<style></style >x"), "<style></style>x"); }

TEST(ScriptTest, NamesStringsAndComments) {
  EXPECT_EQ(Script("var Foo = 'a' + 'B\\x43'; //c\n/* d */ g(Foo)"), "<script>var n000=\"abc\";g(n000)</script>");
  EXPECT_EQ(Script("function f(x,y){ return x.x + y } f(1)"),
            "<script>function n000(n001,n002){return n001.x+n002}f(1)</script>");
  EXPECT_EQ(Script("a = 007 + 1.50 + 99999999999"), "<script>a=7+1.5+1215752191</script>");
}

TEST(ScriptTest, Decoders) {
  EXPECT_EQ(Script("x=unescape('%41%u0042%zz')"), "<script>x=\"ab%zz\"</script>");
  EXPECT_EQ(Script("eval('var q=2;');q"), "<script>var n000=2;n000</script>");
  EXPECT_EQ(Script("eval(function(p,a,c,k,e,d){return p}('0 1=2;',3,3,'var|q|7'.split('|'),0,{}))"),
            "<script>eval(function(n000,n001,n002,n003,n004,n005){return n000}(var n006=7;))</script>");
}

TEST(ScriptTest, SeveralScriptsAreLines) {
  EXPECT_EQ(Normalise(AsBytes("<script>a</script><script>b</script>")).javascript,
            "<script>a</script>\n<script>b</script>");
}

TEST(ScriptTest, AManyTimesNestedScriptIsBounded) {
  std::string script;
  for (int i = 0; i < 50000; ++i) script += "function(){eval('a');";
  EXPECT_FALSE(Script(script).empty());
}

TEST(ChunkReaderTest, CutsAfterWhiteSpace) {
  const std::string text = std::string(8000, 'a') + ' ' + std::string(400, 'b');
  ChunkReader reader(AsBytes(text));
  std::string chunk;
  ASSERT_TRUE(reader.Read(chunk));
  EXPECT_EQ(chunk.size(), 8001u);
  ASSERT_TRUE(reader.Read(chunk));
  EXPECT_EQ(chunk.size(), 400u);
  EXPECT_FALSE(reader.Read(chunk));
}

TEST(ChunkReaderTest, ALongWordIsCutInTwo) {
  const std::string text(8192, 'a');
  ChunkReader reader(AsBytes(text));
  std::string chunk;
  ASSERT_TRUE(reader.Read(chunk));
  EXPECT_EQ(chunk.size(), 8191u);
  ASSERT_TRUE(reader.Read(chunk));
  EXPECT_EQ(chunk.size(), 1u);
}

TEST(ScriptEncodingTest, LengthAndText) {
  EXPECT_EQ(EncodedLength("DgAAAA=="), 14u);
  // Each character is enciphered by looking for what is deciphered to it.
  const std::string clear =
      "MsgBox \"Hello\", 1 + 2 ' and some more so that the order comes round once more: 0123456789";
  std::string cipher;
  for (const char wanted : clear) {
    for (int code = '\t'; code < 0x80; ++code) {
      const char c = static_cast<char>(code);
      if (c == '\n' || c == '\r') continue;
      std::string line = cipher + c + '.';
      ScriptDecoder decoder(static_cast<std::uint32_t>(cipher.size()) + 1);
      decoder.Decode(line, 0);
      if (c != '@' && line.size() == cipher.size() + 2 && line[cipher.size()] == wanted) {
        cipher += c;
        break;
      }
    }
  }
  ASSERT_EQ(cipher.size(), clear.size());
  std::string line = "before " + cipher + "AAAAAA==^#~@ after";
  ScriptDecoder decoder(static_cast<std::uint32_t>(clear.size()));
  decoder.Decode(line, 7);
  EXPECT_TRUE(decoder.done());
  EXPECT_EQ(line, "before " + clear + " after");
}

TEST(JsScannerTest, TokensGoOnInTheNextPiece) {
  JsScanner scanner;
  scanner.Feed("'ab");
  EXPECT_FALSE(scanner.Next());
  EXPECT_EQ(scanner.OpenQuote(), '\'');
  scanner.Feed("c' d");
  const auto token = scanner.Next();
  ASSERT_TRUE(token);
  EXPECT_EQ(token->text, "abc");
}

TEST(FindLinksTest, AnchorsImagesAndForms) {
  const Links links = FindLinks(
      AsBytes("<a href='http://real.example/'>www.<b>shown</b>.example</a><img src=i.gif><form action=http://f/>"
              "<a href=http://g/ title='t'><img src=j.gif></form><iframe src=k><area href=l>."));
  std::string shape;
  for (const Link& link : links.links) {
    shape += std::string(link.kind) + " " + link.url + " " + link.displayed.value_or("-") + "\n";
  }
  EXPECT_EQ(shape,
            "href http://real.example/ www.shown.example\n"
            "src i.gif -\n"
            "href_title t http://g/\n"
            "form http://g/ http://f/\n"
            "href http://g/ .\n"
            "src j.gif http://g/\n"
            "form j.gif http://f/\n"
            "iframe k http://g/\n"
            "area l http://g/\n");
  EXPECT_EQ(links.form_actions, std::vector<std::string>{"http://f/"});
}

TEST(FindLinksTest, TooManyAreSaidToBe) {
  std::string html;
  for (std::size_t i = 0; i < kMaxLinks + 1; ++i) html += "<img src=a>";
  html += '.';
  const Links links = FindLinks(AsBytes(html));
  EXPECT_EQ(links.links.size(), kMaxLinks);
  EXPECT_FALSE(links.complete);
}

TEST(FindLinksTest, TooManyArgumentsAreSaidToBe) {
  std::string html = "<a href=x";
  // White space between two pieces is lost, and joins a few of them.
  for (int i = 0; i < 99000; ++i) html += " b=c";
  EXPECT_TRUE(FindLinks(AsBytes(html + ">text</a>.")).complete);
  for (int i = 0; i < 2000; ++i) html += " b=c";
  const Links links = FindLinks(AsBytes(html + ">text</a>."));
  EXPECT_FALSE(links.complete);
  ASSERT_EQ(links.links.size(), 1u);
  EXPECT_EQ(links.links[0].displayed, "text");
}

TEST(ScriptTest, TooManyFunctionsAreSaidToBe) {
  std::string html = "<script>";
  for (int i = 0; i < 250001; ++i) html += "function(){}";
  EXPECT_FALSE(Normalise(AsBytes(html)).complete);
}

}  // namespace
}  // namespace dl::html
