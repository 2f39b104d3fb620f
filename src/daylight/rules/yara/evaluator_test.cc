#include "daylight/rules/yara/evaluator.h"

#include <gtest/gtest.h>

#include <chrono>

#include "daylight/rules/yara/rules_testing.h"
#include "daylight/unpack/ole/vba_testing.h"

namespace dl::yara {
namespace {

TEST(EvaluatorTest, Strings) {
  const std::string_view a = "$a = \"aa\"";
  EXPECT_TRUE(Holds("#a == 2", "aaa", a));
  EXPECT_TRUE(Holds("@a == 1 and @a[2] == 4 and !a == 2", "xaaxaa", a));
  EXPECT_TRUE(Holds("not defined @a[3]", "xaaxaa", a));
  EXPECT_TRUE(Holds("not defined @a[0]", "xaaxaa", a));
  EXPECT_TRUE(Holds("$a at 4", "xaaxaa", a));
  EXPECT_FALSE(Holds("$a at 2", "xaaxaa", a));
  EXPECT_FALSE(Holds("$a at -1", "xaaxaa", a));
  EXPECT_TRUE(Holds("$a in (2..4)", "xaaxaa", a));
  EXPECT_FALSE(Holds("$a in (2..3)", "xaaxaa", a));
  EXPECT_TRUE(Holds("#a in (0..100) == 2", "xaaxaa", a));
}

TEST(EvaluatorTest, WhatIsComparedInPlace) {
  EXPECT_TRUE(Holds("$a at 1", "xab", "$a = \"ab\""));
  EXPECT_FALSE(Holds("$a at 2", "xab", "$a = \"ab\""));
  EXPECT_TRUE(Holds("$a at 1", "xAb", "$a = \"aB\" nocase"));
  EXPECT_TRUE(Holds("$a at 1", "!ab!", "$a = \"ab\" fullword"));
  EXPECT_FALSE(Holds("$a at 1", "xab!", "$a = \"ab\" fullword"));
  EXPECT_TRUE(Holds("$a at 0", "ab", "$a = \"ab\" fullword"));
  EXPECT_TRUE(Holds("$a at 1", std::string_view("x\0ab\0", 5).substr(1), "$a = \"ab\" fullword"));
  EXPECT_TRUE(Holds("$a at 0", "\x4f\xff", "$a = { 4? f? }"));
  EXPECT_TRUE(Holds("not $a at 9223372036854775807", "ab", "$a = \"ab\""));
}

TEST(EvaluatorTest, UndefinedIsNeitherTrueNorFalse) {
  EXPECT_FALSE(Holds("pe.number_of_sections > 0"));
  EXPECT_FALSE(Holds("not (pe.number_of_sections > 0)"));
  EXPECT_FALSE(Holds("pe.number_of_sections == 0 and true"));
  EXPECT_TRUE(Holds("pe.number_of_sections == 0 or filesize == 0"));
  EXPECT_TRUE(Holds("not defined pe.number_of_sections"));
  EXPECT_TRUE(Holds("not (pe.number_of_sections == 0 and filesize == 0)"));
  EXPECT_TRUE(Holds("not defined uint32(0)", "abc"));
  EXPECT_TRUE(Holds("defined uint32(0)", "abcd"));
  EXPECT_TRUE(Holds("not defined uint8(-1)", "abcd"));
  EXPECT_TRUE(Holds("not defined uint8(9223372036854775807)", "abcd"));
}

TEST(EvaluatorTest, Numbers) {
  const std::string_view bytes("\x01\xff\x80\x00\x7f\x00\x00\x80", 8);
  EXPECT_TRUE(Holds("uint16(0) == 0xff01 and uint16be(0) == 0x01ff and int8(1) == -1", bytes));
  EXPECT_TRUE(Holds("int32be(4) == 0x7f000080 and int32(4) == -2147483521", bytes));
  EXPECT_TRUE(Holds("int16be(1) == -128", bytes));
  EXPECT_TRUE(Holds("float32(0) == 1.0", std::string_view("\0\0\x80\x3f", 4), "", Dialect::kYaraX));
  EXPECT_TRUE(Holds("float32(0) == 1", std::string_view("\0\0\x80\x3f", 4), "", Dialect::kYaraX));
}

TEST(EvaluatorTest, Quantifiers) {
  const std::string_view three = "$a = \"aa\" $b = \"bb\" $c = \"cc\"";
  EXPECT_TRUE(Holds("2 of them", "aabb", three));
  EXPECT_FALSE(Holds("3 of them", "aabb", three));
  EXPECT_FALSE(Holds("4 of them", "aabbcc", three));
  EXPECT_TRUE(Holds("none of them", "x", three));
  EXPECT_TRUE(Holds("66% of them", "aabb", three));
  EXPECT_FALSE(Holds("67% of them", "aabb", three));
  EXPECT_TRUE(Holds("filesize - 3 of them", "aabb", three));
  EXPECT_TRUE(Holds("for all of ($a, $b) : (# == 1) and #c == 0", "aabb", three));
  EXPECT_TRUE(Holds("for 2 of them : ($ at 0 or $ at 2)", "aabb", three));
  EXPECT_TRUE(Holds("any of them at 2", "aabb", three));
  EXPECT_FALSE(Holds("any of them in (3..9)", "aabb", three));
}

// YARA divides: 29 / 50 * 100 is a little less than 58 in floating point.
TEST(EvaluatorTest, PercentagesRoundAsInYara) {
  std::string strings;
  std::string object;
  for (int i = 0; i < 50; ++i) {
    const std::string token = "tok" + std::to_string(100 + i);
    strings += "$s" + std::to_string(i) + " = \"" + token + "\" ";
    if (i < 29) object += token + " ";
  }
  EXPECT_TRUE(Holds("57% of them", object, strings));
  EXPECT_FALSE(Holds("58% of them", object, strings));
  EXPECT_TRUE(Holds("58% of them", object, strings, Dialect::kYaraX));
}

TEST(EvaluatorTest, Loops) {
  EXPECT_TRUE(Holds("for all i in (1..3) : (i < 4)"));
  EXPECT_TRUE(Holds("for 2 i in (1..3) : (i > 1)"));
  EXPECT_FALSE(Holds("for all i in (3..1+filesize) : (true)"));
  EXPECT_FALSE(Holds("for none i in (1..pe.number_of_sections) : (i == 7)"));
  EXPECT_TRUE(Holds("for none i in (1, 2, 3) : (i == 7)"));
  EXPECT_TRUE(Holds("for any i in (1..3) : (for any j in (i..i) : (j == 3 and i == j))"));
  EXPECT_TRUE(Holds("with x = filesize : (x == 2)", "ab", "", Dialect::kYaraX));
}

TEST(EvaluatorTest, RulesInOrder) {
  const auto rules = CompileRules(
      "private rule p { strings: $a = \"aa\" condition: $a }"
      "rule q { condition: p }"
      "rule r { condition: not p }"
      "rule s { condition: any of (q, r) }"
      "rule t { strings: $b = \"bb\" condition: $b and q }");
  EXPECT_EQ(Evaluated(rules, "aa").rules, "q s");
  EXPECT_EQ(Evaluated(rules, "bb").rules, "r s");
  EXPECT_EQ(Evaluated(rules, "bbaa").rules, "q s t");
}

TEST(EvaluatorTest, GlobalRulesCloseTheirNamespace) {
  const auto rules = CompileRules(
      "global rule g { condition: filesize > 2 } rule a { strings: $a = \"aa\" condition: $a }"
      "global private rule h { strings: $b = \"bb\" condition: not $b }");
  EXPECT_EQ(Evaluated(rules, "aa").rules, "");
  EXPECT_EQ(Evaluated(rules, "aaa").rules, "g a");
  EXPECT_EQ(Evaluated(rules, "aabb").rules, "");
}

TEST(EvaluatorTest, WhatTheConsoleSaysIsNeverLeftOut) {
  const auto rules = CompileRules(
      "import \"console\""
      "rule a { strings: $a = \"absent\" condition: console.log(\"a\") and $a }"
      "rule b { condition: console.log(\"b\") and uint16(0) == 0x5a4d }"
      "rule c { condition: filesize > 100 and console.log(\"c\") }");
  const Answers answers = Evaluated(rules, "hello");
  EXPECT_EQ(answers.rules, "");
  EXPECT_EQ(answers.log, (std::vector<std::string>{"a", "b"}));
}

class EvaluatorBudgetTest : public ::testing::Test {
 protected:
  static void Expect(std::string_view text, std::string_view rules, std::size_t gaps,
                     Dialect dialect = Dialect::kYara) {
    const auto compiled = CompileRules(text, dialect);
    const auto start = std::chrono::steady_clock::now();
    const Answers answers = Evaluated(compiled, "hello");
    EXPECT_EQ(answers.rules, rules) << text;
    EXPECT_EQ(answers.gaps.size(), gaps) << text;
    for (const std::string& gap : answers.gaps) EXPECT_EQ(gap.substr(0, 7), "budget:");
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(120)) << text;
  }
};

TEST_F(EvaluatorBudgetTest, EndlessLoopsEndAndSaySo) {
  Expect("rule r { condition: for all i in (0..0x7fffffffff) : (i >= 0) }", "", 1);
}

// A loop that was cut short has seen no counterexample, which proves nothing.
TEST_F(EvaluatorBudgetTest, ALoopThatWasCutShortIsNotTrue) {
  Expect("rule r { condition: for none i in (0..0x7fffffffff) : (i == -1) }", "", 1);
}

TEST_F(EvaluatorBudgetTest, WhatDependsOnAnUndecidedRuleIsUndecided) {
  Expect(
      "private rule p { condition: for all i in (0..0x7fffffffff) : (i >= 0) } rule r { condition: not p }"
      "rule s { condition: filesize == 5 }",
      "s", 1);
}

// The goal of a percentage is computed, not counted up to.
TEST_F(EvaluatorBudgetTest, PercentagesOfEndlessLoops) {
  Expect("rule r { condition: for 50% i in (0..0x7fffffffffff) : (i < 0) }", "", 1, Dialect::kYaraX);
}

TEST_F(EvaluatorBudgetTest, AllIntegersThereAre) {
  Expect("rule r { condition: for any i in (-0x7fffffffffffffff - filesize + 4..0x7fffffffffffffff) : (i == 0) }", "",
         1);
}

TEST_F(EvaluatorBudgetTest, ManyRulesShareOneBudget) {
  std::string text;
  for (int i = 0; i < 40; ++i) {
    text += "rule r" + std::to_string(i) + " { condition: for all i in (0..0x7fffffffff) : (i + " + std::to_string(i) +
            " >= 0) }\n";
  }
  const auto start = std::chrono::steady_clock::now();
  const Answers answers = Evaluated(CompileRules(text), "hello");
  EXPECT_EQ(answers.rules, "");
  EXPECT_EQ(answers.gaps.size(), 40u);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(200));
}

// As YARA-X's rules write them.
TEST(EvaluatorTest, ModulesOfContainers) {
  const std::string source = "Attribute VB_Name = \"Module1\"\r\nSub AutoOpen()\r\nEnd Sub\r\n";
  const std::string object = unpack::MakeCompound(
      {{u"WordDocument", std::string(5000, 'x')},
       {u"VBA/dir", unpack::CompressVba(unpack::MakeVbaDir({{"Module1", "Module1", 0}}, {1252, "P", {"stdole"}}))},
       {u"VBA/Module1", unpack::CompressVba(source)}});
  const auto rules = CompileRules(R"(
      import "olecf" import "vba" import "zip" import "msi"
      rule stream { condition: olecf.is_olecf and for any s in olecf.streams : (
          s.name == "WordDocument" and s.type == olecf.StreamType.STREAM and s.size == 5000) }
      rule macro { condition: vba.has_macros and for any m in vba.modules : (
          m.type == vba.MODULE_TYPE_STANDARD and m.code icontains "sub autoopen") }
      rule project { condition: vba.project_info.name == "P" and vba.project_info.module_count == 1 and
          for any r in vba.project_info.references : (r == "stdole") }
      rule no_zip { condition: not zip.is_zip and zip.entries.len() == 0 and zip.DEFLATED == 8 }
      rule unsigned { condition: msi.is_signed == false and msi.signatures.len() == 0 and
          not defined msi.signatures[0].signer_info.more_info }
      rule never { condition: for any s in msi.signatures : (s.verified and s.valid_on(0)) }
  )",
                                  Dialect::kYaraX);
  EXPECT_EQ(Evaluated(rules, object).rules, "stream macro project no_zip unsigned");
  EXPECT_EQ(Evaluated(rules, "hello").rules, "no_zip unsigned");
}

// An object whose bytes cannot be read once the search is over.
class FailingSource final : public ObjectSource {
 public:
  explicit FailingSource(std::string_view text, ErrorCode code) : memory_(AsBytes(text)), code_(code) {}
  std::optional<std::uint64_t> size() const override { return memory_.size(); }
  Result<Window> NextWindow(std::size_t overlap) override { return memory_.NextWindow(overlap); }
  Status Rewind() override { return memory_.Rewind(); }
  Result<std::size_t> ReadAt(std::uint64_t, std::span<std::byte>) override { return Fail(code_, "no"); }
  Result<Bytes> Whole(std::uint64_t) override { return Fail(code_, "no"); }

 private:
  MemorySource memory_;
  ErrorCode code_;
};

TEST(EvaluatorTest, WhatCannotBeReadIsAGap) {
  for (const char* condition :
       {"uint8(0) == 1", "entrypoint == 1", "pe.is_pe", "elf.type == 1", "hash.md5(0, 2) == \"\"",
        "math.entropy(0, 2) > 1.0", "$a at 1", "dotnet.is_dotnet", "macho.cputype == 1", "olecf.is_olecf",
        "msi.is_signed", "vba.has_macros", "zip.is_zip"}) {
    std::string text =
        "import \"pe\" import \"elf\" import \"hash\" import \"math\" import \"dotnet\" import \"macho\" import "
        "\"olecf\" import \"msi\" import \"vba\" import \"zip\" rule r { ";
    if (std::string_view(condition).find('$') != std::string_view::npos) text += "strings: $a = \"aa\" ";
    const auto rules = CompileRules(text + "condition: " + condition + " }");
    for (const auto& [code, reason] : {std::pair{ErrorCode::kIo, "io: "}, {ErrorCode::kUnsupported, "window: "}}) {
      FailingSource source("MZ hello", code);
      const Answers answers = Evaluated(rules, source);
      ASSERT_FALSE(answers.gaps.empty()) << condition;
      EXPECT_EQ(answers.gaps[0].substr(0, std::string_view(reason).size()), reason) << condition;
    }
  }
}

}  // namespace
}  // namespace dl::yara
