#include "daylight/formats/filetype/filetype.h"

#include <gtest/gtest.h>

#include <string>

#include "daylight/formats/filetype/unicode.h"

namespace dl::filetype {
namespace {

using namespace std::string_literals;

ClamType Of(const std::string& text) { return TypeOf(AsBytes(text), MagicTable::Default()); }

TEST(ClamTypeTest, NamesAndNumbersAreClamscans) {
  EXPECT_EQ(TypeName(ClamType::kMsExe), "CL_TYPE_MSEXE");
  EXPECT_EQ(TypeFromName("CL_TYPE_HTML"), ClamType::kHtml);
  EXPECT_EQ(TypeFromName("CL_TYPE_html"), std::nullopt);
  EXPECT_EQ(static_cast<int>(ClamType::kHtml), 560);
  EXPECT_EQ(static_cast<int>(ClamType::kSfx), 562);
  EXPECT_EQ(static_cast<int>(ClamType::kIgnored), 586);
}

TEST(ClamTypeTest, TargetsCoverTheirTypes) {
  EXPECT_EQ(TargetOf(ClamType::kMachoUnibin), kTargetMacho);
  EXPECT_EQ(TargetOf(ClamType::kPng), kTargetGraphics);
  EXPECT_EQ(TargetOf(ClamType::kBinaryData), kTargetGeneric);
  EXPECT_EQ(TargetOf(ClamType::kOther), kTargetOther);
  EXPECT_EQ(TargetOf(ClamType::kZip), kTargetGeneric);
}

TEST(FtmLineTest, ReadsAllFields) {
  const auto magic = ParseFtmLine("1:0,1024:0a(46|66)726f{-20}6f6d:Mail:CL_TYPE_ANY:CL_TYPE_MAIL:30:300");
  ASSERT_TRUE(magic);
  EXPECT_EQ(magic->kind, MagicKind::kPattern);
  EXPECT_EQ(magic->offset, "0,1024");
  EXPECT_EQ(magic->type, ClamType::kMail);
  EXPECT_EQ(magic->min_level, 30u);
  EXPECT_EQ(magic->max_level, 300u);
}

TEST(FtmLineTest, RefusesWhatCannotBe) {
  for (const char* line :
       {"", "0:0:4d5a:X:CL_TYPE_ANY", "0:0:4d5a:X:CL_TYPE_ANY:CL_TYPE_NOPE", "2:0:4d5a:X:CL_TYPE_ANY:CL_TYPE_GZ",
        "0:0:4d5:X:CL_TYPE_ANY:CL_TYPE_GZ", "1:*:4d??:X:CL_TYPE_ANY:CL_TYPE_GZ", "0:0:4d5a:X:CL_TYPE_ANY:CL_TYPE_GZ:x",
        "0:0:4d5a:X:CL_TYPE_ANY:CL_TYPE_GZ:1:2:3", "1:*:4d5a{7-3}4d5a:X:CL_TYPE_ANY:CL_TYPE_GZ"}) {
    const auto magic = ParseFtmLine(line);
    EXPECT_FALSE(magic && magic->AppliesTo(kFunctionalityLevel)) << line;
  }
}

TEST(FtmLineTest, OnlyAMaximumLevel) {
  const auto magic = ParseFtmLine("0:0:89504e47:PNG:CL_TYPE_ANY:CL_TYPE_GRAPHICS::121");
  ASSERT_TRUE(magic);
  EXPECT_FALSE(magic->AppliesTo(kFunctionalityLevel));
}

TEST(MagicTableTest, FixedRowsReplaceTheBuiltInTable) {
  const std::vector<Magic> rows = {*ParseFtmLine("0:0:4d41:X:CL_TYPE_ANY:CL_TYPE_GZ")};
  const MagicTable table{rows};
  EXPECT_EQ(TypeOf(AsBytes("MARKER"), table), ClamType::kGz);
  EXPECT_NE(TypeOf(AsBytes("\x7f\x45LF\1\1\1"), table), ClamType::kElf);
}

TEST(MagicTableTest, PatternsAloneAreAddedToIt) {
  const std::vector<Magic> rows = {*ParseFtmLine("1:*:4d41524b:X:CL_TYPE_ANY:CL_TYPE_AUTOIT")};
  const MagicTable table{rows};
  EXPECT_EQ(TypeOf(AsBytes("some text MARK"), table), ClamType::kAutoIt);
  EXPECT_EQ(TypeOf(AsBytes("\x7f\x45LF\1\1\1"), table), ClamType::kElf);
}

TEST(TypeOfTest, Magic) {
  EXPECT_EQ(Of("MZ\x90\0\3"s), ClamType::kMsExe);
  EXPECT_EQ(Of("%PDF-1.4\n"), ClamType::kPdf);
  EXPECT_EQ(Of("\xca\xfe\xba\xbe\0\0\0\x32"s), ClamType::kJava);
  EXPECT_EQ(Of("\xca\xfe\xba\xbe\0\0\0\2"s), ClamType::kMachoUnibin);
  EXPECT_EQ(Of("From: a@b\n"), ClamType::kMail);
  // Two rows match; the later one counts.
  EXPECT_EQ(Of("[aliases]\nfoo"), ClamType::kPosixTar);
}

TEST(TypeOfTest, Text) {
  EXPECT_EQ(Of("hello world\n"), ClamType::kTextAscii);
  EXPECT_EQ(Of("hell\xf6 world\n"), ClamType::kTextAscii);
  EXPECT_EQ(Of("hello\x01world\xc3\xb6\n"), ClamType::kTextUtf16Be);
  EXPECT_EQ(Of("hell\0\1\2\3 w"s), ClamType::kBinaryData);
  EXPECT_EQ(Of("\xff\xfeh\0e\0l\0l\0o\0"s), ClamType::kTextUtf16Le);
}

TEST(TypeOfTest, HtmlInTextAndBinaryAndUtf16) {
  EXPECT_EQ(Of("hello world <html> text\n"), ClamType::kHtml);
  EXPECT_EQ(Of("hello\n\0\1\2 <a x hREF =3 \n"s), ClamType::kHtml);
  EXPECT_EQ(Of("<\0h\0t\0m\0l\0>\0 \0 \0"s), ClamType::kHtmlUtf16);
  EXPECT_EQ(Of("\xfe\xff\0<\0h\0t\0m\0l\0>\0x"s), ClamType::kHtml);
}

TEST(TypeOfTest, SelfExtractorsDoNotChangeTheType) {
  EXPECT_EQ(Of("hello text\nPK\3\4ccccccc\1\1\n\xff"), ClamType::kTextUtf16Be);
}

TEST(TypeOfTest, TarByItsChecksum) {
  std::string header(512, '\0');
  header[0] = 'a';
  header[1] = '\x01';
  unsigned sum = 8 * ' ';
  for (const char c : header) sum += static_cast<unsigned char>(c);
  const std::string octal = "000" + std::to_string(sum / 64) + std::to_string(sum / 8 % 8) + std::to_string(sum % 8);
  header.replace(148, 6, octal);
  EXPECT_EQ(Of(header), ClamType::kOldTar);
  header[3] = '\x07';
  EXPECT_EQ(Of(header), ClamType::kBinaryData);
}

TEST(FindTypesTest, HtmlFarInText) {
  const std::string text = std::string(3000, 'x') + "\n<html>" + std::string(200000, 'y');
  EXPECT_EQ(Of(text), ClamType::kTextAscii);
  const RawTypes types = FindTypes(AsBytes(text), ClamType::kTextAscii, MagicTable::Default());
  EXPECT_EQ(types.found, ClamType::kHtml);
  EXPECT_EQ(types.detected, ClamType::kHtml);
  EXPECT_TRUE(types.embedded.empty());
}

TEST(FindTypesTest, AProgramAfterTheHtmlHidesIt) {
  const std::string text = std::string(3000, 'x') + "\n<html>MZ" + std::string(70, 'a') + "PE\0\0"s;
  const RawTypes types = FindTypes(AsBytes(text), ClamType::kTextAscii, MagicTable::Default());
  EXPECT_EQ(types.found, ClamType::kMsExe);
  EXPECT_EQ(types.detected, ClamType::kAny);
}

TEST(FindTypesTest, TextAcrossBuffers) {
  for (std::size_t before = 131060; before < 131080; ++before) {
    const std::string text = std::string(before, 'x') + "<html>" + std::string(1000, 'y');
    EXPECT_EQ(FindTypes(AsBytes(text), ClamType::kTextAscii, MagicTable::Default()).found, ClamType::kHtml) << before;
  }
}

TEST(FindTypesTest, EmbeddedObjects) {
  const std::string text = std::string(100, '\1') + "PK\3\4" + std::string(10, '\2') + "7z\xbc\xaf\x27\x1c";
  const RawTypes types = FindTypes(AsBytes(text), ClamType::kBinaryData, MagicTable::Default());
  ASSERT_EQ(types.embedded.size(), 2u);
  EXPECT_EQ(types.embedded[0].type, ClamType::kZipSfx);
  EXPECT_EQ(types.embedded[0].offset, 100u);
  EXPECT_EQ(types.embedded[1].type, ClamType::k7zSfx);
  EXPECT_EQ(types.embedded[1].offset, 114u);
}

TEST(FindTypesTest, OffsetsFromTheEnd) {
  const std::string disk = std::string(1000, '\1') + "koly" + std::string(508, '\1');
  EXPECT_EQ(FindTypes(AsBytes(disk), ClamType::kBinaryData, MagicTable::Default()).found, ClamType::kDmg);
  EXPECT_EQ(FindTypes(AsBytes(disk + "x"), ClamType::kBinaryData, MagicTable::Default()).found, ClamType::kAny);
}

TEST(UnicodeTest, Folding) {
  EXPECT_EQ(FoldUtf16Pairs(AsBytes("<\0a\0>\0x"s)), "<a>");
  EXPECT_EQ(FoldUtf16Pairs(AsBytes("\0<"s)), "\xc0");
  EXPECT_EQ(DecodeByMark(AsBytes("\xff\xfe<\0a\0"s)), "\xdf<a");
  EXPECT_EQ(DecodeByMark(AsBytes("<html>"s)), std::nullopt);
}

}  // namespace
}  // namespace dl::filetype
