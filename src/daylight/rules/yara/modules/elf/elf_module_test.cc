#include <gtest/gtest.h>

#include "daylight/formats/sample_testing.h"
#include "daylight/rules/yara/module_testing.h"

namespace dl::yara {

extern const ModuleInfo module_elf;

namespace {

std::string Sample(const std::string& name) { return std::string(AsText(formats::ReadHexSample("elf/" + name))); }

std::string Text(const Value& value) { return value.defined() ? std::string(value.string) : "undefined"; }

TEST(ElfModuleTest, GoldenFacts) {
  for (const std::string name : {"program_64le", "library_32be"}) {
    const std::string bytes = Sample(name + ".hex");
    FakeModuleContext context(module_elf, AsBytes(bytes));
    context.Load();
    std::string dump = DumpFacts("elf", context.root());
    dump += "elf.telfhash() = " + Text(context.Call("telfhash")) + "\n";
    dump += "elf.import_md5() = " + Text(context.Call("import_md5")) + "\n";
    EXPECT_EQ(dump, formats::ReadGolden("elf/" + name + ".facts", dump));
  }
}

TEST(ElfModuleTest, AForeignObjectCostsOnlyItsHead) {
  for (const std::string_view bytes : {"",
                                       "\x7f"
                                       "EL",
                                       "MZ and more", "\xca\xfe\xba\xbe"}) {
    FakeModuleContext context(module_elf, AsBytes(bytes));
    context.Load();
    EXPECT_EQ(context.whole_requests, 0);
    EXPECT_EQ(DumpFacts("elf", context.root()), "");
    EXPECT_FALSE(context.Call("telfhash").defined());
    EXPECT_FALSE(context.Call("import_md5").defined());
  }
}

TEST(ElfModuleTest, ConstantsNeedNoObject) {
  FakeModuleContext context(module_elf, {});
  context.Load();
  EXPECT_EQ(context.root().Get("EM_X86_64").integer, 62);
  EXPECT_EQ(context.root().Get("PT_GNU_STACK").integer, 0x6474e551);
}

// MD5 of "" would be a hash of nothing: undefined instead, like the list.
TEST(ElfModuleTest, WithoutSymbolsTheHashesAreUndefined) {
  std::string bytes = Sample("library_32be.hex");
  bytes[0x30] = bytes[0x31] = 0;  // e_shnum
  FakeModuleContext context(module_elf, AsBytes(bytes));
  context.Load();
  EXPECT_EQ(context.root().Get("machine").integer, 8);
  EXPECT_FALSE(context.root().Get("dynsym_entries").defined());
  EXPECT_FALSE(context.Call("telfhash").defined());
  EXPECT_FALSE(context.Call("import_md5").defined());
}

TEST(ElfModuleTest, StaticSymbolsServeWhereThereAreNoDynamicOnes) {
  std::string bytes = Sample("program_64le.hex");
  FakeModuleContext before(module_elf, AsBytes(bytes));
  before.Load();
  const auto dynsym = bytes.find(std::string("\x0b\0\0\0\x02\0\0\0\0\0\0\0", 12));  // sh_type, sh_flags of .dynsym
  ASSERT_NE(dynsym, std::string::npos);
  bytes[dynsym] = 1;  // SHT_PROGBITS
  FakeModuleContext after(module_elf, AsBytes(bytes));
  after.Load();
  EXPECT_FALSE(after.root().Get("dynsym_entries").defined());
  EXPECT_EQ(after.root().Get("symtab_entries").integer, 3);
  EXPECT_TRUE(before.Call("telfhash").defined());
  EXPECT_FALSE(after.Call("telfhash").defined());  // Only main() is left, which says nothing.
}

TEST(ElfModuleTest, HostileVariantsHaveAsManyFactsAsTheyCount) {
  formats::ForEachHostileVariant(AsBytes(Sample("library_32be.hex")), [](Bytes bytes) {
    FakeModuleContext context(module_elf, bytes);
    context.Load();
    const Value count = context.root().Get("dynsym_entries");
    const Value array = context.root().Get("dynsym");
    EXPECT_EQ(count.defined() ? count.integer : 0,
              array.defined() ? static_cast<std::int64_t>(array.array->size()) : 0);
    (void)context.Call("telfhash");
    (void)context.Call("import_md5");
  });
}

}  // namespace
}  // namespace dl::yara
