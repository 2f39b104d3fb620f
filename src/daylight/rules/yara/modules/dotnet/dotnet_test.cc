#include <gtest/gtest.h>

#include "daylight/formats/sample_testing.h"
#include "daylight/rules/yara/module_testing.h"

namespace dl::yara {
extern const ModuleInfo module_dotnet;
namespace {

std::string Sample() { return formats::ReadHexSampleText("dotnet/sample.hex"); }

// tests/golden/dotnet/sample.cs is the source of the sample.
TEST(DotnetModuleTest, FactsAreAsStored) {
  const std::string bytes = Sample();
  FakeModuleContext context(module_dotnet, AsBytes(bytes));
  const std::string facts = context.Dump();
  EXPECT_EQ(facts, formats::ReadGolden("dotnet/sample.facts", facts));
}

TEST(DotnetModuleTest, NothingIsDefinedForWhatIsNoPeFile) {
  FakeModuleContext text(module_dotnet, AsBytes("tests/data/bad_dotnet_pe"));
  EXPECT_EQ(text.Dump(), "");
  EXPECT_EQ(text.whole_requests, 0);
  FakeModuleContext dos(module_dotnet, AsBytes("MZ and nothing else"));
  EXPECT_EQ(dos.Dump(), "");
  EXPECT_EQ(dos.whole_requests, 1);
}

TEST(DotnetModuleTest, APeFileWithoutMetadataIsNot) {
  std::string bytes = Sample();
  // The CLI header's directory entry, RVA 0 in the file's own headers.
  const std::size_t optional = 0x80 + 24;
  for (std::size_t i = 0; i < 8; ++i) bytes[optional + 96 + 14 * 8 + i] = '\0';
  FakeModuleContext context(module_dotnet, AsBytes(bytes));
  EXPECT_EQ(context.Dump(), "dotnet.is_dotnet = 0\n");
}

TEST(DotnetModuleTest, ListsCanAlwaysBeLoopedOver) {
  FakeModuleContext context(module_dotnet, AsBytes("no PE"));
  context.Load();
  for (const char* list : {"streams", "guids", "resources", "classes", "user_strings", "constants", "field_offsets"}) {
    ASSERT_EQ(context.root().Get(list).kind, TypeKind::kArray) << list;
    EXPECT_EQ(context.root().Get(list).array->size(), 0u);
  }
}

}  // namespace
}  // namespace dl::yara
