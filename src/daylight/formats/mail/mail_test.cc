#include "daylight/formats/mail/mail.h"

#include <gtest/gtest.h>

#include <string>

namespace dl::mail {
namespace {

constexpr std::string_view kHead = "From: a@b.c\nMIME-Version: 1.0\n";

std::vector<std::string> TextsOf(const std::string& message) {
  std::vector<std::string> texts;
  for (const TextPart& part : FindTextParts(AsBytes(message)).parts) texts.push_back(part.text);
  return texts;
}
std::string Multipart(std::string_view kind, std::string_view part) {
  return std::string(kHead) + "Content-Type: multipart/" + std::string(kind) + ";\n boundary=\"BB\"\n\nbefore\n--BB\n" +
         std::string(part) + "--BB--\nafter\n";
}
using Texts = std::vector<std::string>;

TEST(MailTest, BodyThatIsTextOrSaysNothing) {
  const std::string head(kHead);
  EXPECT_EQ(TextsOf(head + "\nx\ny"), Texts({"x\ny\n"}));
  EXPECT_EQ(TextsOf(head + "content-type:TEXT/HTML;\n charset=x\n\nx\r\ny\r\n"), Texts({"x\ny\n"}));
  EXPECT_EQ(TextsOf(head + "Content-Type: application/x\n\nx\n"), Texts());
  EXPECT_EQ(TextsOf("Subject: not only mails have this\n\nx\n"), Texts());
  EXPECT_EQ(TextsOf(""), Texts());
}

TEST(MailTest, Encodings) {
  const std::string head = std::string(kHead) + "Content-Type: text/html\nContent-Transfer-Encoding: ";
  EXPECT_EQ(TextsOf(head + "quoted-printable\n\na=3Db=\nc=\nd =zz\n"), Texts({"a=bcd =zz\n"}));
  EXPECT_EQ(TextsOf(head + "base64\n\naGVs\nbG8=\n"), Texts({"hello"}));
}

TEST(MailTest, PartsOfMultiparts) {
  EXPECT_EQ(TextsOf(Multipart("mixed", "Content-Type: text/html\n\nx\n")), Texts({"x\n"}));
  EXPECT_EQ(TextsOf(Multipart("mixed", "Content-Type: text/plain\n\nx\n")), Texts());
  EXPECT_EQ(TextsOf(Multipart("mixed", "Content-Type: text/plain\nContent-Transfer-Encoding: 8bit\n\nx\n")),
            Texts({"x\n"}));
  EXPECT_EQ(TextsOf(Multipart("mixed", "Content-Type: text/html\nContent-Disposition: attachment\n\nx\n")), Texts());
  EXPECT_EQ(TextsOf(Multipart("signed", "Content-Type: text/plain\n\nx\n")), Texts({"x\n"}));
  EXPECT_EQ(TextsOf(Multipart("mixed",
                              "Content-Type: multipart/x; boundary=C\n\n--C\nContent-Type: text/html\n\nx\n"
                              "--C--\n")),
            Texts({"x\n"}));
}

TEST(MailTest, MailboxesAreSplit) {
  const std::string mail = "From x Mon\n" + std::string(kHead) + "\nx\n\n";
  EXPECT_EQ(TextsOf(mail + mail).size(), 2u);
}

TEST(MailTest, LargestPart) {
  const std::string head = std::string(kHead) + "\n";
  const std::string line = std::string(99, 'x') + "\n";
  std::string body;
  while (body.size() < kMaxPartBytes) body += line;
  EXPECT_EQ(TextsOf(head + body).size(), body.size() == kMaxPartBytes ? 1u : 0u);
  body.resize(kMaxPartBytes - 1);
  EXPECT_EQ(TextsOf(head + body).size(), 1u);
  EXPECT_EQ(TextsOf(head + body + "xx").size(), 0u);
}

TEST(MailTest, NestingIsBounded) {
  std::string mail(kHead);
  for (int i = 0; i < 1000; ++i) {
    const std::string boundary = "b" + std::to_string(i);
    mail += "Content-Type: multipart/mixed; boundary=" + boundary + "\n\n--" + boundary + "\n";
  }
  const TextParts found = FindTextParts(AsBytes(mail));
  EXPECT_TRUE(found.is_limited);
  EXPECT_TRUE(found.parts.empty());
}

TEST(MailTest, ManyPartsAreBounded) {
  std::string parts;
  for (std::size_t i = 0; i < 2 * kMaxParts; ++i) parts += "--BB\nContent-Type: text/html\n\nx\n";
  const std::string mail = Multipart("mixed", "\n" + parts);
  const TextParts found = FindTextParts(AsBytes(mail));
  EXPECT_TRUE(found.is_limited);
  EXPECT_LE(found.parts.size(), kMaxParts);
}

}  // namespace
}  // namespace dl::mail
