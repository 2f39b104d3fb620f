#include "daylight/formats/pe/pe.h"

#include <gtest/gtest.h>

#include "assemble.h"
#include "daylight/crypto/digest.h"

namespace dl::pe {
namespace {

std::string ImphashOf(const std::vector<ImportedLibrary>& imports) { return Imphash(imports); }
std::string Md5Of(std::string_view text) { return crypto::Hex(crypto::Md5::Of(AsBytes(text))); }

TEST(ImphashTest, LowercaseNamesWithoutTheUsualExtensions) {
  EXPECT_EQ(ImphashOf({}), Md5Of(""));
  EXPECT_EQ(ImphashOf({{"KERNEL32.DLL", {{"Sleep", {}, 0}, {"ord7", 7, 0}}}}), Md5Of("kernel32.sleep,kernel32.ord7"));
  EXPECT_EQ(ImphashOf({{"a.ocx", {{"X", {}, 0}}}, {"b.SYS", {{"Y", {}, 0}}}}), Md5Of("a.x,b.y"));
  EXPECT_EQ(ImphashOf({{"a.drv", {{"X", {}, 0}}}}), Md5Of("a.drv.x"));
}

TEST(ImphashTest, TheLastDotBeginsTheExtension) {
  EXPECT_EQ(ImphashOf({{"a.b.dll", {{"X", {}, 0}}}}), Md5Of("a.b.x"));
  EXPECT_EQ(ImphashOf({{"a.dll.b", {{"X", {}, 0}}}}), Md5Of("a.dll.b.x"));
  EXPECT_EQ(ImphashOf({{"a.dllx", {{"X", {}, 0}}}}), Md5Of("a.x"));
}

// A PE32+ file without sections: every address is an offset. `directories` are
// lines `INDEX ADDRESS SIZE`; `body` begins at 0x180.
std::vector<std::byte> Flat(std::size_t directory, const std::string& size, const std::string& body,
                            const std::string& before_nt = "") {
  std::string text = "ascii \"MZ\" at 0x3c u32 nt at 0x40 " + before_nt +
                     " label nt ascii \"PE\\0\\0\" u16 0x8664 0 u32 0 0 0 u16 240 0x22 u16 0x20b u8 0 0 "
                     "u32 0 0 0 0 0 u64 0 u32 0x1000 0x200 u16 0 0 0 0 0 0 u32 0 0x10000 0 0 u16 0 0 "
                     "u64 0 0 0 0 u32 0 16 ";
  for (std::size_t i = 0; i < 16; ++i) text += i == directory ? "u32 body " + size + " " : "u32 0 0 ";
  testing::Assembled result = testing::AssembleText(text + " at 0x180 label body " + body);
  EXPECT_EQ(result.error, "");
  return std::move(result.bytes);
}

TEST(DebugTest, EachRecordFormHasItsPath) {
  for (const char* record :
       {"ascii \"RSDS\" u32 1 2 3 4 5", "ascii \"NB10\" u32 0 1 2", "ascii \"MTOC\" u32 1 2 3 4"}) {
    const auto bytes =
        Flat(kDebugDirectory, "28",
             "u32 0 0 u16 0 0 u32 2 0 record 0 label record " + std::string(record) + " ascii \"x.pdb\\0\"");
    EXPECT_EQ(ParsePe(bytes)->pdb_path, "x.pdb") << record;
  }
  // One byte of path is needed, and none of it may be missing.
  const std::string entry = "u32 0 0 u16 0 0 u32 2 0 record 0 label record ascii \"RSDS\" u32 1 2 3 4 5";
  EXPECT_EQ(ParsePe(Flat(kDebugDirectory, "28", entry + " u8 0"))->pdb_path, "");
  EXPECT_EQ(ParsePe(Flat(kDebugDirectory, "28", entry))->pdb_path, std::nullopt);
  EXPECT_EQ(ParsePe(Flat(kDebugDirectory, "27", entry + " u8 0"))->pdb_path, std::nullopt);
}

TEST(DebugTest, PathsAreShorterThan1024) {
  for (const std::size_t length : {1023u, 1024u}) {
    const auto bytes = Flat(kDebugDirectory, "28",
                            "u32 0 0 u16 0 0 u32 2 0 0 record label record ascii \"NB10\" u32 0 1 2 ascii \"" +
                                std::string(length, 'p') + "\\0\"");
    EXPECT_EQ(ParsePe(bytes)->pdb_path.value_or("").size(), length == 1023 ? 1023u : 0u);
  }
}

TEST(RichTest, AShortBlockHasNoTools) {
  // "DanS" and one zero word, XORed with the key; then "Rich" and the key.
  const auto bytes = Flat(16, "0", "", "u32 0x536e6144+1 1 ascii \"Rich\" u32 1");
  const auto file = ParsePe(bytes);
  ASSERT_TRUE(file && file->rich_signature);
  EXPECT_EQ(file->rich_signature->offset, 0x40u);
  EXPECT_EQ(file->rich_signature->clear_data, std::string("DanS\0\0\0\0", 8));
  EXPECT_EQ(file->rich_signature->version_data, std::nullopt);
}

TEST(RichTest, WithoutItsKeyThereIsNone) {
  EXPECT_FALSE(ParsePe(Flat(16, "0", "", "u32 0x536e6144+1 1 ascii \"Rich\" u32 0"))->rich_signature);
  EXPECT_FALSE(ParsePe(Flat(16, "0", "", "u32 0x536e6144+2 1 ascii \"Rich\" u32 1"))->rich_signature);
}

TEST(ImportTest, LibraryNamesHaveAtMost255Bytes) {
  for (const std::size_t length : {255u, 256u}) {
    const auto bytes =
        Flat(kImportDirectory, "40",
             "u32 thunks 0 0 name thunks zero 20 label thunks u64 0x8000000000000001 0 label name ascii \"" +
                 std::string(length, 'n') + "\\0\"");
    EXPECT_EQ(ParsePe(bytes)->imports.size(), length == 255 ? 1u : 0u);
  }
}

TEST(ImportTest, ATableHas16384Functions) {
  std::string thunks = "u64";
  for (int i = 0; i < 16385; ++i) thunks += " 0x8000000000000001";
  const auto bytes =
      Flat(kImportDirectory, "40",
           "u32 thunks 0 0 name thunks zero 20 label name ascii \"a.dll\\0\" label thunks " + thunks + " 0");
  const auto file = ParsePe(bytes);
  ASSERT_EQ(file->imports.size(), 1u);
  EXPECT_EQ(file->imports[0].functions.size(), 16384u);
  EXPECT_TRUE(file->stopped);
}

TEST(ImportTest, OrdinalsOfWinsockAndOleAutomationHaveNames) {
  const auto name_of = [](const std::string& library, int ordinal) {
    const auto bytes = Flat(kImportDirectory, "40",
                            "u32 thunks 0 0 name thunks zero 20 label thunks u64 0x8000000000000000+" +
                                std::to_string(ordinal) + " 0 label name ascii \"" + library + "\\0\"");
    return std::string(*ParsePe(bytes)->imports.at(0).functions.at(0).name);
  };
  EXPECT_EQ(name_of("WSOCK32.dll", 151), "__WSAFDIsSet");
  EXPECT_EQ(name_of("ws2_32.DLL.bak", 1), "accept");
  EXPECT_EQ(name_of("ws2_32", 1), "ord1");
  EXPECT_EQ(name_of("OLEAUT32.dll", 443), "UnRegisterTypeLibForUser");
  EXPECT_EQ(name_of("oleaut32.dll", 1), "ord1");
}

TEST(OverlayTest, SectionEndsAreSummedIn32Bits) {
  // The second section ends at 2^32 + 0x100, which counts as 0x100.
  const std::string text =
      "ascii \"MZ\" at 0x3c u32 0x40 at 0x40 ascii \"PE\\0\\0\" u16 0x14c 2 u32 0 0 0 u16 224 2 u16 0x10b u8 0 0 "
      "u32 0 0 0 0 0 0 0 0x1000 0x200 u16 0 0 0 0 0 0 u32 0 0 0 0 u16 0 0 u32 0 0 0 0 0 16 zero 128 "
      "zero 8 u32 0 0x1000 0x200 0x200 zero 16 zero 8 u32 0 0x2000 0xffffff00 0x200 zero 16 at 0x480";
  const auto sample = testing::AssembleText(text);
  ASSERT_EQ(sample.error, "");
  const auto file = ParsePe(sample.bytes);
  EXPECT_EQ(file->overlay.offset, 0x400u);
  EXPECT_EQ(file->overlay.size, 0x80u);
}

}  // namespace
}  // namespace dl::pe
