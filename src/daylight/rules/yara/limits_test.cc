// Hostile text: depth, length and number are bounded, and each bound says so.
#include <gtest/gtest.h>

#include <chrono>

#include "daylight/rules/yara/codes.h"
#include "daylight/rules/yara/front_test_util.h"
#include "daylight/rules/yara/session.h"

namespace dl::yara {
namespace {

std::string Repeat(std::string_view text, std::size_t n) {
  std::string out;
  out.reserve(text.size() * n);
  for (std::size_t i = 0; i < n; ++i) out += text;
  return out;
}

std::vector<std::string> ConditionCodes(const std::string& condition, ParserOptions options = {}) {
  return ParseCondition(condition, std::move(options)).Codes();
}

// E602
TEST(LimitsTest, ParenthesesUpToTheBoundAndOnePast) {
  const auto nested = [](std::size_t n) { return Repeat("(", n) + "filesize > 1" + Repeat(")", n); };
  EXPECT_EQ(ConditionCodes(nested(kMaxNesting - 1)), Strings({}));
  EXPECT_EQ(ConditionCodes(nested(kMaxNesting)), Strings({code::kTooDeep}));
  EXPECT_EQ(ConditionCodes(nested(10'000)), Strings({code::kTooDeep}));
  EXPECT_EQ(ConditionCodes(Repeat("(", 1'000'000)), Strings({code::kTooDeep}));
}

TEST(LimitsTest, EveryWayToNestIsBounded) {
  for (const std::string opening :
       {"not (", "uint8(", "-(", "@_a[", "for any of them : (", "for any i in (1..", "any of (1 == 1, ", "$_a at ",
        "$_a in (", "with x = ", "pe.sections[", "\"a\" contains (", "defined ", "not ", "- ", "~ "}) {
    const auto codes = ConditionCodes(Repeat(opening, 20'000), YaraX());
    ASSERT_FALSE(codes.empty()) << opening;
    EXPECT_TRUE(codes[0] == code::kTooDeep || codes[0] == code::kLoopVariableTaken ||
                codes[0] == code::kUndefinedIdentifier)
        << opening << codes[0];
  }
}

TEST(LimitsTest, ChainsOfOneOperator) {
  EXPECT_EQ(ConditionCodes("#_a" + Repeat(" + #_a", kMaxExprDepth - 10) + " > 1"), Strings({}));
  EXPECT_EQ(ConditionCodes("#_a" + Repeat(" + #_a", kMaxExprDepth) + " > 1"), Strings({code::kTooDeep}));
  // Constants are computed as they come.
  EXPECT_EQ(ConditionCodes("filesize > 1" + Repeat(" + 1", 100'000)), Strings({}));
}

TEST(LimitsTest, ChainsOfAndAndOrAreOneLevel) {
  const Parsed parsed = ParseCondition("$_a" + Repeat(" or $_b1", 9'999));
  ASSERT_TRUE(parsed.diagnostics.empty());
  EXPECT_EQ(parsed.condition().op, Op::kOr);
  EXPECT_EQ(parsed.condition().args.size(), 10'000u);
}

// E604
TEST(LimitsTest, TermsOfOneCondition) {
  EXPECT_EQ(ConditionCodes("$_a" + Repeat(" or $_a", kMaxTermsInRule + 1)), Strings({code::kTooManyTerms}));
}

TEST(LimitsTest, MembersOfSetsCountToo) {
  // Every `any of them` would hold 50,000 numbers.
  std::string text = "rule r { strings:";
  for (int i = 0; i < 50'000; ++i) text += " $a" + std::to_string(i) + "=\"abc" + std::to_string(i) + "\"";
  text += " condition: any of them" + Repeat(" or any of them", 10'000) + " }";
  EXPECT_EQ(ParseText(text, Quiet()).Codes(), Strings({code::kTooManyTerms}));
}

// E605
TEST(LimitsTest, StringsOfOneRule) {
  const auto codes = [](std::size_t n) {
    std::string text = "rule r { strings:" + Repeat(" $=\"abc\"", n) + " condition: any of them }";
    return ParseText(text, Quiet()).Codes();
  };
  EXPECT_EQ(codes(kMaxStringsInRule), Strings({}));
  EXPECT_EQ(codes(kMaxStringsInRule + 1), Strings({code::kTooManyStrings}));
}

// E606
TEST(LimitsTest, Rules) {
  std::string text;
  for (std::uint32_t i = 0; i <= kMaxRules; ++i) text += "rule r" + std::to_string(i) + "{condition:true}";
  const Parsed parsed = ParseText(text, Quiet());
  EXPECT_EQ(parsed.Codes(), Strings({code::kTooManyRules}));
  EXPECT_EQ(parsed.compilation.rules.size(), kMaxRules);
}

// E607
TEST(LimitsTest, Variables) {
  const auto codes = [](std::size_t n) {
    std::string with = "with v0 = 0";
    for (std::size_t i = 1; i < n; ++i) with += ", v" + std::to_string(i) + " = 0";
    return ConditionCodes(with + " : ( v0 == 0 )", YaraX());
  };
  EXPECT_EQ(codes(kMaxLocals), Strings({}));
  EXPECT_EQ(codes(kMaxLocals + 1), Strings({code::kTooManyLocals}));
}

// E608
TEST(LimitsTest, Patterns) {
  const auto codes = [](const std::string& string) {
    return ParseText("rule r { strings: $a = " + string + " condition: $a }", Quiet()).Codes();
  };
  EXPECT_EQ(codes("\"" + Repeat("a", kMaxOnePatternBytes) + "\""), Strings({}));
  EXPECT_EQ(codes("\"" + Repeat("a", kMaxOnePatternBytes + 1) + "\""), Strings({code::kPatternTooLong}));
  EXPECT_EQ(codes("{ " + Repeat("01 ", kMaxOnePatternBytes / 2) + "}"), Strings({code::kPatternTooLong}));
}

// E422
TEST(LimitsTest, NestingOfHexStrings) {
  const std::string text = "{ 01 " + Repeat("( 02 | ", 5'000) + "03" + Repeat(" )", 5'000) + " }";
  EXPECT_EQ(ParseText("rule r { strings: $a = " + text + " condition: $a }").Codes(), Strings({code::kHexTooLarge}));
}

// E505
TEST(LimitsTest, IncludesThatMultiply) {
  MapIncludes includes;
  for (int i = 0; i < 16; ++i) {
    const std::string next = "include \"f" + std::to_string(i + 1) + "\"";
    includes.files["f" + std::to_string(i)] = Repeat(next + "\n", 10);
  }
  includes.files["f16"] = "";
  const Parsed parsed = ParseText("include \"f0\"", {}, &includes);
  ASSERT_FALSE(parsed.diagnostics.empty());
  EXPECT_EQ(parsed.diagnostics.back().code,
            parsed.Has(code::kTooManyErrors) ? code::kTooManyErrors : code::kIncludeTooDeep);
}

// W901
TEST(LimitsTest, Warnings) {
  std::string text;
  for (int i = 0; i < 3'000; ++i) text += "rule r" + std::to_string(i) + "{condition:true}";
  const Parsed parsed = ParseText(text);
  EXPECT_EQ(parsed.diagnostics.size(), 1'001u);
  EXPECT_EQ(parsed.diagnostics.back().code, code::kTooManyWarnings);
}

TEST(LimitsTest, FiftyMegabytesOfAnything) {
  constexpr std::size_t kSize = 50u << 20;
  const auto seconds = [](const std::string& text) {
    const auto begin = std::chrono::steady_clock::now();
    const Parsed parsed = ParseText(text);
    EXPECT_FALSE(parsed.diagnostics.empty());
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  };
  for (const std::string part : {"(", "rule ", "rule r { condition: ", "$a ", "\"a", "/a", "\n", "{ 01 ", "and ",
                                 "for any ", "\xff", "include \"a\" ", "a.b", "private ", "/*", "import \"math\"x"}) {
    const std::string text = Repeat(part, kSize / part.size());
    // Generous: a sanitizer build on a busy machine takes many times longer.
    EXPECT_LT(seconds("rule r { condition: " + text), 60.0) << part;
  }
}

}  // namespace
}  // namespace dl::yara
