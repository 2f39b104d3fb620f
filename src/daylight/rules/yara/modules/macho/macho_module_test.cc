#include <gtest/gtest.h>

#include "daylight/formats/sample_testing.h"
#include "daylight/rules/yara/module_testing.h"

namespace dl::yara {

extern const ModuleInfo module_macho;

namespace {

std::string Sample(const std::string& name) {
  return std::string(AsText(formats::ReadHexSample("macho/" + name + ".hex")));
}

std::string Text(const Value& value) { return value.defined() ? std::string(value.string) : "undefined"; }

TEST(MachoModuleTest, GoldenFacts) {
  for (const std::string name : {"program_64le", "program_ppc", "universal"}) {
    const std::string bytes = Sample(name);
    FakeModuleContext context(module_macho, AsBytes(bytes));
    context.Load();
    std::string dump = DumpFacts("macho", context.root());
    for (const char* function : {"dylib_hash", "entitlement_hash", "import_hash", "export_hash", "sym_hash"}) {
      dump += std::string("macho.") + function + "() = " + Text(context.Call(function)) + "\n";
    }
    EXPECT_EQ(dump, formats::ReadGolden("macho/" + name + ".facts", dump));
  }
}

TEST(MachoModuleTest, AForeignObjectCostsOnlyItsHead) {
  for (const std::string_view bytes : {"", "\xca\xfe", "MZ and more",
                                       "\x7f"
                                       "ELF"}) {
    FakeModuleContext context(module_macho, AsBytes(bytes));
    context.Load();
    EXPECT_EQ(context.whole_requests, 0);
    EXPECT_EQ(DumpFacts("macho", context.root()), "");
    EXPECT_FALSE(context.Call("dylib_hash").defined());
    EXPECT_FALSE(context.Call("export_hash").defined());
    EXPECT_FALSE(context.Call("entitlement_hash").defined());
    EXPECT_FALSE(context.Call("entry_point_for_arch", {Value::Integer(7), Value::Integer(3)}).defined());
    EXPECT_FALSE(context.Call("has_dylib", {Value::String("x")}).boolean);
  }
}

TEST(MachoModuleTest, ArchitecturesOfAUniversalFile) {
  const std::string bytes = Sample("universal");
  FakeModuleContext context(module_macho, AsBytes(bytes));
  context.Load();
  const auto index = [&](std::int64_t type) { return context.Call("file_index_for_arch", {Value::Integer(type)}); };
  EXPECT_EQ(index(7).integer, 0);
  EXPECT_EQ(index(0x0100000c).integer, 2);
  EXPECT_FALSE(index(0x12).defined());  // The hole has no file.
  EXPECT_FALSE(index(8).defined());
  const auto subtype = [&](std::int64_t type, std::int64_t sub) {
    return context.Call("file_index_for_arch", {Value::Integer(type), Value::Integer(sub)});
  };
  EXPECT_EQ(subtype(7, 3).integer, 0);
  EXPECT_FALSE(subtype(7, 4).defined());
  const auto entry = [&](std::int64_t type) { return context.Call("entry_point_for_arch", {Value::Integer(type)}); };
  EXPECT_EQ(entry(7).integer, 96 + 0x10);
  EXPECT_FALSE(entry(0x12).defined());
  EXPECT_FALSE(entry(0x0100000c).defined());  // An image without an entry point.
  EXPECT_EQ(context.Call("entry_point_for_arch", {Value::Integer(7), Value::Integer(3)}).integer, 96 + 0x10);
}

TEST(MachoModuleTest, NamesAreFoundInAnyCase) {
  const std::string bytes = Sample("program_64le");
  FakeModuleContext context(module_macho, AsBytes(bytes));
  context.Load();
  const auto has = [&](const char* function, const char* name) {
    return context.Call(function, {Value::String(name)}).boolean;
  };
  EXPECT_TRUE(has("has_dylib", "/usr/lib/LIBSYSTEM.B.dylib"));
  EXPECT_FALSE(has("has_dylib", "libSystem.B.dylib"));
  EXPECT_TRUE(has("has_rpath", "@loader_path/lib"));
  EXPECT_TRUE(has("has_entitlement", "COM.example.net"));
  EXPECT_TRUE(has("has_import", "_Puts"));
  EXPECT_TRUE(has("has_export", "_daylight_init"));
  EXPECT_FALSE(has("has_export", "_puts"));
}

TEST(MachoModuleTest, HostileVariantsDoNoHarm) {
  for (const char* name : {"program_64le", "universal"}) {
    formats::ForEachHostileVariant(AsBytes(Sample(name)), [](Bytes bytes) {
      FakeModuleContext context(module_macho, bytes);
      context.Load();
      const Value segments = context.root().Get("segments");
      const Value count = context.root().Get("number_of_segments");
      if (segments.defined()) {
        EXPECT_LE(static_cast<std::int64_t>(segments.array->size()), count.integer);
      }
      (void)context.Call("entry_point_for_arch", {Value::Integer(7)});
      (void)context.Call("import_hash");
    });
  }
}

}  // namespace
}  // namespace dl::yara
