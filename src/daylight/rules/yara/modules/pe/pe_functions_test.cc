#include <gtest/gtest.h>

#include "golden.h"
#include "module_context.h"

namespace dl::yara {

extern const ModuleInfo module_pe;

namespace {

using testing::ModuleTestContext;

Value S(std::string_view text) { return Value::String(text); }
Value I(std::int64_t number) { return Value::Integer(number); }
Value R(std::uint32_t index) { return Value::Regexp({index}); }

class PeFunctionsTest : public ::testing::Test {
 protected:
  static std::vector<std::byte> Sample(const char* name) {
    testing::Assembled sample = testing::LoadSample(std::string(DAYLIGHT_SOURCE_DIR "/tests/golden/pe/") + name);
    EXPECT_EQ(sample.error, "");
    return std::move(sample.bytes);
  }
  void SetUp() override {
    context_.Load(module_pe);
    context_.regexps = {
        [](std::string_view text) { return text.find("32") != std::string_view::npos; },
        [](std::string_view text) { return text.find('e') != std::string_view::npos; },
        [](std::string_view) { return false; },
    };
  }
  std::int64_t Number(std::string_view name, const std::vector<Value>& args) {
    const Value value = context_.Call(name, args);
    EXPECT_EQ(value.kind, TypeKind::kInteger);
    return value.integer;
  }
  bool Undefined(std::string_view name, const std::vector<Value>& args) { return !context_.Call(name, args).defined(); }

  std::vector<std::byte> bytes_ = Sample("full32.pe");
  ModuleTestContext context_{bytes_};
};

// imports: KERNEL32 {LoadLibraryA, ExitProcess}, WS2_32 {23 socket, 999},
// user32 {MessageBoxA}; delayed: SHELL32 {ShellExecuteW, 2}, OLEAUT32
// {VariantInit}.
TEST_F(PeFunctionsTest, ImportsByName) {
  EXPECT_EQ(Number("imports", {S("kernel32.DLL"), S("loadlibrarya")}), 1);
  EXPECT_EQ(Number("imports", {S("kernel32.dll"), S("MessageBoxA")}), 0);
  EXPECT_EQ(Number("imports", {S("shell32.dll"), S("ShellExecuteW")}), 0);
  EXPECT_EQ(Number("imports", {S("ws2_32.dll"), S("socket")}), 1);
  EXPECT_EQ(Number("imports", {S("ws2_32.dll"), S("ord999")}), 1);
}

TEST_F(PeFunctionsTest, ImportsByOrdinalLibraryAndRegexp) {
  EXPECT_EQ(Number("imports", {S("ws2_32.dll"), I(23)}), 1);
  EXPECT_EQ(Number("imports", {S("ws2_32.dll"), I(1)}), 0);
  EXPECT_EQ(Number("imports", {S("ws2_32.dll"), I(23 + 65536)}), 0);
  EXPECT_EQ(Number("imports", {S("kernel32.dll")}), 2);
  EXPECT_EQ(Number("imports", {S("nothing.dll")}), 0);
  EXPECT_EQ(Number("imports", {R(0), R(1)}), 3);  // ExitProcess, socket, MessageBoxA.
  EXPECT_EQ(Number("imports", {R(2), R(1)}), 0);
}

TEST_F(PeFunctionsTest, ImportsByTable) {
  constexpr std::int64_t kStandard = 1, kDelayed = 2, kAny = -1;
  EXPECT_EQ(module_pe.type().fields()[*module_pe.type().Find("IMPORT_ANY")].constant->integer, kAny);
  EXPECT_EQ(Number("imports", {I(kDelayed), S("shell32.dll"), S("ShellExecuteW")}), 1);
  EXPECT_EQ(Number("imports", {I(kStandard), S("shell32.dll"), S("ShellExecuteW")}), 0);
  EXPECT_EQ(Number("imports", {I(kAny), S("shell32.dll"), I(2)}), 1);
  EXPECT_EQ(Number("imports", {I(kAny), S("shell32.dll")}), 2);
  EXPECT_EQ(Number("imports", {I(kAny), R(0), R(1)}), 4);  // And ShellExecuteW.
  EXPECT_EQ(Number("imports", {I(0), R(0), R(1)}), 0);
}

TEST_F(PeFunctionsTest, ImportAddresses) {
  const std::int64_t first = Number("import_rva", {S("KERNEL32.dll"), S("LoadLibraryA")});
  // The entry between them has a bad name, but keeps its place in the table.
  EXPECT_EQ(Number("import_rva", {S("KERNEL32.dll"), S("ExitProcess")}), first + 8);
  EXPECT_EQ(Number("import_rva", {S("WS2_32.dll"), I(999)}), Number("import_rva", {S("WS2_32.dll"), I(23)}) + 4);
  EXPECT_TRUE(Undefined("import_rva", {S("SHELL32.dll"), I(2)}));
  EXPECT_EQ(Number("delayed_import_rva", {S("SHELL32.dll"), I(2)}),
            Number("delayed_import_rva", {S("SHELL32.dll"), S("ShellExecuteW")}) + 4);
  EXPECT_TRUE(Undefined("delayed_import_rva", {S("KERNEL32.dll"), S("ExitProcess")}));
}

// exports: 5 Alpha, 6 Beta (forwarded), 7 without a name, 8 Gamma (nowhere).
TEST_F(PeFunctionsTest, Exports) {
  EXPECT_EQ(Number("exports", {S("beta")}), 1);
  EXPECT_EQ(Number("exports", {S("bet")}), 0);
  EXPECT_EQ(Number("exports_index", {S("GAMMA")}), 3);
  EXPECT_TRUE(Undefined("exports_index", {S("delta")}));
  EXPECT_EQ(Number("exports", {R(1)}), 1);
  EXPECT_EQ(Number("exports_index", {R(1)}), 1);
  EXPECT_TRUE(Undefined("exports_index", {R(2)}));
  // Ordinals begin at 5, but YARA looks for none above the number of exports.
  EXPECT_EQ(Number("exports", {I(4)}), 0);
  EXPECT_EQ(Number("exports", {I(5)}), 0);
  EXPECT_EQ(Number("exports", {I(0)}), 0);
}

TEST_F(PeFunctionsTest, Sections) {
  EXPECT_EQ(Number("section_index", {S(".rsrc")}), 2);
  EXPECT_TRUE(Undefined("section_index", {S(".rsr")}));
  EXPECT_EQ(Number("section_index", {I(0x400)}), 0);
  EXPECT_EQ(Number("section_index", {I(0x5ff)}), 0);
  EXPECT_EQ(Number("section_index", {I(0x600)}), 1);
  EXPECT_TRUE(Undefined("section_index", {I(0x3ff)}));
  EXPECT_EQ(Number("rva_to_offset", {I(0x2000)}), 0x600);
  EXPECT_EQ(Number("rva_to_offset", {I(0x10)}), 0x10);  // Headers map to themselves.
  EXPECT_TRUE(Undefined("rva_to_offset", {I(0x5000)}));
  EXPECT_TRUE(Undefined("rva_to_offset", {I(-1)}));
}

TEST_F(PeFunctionsTest, RichSignatureCountsTools) {
  const StructValue* rich = context_.root().Get("rich_signature").structure;
  ASSERT_NE(rich, nullptr);
  EXPECT_EQ(context_.Call("version", {I(0x7880)}, rich).integer, 5);
  EXPECT_EQ(context_.Call("version", {I(0x7880), I(4)}, rich).integer, 0);
  EXPECT_EQ(context_.Call("toolid", {I(4)}, rich).integer, 2);
  EXPECT_EQ(context_.Call("toolid", {I(4), I(0x806a)}, rich).integer, 2);
}

TEST_F(PeFunctionsTest, Languages) {
  EXPECT_EQ(Number("language", {I(0x09)}), 1);
  EXPECT_EQ(Number("locale", {I(0x0407)}), 1);
  EXPECT_EQ(Number("locale", {I(0x0410)}), 0);
}

TEST_F(PeFunctionsTest, KindOfFile) {
  EXPECT_EQ(Number("is_dll", {}), 0x2000);
  EXPECT_EQ(Number("is_32bit", {}), 1);
  EXPECT_EQ(Number("is_64bit", {}), 0);
}

// The imports in order: kernel32.loadlibrarya,kernel32.exitprocess,
// ws2_32.socket,ws2_32.ord999,user32.messageboxa; `printf %s ... | md5sum`.
TEST_F(PeFunctionsTest, Imphash) { EXPECT_EQ(context_.Call("imphash").string, "e7b862ef5bc95f642e66833ecfed7f58"); }

TEST_F(PeFunctionsTest, ValidOnBelongsToOneSignature) {
  const std::vector<std::byte> bytes = Sample("signed_cms.hex");
  ModuleTestContext context(bytes);
  const StructValue* signature = context.Load(module_pe).Get("signatures").array->at(0).structure;
  const std::int64_t from = signature->Get("not_before").integer;
  const std::int64_t to = signature->Get("not_after").integer;
  EXPECT_EQ(context.Call("valid_on", {I(from)}, signature).integer, 1);
  EXPECT_EQ(context.Call("valid_on", {I(from - 1)}, signature).integer, 0);
  EXPECT_EQ(context.Call("valid_on", {I(to)}, signature).integer, 1);
  EXPECT_EQ(context.Call("valid_on", {I(to + 1)}, signature).integer, 0);
}

TEST_F(PeFunctionsTest, WhatIsNoPeFileIsAnsweredFromTwoBytes) {
  const std::vector<std::byte> zeros(100000);
  ModuleTestContext context(zeros);
  const StructValue& root = context.Load(module_pe);
  EXPECT_EQ(context.whole_object_calls, 0);
  EXPECT_EQ(DumpFacts("pe", root), "pe.is_pe = 0\n");
  for (const char* name : {"imphash", "calculate_checksum", "is_dll", "is_32bit", "is_64bit"}) {
    EXPECT_FALSE(context.Call(name).defined()) << name;
  }
  EXPECT_FALSE(context.Call("imports", {S("a"), S("b")}).defined());
  EXPECT_FALSE(context.Call("exports", {S("a")}).defined());
  EXPECT_FALSE(context.Call("locale", {I(1)}).defined());
  EXPECT_FALSE(context.Call("rva_to_offset", {I(1)}).defined());
}

TEST_F(PeFunctionsTest, ChecksumIgnoresItself) {
  const std::int64_t sum = Number("calculate_checksum", {});
  std::vector<std::byte> changed = bytes_;
  changed[0xc0 + 24 + 64] ^= std::byte{0xff};
  ModuleTestContext context(changed);
  context.Load(module_pe);
  EXPECT_EQ(context.Call("calculate_checksum").integer, sum);
  changed[0x400] ^= std::byte{1};
  EXPECT_NE(context.Call("calculate_checksum").integer, sum);
}

}  // namespace
}  // namespace dl::yara
