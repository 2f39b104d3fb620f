#include <gtest/gtest.h>

#include "daylight/rules/yara/module_testing.h"
#include "daylight/unpack/ole/vba_testing.h"
#include "daylight/unpack/zip/zip_testing.h"

namespace dl::yara {
extern const ModuleInfo module_vba;
namespace {

using namespace std::string_literals;
using unpack::CompoundStreams;
using unpack::CompressVba;
using unpack::MakeCompound;
using unpack::MakeVbaDir;
using unpack::MakeZip;
using unpack::VbaModuleType;

const std::string kSource = "Attribute VB_Name = \"Module1\"\r\nSub AutoOpen()\r\n  MsgBox \"inert\"\r\nEnd Sub\r\n";
const std::string kClassSource =
    "Attribute VB_Name = \"ThisDocument\"\r\n' Pr\xfc"
    "fung\r\n";

std::string Facts(std::string_view object) { return FakeModuleContext(module_vba, AsBytes(object)).Dump(); }

CompoundStreams Project() {
  const std::string dir =
      MakeVbaDir({{"ThisDocument", "ThisDocument", 6, VbaModuleType::kClass}, {"Module1", "Module1", 0}},
                 {1252, "Project", {"stdole", "Normal"}, {"MSForms"}});
  return {{u"VBA/dir", CompressVba(dir)},
          {u"VBA/_VBA_PROJECT", "\xcc\x61"},
          {u"VBA/ThisDocument", "p-code" + CompressVba(kClassSource)},
          {u"VBA/Module1", CompressVba(kSource)}};
}

const std::string kExpected =
    "vba.has_macros = true\n"
    "vba.modules[0].name = \"ThisDocument\"\n"
    "vba.modules[0].type = 2\n"
    "vba.modules[0].code = \"Attribute VB_Name = \\x22ThisDocument\\x22\\x0d\\x0a' Pr\\xc3\\xbcfung\\x0d\\x0a\"\n"
    "vba.modules[1].name = \"Module1\"\n"
    "vba.modules[1].type = 1\n"
    "vba.modules[1].code = \"Attribute VB_Name = \\x22Module1\\x22\\x0d\\x0aSub AutoOpen()\\x0d\\x0a  MsgBox "
    "\\x22inert\\x22\\x0d\\x0aEnd Sub\\x0d\\x0a\"\n"
    "vba.project_info.name = \"Project\"\n"
    "vba.project_info.version = \"1433157262.2\"\n"
    "vba.project_info.references[0] = \"stdole\"\n"
    "vba.project_info.references[1] = \"Normal\"\n"
    "vba.project_info.references[2] = \"MSForms\"\n"
    "vba.project_info.module_count = 2\n";

TEST(VbaModuleTest, OldDocuments) { EXPECT_EQ(Facts(MakeCompound(Project())), kExpected); }

TEST(VbaModuleTest, NewDocuments) {
  const std::string project = MakeCompound(Project());
  for (const std::string path : {"word/vbaProject.bin", "xl/vbaProject.bin", "ppt/vbaProject.bin", "vbaProject.bin",
                                 "visio/VBAPROJECT.BIN", "a\\b\\vbaproject.bin"}) {
    for (const unsigned method : {0u, 8u}) {
      const std::string zip = MakeZip({{"[Content_Types].xml", "<Types/>", 8}, {path, project, method}});
      FakeModuleContext context(module_vba, AsBytes(zip));
      EXPECT_EQ(context.Dump(), kExpected) << path;
      EXPECT_EQ(context.whole_requests, 0);
    }
  }
  EXPECT_EQ(Facts(MakeZip({{"word/other.bin", project}})), "vba.has_macros = false\n");
  EXPECT_EQ(Facts(MakeZip({{"word/xvbaProject.bin", project}})), "vba.has_macros = false\n");
}

TEST(VbaModuleTest, TheOfficialPlaceComesFirst) {
  CompoundStreams other = {{u"VBA/dir", CompressVba(MakeVbaDir({{"Other", "Other", 0}}, {1252, "Other"}))},
                           {u"VBA/Other", CompressVba(kSource)}};
  const std::string zip =
      MakeZip({{"x/vbaProject.bin", MakeCompound(other)}, {"word/vbaProject.bin", MakeCompound(Project())}});
  FakeModuleContext context(module_vba, AsBytes(zip));
  context.Load();
  EXPECT_EQ(context.root().Get("project_info").structure->Get("name").string, "Project");
  ASSERT_EQ(context.root().Get("modules").array->size(), 3u);
  EXPECT_EQ(context.root().Get("modules").array->at(2).structure->Get("name").string, "Other");
}

TEST(VbaModuleTest, ObjectsWithoutMacros) {
  for (const std::string& object :
       {""s, "hello"s, "PK\x03\x04"s, MakeZip({{"a", "text"}}), MakeCompound({{u"WordDocument", "text"}}),
        MakeCompound({{u"VBA/dir", "damaged"}})}) {
    FakeModuleContext context(module_vba, AsBytes(object));
    EXPECT_EQ(context.Dump(), "vba.has_macros = false\n");
    EXPECT_TRUE(context.incomplete.empty());
    EXPECT_EQ(context.root().Get("modules").array->size(), 0u);
    EXPECT_EQ(context.root().Get("project_info").structure->Get("references").array->size(), 0u);
  }
  FakeModuleContext text(module_vba, AsBytes("hello"));
  text.Load();
  EXPECT_EQ(text.whole_requests, 0);
}

TEST(VbaModuleTest, SourcesThatNoDirectoryTells) {
  EXPECT_EQ(
      Facts(MakeCompound({{u"VBA/_VBA_PROJECT", "x"}, {u"VBA/hidden", "pp" + CompressVba(kSource)}})).substr(0, 100),
      ("vba.has_macros = true\nvba.modules[0].name = \"hidden\"\nvba.modules[0].type = 3\n"
       "vba.modules[0].code = \"Attribute" +
       std::string(100, ' '))
          .substr(0, 100));
}

TEST(VbaModuleTest, ModulesWhoseSourceIsDamaged) {
  CompoundStreams streams = Project();
  streams[3].second = "not a source";
  const std::string facts = Facts(MakeCompound(streams));
  EXPECT_NE(facts.find("modules[1].name = \"Module1\"\nvba.modules[1].type = 1\nvba.project_info"), std::string::npos)
      << facts;
}

TEST(VbaModuleTest, WhatIsNotReadSaysWhy) {
  const std::string project = MakeCompound(Project());
  const std::vector<std::pair<std::string, std::string>> cases = {
      {MakeZip({{"word/vbaProject.bin", project, 0, 1}}), "the entry is encrypted"},
      {MakeZip({{"word/vbaProject.bin", project, 12}}), "the entry is packed by a rare method"},
      {MakeZip({{"word/vbaProject.bin", std::string((64u << 20) + 1, '\0'), 8}}), "the entry is too large"}};
  for (const auto& [zip, why] : cases) {
    FakeModuleContext context(module_vba, AsBytes(zip));
    EXPECT_EQ(context.Dump(), "") << why;
    ASSERT_EQ(context.incomplete.size(), 1u);
    EXPECT_EQ(context.incomplete[0], why);
  }
  // What is damaged is no macro.
  EXPECT_EQ(Facts(MakeZip({{"word/vbaProject.bin", "\xff\xff"}})), "vba.has_macros = false\n");
  FakeModuleContext large(module_vba, AsBytes(project));
  large.whole_limit_bytes = 100;
  EXPECT_EQ(large.Dump(), "");
}

TEST(VbaModuleTest, SourcesThatAreBombs) {
  std::string bomb = "\x01";
  for (int i = 0; i < 5000; ++i) bomb.append("\x03\xb0\x02\x61\xfc\x0f", 6);
  // Each would be 20 MB; the first is seen to be too large, and the others at once.
  std::vector<unpack::VbaModule> modules;
  CompoundStreams streams = {{u"VBA/small", CompressVba(kSource)}};
  modules.push_back({"small", "small", 0});
  for (char c = 'a'; c < 'z'; ++c) {
    modules.push_back({std::string(1, c), std::string(1, c), 0});
    streams.push_back({u"VBA/" + std::u16string(1, static_cast<char16_t>(c)), bomb});
  }
  streams.push_back({u"VBA/dir", CompressVba(MakeVbaDir(modules))});
  const std::string object = MakeCompound(streams);
  FakeModuleContext context(module_vba, AsBytes(object));
  context.Load();
  EXPECT_TRUE(context.root().Get("has_macros").boolean);
  const ArrayValue& found = *context.root().Get("modules").array;
  ASSERT_EQ(found.size(), modules.size());
  EXPECT_EQ(found.at(0).structure->Get("code").string, kSource);
  EXPECT_FALSE(found.at(1).structure->Get("code").defined());
  EXPECT_FALSE(found.at(25).structure->Get("code").defined());
  ASSERT_EQ(context.incomplete.size(), 1u);
  EXPECT_EQ(context.incomplete[0], "more sources than are kept");
}

// A hundred streams that are all the same thirty megabytes.
TEST(VbaModuleTest, StreamsThatShareTheirSectors) {
  CompoundStreams streams = {{u"VBA/_VBA_PROJECT", "x"}, {u"VBA/large", std::string(30u << 20, 'x')}};
  for (int i = 0; i < 100; ++i) {
    streams.push_back({u"VBA/s" + std::u16string(1, static_cast<char16_t>(u'0' + i)), std::string(5000, 'y')});
  }
  std::string object = MakeCompound(streams);
  const std::size_t large = object.find(std::string("l\0a\0r\0g\0e", 9));
  for (std::size_t at = large + 128; at < large + 128 * 101; at += 128) {
    object.replace(at + 0x74, 12, object.substr(large + 0x74, 12));
  }
  FakeModuleContext context(module_vba, AsBytes(object));
  context.Load();
  ASSERT_EQ(context.incomplete.size(), 1u);
  EXPECT_EQ(context.incomplete[0], "more streams than are looked into");
  EXPECT_FALSE(context.root().Get("has_macros").defined());
}

TEST(VbaModuleTest, Constants) {
  const StructType& type = module_vba.type();
  EXPECT_EQ(type.fields()[*type.Find("MODULE_TYPE_STANDARD")].constant->integer, 1);
  EXPECT_EQ(type.fields()[*type.Find("MODULE_TYPE_CLASS")].constant->integer, 2);
  EXPECT_EQ(type.fields()[*type.Find("MODULE_TYPE_UNKNOWN")].constant->integer, 3);
}

TEST(VbaModuleTest, CutAtEveryByteAndFlipped) {
  const std::string project = MakeCompound(Project());
  for (const std::string& whole : {project, MakeZip({{"word/vbaProject.bin", project, 8}})}) {
    for (std::size_t n = 0; n < whole.size(); ++n) {
      EXPECT_TRUE(Facts(std::string_view(whole).substr(0, n)).starts_with("vba.has_macros = ")) << n;
      std::string flipped = whole;
      flipped[n] = static_cast<char>(static_cast<unsigned char>(flipped[n]) ^ (1u << n % 8));
      FakeModuleContext context(module_vba, AsBytes(flipped));
      context.Load();
      EXPECT_LE(context.root().Get("modules").array->size(), 4u);
    }
  }
}

}  // namespace
}  // namespace dl::yara
