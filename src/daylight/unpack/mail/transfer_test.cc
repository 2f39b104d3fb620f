#include "daylight/unpack/mail/transfer.h"

#include <gtest/gtest.h>

#include <random>

namespace dl::unpack::mail {
namespace {

// In pieces of every small size, which must all give the same.
std::string Read(std::string_view text, Encoding encoding) {
  std::string whole;
  for (std::size_t piece = 1; piece < 9; ++piece) {
    TransferReader reader(text, encoding);
    std::string out;
    std::string buffer(piece == 8 ? 4096 : piece, '\0');
    while (const std::size_t n = reader.Read(std::as_writable_bytes(std::span(buffer)))) out.append(buffer, 0, n);
    if (piece == 1) whole = out;
    EXPECT_EQ(out, whole) << text.substr(0, 100) << " in pieces of " << piece;
  }
  return whole;
}

std::string Base64(std::string_view text) { return Read(text, Encoding::kBase64); }
std::string Quoted(std::string_view text) { return Read(text, Encoding::kQuotedPrintable); }
std::string Uu(std::string_view text) { return Read(text, Encoding::kUuencode); }

TEST(TransferTest, Base64) {
  EXPECT_EQ(Base64(""), "");
  EXPECT_EQ(Base64("YQ=="), "a");
  EXPECT_EQ(Base64("YWI="), "ab");
  EXPECT_EQ(Base64("YWJj"), "abc");
  EXPECT_EQ(Base64("YWJj\r\nZGVm\r\nZw==\r\n"), "abcdefg");
}

TEST(TransferTest, Base64WithWhateverStandsBetween) {
  EXPECT_EQ(Base64("Y W-J\tj!\r\n\r\nZ.GVm"), "abcdef");
  EXPECT_EQ(Base64("YWJjZA"), "abcd");  // No padding.
  EXPECT_EQ(Base64("YWJjZ"), "abc");    // Half a byte.
  EXPECT_EQ(Base64("=YWJj"), "abc");    // Padding where none can be.
  EXPECT_EQ(Base64("YW=Jj"), "abc");    // As python and others read it.
  EXPECT_EQ(Base64("Y\nW\nJ\nj\n"), "abc");
}

TEST(TransferTest, Base64GoesOnBehindPaddingOnlyWithMoreOfIt) {
  EXPECT_EQ(Base64("YQ==\r\nYmM=\r\n"), "abc");
  EXPECT_EQ(Base64("YQ==YmM="), "abc");
  EXPECT_EQ(Base64("YQ==\r\n_____________\r\nList of people\r\n"), "a");
  EXPECT_EQ(Base64("YQ==\r\n\r\nThis is a footer.\r\n"), "a");
}

TEST(TransferTest, QuotedPrintable) {
  EXPECT_EQ(Quoted("a=3Db=\r\nc=\nd"), "a=bcd");
  EXPECT_EQ(Quoted("a=  \t\r\nb"), "ab");     // Blanks that were put at a line's end.
  EXPECT_EQ(Quoted("a=c3=A4"), "a\xc3\xa4");  // Small letters, too.
  EXPECT_EQ(Quoted("a=XYb=4"), "a=XYb=4");    // No code: as it is.
  EXPECT_EQ(Quoted("a="), "a");
  EXPECT_EQ(Quoted("=  x"), "=  x");
}

TEST(TransferTest, Uuencode) {
  EXPECT_EQ(Uu("#86)C\n`\n"), "abc");
  EXPECT_EQ(Uu("#86)C\r\n \r\n"), "abc");
  EXPECT_EQ(Uu("!80``\n"), "a");
  EXPECT_EQ(Uu("!80\n"), "a");    // Blanks were cut.
  EXPECT_EQ(Uu("#86)Cx\n"), "");  // No line of it.
  EXPECT_EQ(Uu("#86)C\nsomething else\n#86)C\n"), "abcabc");
}

TEST(TransferTest, UuLines) {
  EXPECT_TRUE(IsUuLine("#86)C", true));
  EXPECT_TRUE(IsUuLine("!80", true));
  EXPECT_FALSE(IsUuLine("#86)", true));
  EXPECT_FALSE(IsUuLine("begin 644 a", false));
  EXPECT_FALSE(IsUuLine("", false));
  EXPECT_FALSE(IsUuLine("#86)CCCC", false));
}

TEST(TransferTest, AnyBytesInAnyPieces) {
  std::mt19937 random(1);
  constexpr std::string_view kLikely = "AB+/ab=\r\n =4D#!";
  for (int i = 0; i < 2000; ++i) {
    std::string text(random() % 60, '\0');
    for (char& c : text) c = random() % 8 == 0 ? static_cast<char>(random()) : kLikely[random() % kLikely.size()];
    for (const Encoding encoding :
         {Encoding::kNone, Encoding::kBase64, Encoding::kQuotedPrintable, Encoding::kUuencode}) {
      const std::string out = Read(text, encoding);
      EXPECT_TRUE(encoding == Encoding::kUuencode || out.size() <= text.size());
    }
  }
}

}  // namespace
}  // namespace dl::unpack::mail
