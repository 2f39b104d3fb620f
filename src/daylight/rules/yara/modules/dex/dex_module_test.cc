#include <gtest/gtest.h>

#include "daylight/formats/golden.h"
#include "daylight/formats/hostile.h"
#include "daylight/rules/yara/modules/memory_context.h"

namespace dl::yara {

extern const ModuleInfo module_dex;

namespace {

std::string Day() { return testing::ReadHexSample(testing::GoldenPath("dex/day.hex")); }

TEST(DexModuleTest, GoldenFacts) {
  const std::string bytes = Day();
  MemoryContext context(module_dex, AsBytes(bytes));
  testing::ExpectGolden("dex/day.facts", context.Dump());
}

TEST(DexModuleTest, AForeignObjectCostsOnlyItsHead) {
  for (const std::string_view bytes : {"", "dex\n035", "MZ and more than that"}) {
    MemoryContext context(module_dex, AsBytes(bytes));
    EXPECT_EQ(context.whole_object_calls(), 0);
    EXPECT_FALSE(context.root().Get("header").defined());
    EXPECT_EQ(context.root().Get("DEX_FILE_MAGIC_035").string, "dex\n035");
    EXPECT_FALSE(context.Call("has_method", "s", {Value::String("<init>")}).defined());
  }
}

TEST(DexModuleTest, TheMagicEqualsItsConstant) {
  const std::string bytes = Day();
  MemoryContext context(module_dex, AsBytes(bytes));
  EXPECT_EQ(context.root().Get("header").structure->Get("magic").string,
            context.root().Get("DEX_FILE_MAGIC_035").string);
}

TEST(DexModuleTest, MethodsAndClasses) {
  const std::string bytes = Day();
  MemoryContext context(module_dex, AsBytes(bytes));
  const Value init = context.AddRegexp("init>$");
  const Value day = context.AddRegexp("example/Day");
  const Value night = context.AddRegexp("Night");
  const Value light = Value::String("light");
  const Value class_name = Value::String("Lorg/example/Day;");
  EXPECT_EQ(context.Call("has_method", "s", {light}).integer, 1);
  EXPECT_EQ(context.Call("has_method", "s", {Value::String("ligh")}).integer, 0);
  EXPECT_EQ(context.Call("has_method", "s", {Value::String(std::string_view("light\0er", 8))}).integer, 1);
  EXPECT_EQ(context.Call("has_method", "ss", {class_name, light}).integer, 1);
  EXPECT_EQ(context.Call("has_method", "ss", {Value::String("LNight;"), light}).integer, 0);
  EXPECT_EQ(context.Call("has_method", "r", {init}).integer, 1);
  EXPECT_EQ(context.Call("has_method", "r", {night}).integer, 0);
  EXPECT_EQ(context.Call("has_method", "rr", {day, init}).integer, 1);
  EXPECT_EQ(context.Call("has_method", "rr", {night, init}).integer, 0);
  EXPECT_EQ(context.Call("has_class", "s", {class_name}).integer, 1);
  EXPECT_EQ(context.Call("has_class", "s", {Value::String("Ljava/lang/Object;")}).integer, 0);  // Has no methods.
  EXPECT_EQ(context.Call("has_class", "r", {day}).integer, 1);
}

TEST(DexModuleTest, HostileVariantsHaveTheMembersTheyCount) {
  testing::ForEachHostileVariant(Day(), [](Bytes bytes) {
    MemoryContext context(module_dex, bytes);
    for (const auto& [count, array] : {std::pair{"number_of_methods", "method"}, {"number_of_fields", "field"}}) {
      const Value number = context.root().Get(count);
      const Value members = context.root().Get(array);
      if (number.defined() && number.integer > 0) {
        ASSERT_TRUE(members.defined());
        EXPECT_GE(static_cast<std::int64_t>(members.array->size()), number.integer);
      }
    }
    (void)context.Call("has_method", "ss", {Value::String("x"), Value::String("y")});
    (void)context.Call("has_class", "s", {Value::String("x")});
  });
}

}  // namespace
}  // namespace dl::yara
