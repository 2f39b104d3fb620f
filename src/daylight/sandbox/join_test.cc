#include "daylight/sandbox/join.h"

#include <gtest/gtest.h>

namespace dl::sandbox {
namespace {

using database::Database;
using database::MakeSectionKind;

std::shared_ptr<const Database> Make(std::initializer_list<std::pair<std::uint32_t, const char*>> sections) {
  database::Writer writer;
  for (const auto& [unit, text] : sections) {
    const Bytes bytes = AsBytes(text);
    writer.AddSection(MakeSectionKind("TEXT"), unit, std::vector<std::byte>(bytes.begin(), bytes.end()));
  }
  return Database::FromBytes(writer.Finish()).value();
}

TEST(JoinTest, UnitsAreNumberedAnew) {
  const std::vector parts = {Make({{0, "a"}}), Make({{0, "b"}, {1, "c"}}), Make({{0, "d"}})};
  const auto joined = Join(parts);
  ASSERT_TRUE(joined);
  const auto database = Database::FromBytes(joined->Finish());
  ASSERT_TRUE(database);
  EXPECT_EQ((*database)->unit_count(), 4u);
  std::string all;
  for (std::uint32_t unit = 0; unit < 4; ++unit)
    all += AsText((*database)->Section(MakeSectionKind("TEXT"), unit).value());
  EXPECT_EQ(all, "abcd");
  EXPECT_TRUE((*database)->VerifyAll());
}

TEST(JoinTest, DamageIsNotCopied) {
  database::Writer writer;
  writer.AddSection(MakeSectionKind("TEXT"), 0, std::vector<std::byte>(100));
  std::vector<std::byte> bytes = writer.Finish();
  bytes.back() ^= std::byte{1};
  EXPECT_FALSE(Join({Database::FromBytes(bytes).value()}));
}

}  // namespace
}  // namespace dl::sandbox
