#include "daylight/rules/yara/modules/magic/magic.h"

#include <gtest/gtest.h>

#include <string>

#include "daylight/rules/yara/module_testing.h"

namespace dl::yara {
extern const ModuleInfo module_magic;
namespace {

TEST(MagicModuleTest, TheDatabaseLoads) {
  EXPECT_TRUE(PrepareMagic());
  EXPECT_TRUE(PrepareMagic());
}

TEST(MagicModuleTest, TypeAndMimeTypeAreThoseOfFile) {
  FakeModuleContext elf(module_magic, AsBytes(std::string_view("\x7f"
                                                               "ELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0\x3e\0\x01",
                                                               21)));
  EXPECT_NE(elf.Call("type").string.find("ELF 64-bit LSB"), std::string_view::npos);
  FakeModuleContext text(module_magic, AsBytes("hello world\n"));
  EXPECT_EQ(text.Call("type").string, "ASCII text");
  EXPECT_EQ(text.Call("mime_type").string, "text/plain");
  // The flags of one call do not stick to the next.
  EXPECT_EQ(text.Call("type").string, "ASCII text");
  FakeModuleContext png(module_magic,
                        AsBytes(std::string_view("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\0\0\0\0", 29)));
  EXPECT_EQ(png.Call("mime_type").string, "image/png");
}

TEST(MagicModuleTest, AnEmptyObjectIsUndefined) {
  FakeModuleContext context(module_magic, Bytes{});
  EXPECT_FALSE(context.Call("type").defined());
  EXPECT_FALSE(context.Call("mime_type").defined());
}

TEST(MagicModuleTest, OnlyTheFirstMebibyteIsRead) {
  std::string big(3u << 20, 'a');
  big.back() = '\0';  // Would make it "data".
  FakeModuleContext context(module_magic, AsBytes(big));
  EXPECT_EQ(context.Call("mime_type").string, "text/plain");
}

}  // namespace
}  // namespace dl::yara
