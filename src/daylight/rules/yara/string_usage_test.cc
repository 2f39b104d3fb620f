#include "daylight/rules/yara/string_usage.h"

#include <gtest/gtest.h>

#include "daylight/rules/yara/rules_testing.h"

namespace dl::yara {
namespace {

// For each string: "e" existence is enough, "m" all matches, "@N" that at N only.
std::string Usage(std::string_view condition, std::string_view strings = "$a = \"aa\" $b = \"bb\"") {
  const Compilation compilation =
      ParseRules("rule r { strings: " + std::string(strings) + " condition: " + std::string(condition) + " }");
  std::string out;
  for (const StringUsage& usage : AnalyzeStringUsage(compilation.rules.at(0))) {
    if (!out.empty()) out += ' ';
    if (usage.fixed_offset) {
      out += "@" + std::to_string(*usage.fixed_offset);
    } else {
      out += usage.existence_only ? "e" : "m";
    }
  }
  return out;
}

TEST(StringUsageTest, ExistenceIsEnough) {
  EXPECT_EQ(Usage("$a or $b"), "e e");
  EXPECT_EQ(Usage("any of them"), "e e");
  EXPECT_EQ(Usage("for any of them : ($)"), "e e");
  EXPECT_EQ(Usage("not $a and not $b"), "e e");
}

TEST(StringUsageTest, AllMatchesCount) {
  EXPECT_EQ(Usage("#a > 1 and $b"), "m e");
  EXPECT_EQ(Usage("@a[2] > 1 and $b"), "m e");
  EXPECT_EQ(Usage("!a > 1 and $b"), "m e");
  EXPECT_EQ(Usage("$a in (0..5) and $b"), "m e");
  EXPECT_EQ(Usage("#a in (0..5) == 1 and $b"), "m e");
  EXPECT_EQ(Usage("any of ($a) in (0..5) and $b"), "m e");
  EXPECT_EQ(Usage("any of ($a) at 0 and $b"), "m e");
  EXPECT_EQ(Usage("for any of ($a) : (# > 1) and $b"), "m e");
  EXPECT_EQ(Usage("for any of ($a) : (for all i in (1..#) : (@[i] > 1)) and $b"), "m e");
  EXPECT_EQ(Usage("for any of them : ($ at 0)"), "m m");
  EXPECT_EQ(Usage("$a at uint32(0) and $b"), "m e");
}

TEST(StringUsageTest, AtOnePlaceOnly) {
  EXPECT_EQ(Usage("$a at 7 and $b"), "@7 e");
  EXPECT_EQ(Usage("$a at 7 and not $a at 7 and $b"), "@7 e");
  EXPECT_EQ(Usage("$a at 7 and $a at 8 and $b"), "m e");
  EXPECT_EQ(Usage("$a at 7 and $a and $b"), "m e");
  EXPECT_EQ(Usage("$a at 7 and any of them"), "m e");
  EXPECT_EQ(Usage("$a at 7 and #a == 1 and $b"), "m e");
  EXPECT_EQ(Usage("$a at 7 and $b", "$a = /ab/ $b = \"bb\""), "@7 e");
  EXPECT_EQ(Usage("$a at 7 and $b", "$a = /ab?/ $b = \"bb\""), "m e");
  EXPECT_EQ(Usage("$a at 7 and $b", "$a = \"abcd\" base64 $b = \"bb\""), "m e");
}

TEST(StringUsageTest, FormsToCompareInPlace) {
  const auto forms = [](std::string_view string) {
    const Compilation compilation =
        ParseRules("rule r { strings: $a = " + std::string(string) + " condition: $a at 0 }");
    return AnchoredForms(compilation.rules.at(0).strings.at(0));
  };
  ASSERT_EQ(forms("\"aB1\"").size(), 1u);
  EXPECT_EQ(forms("\"aB1\"")[0].value, "aB1");
  const auto nocase = forms("\"aB1\" nocase");
  ASSERT_EQ(nocase.size(), 1u);
  EXPECT_EQ(nocase[0].value, "AB1");
  EXPECT_EQ(nocase[0].mask, "\xdf\xdf\xff");
  const auto both = forms("\"ab\" ascii wide fullword");
  ASSERT_EQ(both.size(), 2u);
  EXPECT_EQ(both[0].fullword, 1u);
  EXPECT_EQ(both[1].value, std::string("a\0b\0", 4));
  EXPECT_EQ(both[1].fullword, 2u);
  const auto hex = forms("{ 4? ?d ff ~00 }");
  EXPECT_TRUE(hex.empty());  // `~` is no value and mask.
  const auto nibbles = forms("{ 4? ?d ff }");
  ASSERT_EQ(nibbles.size(), 1u);
  EXPECT_EQ(nibbles[0].value, "\x40\x0d\xff");
  EXPECT_EQ(nibbles[0].mask, "\xf0\x0f\xff");
  EXPECT_TRUE(forms("{ 40 [1-2] 41 }").empty());
  EXPECT_TRUE(forms("\"abc\" xor").empty());
}

}  // namespace
}  // namespace dl::yara
