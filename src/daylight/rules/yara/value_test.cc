#include "daylight/rules/yara/value.h"

#include <gtest/gtest.h>

#include "daylight/rules/yara/module.h"

namespace dl::yara {
namespace {

const StructType& ItemType() {
  static const StructType type = [] {
    StructType t;
    t.String("name").Integer("size");
    return t;
  }();
  return type;
}

const StructType& RootType() {
  static const StructType type = [] {
    StructType t;
    t.Constant("KIND", 7).Integer("count").StructArray("items", ItemType()).Dictionary("info", TypeKind::kString);
    return t;
  }();
  return type;
}

TEST(ValueTest, FactsAreDumpedAsDeclared) {
  Arena arena;
  StructValue& root = arena.NewStruct(RootType());
  root.SetInteger("count", 2);
  StructValue& item = root.Array("items").AppendStruct();
  item.SetString("name", "a\"\x01");
  root.Array("items").AppendStruct().SetInteger("size", -1);
  root.Dictionary("info").SetString("k", "v");
  root.Dictionary("info").SetString("k", "w");
  EXPECT_EQ(DumpFacts("m", root),
            "m.count = 2\nm.items[0].name = \"a\\x22\\x01\"\nm.items[1].size = -1\nm.info[\"k\"] = \"w\"\n");
}

TEST(ValueTest, WhatWasNeverSetIsUndefined) {
  Arena arena;
  StructValue& root = arena.NewStruct(RootType());
  EXPECT_FALSE(root.Get("count").defined());
  EXPECT_FALSE(root.Get("nothing").defined());
  EXPECT_EQ(root.Get("KIND").integer, 7);
  EXPECT_FALSE(root.Array("items").at(0).defined());
  EXPECT_FALSE(root.Array("items").at(-1).defined());
}

}  // namespace
}  // namespace dl::yara
