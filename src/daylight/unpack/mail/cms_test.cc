#include "daylight/unpack/mail/cms.h"

#include <gtest/gtest.h>

#include "daylight/unpack/unpack_testing.h"

namespace dl::unpack {
namespace {

std::string Tag(int tag, const std::string& content) {
  std::string out(1, static_cast<char>(tag));
  if (content.size() >= 0x80) out += '\x82' + std::string(1, static_cast<char>(content.size() >> 8));
  return out + static_cast<char>(content.size()) + content;
}
// Without a length, up to a mark.
std::string Open(int tag, const std::string& content) {
  return std::string(1, static_cast<char>(tag)) + '\x80' + content + std::string(2, '\0');
}

std::string Type(int last) { return Tag(6, std::string("\x2a\x86\x48\x86\xf7\x0d\x01\x07") + static_cast<char>(last)); }

std::string Signed(const std::string& content) {
  const std::string algorithms = Tag(0x31, Tag(0x30, Tag(6, "\x60\x01") + Tag(5, "")));
  return Tag(0x30, Type(2) + Tag(0xa0, Tag(0x30, Tag(2, "\x01") + algorithms + Tag(0x30, Type(1) + content) +
                                                     Tag(0xa0, "certificates") + Tag(0x31, "signers"))));
}

std::string List(const std::string& object, const std::string& name = "smime.p7m") {
  Listing listing;
  return listing.Run(kCms, object, name) ? listing.text() : "not opened";
}

TEST(CmsTest, SignedContent) {
  EXPECT_EQ(List(Signed(Tag(0xa0, Tag(4, "some bytes")))), "content=10 ");
  EXPECT_EQ(List(Signed(Tag(0xa0, Tag(4, "%PDF"))), "a.pdf.p7m"), "a.pdf=4 ");
  EXPECT_EQ(List(Signed(Tag(0xa0, Tag(0x24, Tag(4, "some") + Tag(4, "") + Tag(4, " bytes"))))), "content=10 ");
  EXPECT_EQ(List(Signed("")), "");  // The signature alone.
  EXPECT_EQ(List(Tag(0x30, Type(1) + Tag(0xa0, Tag(4, "plain")))), "content=5 ");
}

TEST(CmsTest, WithoutLengths) {
  const std::string content = Open(0x24, Tag(4, "some") + Tag(4, " bytes"));
  const std::string object =
      Open(0x30, Type(2) + Open(0xa0, Open(0x30, Tag(2, "\x01") + Open(0x31, Open(0x30, Tag(6, "\x60\x01"))) +
                                                     Open(0x30, Type(1) + Open(0xa0, content)))));
  EXPECT_EQ(List(object), "content=10 ");
}

TEST(CmsTest, PartsOfMail) {
  EXPECT_EQ(List(Signed(Tag(0xa0, Tag(4, "Content-Type: text/html\r\n\r\n<p>")))), "content=30 body.html=3 ");
}

TEST(CmsTest, WhatStaysClosed) {
  EXPECT_EQ(List(Tag(0x30, Type(3) + Tag(0xa0, "whatever"))), "!encrypted ");
  EXPECT_EQ(List(Tag(0x30, Type(6) + Tag(0xa0, "whatever"))), "!encrypted ");
  EXPECT_EQ(List(Tag(0x30, Tag(6, "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x09"))), "!unsupported ");
  EXPECT_EQ(List(Tag(0x30, Type(9))), "not opened");
  EXPECT_EQ(List("0 is how this text begins"), "not opened");
  const std::string whole = Signed(Tag(0xa0, Tag(4, "some bytes")));
  EXPECT_EQ(List(whole.substr(0, whole.find("bytes"))), "content=5 content!damaged ");
}

TEST(CmsTest, TruncatedAtEveryByteAndFlipped) {
  const std::string whole = Signed(Tag(0xa0, Tag(0x24, Tag(4, "some") + Tag(4, " bytes"))));
  for (std::size_t n = 0; n < whole.size(); ++n) {
    List(whole.substr(0, n));
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = whole;
      flipped[n] = static_cast<char>(static_cast<unsigned char>(flipped[n]) ^ (1u << bit));
      List(flipped);
    }
  }
  // Nested without end.
  std::string deep = Type(2);
  for (int i = 0; i < 100'000; ++i) deep += "\x30\x80";
  EXPECT_EQ(List("\x30\x80" + Type(2) + "\xa0\x80\x30\x80\x02\x01\x01" + deep), "!damaged ");
}

}  // namespace
}  // namespace dl::unpack
