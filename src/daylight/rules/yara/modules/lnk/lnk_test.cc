#include <gtest/gtest.h>

#include "daylight/formats/sample_testing.h"
#include "daylight/rules/yara/module_testing.h"

namespace dl::yara {
extern const ModuleInfo module_lnk;
namespace {

std::string Sample(const std::string& name) { return formats::ReadHexSampleText("lnk/" + name); }

class LnkGoldenTest : public ::testing::TestWithParam<const char*> {};

TEST_P(LnkGoldenTest, FactsAreAsStored) {
  const std::string name = GetParam();
  const std::string bytes = Sample(name + ".hex");
  FakeModuleContext context(module_lnk, AsBytes(bytes));
  const std::string facts = context.Dump();
  EXPECT_EQ(facts, formats::ReadGolden("lnk/" + name + ".facts", facts));
}
INSTANTIATE_TEST_SUITE_P(Samples, LnkGoldenTest,
                         ::testing::Values("header", "standard", "items", "unicode", "network"));

TEST(LnkModuleTest, OtherObjectsAreNotLoaded) {
  FakeModuleContext context(module_lnk, AsBytes("hello"));
  EXPECT_EQ(context.Dump(), "lnk.is_lnk = false\n");
  EXPECT_EQ(context.whole_requests, 0);
  FakeModuleContext empty(module_lnk, Bytes{});
  EXPECT_EQ(empty.Dump(), "lnk.is_lnk = false\n");
}

TEST(LnkModuleTest, ACutHeaderIsNoShortcut) {
  const std::string bytes = Sample("header.hex");
  FakeModuleContext context(module_lnk, AsBytes(bytes).first(75));
  EXPECT_EQ(context.Dump(), "lnk.is_lnk = false\n");
}

TEST(LnkModuleTest, ConstantsNeedNoObject) {
  const StructType& type = module_lnk.type();
  EXPECT_EQ(type.fields()[*type.Find("FILE_ATTRIBUTE_HIDDEN")].constant->integer, 2);
  const StructType& drives = *type.fields()[*type.Find("DriveType")].structure;
  EXPECT_EQ(drives.fields()[*drives.Find("CDROM")].constant->integer, 5);
  FakeModuleContext context(module_lnk, Bytes{});
  context.Load();
  EXPECT_EQ(context.root().Get("ShowCommand").structure->Get("MAXIMIZED").integer, 3);
}

}  // namespace
}  // namespace dl::yara
