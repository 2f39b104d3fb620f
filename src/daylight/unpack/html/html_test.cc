#include "daylight/unpack/html/html.h"

#include <gtest/gtest.h>

#include <chrono>

#include "daylight/unpack/encoded/encoded_testing.h"
#include "daylight/unpack/unpack_testing.h"

namespace dl::unpack {
namespace {

std::string List(const std::string& object) {
  Listing listing;
  return listing.Run(kHtml, object) ? listing.text() : "not opened";
}

std::string ContentOf(const std::string& object, const std::string& name) {
  Listing listing;
  if (!listing.Run(kHtml, object)) return "not opened";
  const auto found = listing.children().find(name);
  return found != listing.children().end() ? found->second : "no such child: " + listing.text();
}

std::string Marker() { return "MZ" + std::string(100, '\1') + "inert"; }

TEST(HtmlTest, Scripts) {
  EXPECT_EQ(ContentOf("<html><script>a()</script><SCRIPT type='x'>b()</ScRiPt ><script src='x'/>", "scripts.js"),
            "a()\nb()\n");
  EXPECT_EQ(ContentOf("<body onload='a(&quot;x&quot;)'><img src=x onerror=b()>", "scripts.js"), "a(\"x\")\nb()\n");
  EXPECT_EQ(ContentOf("<a href=' java&#115;cri\tpt&colon;a%28)'>", "scripts.js"), "a()\n");
  EXPECT_EQ(ContentOf("<svg:svg><svg:script><![CDATA[a()]]></svg:script>", "scripts.js"), "not opened");
  EXPECT_EQ(ContentOf("<?xml version='1.0'?><s:svg><s:script><![CDATA[a()]]></s:script>", "scripts.js"),
            "<![CDATA[a()]]>\n");
  // Without an end.
  EXPECT_EQ(ContentOf("<html><script>a()", "scripts.js"), "a()\n");
  // A quote that nothing closes hides nothing.
  EXPECT_EQ(ContentOf("<html><a title=\"><script>a()</script>", "scripts.js"), "a()\n");
  EXPECT_EQ(ContentOf("<html><!-- <script>a()</script> -->", "scripts.js"), "a()\n");
  EXPECT_EQ(ContentOf("<html><iframe srcdoc='&lt;script>a()&lt;/script>'>", "document 1.html"), "<script>a()</script>");
}

TEST(HtmlTest, DataAddresses) {
  const std::string base64 = ToBase64(Marker());
  EXPECT_EQ(ContentOf("<a href=\"data:application/zip;base64," + base64 + "\">", "data 1.zip"), Marker());
  EXPECT_EQ(ContentOf("<html><style>a{b:url(data:x/y;charset=z;base64," + base64 + ")}", "data 1.bin"), Marker());
  std::string in_lines;
  for (std::size_t at = 0; at < base64.size(); at += 7) in_lines += base64.substr(at, 7) + "\r\n  ";
  EXPECT_EQ(ContentOf("<a href='DATA:;base64," + in_lines + "'>", "data 1.bin"), Marker());
  EXPECT_EQ(ContentOf("<a href='data:text/html,%3Cscript>a(\"b\")%3c/script>'>", "data 1.html"),
            "<script>a(\"b\")</script>");
  EXPECT_EQ(ContentOf("<svg><image xlink:href=\"data:image/png;base64,QUI%3D\"/>", "data 1.png"), "AB");
  EXPECT_EQ(List("<html>data: this, and data:that, and more"), "");
  // A run in it is no second child.
  EXPECT_EQ(List("<a href=\"data:application/zip;base64," + base64 + "\">"), "data 1.zip=107 ");
}

TEST(HtmlTest, WhatIsHiddenInItsText) {
  EXPECT_EQ(ContentOf("<html><div id=x>" + ToBase64(Marker()) + "</div>", "encoded 1"), Marker());
  EXPECT_EQ(ContentOf("<html><input value='" + ToBase64(Marker()) + "'>", "encoded 1"), Marker());
  // In scripts it is found when these are opened.
  EXPECT_EQ(List("<html><script>x='" + ToBase64(Marker()) + "'</script>"), "scripts.js=149 ");
}

TEST(HtmlTest, EncodedScripts) {
  const std::string encoded = ToEncodedScript("MsgBox \"<inert>\"");
  // Where it runs in a browser it is one of the scripts, which are opened in their turn.
  EXPECT_EQ(ContentOf("<html><script language='VBScript.Encode'>" + encoded + "</script>", "scripts.js"),
            encoded + "\n");
  EXPECT_EQ(ContentOf("<html><%" + encoded + "%></html>", "encoded 1"), "MsgBox \"<inert>\"");
}

TEST(HtmlTest, OfficeInOneFile) {
  const std::string word = "<?xml version='1.0'?><w:wordDocument><w:binData w:name='editdata.mso'>\r\n" +
                           ToBase64(Marker()) + "\r\n</w:binData></w:wordDocument>";
  EXPECT_EQ(ContentOf(word, "editdata.mso"), Marker());
  const std::string package =
      "<?xml version='1.0'?><pkg:package><pkg:part pkg:name=\"/word/vbaProject.bin\"><pkg:binaryData>" +
      ToBase64(Marker()) + "</pkg:binaryData></pkg:part></pkg:package>";
  EXPECT_EQ(List(package), "/word/vbaProject.bin=107 ");
}

TEST(HtmlTest, Utf16) {
  std::string wide = "\xff\xfe";
  for (const char c : std::string("<html><script>a()</script>")) wide += {c, '\0'};
  EXPECT_EQ(ContentOf(wide, "scripts.js"), "a()\n");
}

TEST(HtmlTest, OnlyMarkup) {
  EXPECT_EQ(List("no markup"), "not opened");
  EXPECT_EQ(List("if (a <scripts && b)"), "not opened");
  EXPECT_EQ(List(std::string("<html>\0", 7)), "not opened");
}

TEST(HtmlTest, EntitiesAreNotExpanded) {
  std::string bomb = "<?xml version='1.0'?><!DOCTYPE a [<!ENTITY a0 'text'>";
  for (int i = 1; i < 30; ++i) {
    const std::string last = "&a" + std::to_string(i - 1) + ";";
    bomb += "<!ENTITY a" + std::to_string(i) + " '" + last + last + last + last + "'>";
  }
  bomb += "]><a onload='&a29;'>&a29;</a>";
  EXPECT_EQ(List(bomb), "scripts.js=6 ");
}

TEST(HtmlTest, TruncatedAtEveryByteAndFlipped) {
  const std::string object = "<html><!-- x --><body onload=\"a(&quot;&#x31;\"><script>b('" + ToBase64(Marker()) +
                             "')</script><a href='javascript:c()'><img src='data:image/png;base64,AAAA'><iframe "
                             "srcdoc='<p>x'><w:binData w:name=x>QUJD</w:binData>" +
                             ToBase64(Marker());
  for (std::size_t n = 0; n < object.size(); ++n) {
    Listing listing;
    listing.Run(kHtml, object.substr(0, n));
    std::string flipped = object;
    flipped[n] = static_cast<char>(static_cast<unsigned char>(flipped[n]) ^ (1u << (n % 8)));
    Listing other;
    other.Run(kHtml, flipped);
    EXPECT_LE(other.bytes(), 4 * object.size());
  }
}

TEST(HtmlTest, TimeIsLinear) {
  for (const char* part : {"<", "<a ", "<a b=\"", "<a b='\"", "<script>", "</script", "<a onx=y>", "<!--", "data:,",
                           "data:a/b,", "'data:a/b,", "data:a/b;base64,", "<binData>", "&#", "<a href='&", ":",
                           "<a b='&#106;'>", "<script></script", "<part name=x><binData>QUJD"}) {
    std::string text = "<html>";
    while (text.size() < 2u << 20) text += part;
    const auto begin = std::chrono::steady_clock::now();
    Listing listing(1000, 64u << 20);
    listing.Run(kHtml, text);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    EXPECT_LT(seconds, 5) << part;  // Of milliseconds, but for sanitizers and a busy machine.
  }
}

TEST(HtmlTest, EndsWhereNoMoreIsWanted) {
  std::string object = "<html>";
  for (int i = 0; i < 100; ++i) object += "<img src='data:image/gif;base64,QUJD'>";
  Listing listing(10);
  EXPECT_TRUE(listing.Run(kHtml, object + "<script>a()</script>"));
  EXPECT_EQ(listing.children().size(), 10u);
}

}  // namespace
}  // namespace dl::unpack
