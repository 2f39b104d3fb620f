#include <gtest/gtest.h>

#include "daylight/rules/yara/module_testing.h"
#include "daylight/unpack/zip/zip_testing.h"

namespace dl::yara {
extern const ModuleInfo module_zip;
namespace {

using namespace std::string_literals;
using unpack::MakeZip;

std::string Facts(std::string_view object) { return FakeModuleContext(module_zip, AsBytes(object)).Dump(); }

TEST(ZipModuleTest, Entries) {
  const std::string zip = MakeZip({{"deflated_file.txt", std::string(100, 'x'), 8}, {"folder/stored", "nineteen"}});
  const std::string expected =
      "zip.is_zip = true\n"
      "zip.entries[0].file_path = \"deflated_file.txt\"\n"
      "zip.entries[0].compression = 8\n"
      "zip.entries[0].uncompressed_size = 100\n"
      "zip.entries[0].compressed_size = " +
      std::to_string(unpack::DeflateRaw(std::string(100, 'x')).size()) +
      "\n"
      "zip.entries[1].file_path = \"folder/stored\"\n"
      "zip.entries[1].compression = 0\n"
      "zip.entries[1].uncompressed_size = 8\n"
      "zip.entries[1].compressed_size = 8\n";
  EXPECT_EQ(Facts(zip), expected);
  // Behind a program.
  EXPECT_EQ(Facts("MZ..." + zip), expected);
}

TEST(ZipModuleTest, NothingButTheEndIsRead) {
  const std::string zip = MakeZip({{"large", std::string(1u << 20, 'x')}});
  FakeModuleContext context(module_zip, AsBytes(zip));
  EXPECT_NE(context.Dump().find("uncompressed_size = 1048576"), std::string::npos);
  EXPECT_EQ(context.whole_requests, 0);
}

TEST(ZipModuleTest, MethodsOfAnyNumber) {
  const StructType& type = module_zip.type();
  const auto constant = [&](const char* name) { return type.fields()[*type.Find(name)].constant->integer; };
  const std::vector<std::pair<const char*, unsigned>> methods = {
      {"STORED", 0},    {"SHRUNK", 1},    {"REDUCED_1", 2},   {"REDUCED_2", 3}, {"REDUCED_3", 4},
      {"REDUCED_4", 5}, {"IMPLODED", 6},  {"DEFLATED", 8},    {"DEFLATE64", 9}, {"PKWARE_IMPLODING", 10},
      {"BZIP2", 12},    {"LZMA", 14},     {"ZSTD", 93},       {"XZ", 95},       {"UNKNOWN", 7},
      {"UNKNOWN", 99},  {"UNKNOWN", 256}, {"UNKNOWN", 0xffff}};
  for (const auto& [name, number] : methods) {
    const std::string zip = MakeZip({{"a", "text", number}});
    EXPECT_NE(Facts(zip).find("compression = " + std::to_string(constant(name)) + "\n"), std::string::npos) << number;
  }
  EXPECT_EQ(constant("UNKNOWN"), 255);
}

TEST(ZipModuleTest, NamesAreUtf8) {
  EXPECT_NE(Facts(MakeZip({{"na\xc3\xafve", ""}})).find("na\\xc3\\xafve"), std::string::npos);
  EXPECT_NE(Facts(MakeZip({{"\x81.exe", ""}})).find("\"\\xef\\xbf\\xbd.exe\""), std::string::npos);
}

TEST(ZipModuleTest, ObjectsWithoutADirectory) {
  for (const std::string& object : {""s, "hello"s, "PK\x03\x04"s, "PK\x05\x06"s}) {
    FakeModuleContext context(module_zip, AsBytes(object));
    EXPECT_EQ(context.Dump(), "zip.is_zip = false\n");
    EXPECT_EQ(context.root().Get("entries").array->size(), 0u);
  }
  EXPECT_EQ(Facts("PK\x05\x06"s + std::string(18, '\0')), "zip.is_zip = true\n");
}

TEST(ZipModuleTest, MoreEntriesThanAreListed) {
  std::string directory;
  const std::string entry = MakeZip({{"", ""}}).substr(30, 46);
  for (int i = 0; i < 100'001; ++i) directory += entry;
  const std::string end = "PK\x05\x06"s + std::string(8, '\0') + unpack::LittleEndian(directory.size(), 4);
  const std::string zip = directory + end + std::string(6, '\0');
  FakeModuleContext context(module_zip, AsBytes(zip));
  context.Load();
  EXPECT_EQ(context.root().Get("entries").array->size(), 100'000u);
  ASSERT_EQ(context.incomplete.size(), 1u);
  EXPECT_EQ(context.incomplete[0], "more entries than are listed");
}

TEST(ZipModuleTest, CutAtEveryByteAndFlipped) {
  const std::string whole = MakeZip({{"a", "text"}, {"b", "more"}});
  for (std::size_t n = 0; n < whole.size(); ++n) {
    EXPECT_EQ(Facts(std::string_view(whole).substr(0, n)), "zip.is_zip = false\n");
    std::string flipped = whole;
    flipped[n] = static_cast<char>(static_cast<unsigned char>(flipped[n]) ^ (1u << n % 8));
    FakeModuleContext context(module_zip, AsBytes(flipped));
    context.Load();
    EXPECT_LE(context.root().Get("entries").array->size(), 2u);
  }
}

}  // namespace
}  // namespace dl::yara
