#include "daylight/formats/dotnet/metadata.h"

#include <gtest/gtest.h>

#include "daylight/formats/dotnet/dotnet_testing.h"

namespace dl::formats {
namespace {

using B = DotnetBuilder;

struct Parsed {
  explicit Parsed(const DotnetBuilder& builder) : bytes(builder.Build()), image(*PeImage::Parse(bytes)) {
    metadata = Metadata::Parse(image);
  }
  Parsed(const Parsed&) = delete;
  std::vector<std::byte> bytes;
  PeImage image;
  std::optional<Metadata> metadata;
};

TEST(PeImageTest, WhatIsNoPeFile) {
  EXPECT_FALSE(PeImage::Parse({}));
  EXPECT_FALSE(PeImage::Parse(AsBytes("MZ")));
  const auto bytes = B().Build();
  EXPECT_TRUE(PeImage::Parse(bytes));
  for (const std::size_t at : {0U, 64U, 68U}) {  // DOS magic, PE signature, machine.
    auto copy = bytes;
    copy[at] ^= std::byte{0x80};
    EXPECT_FALSE(PeImage::Parse(copy)) << at;
  }
}

TEST(PeImageTest, RvasMapThroughSections) {
  const auto bytes = B().Build();
  const auto image = PeImage::Parse(bytes);
  ASSERT_TRUE(image);
  EXPECT_EQ(image->OffsetOf(0x2000), 0x200u);
  EXPECT_EQ(image->OffsetOf(0x2010), 0x210u);
  EXPECT_EQ(image->OffsetOf(0x10), 0x10u);  // Before the first section.
  EXPECT_FALSE(image->OffsetOf(0x2000 + static_cast<std::uint32_t>(bytes.size())));
  EXPECT_FALSE(image->OffsetOf(0xffffffff));
}

TEST(MetadataTest, VersionAndStreams) {
  DotnetBuilder builder;
  const Parsed parsed(builder);
  ASSERT_TRUE(parsed.metadata);
  EXPECT_EQ(parsed.metadata->version(), "v4.0.30319");
  ASSERT_EQ(parsed.metadata->streams().size(), 5u);
  EXPECT_EQ(parsed.metadata->streams()[1].name, "#Strings");
  EXPECT_TRUE(parsed.metadata->complete());
}

TEST(MetadataTest, SixtyFourBitFilesToo) {
  DotnetBuilder builder;
  builder.pe32_plus = true;
  EXPECT_TRUE(Parsed(builder).metadata);
}

TEST(MetadataTest, CellsAndRowsAreBounded) {
  DotnetBuilder builder;
  builder.Row(Table::kTypeRef, {B::U16(0), builder.Text("One"), builder.Text("Space")});
  const Parsed parsed(builder);
  const Metadata& metadata = *parsed.metadata;
  EXPECT_EQ(metadata.rows(Table::kTypeRef), 1u);
  EXPECT_EQ(metadata.String(metadata.Cell(Table::kTypeRef, 1, 1)), "One");
  EXPECT_EQ(metadata.String(metadata.Cell(Table::kTypeRef, 1, 2)), "Space");
  EXPECT_FALSE(metadata.Cell(Table::kTypeRef, 0, 1));
  EXPECT_FALSE(metadata.Cell(Table::kTypeRef, 2, 1));
  EXPECT_FALSE(metadata.Cell(Table::kTypeDef, 1, 1));
  EXPECT_FALSE(metadata.String(0xffff));
  EXPECT_FALSE(metadata.String(std::nullopt));
}

TEST(MetadataTest, IndexesWidenWithTheTableTheyPointTo) {
  // ResolutionScope has 2 tag bits: 2^14 rows need 4 bytes, one less does not.
  for (const std::uint32_t rows : {0x3fffU, 0x4000U}) {
    DotnetBuilder builder;
    builder.Row(Table::kTypeRef, {rows > 0x3fff ? B::U32(7) : B::U16(7), builder.Text("Name"), builder.Text("")});
    builder.DeclareRows(Table::kModuleRef, rows);  // Past the limit, but later than TypeRef.
    const Parsed parsed(builder);
    EXPECT_EQ(parsed.metadata->Cell(Table::kTypeRef, 1, 0), 7u);
    EXPECT_EQ(parsed.metadata->String(parsed.metadata->Cell(Table::kTypeRef, 1, 1)), "Name");
    EXPECT_FALSE(parsed.metadata->complete());
    EXPECT_FALSE(parsed.metadata->Has(Table::kModuleRef));
  }
}

TEST(MetadataTest, BothSidesOfTheRowLimit) {
  DotnetBuilder at;
  at.DeclareRows(Table::kTypeRef, kMaxTableRows);
  EXPECT_TRUE(Parsed(at).metadata->complete());
  DotnetBuilder past;
  past.DeclareRows(Table::kTypeRef, kMaxTableRows + 1);
  EXPECT_FALSE(Parsed(past).metadata->complete());
  EXPECT_EQ(Parsed(past).metadata->rows(Table::kTypeRef), 0u);
}

TEST(MetadataTest, AnUnknownTableEndsTheWalk) {
  DotnetBuilder builder;
  builder.DeclareTable(0x30, 1);
  EXPECT_FALSE(Parsed(builder).metadata->complete());
}

TEST(MetadataTest, ExtraDataBeforeTheTables) {
  DotnetBuilder builder;
  builder.heap_sizes = 0x40;
  builder.Row(Table::kModuleRef, {builder.Text("kernel32")});
  const Parsed parsed(builder);
  EXPECT_EQ(parsed.metadata->String(parsed.metadata->Cell(Table::kModuleRef, 1, 0)), "kernel32");
}

TEST(MetadataTest, UncompressedMetadataHasPointerTables) {
  DotnetBuilder builder;
  builder.tables_stream = "#-";
  builder.Row(Table::kMethodPtr, {B::U16(1)});
  builder.Row(Table::kParamPtr, {B::U16(1)});
  builder.Row(Table::kModuleRef, {builder.Text("m")});
  const Parsed parsed(builder);
  EXPECT_TRUE(parsed.metadata->complete());
  EXPECT_EQ(parsed.metadata->String(parsed.metadata->Cell(Table::kModuleRef, 1, 0)), "m");
}

TEST(MetadataTest, NamesEndAt1024Bytes) {
  DotnetBuilder builder;
  builder.Row(Table::kModuleRef, {builder.Text(std::string(1024, 'a'))});
  builder.Row(Table::kModuleRef, {builder.Text(std::string(1025, 'b'))});
  const Parsed parsed(builder);
  EXPECT_EQ(parsed.metadata->String(parsed.metadata->Cell(Table::kModuleRef, 1, 0))->size(), 1024u);
  EXPECT_FALSE(parsed.metadata->String(parsed.metadata->Cell(Table::kModuleRef, 2, 0)));
}

TEST(BlobTest, LengthsOfOneTwoAndFourBytes) {
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{0x7f}, std::size_t{0x80}, std::size_t{0x3fff}, std::size_t{0x4000}}) {
    const std::string bytes = B::Length(size) + std::string(size, 'x');
    Cursor cursor(AsBytes(bytes));
    const auto blob = ReadBlob(cursor);
    ASSERT_TRUE(blob) << size;
    EXPECT_EQ(blob->size(), size);
    EXPECT_TRUE(cursor.AtEnd());
    Cursor cut(AsBytes(std::string_view(bytes).substr(0, bytes.size() - 1)));
    EXPECT_FALSE(ReadBlob(cut)) << size;
    EXPECT_EQ(cut.position(), 0u);
  }
  Cursor bad(AsBytes("\xe0\0\0\0"));
  EXPECT_FALSE(ReadBlob(bad));
}

// The examples of ECMA-335 II.23.2.
TEST(BlobTest, CompressedIntegers) {
  const auto read_unsigned = [](std::string_view bytes) {
    Cursor cursor(AsBytes(bytes));
    return ReadCompressedUnsigned(cursor);
  };
  EXPECT_EQ(read_unsigned("\x03"), 0x03u);
  EXPECT_EQ(read_unsigned("\x7f"), 0x7fu);
  EXPECT_EQ(read_unsigned("\x80\x80"), 0x80u);
  EXPECT_EQ(read_unsigned("\xae\x57"), 0x2e57u);
  EXPECT_EQ(read_unsigned("\xbf\xff"), 0x3fffu);
  EXPECT_EQ(read_unsigned({"\xc0\x00\x40\x00", 4}), 0x4000u);
  EXPECT_EQ(read_unsigned("\xdf\xff\xff\xff"), 0x1fffffffu);
  EXPECT_EQ(read_unsigned("\x80"), 0u);
  EXPECT_EQ(read_unsigned(""), 0u);
  EXPECT_EQ(read_unsigned("\xff\xff\xff\xff"), 0u);
  const auto read_signed = [](std::string_view bytes) {
    Cursor cursor(AsBytes(bytes));
    return ReadCompressedSigned(cursor);
  };
  EXPECT_EQ(read_signed("\x06"), 3);
  EXPECT_EQ(read_signed("\x7b"), -3);
  EXPECT_EQ(read_signed("\x80\x80"), 64);
  EXPECT_EQ(read_signed("\x01"), -64);
  EXPECT_EQ(read_signed({"\xc0\x00\x40\x00", 4}), 8192);
  EXPECT_EQ(read_signed("\x80\x01"), -8192);
  EXPECT_EQ(read_signed("\xdf\xff\xff\xfe"), 268435455);
  EXPECT_EQ(read_signed({"\xc0\x00\x00\x01", 4}), -268435456);
}

}  // namespace
}  // namespace dl::formats
