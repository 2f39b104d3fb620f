// Declarations: rules, strings, metas, imports, includes, recovery, warnings.
#include "daylight/rules/yara/rule_parser.h"

#include <gtest/gtest.h>

#include "daylight/rules/yara/codes.h"
#include "daylight/rules/yara/front_test_util.h"

namespace dl::yara {
namespace {

// The codes of a rule with one string declaration.
std::vector<std::string> StringCodes(std::string_view declaration, ParserOptions options = {}) {
  options.warnings = false;
  return ParseText("rule r { strings: " + std::string(declaration) + " condition: any of them }", options).Codes();
}

TEST(RuleTest, EverythingARuleCanSay) {
  const Parsed parsed = ParseText(R"(
    global private rule all_of_it : one two {
      meta:
        text = "a\x41" number = 12 negative = -3 yes = true real = 1.5 number = 4
      strings:
        $a = "text" wide nocase
        $b = { 01 ?2 [2-4] ~03 } private
        $c = /re[a-z]+/is fullword
        $ = "anonymous"
      condition:
        all of them
    })",
                                  Quiet());
  ASSERT_TRUE(parsed.diagnostics.empty()) << parsed.Text();
  const Rule& rule = parsed.compilation.rules.at(0);
  EXPECT_EQ(rule.identifier, "all_of_it");
  EXPECT_TRUE(rule.is_global && rule.is_private);
  EXPECT_EQ(rule.tags, Strings({"one", "two"}));
  ASSERT_EQ(rule.metas.size(), 6u);
  EXPECT_EQ(rule.metas[0].text, "aA");
  EXPECT_EQ(rule.metas[2].integer, -3);
  EXPECT_EQ(rule.metas[3].type, TypeKind::kBoolean);
  EXPECT_EQ(rule.metas[4].real, 1.5);
  ASSERT_EQ(rule.strings.size(), 4u);
  EXPECT_TRUE(rule.strings[0].wide && rule.strings[0].nocase && !rule.strings[0].ascii);
  EXPECT_TRUE(rule.strings[1].ascii && rule.strings[1].is_private && rule.strings[1].kind == StringKind::kHex);
  EXPECT_TRUE(rule.strings[2].nocase && rule.strings[2].dot_all && rule.strings[2].fullword);
  EXPECT_EQ(rule.strings[3].identifier, "$");
  EXPECT_TRUE(rule.strings[3].referenced);
}

TEST(RuleTest, ModifiersComeInAnyOrder) {
  EXPECT_EQ(ParseText("private global rule r { condition: filesize > 1 }").Codes(), Strings({}));
  const std::string_view twice = "private global private rule r { condition: filesize > 1 }";
  EXPECT_EQ(ParseText(twice).Codes(), Strings({}));
  EXPECT_EQ(ParseText(twice, YaraX()).Codes(), Strings({code::kDuplicateRuleModifier}));
}

TEST(RuleTest, TheSameNameInTwoFilesIsNoDuplicate) {
  Parser parser({}, nullptr);
  parser.AddFile("a.yar", "rule r { condition: filesize > 1 }", "a");
  parser.AddFile("b.yar", "rule r { condition: filesize > 2 } rule s { condition: r }", "b");
  const Compilation compilation = parser.Finish();
  EXPECT_FALSE(parser.has_errors());
  ASSERT_EQ(compilation.rules.size(), 3u);
  EXPECT_EQ(compilation.rules[1].name_space, 1u);
  EXPECT_EQ(compilation.rules[2].condition.index, 1u);  // Of its own file.
}

TEST(RuleTest, RulesAndImportsOfAnotherFileAreNotSeen) {
  Parser parser({}, nullptr);
  parser.AddFile("a.yar", "import \"math\" rule r { condition: filesize > 1 }", "same");
  parser.AddFile("b.yar", "rule s { condition: r } rule t { condition: math.abs(1) == 1 }", "same");
  parser.Finish();
  ASSERT_EQ(parser.diagnostics().size(), 2u);
  EXPECT_EQ(parser.diagnostics()[0].code, code::kUndefinedIdentifier);
  EXPECT_NE(parser.diagnostics()[1].hint.find("import \"math\""), std::string::npos);
}

TEST(RuleTest, MarksOfByteOrderAndLineEndsOfWindows) {
  EXPECT_EQ(ParseText("\xef\xbb\xbfrule r\r\n{\r\ncondition:\r\n filesize > 1\r\n}\r\n").Codes(), Strings({}));
  EXPECT_EQ(ParseText("\xff\xfer\0").Codes(), Strings({code::kEncoding}));
}

TEST(RecoveryTest, AnErrorCostsOneRule) {
  const Parsed parsed = ParseText(R"(
    rule a { condition: filesize > }
    rule b { condition: filesize > 2 }
    rule c { strings: $a = "abc condition: $a }
    rule d { condition: filesize > 3 }
    rule e { condition: ( filesize > 4 }
    private rule f { condition: filesize > 5 )
  )");
  EXPECT_EQ(parsed.Codes(), Strings({code::kSyntax, code::kUnterminatedString, code::kSyntax, code::kSyntax}));
  ASSERT_EQ(parsed.compilation.rules.size(), 2u);
  EXPECT_EQ(parsed.compilation.rules[0].identifier, "b");
  EXPECT_EQ(parsed.compilation.rules[1].identifier, "d");
}

TEST(RecoveryTest, ASmallErrorHidesNoOther) {
  EXPECT_EQ(
      ParseText("rule r { strings: $a = \"a\\qb\" $b = /abc/g condition: $a and $c and 99999999999999999999 }").Codes(),
      Strings({code::kIllegalEscape, code::kRegexpFlag, code::kUndefinedString, code::kIntegerTooLarge,
               code::kUnreferencedString}));
}

TEST(RecoveryTest, AMissingBraceDoesNotSwallowTheNextRule) {
  const Parsed parsed = ParseText("rule a { condition: filesize > 1\nrule b { condition: filesize > 2 }");
  EXPECT_EQ(parsed.Codes(), Strings({code::kSyntax}));
  ASSERT_EQ(parsed.compilation.rules.size(), 1u);
  EXPECT_EQ(parsed.compilation.rules[0].identifier, "b");
}

TEST(RecoveryTest, RulesThatNeedABrokenRuleAreLeftOutToo) {
  const Parsed parsed = ParseText(
      "rule a { condition: filesize > } rule b { condition: a } rule c { condition: any of (b*) } "
      "rule d { condition: filesize > 1 }");
  EXPECT_EQ(parsed.Codes(), Strings({code::kSyntax, code::kRuleHasErrors, code::kRuleHasErrors}));
  ASSERT_EQ(parsed.compilation.rules.size(), 1u);
}

TEST(RecoveryTest, OfABrokenRuleOnlyErrorsAreReported) {
  EXPECT_EQ(ParseText("rule a { condition: 1 and nothing }").Codes(), Strings({code::kUndefinedIdentifier}));
}

TEST(StringTest, ModifiersThatFit) {
  EXPECT_EQ(StringCodes("$a = \"abc\" xor(0x01-0xff) wide ascii fullword private"), Strings({}));
  EXPECT_EQ(StringCodes("$a = \"abc\" base64 base64wide wide ascii private"), Strings({}));
  EXPECT_EQ(StringCodes("$a = /abc/i nocase wide ascii fullword private"), Strings({}));
  EXPECT_EQ(StringCodes("$a = { 01 02 } private"), Strings({}));
  EXPECT_EQ(StringCodes("$a = \"abc\" xor(255)"), Strings({}));
}

TEST(StringTest, ModifiersThatDoNotFit) {
  EXPECT_EQ(StringCodes("$a = /abc/ xor"), Strings({code::kWrongModifier}));
  EXPECT_EQ(StringCodes("$a = /abc/ base64"), Strings({code::kWrongModifier}));
  EXPECT_EQ(StringCodes("$a = { 01 02 } wide"), Strings({code::kWrongModifier}));
  EXPECT_EQ(StringCodes("$a = \"abc\" wide wide"), Strings({code::kDuplicateModifier}));
  EXPECT_EQ(StringCodes("$a = \"abc\" xor(1) xor"), Strings({code::kDuplicateModifier}));
  EXPECT_EQ(StringCodes("$a = \"abc\" xor nocase"), Strings({code::kModifierConflict}));
  EXPECT_EQ(StringCodes("$a = \"abc\" base64 nocase"), Strings({code::kModifierConflict}));
  EXPECT_EQ(StringCodes("$a = \"abc\" base64wide fullword"), Strings({code::kModifierConflict}));
  EXPECT_EQ(StringCodes("$a = \"abc\" base64 xor"), Strings({code::kModifierConflict}));
  EXPECT_EQ(StringCodes("$a = \"abc\" xor(256)"), Strings({code::kXorRange}));
  EXPECT_EQ(StringCodes("$a = \"abc\" xor(2-1)"), Strings({code::kXorRange}));
  EXPECT_EQ(StringCodes("$a = \"abc\" xor(0-256)"), Strings({code::kXorRange}));
  EXPECT_EQ(StringCodes("$a = \"abc\" base64(\"abc\")"), Strings({code::kBase64Alphabet}));
  EXPECT_EQ(StringCodes("$a = \"\""), Strings({code::kEmptyString}));
}

TEST(StringTest, AlphabetsOfBase64) {
  const std::string other = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  const Parsed parsed = ParseText("rule r { strings: $a = \"abc\" base64(\"" + other + "\") condition: $a }");
  ASSERT_TRUE(parsed.diagnostics.empty()) << parsed.Text();
  EXPECT_EQ(parsed.compilation.rules[0].strings[0].base64_alphabet, other);
  EXPECT_EQ(StringCodes("$a = \"abc\" base64 base64wide(\"" + other + "\")"), Strings({code::kModifierConflict}));
  EXPECT_EQ(StringCodes("$a = \"abc\" base64(\"" + other + "\") base64wide(\"" + other + "\")"), Strings({}));
  EXPECT_EQ(StringCodes("$a = \"ab\" base64"), Strings({}));
  EXPECT_EQ(StringCodes("$a = \"ab\" base64", YaraX()), Strings({code::kBase64TooShort}));
}

TEST(StringTest, ErrorsOfPatternsPointIntoThem) {
  const Parsed parsed = ParseText("rule r { strings: $a = { 01 [5-2] 02 } $b = /ab(c/ condition: all of them }");
  ASSERT_EQ(parsed.Codes(), Strings({code::kHexJump, code::kRegexpSyntax}));
  EXPECT_EQ(parsed.diagnostics[0].source_line.substr(parsed.diagnostics[0].column - 1, 1), "[");
  const std::uint32_t column = parsed.diagnostics[1].column;
  EXPECT_GE(column, 45u);
  EXPECT_LE(column, 50u);
}

TEST(StringTest, UnusedStrings) {
  EXPECT_EQ(ParseText("rule r { strings: $a = \"abc\" $ = \"def\" condition: filesize > 1 }").Codes(),
            Strings({code::kUnreferencedString, code::kUnreferencedString}));
  EXPECT_EQ(ParseText("rule r { strings: $_a = \"abc\" condition: filesize > 1 }").Codes(),
            Strings({code::kUnusedString}));
}

TEST(IncludeTest, RulesOfAnIncludeShareTheNamespace) {
  MapIncludes includes;
  includes.files["b.yar"] = "import \"math\" rule b { condition: filesize > 1 }";
  const Parsed parsed =
      ParseText("include \"b.yar\" rule a { condition: b and math.abs(filesize) == 1 }", {}, &includes);
  ASSERT_TRUE(parsed.diagnostics.empty()) << parsed.Text();
  ASSERT_EQ(parsed.compilation.files.size(), 2u);
  EXPECT_TRUE(parsed.compilation.files[1].is_include);
  EXPECT_EQ(includes.asked.at(0).second, "a.yar");
  EXPECT_EQ(parsed.compilation.rules[0].span.file, 1u);
}

TEST(IncludeTest, InTheMiddleOfAFile) {
  MapIncludes includes;
  includes.files["b.yar"] = "rule b { condition: filesize > 2 }";
  const Parsed parsed =
      ParseText("rule a { condition: filesize > 1 } include \"b.yar\" rule c { condition: a and b }", {}, &includes);
  ASSERT_TRUE(parsed.diagnostics.empty()) << parsed.Text();
  EXPECT_EQ(parsed.compilation.rules.size(), 3u);
}

TEST(IncludeTest, ErrorsPointIntoTheInclude) {
  MapIncludes includes;
  includes.files["b.yar"] = "\n\nrule b { condition: nothing }";
  const Parsed parsed = ParseText("include \"b.yar\"", {}, &includes);
  ASSERT_EQ(parsed.Codes(), Strings({code::kUndefinedIdentifier}));
  EXPECT_EQ(parsed.diagnostics[0].file, "b.yar");
  EXPECT_EQ(parsed.diagnostics[0].line, 3u);
  EXPECT_EQ(parsed.diagnostics[0].rule, "b");
}

TEST(IncludeTest, CirclesPrintTheirChain) {
  MapIncludes includes;
  includes.files["b.yar"] = "include \"c.yar\"";
  includes.files["c.yar"] = "include \"b.yar\"";
  const Parsed parsed = ParseText("include \"b.yar\"", {}, &includes);
  ASSERT_EQ(parsed.Codes(), Strings({code::kIncludeCycle}));
  EXPECT_EQ(parsed.diagnostics[0].label, "b.yar -> c.yar -> b.yar");
}

TEST(IncludeTest, TheSameFileTwiceIsNoCircle) {
  MapIncludes includes;
  includes.files["b.yar"] = "import \"math\"";
  EXPECT_EQ(ParseText("include \"b.yar\" include \"b.yar\"", {}, &includes).Codes(), Strings({}));
}

TEST(IncludeTest, WhatIsForbiddenIsNotShown) {
  MapIncludes includes;
  includes.files["secret"] = "root:x:0:0";
  includes.forbidden = {"secret"};
  const Parsed parsed = ParseText("include \"secret\"", {}, &includes);
  ASSERT_EQ(parsed.Codes(), Strings({code::kIncludeNotAllowed}));
  EXPECT_EQ(parsed.Text().find("root"), std::string::npos);
}

TEST(IncludeTest, OneFileAfterAnotherUntilTheDepth) {
  // f0 includes f1 ... ; the last has a rule.
  const auto parse = [](int depth) {
    MapIncludes includes;
    for (int i = 0; i < depth; ++i) {
      includes.files["f" + std::to_string(i)] = "include \"f" + std::to_string(i + 1) + "\"";
    }
    includes.files["f" + std::to_string(depth)] = "rule r { condition: filesize > 1 }";
    return ParseText("include \"f0\"", {}, &includes).Codes();
  };
  EXPECT_EQ(parse(15), Strings({}));  // Sixteen includes inside one another.
  EXPECT_EQ(parse(16), Strings({code::kIncludeTooDeep}));
}

TEST(IncludeTest, WithoutAResolverNothingIsIncluded) {
  EXPECT_EQ(ParseText("include \"b.yar\"").Codes(), Strings({code::kIncludesDisabled}));
}

TEST(ImportTest, Modules) {
  const Parsed parsed = ParseText("import \"math\" import \"math\" rule r { condition: math.abs(filesize) == 1 }");
  ASSERT_TRUE(parsed.diagnostics.empty()) << parsed.Text();
  EXPECT_EQ(parsed.compilation.modules.size(), 1u);
  const Parsed unknown = ParseText("import \"maths\" rule r { condition: maths.abs(1) == 1 }");
  ASSERT_EQ(unknown.Codes(), Strings({code::kUnknownModule}));  // The use of it is no second error.
  EXPECT_EQ(unknown.diagnostics[0].hint, "did you mean \"math\"?");
  EXPECT_TRUE(unknown.compilation.rules.empty());
}

TEST(ImportTest, ARuleMayHaveTheNameOfAModule) {
  EXPECT_EQ(ParseText("import \"math\" rule math { condition: filesize > 1 }").Codes(), Strings({}));
}

TEST(WarningTest, GoodRulesAreQuiet) {
  for (const char* text :
       {"rule r { strings: $a = { 01 ?? 02 1? } condition: $a }",
        "rule r { strings: $a = { (61 62 63 64 ?? | 65 ?? ?? 00 00 66) } condition: $a }",
        "rule r { strings: $a = { 00 00 00 01 } condition: $a }", "rule r { strings: $a = \"foo\" wide condition: $a }",
        "rule r { strings: $a = { 01 02 } condition: $a }", "rule r { strings: $a = /abcd[^\\n]*/ condition: $a }",
        "rule r { strings: $a = /abcdef/ condition: none of them }",
        "rule r { strings: $s1 = \"foo\" $s2 = \"bar\" $t = \"baz\" condition: $t and any of ($s*) }"}) {
    EXPECT_EQ(ParseText(text).Text(), "") << text;
  }
}

TEST(WarningTest, SlowStrings) {
  for (const char* string : {"{ 01 }", "{ 01 ?? ?? }", "{ 01 ?? ?? 02 }", "{ 1? 2? 3? }", "{ 1? 2? 3? 04 }",
                             "{ 1? ?? 03 }", "\"a\"", "{ 00 00 00 00 }", "\"    \"", "/a.{2}b/", "/(ab|c)[0-9]/"}) {
    EXPECT_EQ(ParseText(std::string("rule r { strings: $a = ") + string + " condition: $a }").Codes(),
              Strings({code::kSlowPattern}))
        << string;
  }
}

TEST(WarningTest, OfSets) {
  const auto codes = [](std::string_view condition) {
    return ParseText("rule r { strings: $a = \"foo\" $b = \"bar\" condition: " + std::string(condition) + " }").Codes();
  };
  EXPECT_EQ(codes("3 of them"), Strings({code::kInvariant}));
  EXPECT_EQ(codes("2 of them"), Strings({}));
  EXPECT_EQ(codes("2 of them at 0"), Strings({code::kUnsatisfiable}));
  EXPECT_EQ(codes("all of them at 0"), Strings({code::kUnsatisfiable}));
  EXPECT_EQ(codes("any of them at 0"), Strings({}));
  EXPECT_EQ(codes("0 of them"), Strings({code::kAmbiguousZero}));
  EXPECT_EQ(codes("1 + -1 of them"), Strings({code::kAmbiguousZero}));
  EXPECT_EQ(codes("for 3 of them : ( $ at 1 )"), Strings({code::kInvariant}));
}

TEST(WarningTest, HashesThatNoFileHas) {
  const auto codes = [](std::string_view hash) {
    return ParseText("import \"hash\" rule r { condition: hash.md5(0, filesize) == \"" + std::string(hash) + "\" }")
        .Codes();
  };
  EXPECT_EQ(codes("d41d8cd98f00b204e9800998ecf8427e"), Strings({}));
  EXPECT_EQ(codes("D41D8CD98F00B204E9800998ECF8427E"), Strings({code::kUnsatisfiable}));
  EXPECT_EQ(codes("d41d8cd98f00b204e9800998ecf8427"), Strings({code::kUnsatisfiable}));
  EXPECT_EQ(codes("g41d8cd98f00b204e9800998ecf8427e"), Strings({code::kUnsatisfiable}));
}

TEST(WarningTest, NoneWhenNotWanted) {
  EXPECT_EQ(ParseText("rule r { condition: true }", Quiet()).Codes(), Strings({}));
}

}  // namespace
}  // namespace dl::yara
