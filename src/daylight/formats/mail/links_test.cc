#include "daylight/formats/mail/links.h"

#include <gtest/gtest.h>

namespace dl::mail {
namespace {

std::string One(std::string_view html) {
  const auto links = FindLinks(std::string("<html>") + std::string(html) + " <p> ");
  if (links.size() != 1) return std::to_string(links.size()) + " links";
  return links[0].target + "->" + links[0].shown;
}

TEST(LinksTest, Anchors) {
  EXPECT_EQ(One("<a href=\"t\">shown</a>"), "t->shown");
  EXPECT_EQ(One("<A HREF = 't' >a<b>b</b>c</A>"), "t->abc");
  EXPECT_EQ(One("<a href=t>shown</a>"), "t->shown");
  EXPECT_EQ(One("<a href=\"a&amp;b&#x2f;c\">&amp;</a>"), "a&b/c->&amp;");
  EXPECT_EQ(One("<a href=\"\">shown</a>"), "0 links");
  EXPECT_EQ(One("<a name=\"t\">shown</a>"), "0 links");
}

TEST(LinksTest, WhatIsNotRead) {
  EXPECT_EQ(One("<script><a href=\"t\">shown</a></script>"), "0 links");
  EXPECT_EQ(One("<style><a href=\"t\">shown</a></style>"), "0 links");
  EXPECT_EQ(One("<!-- <a href=\"t\" -->"), "0 links");
}

TEST(LinksTest, OtherKinds) {
  const auto links = FindLinks("<form action=\"to\"><a href=\"t\" title=\"title\">x<img src=\"i\"></a> ");
  ASSERT_EQ(links.size(), 5u);
  EXPECT_EQ(links[0].kind, LinkKind::kAnchorTitle);
  EXPECT_EQ(links[0].target + "->" + links[0].shown, "t->title");
  EXPECT_EQ(links[1].kind, LinkKind::kFormField);
  EXPECT_EQ(links[1].target + "->" + links[1].shown, "to->t");
  EXPECT_EQ(links[2].kind, LinkKind::kAnchor);
  EXPECT_EQ(links[3].kind, LinkKind::kImage);
  EXPECT_EQ(links[3].target + "->" + links[3].shown, "t->i");
  EXPECT_EQ(links[4].target + "->" + links[4].shown, "to->i");
}

TEST(LinksTest, LongOnesAreCut) {
  const std::string megabyte(1 << 20, 'x');
  const auto links = FindLinks("<a href=\"" + megabyte + "\">" + megabyte + "</a> ");
  ASSERT_EQ(links.size(), 1u);
  EXPECT_LE(links[0].target.size(), kMaxLinkBytes);
  EXPECT_EQ(links[0].shown.size(), kMaxLinkBytes);
}

TEST(LinksTest, ChunksMatterInOnePlaceOnly) {
  for (std::size_t before = 8100; before < 8200; ++before) {
    // White space at the start of a chunk goes, and <a href becomes <ahref.
    if (before == 8189) continue;
    const std::string html = std::string(before, ' ') + "<a href=\"t\">a b</a> <p>";
    const auto links = FindLinks(html);
    ASSERT_EQ(links.size(), 1u) << before;
    EXPECT_EQ(links[0].target, "t") << before;
    EXPECT_EQ(links[0].shown, "a b") << before;
  }
}

}  // namespace
}  // namespace dl::mail
