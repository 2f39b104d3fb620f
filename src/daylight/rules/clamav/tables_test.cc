#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "daylight/rules/clamav/digest_table.h"
#include "daylight/rules/clamav/inventory.h"
#include "daylight/rules/clamav/names.h"
#include "daylight/rules/clamav/signature_set.h"

namespace dl::clamav {
namespace {

std::shared_ptr<const database::Database> Seal(database::Writer& writer) {
  auto database = database::Database::FromBytes(writer.Finish());
  EXPECT_TRUE(database);
  return *database;
}

TEST(NameTableTest, EveryNameComesBack) {
  NameTableWriter writer;
  std::vector<std::string> names;
  for (int i = 0; i < 1000; ++i) names.push_back("Win.Trojan.Agent-" + std::to_string(i * 7919 % 1000));
  names.emplace_back();
  names.emplace_back(5000, 'x');
  names.emplace_back("\xff\xfe odd");
  for (const std::string& name : names) writer.Add(name);
  database::Writer out;
  writer.Finish(out, 0);
  const auto database = Seal(out);
  const auto table = NameTable::Open(*database, 0);
  ASSERT_TRUE(table);
  for (std::size_t i = 0; i < names.size(); ++i) EXPECT_EQ(table->Get(static_cast<std::uint32_t>(i)), names[i]);
  EXPECT_EQ(table->Get(static_cast<std::uint32_t>(names.size())), "");
  EXPECT_EQ(table->Get(0xffffffff), "");
}

// Which of the ids below `count` are official.
std::string OfficialOf(const NameTable& table, std::uint32_t count) {
  std::string text;
  for (std::uint32_t id = 0; id < count; ++id) text += table.IsOfficial(id) ? 'o' : '.';
  return text;
}

TEST(NameTableTest, NamesOfSignedFilesAreOfficial) {
  // Each letter a name of the file of that letter: capitals are signed.
  for (const std::string files : {"", "a", "A", "aaB", "AAb", "aaBBBcccDEEEf", "AABBcC", "aBcDeF"}) {
    NameTableWriter writer;
    std::string expected;
    for (std::size_t i = 0; i < files.size();) {
      const std::uint32_t first = writer.count();
      const char file = files[i];
      for (; i < files.size() && files[i] == file; ++i) writer.Add("The.Same.Name");
      const bool is_signed = file <= 'Z';
      if (is_signed) writer.MarkOfficial(first);
      expected.resize(writer.count(), is_signed ? 'o' : '.');
    }
    database::Writer out;
    writer.Finish(out, 0);
    const auto database = Seal(out);
    const auto table = NameTable::Open(*database, 0);
    ASSERT_TRUE(table) << files;
    EXPECT_EQ(OfficialOf(*table, writer.count()), expected) << files;
    EXPECT_FALSE(table->IsOfficial(writer.count())) << files;
    EXPECT_FALSE(table->IsOfficial(0xffffffff)) << files;
    // Files side by side are one run.
    const auto section = database->Section(kSectionOfficialNames, 0);
    ASSERT_TRUE(section);
    if (files == "AABBcC") {
      EXPECT_EQ(section->size(), 2 * sizeof(clamav::Run));
    }
  }
}

TEST(NameTableTest, ASignedFileThatHoldsNothingMarksNothing) {
  NameTableWriter writer;
  writer.MarkOfficial(0);
  writer.Add("A");
  writer.MarkOfficial(writer.count());
  writer.Add("B");
  database::Writer out;
  writer.Finish(out, 0);
  const auto database = Seal(out);
  const auto table = NameTable::Open(*database, 0);
  ASSERT_TRUE(table);
  EXPECT_EQ(OfficialOf(*table, 2), "..");
}

TEST(NameTableTest, ForgedRunsReachNoOtherMemory) {
  const std::vector<std::vector<clamav::Run>> forgeries = {
      {{5, 0xffffffff}}, {{0xffffffff, 0xffffffff}}, {{9, 1}, {3, 4}, {0, 0}}, {{3, 0}, {3, 0}}, {{0, 100}, {1, 1}}};
  for (const auto& runs : forgeries) {
    database::Writer out;
    NameTableWriter names;
    names.Add("A");
    names.Finish(out, 0);
    out.AddArray(kSectionOfficialNames, 1, runs);
    const auto database = Seal(out);
    const auto table = NameTable::Open(*database, 1);
    ASSERT_TRUE(table);
    for (const std::uint32_t id : {0u, 1u, 3u, 5u, 9u, 0x7fffffffu, 0xfffffffeu, 0xffffffffu}) table->IsOfficial(id);
  }
}

TEST(SignatureSetTest, AUnitOfAnotherVersionIsRefused) {
  for (const std::uint32_t version : {0u, 1u, kUnitVersion + 1}) {
    HeadRecord head;
    head.version = version;
    database::Writer out;
    out.AddArray(kSectionHead, 0, std::vector<HeadRecord>{head});
    const auto database = Seal(out);
    ASSERT_TRUE(SignatureSet::IsIn(*database, 0));
    const auto set = SignatureSet::Open(database, 0);
    ASSERT_FALSE(set) << version;
    EXPECT_EQ(set.error().code, ErrorCode::kUnsupported) << version;
  }
}

DigestSignature Signature(std::uint32_t seed, std::optional<std::uint32_t> size) {
  DigestSignature signature;
  signature.size = size;
  std::memcpy(signature.digest.data(), &seed, sizeof seed);
  return signature;
}
Bytes DigestOf(const DigestSignature& signature) { return std::as_bytes(std::span(signature.digest)).first(16); }

TEST(DigestTableTest, FindsByDigestAndSize) {
  DigestTableWriter writer(DigestKind::kMd5);
  for (std::uint32_t i = 0; i < 5000; ++i) writer.Add(Signature(i, 100 + i % 50), i);
  writer.Add(Signature(77, std::nullopt), 6000);
  writer.Add(Signature(77, 127), 6001);  // Again, with another name.
  database::Writer out;
  writer.Finish(out, 0, DigestSignature::Of::kFile);
  const auto database = Seal(out);
  const auto table = DigestTable::Open(*database, 0, DigestSignature::Of::kFile, DigestKind::kMd5);
  ASSERT_TRUE(table);
  EXPECT_EQ(table->count(), 5002u);
  for (std::uint32_t i = 0; i < 5000; ++i) {
    std::vector<std::uint32_t> names;
    table->Find(DigestOf(Signature(i, 0)), 100 + i % 50, names);
    EXPECT_TRUE(std::find(names.begin(), names.end(), i) != names.end()) << i;
    names.clear();
    table->Find(DigestOf(Signature(i, 0)), 99, names);
    EXPECT_EQ(names.size(), i == 77 ? 1u : 0u);
  }
  std::vector<std::uint32_t> names;
  table->Find(DigestOf(Signature(77, 0)), 127, names);
  std::sort(names.begin(), names.end());
  EXPECT_EQ(names, (std::vector<std::uint32_t>{77, 6000, 6001}));
}

TEST(DigestTableTest, SizesThatDoNotOccurNeedNoDigest) {
  DigestTableWriter writer(DigestKind::kSha256);
  writer.Add(Signature(1, 68), 0);
  writer.Add(Signature(2, 70), 1);
  database::Writer out;
  writer.Finish(out, 0, DigestSignature::Of::kSection);
  const auto database = Seal(out);
  const auto table = DigestTable::Open(*database, 0, DigestSignature::Of::kSection, DigestKind::kSha256);
  ASSERT_TRUE(table);
  EXPECT_TRUE(table->MayHave(68));
  EXPECT_FALSE(table->MayHave(69));
  EXPECT_TRUE(table->MayHave(70));
  EXPECT_FALSE(table->MayHave(0));
  EXPECT_FALSE(table->MayHave(std::uint64_t{68} << 32));
  const auto other = DigestTable::Open(*database, 0, DigestSignature::Of::kFile, DigestKind::kSha256);
  ASSERT_TRUE(other);
  EXPECT_TRUE(other->empty());
  EXPECT_FALSE(other->MayHave(68));
}

TEST(InventoryTest, ComesBack) {
  Inventory inventory;
  inventory.source_name = "clamav";
  inventory.licence = "GPL \x1f odd \x1e one";
  inventory.loaded = {{"ndb", 12}, {"hdb", 3}};
  inventory.skipped = {{"cbc", "bytecode is never executed", 7}};
  const auto back = DecodeInventory(EncodeInventory(inventory));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->source_name, "clamav");
  EXPECT_EQ(back->licence, "GPL   odd   one");
  ASSERT_EQ(back->loaded.size(), 2u);
  EXPECT_EQ(back->loaded[1].count, 3u);
  ASSERT_EQ(back->skipped.size(), 1u);
  EXPECT_EQ(back->skipped[0].reason, "bytecode is never executed");
  EXPECT_FALSE(DecodeInventory(AsBytes("nonsense")));
}

}  // namespace
}  // namespace dl::clamav
