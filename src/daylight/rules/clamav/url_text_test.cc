#include "daylight/rules/clamav/url_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dl::clamav {
namespace {

using testing::ElementsAre;

bool IsTarget(std::string text) { return IsUrl(text, false); }
std::string Shown(std::string text) { return IsUrl(text, true) ? text : std::string(); }

TEST(UrlTextTest, WhatIsOne) {
  EXPECT_TRUE(IsTarget("http://x"));
  EXPECT_TRUE(IsTarget("  https://x"));
  EXPECT_TRUE(IsTarget("www.example.com/x"));
  EXPECT_FALSE(IsTarget("example"));
  EXPECT_FALSE(IsTarget("a..com"));
  EXPECT_FALSE(IsTarget("mailto:a@b.com"));
  EXPECT_EQ(Shown("odd:x.com"), "odd:x.com");
  EXPECT_EQ(Shown("x.com.nothing"), "x.com");
  EXPECT_EQ(Shown("x.nothing"), "");
  EXPECT_EQ(Shown("me@x.com"), "");
  EXPECT_EQ(Shown("me.com@x.com"), "me.com@x.com");
}

TEST(UrlTextTest, UrlsInTextWithoutLinks) {
  EXPECT_THAT(UrlsInText("see http://a.org/x now, ftp://b.org\nand https://c.org too."),
              ElementsAre("http://a.org/x", "ftp://b.org"));
  EXPECT_THAT(UrlsInText("HTTP://a.org "), ElementsAre("HTTP://a.org"));
  EXPECT_THAT(UrlsInText("http://a.b"), ElementsAre());
  EXPECT_THAT(UrlsInText("http://a.bc"), ElementsAre("http://a.bc"));
  const std::string longest = "http://" + std::string(1016, 'x');
  EXPECT_THAT(UrlsInText(longest + "yz"), ElementsAre(longest));
}

TEST(UrlTextTest, CleanForms) {
  EXPECT_EQ(Clean("HTTP://Www.Example.COM/Path?q", true).url, "HTTP://www.example.com");
  EXPECT_EQ(Clean("http:\\\\a.com", true).url, "http://a.com");
  EXPECT_EQ(Clean("http://a%2ecom:80", true).url, "http://a.com");
  EXPECT_EQ(Clean("http://a%00.com", true).url, "http://a\x01.com");
  EXPECT_EQ(Clean("x", true).url, "");
  const CleanUrl spaced = Clean(" (w w w . a . com) ", false);
  EXPECT_EQ(spaced.url, "www.a.com");
  EXPECT_EQ(spaced.spaced, "(w w w . a . com)");
}

TEST(UrlTextTest, HostsAndDomains) {
  EXPECT_EQ(HostOf("http://a.com", true).host, ".a.com");
  EXPECT_EQ(HostOf("http://user@a.com", true).host, ".a.com");
  EXPECT_TRUE(HostOf("mailto:a@b.com", true).is_mail_address);
  EXPECT_EQ(DomainOf(".www.a.com"), "a.com");
  EXPECT_EQ(DomainOf(".www.a.co.uk"), "a.co.uk");
  EXPECT_EQ(DomainOf(".www.a.uk"), "a.uk");
  EXPECT_EQ(DomainOf("localhost"), "localhost");
}

TEST(UrlTextTest, LookupTextsOfDigests) {
  const auto url = Canonical("http://user@A.b.com:80/x/./y/../z.html?q");
  ASSERT_TRUE(url.has_value());
  EXPECT_EQ(url->host, "a.b.com/");
  EXPECT_EQ(url->path, "80/x/z.html?q");
  EXPECT_THAT(LookupTexts(*Canonical("http://a.b.com/x/y?q")),
              ElementsAre("b.com/x/", "a.b.com/x/", "b.com/", "a.b.com/", "b.com/x/y", "a.b.com/x/y", "b.com/x/y?q",
                          "a.b.com/x/y?q"));
  EXPECT_FALSE(Canonical("a.com").has_value());
}

TEST(UrlTextTest, AnythingIsBounded) {
  for (const char c : {'%', '/', '.', ' ', ':', '@', '&', '\0', '\xff'}) {
    const std::string text(1024, c);
    std::string copy = text;
    IsUrl(copy, true);
    Clean(text, true);
    Clean(text, false);
    HostOf(text, true);
    HostOf(text, false);
    DomainOf(text);
    const auto url = Canonical(":" + text);
    ASSERT_TRUE(url.has_value());
    EXPECT_LE(LookupTexts(*url).size(), 30u);
  }
}

}  // namespace
}  // namespace dl::clamav
