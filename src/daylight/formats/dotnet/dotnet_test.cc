#include "daylight/formats/dotnet/dotnet.h"

#include <gtest/gtest.h>

#include <chrono>

#include "daylight/formats/dotnet/dotnet_testing.h"
#include "daylight/formats/dotnet/types.h"
#include "daylight/formats/sample_testing.h"

namespace dl::formats {
namespace {

using B = DotnetBuilder;

// Facts and the bytes that they are views of.
struct Parsed {
  explicit Parsed(const DotnetBuilder& builder) : bytes(builder.Build()), facts(*ParseDotnet(bytes)) {}
  Parsed(const Parsed&) = delete;
  std::vector<std::byte> bytes;
  DotnetFacts facts;
};

void AddType(DotnetBuilder& b, std::uint32_t flags, std::string_view name, std::string_view name_space,
             std::uint32_t extends = 0, std::uint32_t methods = 1) {
  b.Row(Table::kTypeDef,
        {B::U32(flags), b.Text(name), b.Text(name_space), B::U16(extends), B::U16(1), B::U16(methods)});
}
void AddMethod(DotnetBuilder& b, std::string_view name, std::string_view signature, std::uint32_t flags = 6,
               std::uint32_t parameters = 1) {
  b.Row(Table::kMethodDef, {B::U32(0), B::U16(0), B::U16(flags), b.Text(name), b.Blob(signature), B::U16(parameters)});
}

// The type that a signature shows as the only parameter of the only method.
std::string TypeOf(std::string_view signature, void (*more)(DotnetBuilder&) = nullptr) {
  DotnetBuilder b;
  AddType(b, 1, "C", "N");
  AddMethod(b, "M", std::string("\0\1\1", 3) + std::string(signature));
  b.Row(Table::kParam, {B::U16(0), B::U16(1), b.Text("p")});
  if (more != nullptr) more(b);
  const Parsed parsed(b);
  if (!parsed.facts.classes || parsed.facts.classes->size() != 1) return "no class";
  const auto& methods = parsed.facts.classes->front().methods;
  if (!methods || methods->empty()) return "no method";
  if (!methods->front().parameters || methods->front().parameters->size() != 1) return "no parameter";
  return methods->front().parameters->front().type;
}

TEST(DotnetTest, WhatIsNoDotnetFile) {
  EXPECT_FALSE(ParseDotnet({}));
  EXPECT_FALSE(ParseDotnet(AsBytes("MZ")));
  auto bytes = B().Build();
  bytes[0x200] = std::byte{71};  // The CLI header's own size.
  const auto facts = ParseDotnet(bytes);
  ASSERT_TRUE(facts);
  EXPECT_FALSE(facts->is_dotnet);
}

TEST(DotnetTest, AFileWithoutTables) {
  const Parsed parsed((DotnetBuilder()));
  EXPECT_TRUE(parsed.facts.is_dotnet);
  EXPECT_EQ(parsed.facts.version, "v4.0.30319");
  EXPECT_FALSE(parsed.facts.constants);
  EXPECT_FALSE(parsed.facts.assembly);
  ASSERT_TRUE(parsed.facts.classes);
  EXPECT_TRUE(parsed.facts.classes->empty());
  EXPECT_FALSE(parsed.facts.incomplete);
}

TEST(DotnetTest, TypesInSignatures) {
  EXPECT_EQ(TypeOf("\x08"), "int");
  EXPECT_EQ(TypeOf("\x1d\x0e"), "string[]");
  EXPECT_EQ(TypeOf("\x10\x1c"), "ref object");
  EXPECT_EQ(TypeOf("\x0f\x0f\x01"), "Ptr<Ptr<void>>");
  EXPECT_EQ(TypeOf("\x20\x05\x19"), "UIntPtr");  // An optional modifier.
  EXPECT_EQ(TypeOf("\x12\x04"), "N.C");
  EXPECT_EQ(TypeOf("\x15\x12\x04\x02\x08\x0d"), "N.C<int,double>");
  EXPECT_EQ(TypeOf({"\x1b\x00\x02\x01\x08\x0e", 6}), "FnPtr<void(int, string)>");
}

TEST(DotnetTest, ArrayShapes) {
  EXPECT_EQ(TypeOf({"\x14\x08\x02\x00\x00", 5}), "int[,]");
  EXPECT_EQ(TypeOf({"\x14\x08\x02\x02\x03\x04\x00", 7}), "int[3,4]");
  // Lower bounds turn sizes into upper bounds: -1...1, then 2...6.
  EXPECT_EQ(TypeOf({"\x14\x08\x02\x02\x03\x05\x02\x7f\x04", 9}), "int[-1...1,2...6]");
  EXPECT_EQ(TypeOf({"\x14\x08\x03\x00\x01\x06", 6}), "int[3...,,]");
  // A rank past the limit, and sizes for more dimensions than there are.
  EXPECT_EQ(TypeOf({"\x14\x08\x32\x00\x00", 5}), "int[" + std::string(49, ',') + "]");
  EXPECT_EQ(TypeOf({"\x14\x08\x33\x00\x00", 5}), "no method");
  EXPECT_EQ(TypeOf({"\x14\x08\x01\x02\x01\x01\x00", 7}), "no method");
}

TEST(DotnetTest, NestingOfTypesIsBounded) {
  EXPECT_EQ(
      TypeOf(std::string(16, '\x1d') + "\x08"), "int" + [] {
        std::string brackets;
        for (int i = 0; i < 16; ++i) brackets += "[]";
        return brackets;
      }());
  EXPECT_EQ(TypeOf(std::string(17, '\x1d') + "\x08"), "no method");
}

TEST(DotnetTest, TypeSpecsThatContainThemselvesEnd) {
  EXPECT_EQ(TypeOf("\x12\x06", [](DotnetBuilder& b) { b.Row(Table::kTypeSpec, {b.Blob("\x12\x06")}); }), "no method");
}

TEST(DotnetTest, NestedTypesAndGenerics) {
  DotnetBuilder b;
  AddType(b, 1, "Outer`1", "Space");
  AddType(b, 2, "Inner", "");
  AddType(b, 0x123, "Deep", "");
  AddType(b, 0, "<Module>", "");
  AddType(b, 0, "`1", "");
  AddType(b, 0xa1, "IThing", "Space", 0);
  b.Row(Table::kInterfaceImpl, {B::U16(3), B::U16(6 << 2)});
  b.Row(Table::kInterfaceImpl, {B::U16(2), B::U16(1 << 2)});
  b.Row(Table::kNestedClass, {B::U16(2), B::U16(1)});
  b.Row(Table::kNestedClass, {B::U16(3), B::U16(2)});
  b.Row(Table::kGenericParam, {B::U16(0), B::U16(0), B::U16(1 << 1), b.Text("T")});
  const Parsed parsed(b);
  ASSERT_TRUE(parsed.facts.classes);
  const auto& classes = *parsed.facts.classes;
  ASSERT_EQ(classes.size(), 4u);
  EXPECT_EQ(classes[0].name, "Outer");
  EXPECT_EQ(classes[0].full_name, "Space.Outer");
  ASSERT_EQ(classes[0].generic_parameters.size(), 1u);
  EXPECT_EQ(classes[0].generic_parameters[0], "T");
  EXPECT_EQ(classes[1].name_space, "Space.Outer");
  EXPECT_EQ(classes[1].base_types, std::vector<std::string>{"Space.Outer"});
  EXPECT_EQ(classes[2].full_name, "Space.Outer.Inner.Deep");
  EXPECT_EQ(classes[2].visibility, "private");
  EXPECT_TRUE(classes[2].is_interface);
  EXPECT_TRUE(classes[2].is_sealed);
  EXPECT_EQ(classes[2].base_types, std::vector<std::string>{"Space.IThing"});
}

TEST(DotnetTest, NestingInACircleEnds) {
  DotnetBuilder b;
  AddType(b, 2, "A", "");
  AddType(b, 2, "B", "");
  AddType(b, 2, "Self", "");
  b.Row(Table::kNestedClass, {B::U16(1), B::U16(2)});
  b.Row(Table::kNestedClass, {B::U16(2), B::U16(1)});
  b.Row(Table::kNestedClass, {B::U16(3), B::U16(3)});
  const Parsed parsed(b);
  ASSERT_EQ(parsed.facts.classes->size(), 3u);
  EXPECT_EQ(parsed.facts.classes->at(0).full_name, "A.B.A.B.A.B.A.B.A.B.A");
  EXPECT_EQ(parsed.facts.classes->at(2).full_name, "Self.Self");
}

TEST(DotnetTest, MethodsAndTheirParameters) {
  DotnetBuilder b;
  AddType(b, 1, "C", "");
  AddMethod(b, "Named", {"\0\2\1\x08\x0e", 5}, 0x16, 1);
  AddMethod(b, "BeyondTheTable", {"\0\1\x08\x08", 4}, 0x5, 9);
  AddMethod(b, "NoList", {"\0\1\x08\x08", 4}, 0x466, 0);
  AddMethod(b, ".ctor", {"\0\0\1", 3});
  AddMethod(b, "", {"\0\0\1", 3});
  AddMethod(b, "Bad", {"\0\1\1\xff", 4});
  b.Row(Table::kParam, {B::U16(0), B::U16(1), b.Text("first")});
  b.Row(Table::kParam, {B::U16(0), B::U16(2), b.Text("second")});
  const Parsed parsed(b);
  const auto& methods = *parsed.facts.classes->at(0).methods;
  ASSERT_EQ(methods.size(), 4u);
  EXPECT_EQ(methods[0].parameters->at(0).name, "first");
  EXPECT_EQ(methods[0].parameters->at(1).name, "second");
  EXPECT_EQ(methods[0].parameters->at(1).type, "string");
  EXPECT_TRUE(methods[0].is_static);
  EXPECT_EQ(methods[0].visibility, "public");
  EXPECT_EQ(methods[0].return_type, "void");
  EXPECT_EQ(methods[1].parameters->at(0).name, "P_0");
  EXPECT_EQ(methods[1].visibility, "protected internal");
  EXPECT_FALSE(methods[2].parameters);
  EXPECT_TRUE(methods[2].is_abstract && methods[2].is_final && methods[2].is_virtual);
  EXPECT_EQ(methods[3].name, ".ctor");
  EXPECT_FALSE(methods[3].return_type);
}

TEST(DotnetTest, ResourcesOfThisFileAndOfOthers) {
  DotnetBuilder b;
  b.resources = B::U32(3) + "abc" + B::U32(0x7fffffff);
  b.Row(Table::kManifestResource, {B::U32(0), B::U32(1), b.Text("here"), B::U16(0)});
  b.Row(Table::kManifestResource, {B::U32(0), B::U32(1), b.Text("elsewhere"), B::U16(5)});
  b.Row(Table::kManifestResource, {B::U32(7), B::U32(1), b.Text("too long"), B::U16(0)});
  b.Row(Table::kManifestResource, {B::U32(0xffffff00), B::U32(1), b.Text("outside"), B::U16(0)});
  const Parsed parsed(b);
  const auto& resources = *parsed.facts.resources;
  ASSERT_EQ(resources.size(), 4u);
  EXPECT_EQ(resources[0].length, 3u);
  EXPECT_EQ(AsText(Bytes(parsed.bytes).subspan(*resources[0].offset, 3)), "abc");
  EXPECT_EQ(resources[1].name, "elsewhere");
  EXPECT_FALSE(resources[1].offset);
  EXPECT_EQ(resources[2].length, 0x7fffffffu);
  EXPECT_FALSE(resources[3].offset);
}

TEST(DotnetTest, UserStringsLackTheirLastByte) {
  DotnetBuilder b;
  b.user_strings += B::Length(5) + std::string("h\0i\0\0", 5) + B::Length(1) + std::string(1, '\0') + B::Length(3) +
                    std::string("x\0\1", 3);
  const Parsed parsed(b);
  ASSERT_TRUE(parsed.facts.user_strings);
  ASSERT_EQ(parsed.facts.user_strings->size(), 2u);
  EXPECT_EQ(AsText(parsed.facts.user_strings->at(0)), std::string_view("h\0i\0", 4));
  EXPECT_EQ(AsText(parsed.facts.user_strings->at(1)), std::string_view("x\0", 2));
}

TEST(DotnetTest, AtMostSixteenGuids) {
  DotnetBuilder b;
  for (int i = 0; i < 17; ++i)
    b.guids += std::string("\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10", 16);
  const Parsed parsed(b);
  ASSERT_EQ(parsed.facts.guids->size(), 16u);
  EXPECT_EQ(parsed.facts.guids->at(15), "04030201-0605-0807-090a-0b0c0d0e0f10");
}

// A few hundred bytes that stand for 200^8 type names.
TEST(DotnetTest, GenericBombsAreDefused) {
  DotnetBuilder b;
  AddType(b, 1, std::string(1000, 'x'), "N");
  AddMethod(b, "M", {"\0\0\x12\x06", 4});
  for (unsigned i = 1; i <= 8; ++i) {
    std::string signature = "\x15\x12\x04" + B::Length(200);
    for (int k = 0; k < 200; ++k) signature += std::string("\x12") + static_cast<char>((i < 8 ? i + 1 : 1) << 2 | 2);
    b.Row(Table::kTypeSpec, {b.Blob(signature)});
  }
  const auto begin = std::chrono::steady_clock::now();
  const Parsed parsed(b);
  EXPECT_TRUE(parsed.facts.incomplete);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(30));
}

// Types that all claim the whole method table.
TEST(DotnetTest, OverlappingMethodRangesAreBounded) {
  DotnetBuilder b;
  for (int i = 0; i < 2000; ++i) AddType(b, 1, "C", "", 0, i % 2 == 0 ? 1 : 2001);
  for (int i = 0; i < 2000; ++i) AddMethod(b, "M", {"\0\0\1", 3});
  const Parsed parsed(b);
  EXPECT_TRUE(parsed.facts.incomplete);
  std::size_t methods = 0;
  for (const auto& type : *parsed.facts.classes) methods += type.methods ? type.methods->size() : 0;
  EXPECT_LE(methods, DotnetBudget::kMethods);
}

// Thousands of constants that all show one large blob.
TEST(DotnetTest, SharedBlobsAreChargedEachTime) {
  DotnetBuilder b;
  const std::string blob = b.Blob(std::string(60'000, 'z'));
  for (int i = 0; i < 5000; ++i) b.Row(Table::kConstant, {B::U16(0x0e), B::U16(4), blob});
  const Parsed parsed(b);
  EXPECT_TRUE(parsed.facts.incomplete);
  EXPECT_LE(parsed.facts.constants->size() * 60'000, DotnetBudget::kTextBytes);
  EXPECT_GT(parsed.facts.constants->size(), 1000u);
}

TEST(DotnetTest, HostileVariantsAreFactsOrErrors) {
  const std::string sample = formats::ReadHexSampleText("dotnet/sample.hex");
  std::size_t dotnet = 0;
  formats::ForEachHostileVariant(AsBytes(sample), [&dotnet](Bytes variant) {
    const auto facts = ParseDotnet(variant);
    if (!facts || !facts->is_dotnet) return;
    ++dotnet;
    std::size_t bytes = 0;
    if (facts->user_strings) {
      for (const Bytes& text : *facts->user_strings) bytes += text.size();
    }
    ASSERT_LE(bytes, variant.size());
    ASSERT_LE(facts->guids ? facts->guids->size() : 0, 16u);
  });
  EXPECT_GT(dotnet, sample.size());
}

}  // namespace
}  // namespace dl::formats
