#include <gtest/gtest.h>

#include "daylight/crypto/digest.h"
#include "daylight/formats/sample_testing.h"
#include "daylight/rules/yara/module_testing.h"
#include "daylight/rules/yara/modules/msi/msi_digest.h"
#include "daylight/unpack/ole/compound_testing.h"

namespace dl::yara {
extern const ModuleInfo module_msi;
namespace {

using unpack::CompoundFile;
using unpack::MakeCompound;

std::string Sample(const std::string& name) {
  DL_CHECK(crypto::Init());
  return formats::ReadHexSampleText("msi/" + name);
}

class MsiGoldenTest : public ::testing::TestWithParam<const char*> {};

// osslsigncode made and verified what is signed in these files.
TEST_P(MsiGoldenTest, FactsAreAsStored) {
  const std::string name = GetParam();
  const std::string bytes = Sample(name + ".hex");
  FakeModuleContext context(module_msi, AsBytes(bytes));
  const std::string facts = context.Dump();
  EXPECT_EQ(facts, formats::ReadGolden("msi/" + name + ".facts", facts));
  const StructValue& signature = *context.root().Get("signatures").array->at(0).structure;
  EXPECT_TRUE(signature.Get("verified").boolean);
  EXPECT_EQ(signature.Get("digest").string, signature.Get("file_digest").string);
}
INSTANTIATE_TEST_SUITE_P(Samples, MsiGoldenTest, ::testing::Values("signed", "signed_extended"));

// `verified` of the first signature: what the file says, as a letter.
char Verified(const std::string& bytes) {
  FakeModuleContext context(module_msi, AsBytes(bytes));
  context.Load();
  if (!context.root().Get("is_signed").boolean) return '-';
  return context.root().Get("signatures").array->at(0).structure->Get("verified").boolean ? 'v' : 'n';
}

std::string Changed(std::string bytes, const std::string& what, std::size_t offset) {
  const std::size_t at = bytes.find(what);
  DL_CHECK(at != std::string::npos);
  bytes[at + offset] = static_cast<char>(bytes[at + offset] ^ 1);
  return bytes;
}

TEST(MsiModuleTest, WhatASignatureCovers) {
  const std::string plain = Sample("signed.hex");
  const std::string extended = Sample("signed_extended.hex");
  EXPECT_EQ(Verified(plain), 'v');
  EXPECT_EQ(Verified(extended), 'v');
  // A stream's bytes, in a storage too.
  EXPECT_EQ(Verified(Changed(plain, "xxxxxxxxxx", 0)), 'n');
  EXPECT_EQ(Verified(Changed(plain, "in a storage", 0)), 'n');
  // The class of a storage; and of a file's, the root.
  const std::string storage("S\0t\0o\0r\0a\0g\0e\0\0", 16);
  EXPECT_EQ(Verified(Changed(plain, storage, 0x50)), 'n');
  EXPECT_EQ(Verified(Changed(plain, std::string("R\0o\0o\0t\0", 8), 0x50)), 'n');
  // A name, a date: only where the directory is covered as well.
  EXPECT_EQ(Verified(Changed(plain, storage, 0x64)), 'v');
  EXPECT_EQ(Verified(Changed(extended, storage, 0x64)), 'n');
  const std::string empty("e\0m\0p\0t\0y\0", 10);
  EXPECT_EQ(Verified(Changed(plain, empty, 8)), 'v');
  EXPECT_EQ(Verified(Changed(extended, empty, 8)), 'n');
  // Without its signature it has none.
  EXPECT_EQ(Verified(Changed(plain, std::string("D\0i\0g\0i\0t\0a\0l\0", 14), 0)), '-');
}

TEST(MsiModuleTest, ValidOnADay) {
  const std::string bytes = Sample("signed.hex");
  FakeModuleContext context(module_msi, AsBytes(bytes));
  context.Load();
  const StructValue& signature = *context.root().Get("signatures").array->at(0).structure;
  const FieldType& field = signature.type().fields()[*signature.type().Find("valid_on")];
  ASSERT_EQ(field.overloads.size(), 1u);
  context.self = &signature;
  const auto valid_on = [&](std::int64_t day) {
    const Value argument = Value::Integer(day);
    return field.overloads[0].call(context, std::span(&argument, 1));
  };
  const std::int64_t begin = signature.Get("not_before").integer;
  EXPECT_TRUE(valid_on(begin).boolean);
  EXPECT_EQ(valid_on(begin - 1).kind, TypeKind::kBoolean);
  EXPECT_FALSE(valid_on(begin - 1).boolean);
}

TEST(MsiModuleTest, ObjectsWithoutASignature) {
  for (const std::string& object : {std::string(), std::string("hello"), MakeCompound({{u"a", "text"}}),
                                    MakeCompound({{u"\x0005"
                                                   u"DigitalSignature",
                                                   "no signature"}}),
                                    MakeCompound({{u"_05_DigitalSignature", "another name"}}),
                                    MakeCompound({{u"Storage/\x0005"
                                                   u"DigitalSignature",
                                                   "elsewhere"}}),
                                    MakeCompound({})}) {
    FakeModuleContext context(module_msi, AsBytes(object));
    EXPECT_EQ(context.Dump(), "msi.is_signed = false\n");
    EXPECT_EQ(context.root().Get("signatures").array->size(), 0u);
  }
  FakeModuleContext text(module_msi, AsBytes("hello"));
  text.Load();
  EXPECT_EQ(text.whole_requests, 0);
}

TEST(MsiModuleTest, WhatIsNotReadSaysWhy) {
  const std::string large =
      MakeCompound({{u"\x0005"
                     u"DigitalSignature",
                     std::string((4u << 20) + 1, '0')}});
  FakeModuleContext context(module_msi, AsBytes(large));
  EXPECT_EQ(context.Dump(), "");
  ASSERT_EQ(context.incomplete.size(), 1u);
  EXPECT_EQ(context.incomplete[0], "the signature is too large");
  FakeModuleContext unread(module_msi, AsBytes(large));
  unread.whole_limit_bytes = 100;
  EXPECT_EQ(unread.Dump(), "");
}

std::string DigestOf(const std::string& object, std::uint64_t most = ~std::uint64_t{0}) {
  DL_CHECK(crypto::Init());
  const auto file = CompoundFile::Parse(AsBytes(object));
  return msi_module::MsiDigest(*file, most, "sha256").value_or("none");
}

TEST(MsiModuleTest, DigestOfStreamsInTheOrderOfTheirNames) {
  const std::string no_class(16, '\0');
  const auto sha256 = [](const std::string& text) { return crypto::Hex(crypto::Sha256::Of(AsBytes(text))); };
  // Capital letters first, longer names behind shorter ones, a storage where its name stands; its class behind it.
  const std::string object = MakeCompound({{u"b", "3"},
                                           {u"AB", "2"},
                                           {u"A", "1"},
                                           {u"a/z", "i"},
                                           {u"a/y/x", "h"},
                                           {u"\x0005"
                                            u"DigitalSignature",
                                            "s"}});
  const std::string expected = "12" + ("h" + no_class + "i" + no_class) + "3" + no_class;
  EXPECT_EQ(DigestOf(object), sha256(expected));
  EXPECT_EQ(DigestOf(object, 5), sha256(expected));
  EXPECT_EQ(DigestOf(object, 4), "none");
  EXPECT_EQ(DigestOf(MakeCompound({{u"b", std::string(9000, 'x')}}).substr(0, 3000)), "none");
  EXPECT_FALSE(msi_module::MsiDigest(*CompoundFile::Parse(AsBytes(object)), 100, "no such digest"));
}

TEST(MsiModuleTest, CutAtEveryByteAndFlipped) {
  const std::string whole = Sample("signed_extended.hex");
  std::size_t verified = 0;
  for (std::size_t n = 0; n < whole.size(); ++n) {
    EXPECT_TRUE(FakeModuleContext(module_msi, AsBytes(whole).first(n)).Dump().starts_with("msi.is_signed = ")) << n;
    if (n % 3 != 0) continue;
    std::string flipped = whole;
    flipped[n] = static_cast<char>(static_cast<unsigned char>(flipped[n]) ^ (1u << n % 8));
    verified += Verified(flipped) == 'v' ? 1u : 0u;
  }
  // What is left over in sectors, and the parts of the header and of the tables that nothing needs.
  EXPECT_LT(verified, whole.size() / 3);
}

}  // namespace
}  // namespace dl::yara
