#include "daylight/report/profile.h"

#include <gtest/gtest.h>

#include <limits>

#include "daylight/report/json_text.h"
#include "daylight/report/protocol.h"

namespace dl::report {
namespace {

constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();

Profile Sample() {
  Profile profile;
  profile.objects = 3;
  profile.search_ns = 1000;
  profile.verify_ns = 400;
  profile.scan_ns = 2000;
  profile.strings = {{"n", "R", "$a", 2, 7, 300}, {"n", "R", "$b", 0, 1, 100}};
  profile.rules = {{"n", "R", "", 0, 3, 50}};
  return profile;
}

TEST(ProfileTest, TravelsWholeAndNoOtherWay) {
  const std::string bytes = Encode(Sample());
  const auto back = Decode<Profile>(AsBytes(bytes));
  ASSERT_TRUE(back);
  EXPECT_EQ(Encode(*back), bytes);
  EXPECT_EQ(back->strings[0].also, 2u);
  EXPECT_EQ(back->strings[1].string, "$b");
  EXPECT_EQ(back->rules[0].ns, 50u);
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    EXPECT_FALSE(Decode<Profile>(AsBytes(std::string_view(bytes).substr(0, n)))) << n;
  }
  EXPECT_FALSE(Decode<Profile>(AsBytes(bytes + "x")));
}

TEST(ProfileTest, TheLargestFitsItsFrame) {
  const std::string name(kMaxProfileNameBytes + 1, 'x');
  Profile profile;
  profile.rules.assign(kMaxProfileLines + 1, {name, name, name, 1, 1, 1});
  profile.strings = profile.rules;
  const std::string bytes = Encode(profile);
  EXPECT_LE(bytes.size(), MaxFrameLength(MessageType::kProfile));
  const auto back = Decode<Profile>(AsBytes(bytes));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->strings.size(), kMaxProfileLines);
  EXPECT_EQ(back->rules[0].rule.size(), kMaxProfileNameBytes);
}

// A worker that lies about lengths.
TEST(ProfileTest, OnePastEachLimitIsRefused) {
  const std::size_t count_at = std::size(kProfileNumbers) * 8;
  Profile profile;
  profile.rules.assign(kMaxProfileLines, {});
  std::string bytes = Encode(profile);
  ASSERT_TRUE(Decode<Profile>(AsBytes(bytes)));
  const std::string empty_line(3 * 4 + 4 + 8 + 8, '\0');
  bytes.insert(count_at + 4, empty_line);
  EXPECT_FALSE(Decode<Profile>(AsBytes(bytes)));  // One line more than is said,
  static_assert(kMaxProfileLines % 256 != 255);
  ++bytes[count_at];
  EXPECT_FALSE(Decode<Profile>(AsBytes(bytes)));  // and one more than there may be.

  Profile named;
  named.rules = {{std::string(kMaxProfileNameBytes, 'x'), "", "", 0, 0, 0}};
  std::string longer = Encode(named);
  ASSERT_TRUE(Decode<Profile>(AsBytes(longer)));
  ++longer[count_at + 4];
  longer.insert(count_at + 8, "x");
  EXPECT_FALSE(Decode<Profile>(AsBytes(longer)));

  EXPECT_TRUE(ParseFrameHeader(AsBytes(MakeFrame(MessageType::kProfile, 0, 0, ""))));
  std::string header = MakeFrame(MessageType::kProfile, 0, 0, "");
  header[10] = 0x20;  // 2 MiB, and
  EXPECT_TRUE(ParseFrameHeader(AsBytes(header)));
  header[8] = 1;  // one byte.
  EXPECT_FALSE(ParseFrameHeader(AsBytes(header)));
}

TEST(ProfileSumTest, AddsByNameAndSorts) {
  ProfileSum sum;
  sum.Add(Sample());
  Profile more = Sample();
  more.strings[1].ns = 5000;
  more.strings[1].name_space = "m";  // Another string.
  sum.Add(more);
  const Profile all = sum.Take();
  EXPECT_EQ(all.objects, 6u);
  ASSERT_EQ(all.strings.size(), 3u);
  EXPECT_EQ(all.strings[0].name_space, "m");
  EXPECT_EQ(all.strings[1].ns, 600u);
  EXPECT_EQ(all.strings[1].count, 14u);
  EXPECT_EQ(all.strings[1].also, 2u);
  EXPECT_EQ(all.rules[0].count, 6u);
  EXPECT_EQ(sum.Take().objects, 0u);
}

TEST(ProfileSumTest, NamesDoNotRunIntoEachOther) {
  Profile profile;
  profile.strings = {
      {"a", "b:c", "", 0, 1, 1}, {"a:b", "c", "", 0, 1, 1}, {"a", "b", "c", 0, 1, 1}, {"a", "bc", "", 0, 1, 1}};
  ProfileSum sum;
  sum.Add(profile);
  EXPECT_EQ(sum.Take().strings.size(), 4u);
}

TEST(ProfileSumTest, LiesDoNotOverflow) {
  Profile lie;
  for (const auto number : kProfileNumbers) lie.*number = kMost;
  lie.strings = {{"n", "R", "$a", 0, kMost, kMost}};
  ProfileSum sum;
  sum.Add(lie);
  sum.Add(lie);
  const Profile all = sum.Take();
  EXPECT_EQ(all.verify_ns, kMost);
  EXPECT_EQ(all.strings[0].count, kMost);
  EXPECT_FALSE(ProfileText({{}, all}).empty());
}

// More names than any database has: the cheapest are forgotten, the costly stay.
TEST(ProfileSumTest, NamesWithoutEndDoNotFillTheMemory) {
  ProfileSum sum;
  for (std::uint32_t batch = 0; batch < 200; ++batch) {
    Profile lie;
    for (std::uint32_t i = 0; i < kMaxProfileLines; ++i) {
      lie.rules.push_back({"n", std::to_string(batch) + "_" + std::to_string(i), "", 0, 1, 1});
    }
    if (batch == 0) lie.rules[0] = {"n", "costly", "", 0, 1, 1000};
    sum.Add(lie);
  }
  const Profile all = sum.Take(1'000'000);
  EXPECT_LE(all.rules.size(), 130'000u);
  EXPECT_EQ(all.rules[0].rule, "costly");
}

TEST(ProfileTextTest, SaysStagesAndLines) {
  Profile profile = Sample();
  profile.strings[1].rule = "\x1b[31mR\n";
  const std::string text = ProfileText({{4000, 1000, 2000, 500}, profile});
  EXPECT_NE(text.find("walk and open"), std::string::npos);
  EXPECT_NE(text.find(" 25.0 %"), std::string::npos) << text;  // 1000 of 4000.
  EXPECT_NE(text.find("30.0 %            7 verified  n:R:$a (and 2 more)\n"), std::string::npos) << text;
  EXPECT_NE(text.find("3 evaluated  n:R\n"), std::string::npos) << text;
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

TEST(ProfileTextTest, PartsLargerThanTheirWholeAreNotNegative) {
  Profile lie;
  lie.verify_ns = kMost;
  lie.facts_ns = kMost;
  const std::string text = ProfileText({{1, kMost, kMost, kMost}, lie});
  EXPECT_EQ(text.find('-'), std::string::npos) << text;
}

TEST(ProfileTextTest, JsonHasTheSame) {
  std::string out;
  JsonText json(out);
  AppendProfile({{4000, 1000, 2000, 500}, Sample()}, json);
  EXPECT_NE(out.find("\"stages\":{\"walk\":"), std::string::npos) << out;
  EXPECT_NE(out.find("\"string\":\"$a\",\"same_strings\":2,\"verified\":7"), std::string::npos) << out;
  EXPECT_NE(out.find("\"evaluated\":3"), std::string::npos) << out;
}

}  // namespace
}  // namespace dl::report
