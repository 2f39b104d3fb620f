#include <gtest/gtest.h>

#include "daylight/formats/sample_testing.h"
#include "daylight/rules/yara/module_testing.h"

namespace dl::yara {

extern const ModuleInfo module_dex;

namespace {

std::string Day() { return std::string(AsText(formats::ReadHexSample("dex/day.hex"))); }

TEST(DexModuleTest, GoldenFacts) {
  const std::string bytes = Day();
  FakeModuleContext context(module_dex, AsBytes(bytes));
  context.Load();
  const std::string dump = DumpFacts("dex", context.root());
  EXPECT_EQ(dump, formats::ReadGolden("dex/day.facts", dump));
}

TEST(DexModuleTest, AForeignObjectCostsOnlyItsHead) {
  for (const std::string_view bytes : {"", "dex\n035", "MZ and more than that"}) {
    FakeModuleContext context(module_dex, AsBytes(bytes));
    context.Load();
    EXPECT_EQ(context.whole_requests, 0);
    EXPECT_FALSE(context.root().Get("header").defined());
    EXPECT_EQ(context.root().Get("DEX_FILE_MAGIC_035").string, "dex\n035");
    EXPECT_FALSE(context.Call("has_method", {Value::String("<init>")}).defined());
  }
}

TEST(DexModuleTest, TheMagicEqualsItsConstant) {
  const std::string bytes = Day();
  FakeModuleContext context(module_dex, AsBytes(bytes));
  context.Load();
  EXPECT_EQ(context.root().Get("header").structure->Get("magic").string,
            context.root().Get("DEX_FILE_MAGIC_035").string);
}

TEST(DexModuleTest, MethodsAndClasses) {
  const std::string bytes = Day();
  FakeModuleContext context(module_dex, AsBytes(bytes));
  context.Load();
  const Value init = context.Expression("init>$");
  const Value day = context.Expression("example/Day");
  const Value night = context.Expression("Night");
  const Value light = Value::String("light");
  const Value class_name = Value::String("Lorg/example/Day;");
  EXPECT_EQ(context.Call("has_method", {light}).integer, 1);
  EXPECT_EQ(context.Call("has_method", {Value::String("ligh")}).integer, 0);
  EXPECT_EQ(context.Call("has_method", {Value::String(std::string_view("light\0er", 8))}).integer, 1);
  EXPECT_EQ(context.Call("has_method", {class_name, light}).integer, 1);
  EXPECT_EQ(context.Call("has_method", {Value::String("LNight;"), light}).integer, 0);
  EXPECT_EQ(context.Call("has_method", {init}).integer, 1);
  EXPECT_EQ(context.Call("has_method", {night}).integer, 0);
  EXPECT_EQ(context.Call("has_method", {day, init}).integer, 1);
  EXPECT_EQ(context.Call("has_method", {night, init}).integer, 0);
  EXPECT_EQ(context.Call("has_class", {class_name}).integer, 1);
  EXPECT_EQ(context.Call("has_class", {Value::String("Ljava/lang/Object;")}).integer, 0);  // Has no methods.
  EXPECT_EQ(context.Call("has_class", {day}).integer, 1);
}

TEST(DexModuleTest, HostileVariantsHaveTheMembersTheyCount) {
  formats::ForEachHostileVariant(AsBytes(Day()), [](Bytes bytes) {
    FakeModuleContext context(module_dex, bytes);
    context.Load();
    for (const auto& [count, array] : {std::pair{"number_of_methods", "method"}, {"number_of_fields", "field"}}) {
      const Value number = context.root().Get(count);
      const Value members = context.root().Get(array);
      if (number.defined() && number.integer > 0) {
        ASSERT_TRUE(members.defined());
        EXPECT_GE(static_cast<std::int64_t>(members.array->size()), number.integer);
      }
    }
    (void)context.Call("has_method", {Value::String("x"), Value::String("y")});
    (void)context.Call("has_class", {Value::String("x")});
  });
}

}  // namespace
}  // namespace dl::yara
