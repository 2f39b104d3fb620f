#include "daylight/unpack/ole/vba.h"

#include <gtest/gtest.h>

#include "daylight/unpack/ole/code_page.h"
#include "daylight/unpack/ole/vba_project.h"
#include "daylight/unpack/ole/vba_testing.h"

namespace dl::unpack {
namespace {

using namespace std::string_view_literals;

std::string Decompress(std::string_view container, std::size_t most = 1u << 20) {
  const std::vector<std::byte> out = DecompressVba(AsBytes(container), most);
  return std::string(AsText(out));
}

// [MS-OVBA] 3.2.1 to 3.2.3.
TEST(VbaTest, ExamplesOfTheSpecification) {
  EXPECT_EQ(
      Decompress("\x01\x19\xB0\x00\x61\x62\x63\x64\x65\x66\x67\x68\x00\x69\x6A\x6B\x6C\x6D\x6E\x6F\x70\x00\x71\x72"
                 "\x73\x74\x75\x76\x2E"sv),
      "abcdefghijklmnopqrstuv.");
  EXPECT_EQ(
      Decompress("\x01\x2F\xB0\x00\x23\x61\x61\x61\x62\x63\x64\x65\x82\x66\x00\x70\x61\x67\x68\x69\x6A\x01\x38\x08"
                 "\x61\x6B\x6C\x00\x30\x6D\x6E\x6F\x70\x06\x71\x02\x70\x04\x10\x72\x73\x74\x75\x76\x10\x77\x78\x79"
                 "\x7A\x00\x3C"sv),
      "#aaabcdefaaaaghijaaaaaklaaamnopqaaaaaaaaaaaarstuvwxyzaaa");
  EXPECT_EQ(Decompress("\x01\x03\xB0\x02\x61\x45\x00"sv), std::string(73, 'a'));
}

TEST(VbaTest, BackAndForth) {
  std::string text;
  for (int i = 0; i < 2000; ++i) text += "Sub Macro" + std::to_string(i * 7919 % 1000) + "()\r\n";
  for (const std::size_t n : {1u, 2u, 16u, 17u, 4095u, 4096u, 4097u, 20'000u}) {
    const std::string part = text.substr(0, n);
    EXPECT_EQ(Decompress(CompressVba(part)), part) << n;
    // Filled up with zeros.
    EXPECT_EQ(Decompress(CompressVba(part) + std::string(64, '\0')), part) << n;
  }
  // A chunk as it is has 4096 bytes.
  const std::string raw(4096, 'r');
  EXPECT_EQ(Decompress("\x01\xff\x3f" + raw + CompressVba("end").substr(1)), raw + "end");
}

TEST(VbaTest, WhatCannotBe) {
  EXPECT_EQ(Decompress(""), "");
  EXPECT_EQ(Decompress("\x02\x19\xb0"), "");
  // Copies of nothing, and from before the chunk; a chunk that grows too large.
  EXPECT_EQ(Decompress("\x01\x02\xb0\x01\x00\x00"sv), "");
  EXPECT_EQ(Decompress("\x01\x03\xb0\x02\x61\x00\x20"sv), "a");
  EXPECT_EQ(Decompress("\x01\x03\xb0\x02\x61\xff\x0f"sv), "a");
  const std::string whole = CompressVba("Attribute VB_Name = \"a\"\r\nAttribute VB_Base = 1\r\n");
  for (std::size_t n = 0; n < whole.size(); ++n) Decompress(whole.substr(0, n));
}

TEST(VbaTest, NoMoreThanIsAskedFor) {
  // Three bytes that stand for 4096, many times.
  std::string bomb = "\x01";
  for (int i = 0; i < 1000; ++i) bomb += "\x03\xb0\x02\x61\xfc\x0f"sv;
  EXPECT_EQ(Decompress(bomb, 10'000).size(), 10'000u);
  EXPECT_GT(Decompress(bomb, 1u << 24).size(), 4'000'000u);
}

TEST(VbaTest, ModulesOfDir) {
  const std::string dir = MakeVbaDir({{"ThisDocument", "ThisDocument", 7}, {"Module1", "stream", 0x1234}});
  const auto modules = ParseVbaDir(AsBytes(dir)).modules;
  ASSERT_EQ(modules.size(), 2u);
  EXPECT_EQ(modules[0].name, "ThisDocument");
  EXPECT_EQ(modules[1].stream_name, "stream");
  EXPECT_EQ(modules[1].offset, 0x1234u);
  for (std::size_t n = 0; n < dir.size(); ++n) {
    EXPECT_LE(ParseVbaDir(AsBytes(std::string_view(dir).substr(0, n))).modules.size(), 2u);
  }
}

TEST(VbaTest, WhatAProjectSaysOfItself) {
  const std::string text =
      MakeVbaDir({{"Module1", "Module1", 0}, {"Blatt1", "Blatt1", 0, VbaModuleType::kClass}}, {1252,
                                                                                               "Pr\xfc"
                                                                                               "fung",
                                                                                               {"stdole", "Office"},
                                                                                               {"MSForms"}});
  const VbaDir dir = ParseVbaDir(AsBytes(text));
  EXPECT_EQ(dir.code_page, 1252);
  EXPECT_EQ(dir.name, "Prüfung");
  ASSERT_TRUE(dir.version);
  EXPECT_EQ(dir.version->major, 1433157262u);
  EXPECT_EQ(dir.version->minor, 2);
  EXPECT_EQ(dir.references, (std::vector<std::string>{"stdole", "Office", "MSForms"}));
  EXPECT_EQ(dir.module_count, 2);
  ASSERT_EQ(dir.modules.size(), 2u);
  EXPECT_EQ(dir.modules[0].type, VbaModuleType::kStandard);
  EXPECT_EQ(dir.modules[1].type, VbaModuleType::kClass);
  const VbaDir nothing = ParseVbaDir({});
  EXPECT_FALSE(nothing.name || nothing.version || nothing.module_count);
}

TEST(VbaTest, CodePages) {
  EXPECT_EQ(CodePageText(AsBytes("a\x80\xe9"), 1252), "a€é");
  EXPECT_EQ(CodePageText(AsBytes("\xd0\xd1"), 1251), "РС");
  EXPECT_EQ(CodePageText(AsBytes("\x81"), 1252), "\xef\xbf\xbd");
  // Two bytes a character there, and a page that there is none of: as they are.
  EXPECT_EQ(CodePageText(AsBytes("\x83\x41"), 932), "\x83\x41");
  EXPECT_EQ(CodePageText(AsBytes("\xc3\xa9"), 65001), "é");
  EXPECT_EQ(CodePageText({}, 1252), "");
}

std::string Sources(const CompoundStreams& streams, std::uint64_t budget = 1u << 20) {
  const std::string object = MakeCompound(streams);
  const auto file = CompoundFile::Parse(AsBytes(object));
  std::string out;
  for (const auto& [storage, indices] : file->StreamsByStorage()) {
    const auto project = ReadVbaProject(*file, indices, budget);
    if (!project) continue;
    for (const VbaSource& source : project->sources) {
      out += source.name + "=" + file->entries()[source.stream].name + "@" + std::to_string(source.offset) + " ";
    }
    for (const std::string& name : project->without_stream) out += "!" + name + " ";
    if (project->is_stopped) out += "stopped ";
  }
  return out;
}

TEST(VbaTest, SourcesOfProjects) {
  const std::string source = CompressVba("Attribute VB_Name = \"a\"\r\n");
  const std::string dir = CompressVba(MakeVbaDir({{"One", "One", 6}, {"Two", "other", 0}, {"Three", "Three", 0}}));
  // The second lies about its stream, the third has none, and one is not listed.
  const CompoundStreams streams = {{u"VBA/dir", dir},
                                   {u"VBA/ONE", "p-code" + source},
                                   {u"VBA/two", source},
                                   {u"VBA/more", "pp" + source},
                                   {u"elsewhere", source}};
  EXPECT_EQ(Sources(streams), "One=ONE@6 Two=two@0 more=more@2 !Three ");
  EXPECT_EQ(Sources(streams, dir.size()), "One=ONE@6 Two=two@0 !Three stopped ");
  EXPECT_EQ(Sources(streams, dir.size() - 1), "stopped ");
  EXPECT_EQ(Sources({{u"elsewhere", source}}), "");
}

TEST(VbaTest, SourceIsFoundWithoutDir) {
  const std::string source = CompressVba("Attribute VB_Name = \"a\"\r\n");
  EXPECT_EQ(FindVbaSource(AsBytes("p-code" + source)), 6u);
  EXPECT_EQ(FindVbaSource(AsBytes("\0Attribut"sv)), std::nullopt);
  EXPECT_EQ(FindVbaSource(AsBytes("\x01\x19\x80\0Attribute"sv)), std::nullopt);
}

}  // namespace
}  // namespace dl::unpack
