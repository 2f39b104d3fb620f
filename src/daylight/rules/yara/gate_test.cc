#include "daylight/rules/yara/gate.h"

#include <gtest/gtest.h>

#include "daylight/rules/yara/absence.h"
#include "daylight/rules/yara/rules_testing.h"

namespace dl::yara {
namespace {

constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();

std::string Show(const Gate& gate) {
  std::string out;
  if (!gate.any) {
    out += gate.magics.empty() ? "nothing" : "";
    for (const Magic& magic : gate.magics) {
      if (!out.empty()) out += "|";
      for (std::uint32_t i = 0; i < magic.length; ++i) {
        const char* digits = "0123456789abcdef";
        if (magic.mask[i] == 0) {
          out += "??";
        } else {
          out += digits[magic.value[i] >> 4];
          out += digits[magic.value[i] & 15];
        }
      }
      out += "@" + std::to_string(magic.offset);
    }
  }
  if (gate.min_filesize != 0) out += " >=" + std::to_string(gate.min_filesize);
  if (gate.max_filesize != kNoLimit) out += " <=" + std::to_string(gate.max_filesize);
  return out;
}

// The gate of the last rule of a text.
std::string GateOfText(std::string_view text, Dialect dialect = Dialect::kYara) {
  const Compilation compilation = ParseRules(text, dialect);
  std::vector<Gate> gates;
  for (const Rule& rule : compilation.rules) gates.push_back(DeriveGate(rule, compilation, gates));
  return gates.empty() ? "no rule" : Show(gates.back());
}

std::string GateOf(std::string_view condition, std::string_view strings = "", Dialect dialect = Dialect::kYara) {
  std::string text =
      "import \"pe\" import \"elf\" import \"dotnet\" import \"dex\" import \"lnk\" import \"macho\" "
      "import \"olecf\" import \"msi\" import \"vba\" import \"zip\" "
      "import \"math\" import \"console\" rule r { ";
  if (!strings.empty()) text += "strings: " + std::string(strings) + " ";
  return GateOfText(text + "condition: " + std::string(condition) + " }", dialect);
}

TEST(GateTest, MagicNumbers) {
  EXPECT_EQ(GateOf("uint16(0) == 0x5a4d"), "4d5a@0");
  EXPECT_EQ(GateOf("0x5a4d == uint16(0)"), "4d5a@0");
  EXPECT_EQ(GateOf("uint32be(4) == 0x01020304"), "01020304@4");
  EXPECT_EQ(GateOf("int8(3) == -1"), "ff@3");
  EXPECT_EQ(GateOf("uint16(0) == 0x5a4d or uint32(0) == 0x464c457f"), "4d5a@0|7f454c46@0");
  EXPECT_EQ(GateOf("uint16(0) == 0x5a4d and uint32(0) == 0x464c457f"), "4d5a@0");
  EXPECT_EQ(GateOf("uint16(0) == 0x5a4d or filesize > 5"), "");
  // Values that the width cannot hold.
  EXPECT_EQ(GateOf("uint16(0) == 0x15a4d").substr(0, 7), "nothing");
  EXPECT_EQ(GateOf("int8(0) == 0xff").substr(0, 7), "nothing");
  EXPECT_EQ(GateOf("uint8(0) == -1").substr(0, 7), "nothing");
  // What proves nothing.
  EXPECT_EQ(GateOf("uint16(0) != 0x5a4d"), "");
  EXPECT_EQ(GateOf("not uint16(0) == 0x5a4d"), "");
  EXPECT_EQ(GateOf("uint16(0) & 0xff == 0x4d"), "");
  EXPECT_EQ(GateOf("uint16(filesize - 2) == 0x5a4d"), "");
  EXPECT_EQ(GateOf("defined uint16(0)"), "");
  EXPECT_EQ(GateOf("uint16(5000) == 0x5a4d"), "");
  EXPECT_EQ(GateOf("for any i in (0..3) : (uint16(0) == 0x5a4d)"), "");
}

// The bytes of a float are not those of an equal integer.
TEST(GateTest, FloatsAreNotMagicNumbers) {
  EXPECT_EQ(GateOf("float32(0) == 1", "", Dialect::kYaraX), "");
  EXPECT_EQ(GateOf("float64(0) == 1.0", "", Dialect::kYaraX), "");
}

TEST(GateTest, Sizes) {
  EXPECT_EQ(GateOf("filesize < 10"), " <=9");
  EXPECT_EQ(GateOf("filesize <= 10"), " <=10");
  EXPECT_EQ(GateOf("10 >= filesize"), " <=10");
  EXPECT_EQ(GateOf("filesize > 10 and filesize < 2KB"), " >=11 <=2047");
  EXPECT_EQ(GateOf("filesize == 7"), " >=7 <=7");
  EXPECT_EQ(GateOf("filesize > -1"), "");
  EXPECT_EQ(GateOf("filesize != 7"), "");
  EXPECT_EQ(GateOf("not filesize < 10"), "");
  EXPECT_EQ(GateOf("filesize + 1 < 10"), "");
  EXPECT_EQ(GateOf("filesize < 10 or filesize > 100"), "");
  EXPECT_EQ(GateOf("filesize < 10 or filesize < 100"), " <=99");
  EXPECT_EQ(GateOf("filesize < 0").substr(0, 7), "nothing");
  EXPECT_EQ(GateOf("filesize < 9223372036854775807"), " <=9223372036854775806");
}

TEST(GateTest, StringsAtAFixedPlace) {
  EXPECT_EQ(GateOf("$a at 0", "$a = \"abc\""), "616263@0");
  EXPECT_EQ(GateOf("$a at 2", "$a = \"abcdefghij\""), "6162636465666768@2");
  EXPECT_EQ(GateOf("$a at 0", "$a = { 4d ?? 5a ?? }"), "4d??5a@0");
  EXPECT_EQ(GateOf("$a at 0", "$a = { 4d [1-2] 5a }"), "4d@0");
  EXPECT_EQ(GateOf("$a at 0", "$a = { (4d | 5a) 00 }"), "");
  EXPECT_EQ(GateOf("$a at 0", "$a = { ~4d 00 }"), "??00@0");
  EXPECT_EQ(GateOf("$a at 0", "$a = \"abc\" nocase"), "");
  EXPECT_EQ(GateOf("$a at 0", "$a = \"abc\" wide ascii"), "");
  EXPECT_EQ(GateOf("$a at 0", "$a = \"abc\" xor"), "");
  EXPECT_EQ(GateOf("$a at 0", "$a = \"abcd\" base64"), "");
  EXPECT_EQ(GateOf("$a at 0", "$a = /abc/"), "");
  EXPECT_EQ(GateOf("not $a at 0", "$a = \"abc\""), "");
  EXPECT_EQ(GateOf("for any of them : ($ at 0)", "$a = \"abc\""), "");
}

TEST(GateTest, ModulesNeedTheirMagic) {
  EXPECT_EQ(GateOf("pe.number_of_sections > 3"), "4d5a@0");
  EXPECT_EQ(GateOf("not (pe.number_of_sections > 3)"), "4d5a@0");
  EXPECT_EQ(GateOf("pe.imphash() == \"x\""), "4d5a@0");
  EXPECT_EQ(GateOf("pe.sections[0].name contains \"x\""), "4d5a@0");
  EXPECT_EQ(GateOf("for any s in pe.sections : (s.name == \"x\")"), "4d5a@0");
  EXPECT_EQ(GateOf("for any k, v in pe.version_info : (k == \"x\")"), "4d5a@0");
  EXPECT_EQ(GateOf("for any i in (0..pe.number_of_sections) : (i == 1)"), "4d5a@0");
  EXPECT_EQ(GateOf("elf.type == elf.ET_EXEC"), "7f454c46@0");
  EXPECT_EQ(GateOf("lnk.is_lnk"), "4c000000@0");
  EXPECT_EQ(GateOf("olecf.is_olecf"), "d0cf11e0a1b11ae1@0");
  EXPECT_EQ(GateOf("for any s in olecf.streams : (s.name == \"x\")"), "d0cf11e0a1b11ae1@0");
  EXPECT_EQ(GateOf("msi.is_signed and msi.signatures[0].verified"), "d0cf11e0a1b11ae1@0");
  EXPECT_EQ(GateOf("vba.has_macros"), "504b0304@0|d0cf11e0a1b11ae1@0");
  EXPECT_EQ(GateOf("vba.project_info.name == \"x\""), "504b0304@0|d0cf11e0a1b11ae1@0");
  EXPECT_EQ(GateOf("zip.is_zip"), "");
  EXPECT_EQ(GateOf("vba.has_macros == false", "", Dialect::kYaraX), "");
  EXPECT_EQ(GateOf("not vba.has_macros"), "");
  EXPECT_EQ(GateOf("not olecf.is_olecf"), "");
  EXPECT_EQ(GateOf("olecf.StreamType.ROOT == 5"), "");
  EXPECT_EQ(GateOf("pe.is_pe == 0"), "");
  EXPECT_EQ(GateOf("not pe.is_pe"), "");
  EXPECT_EQ(GateOf("pe.is_dll()"), "");
  EXPECT_EQ(GateOf("not defined pe.number_of_sections"), "");
  EXPECT_EQ(GateOf("pe.MACHINE_I386 == 0x14c"), "");
  EXPECT_EQ(GateOf("for any x in (pe.number_of_sections, 1) : (x == 1)"), "");
  EXPECT_EQ(GateOf("math.abs(-1) == 1"), "");
  EXPECT_EQ(GateOf("macho.cputype == 7"), "");
}

// Found by reading: these are there although the object is of another format.
TEST(GateTest, FactsThatEveryObjectHas) {
  EXPECT_EQ(GateOf("dex.DEX_FILE_MAGIC_035 contains \"dex\""), "");
  EXPECT_EQ(GateOf("dotnet.guids.len() == 0", "", Dialect::kYaraX), "");
  EXPECT_EQ(GateOf("defined dotnet.streams[0].name"), "4d5a@0");
  EXPECT_EQ(GateOf("defined vba.has_macros"), "");
  EXPECT_EQ(GateOf("vba.modules.len() == 0", "", Dialect::kYaraX), "");
  EXPECT_EQ(GateOf("vba.project_info.references.len() == 0", "", Dialect::kYaraX), "");
}

TEST(GateTest, RuleReferences) {
  EXPECT_EQ(GateOfText("rule a { condition: filesize < 5 } rule b { condition: a }"), " <=4");
  EXPECT_EQ(GateOfText("rule a { condition: filesize < 5 } rule b { condition: not a }"), "");
  EXPECT_EQ(GateOfText("rule a { condition: filesize < 5 } rule b { condition: any of (a*) }"), "");
}

// A false condition that spoke to the user has spoken.
TEST(GateTest, TheConsoleIsNeverGated) {
  EXPECT_EQ(GateOf("console.log(\"x\") and uint16(0) == 0x5a4d"), "");
  EXPECT_EQ(GateOf("uint16(0) == 0x5a4d and console.log(\"x\")"), "");
}

// Gates, and leaving out rules that no match touched, change no answer: every
// field and function of every module, for objects of other formats.
TEST(GateTest, EveryFactAgreesWithEvaluatingAll) {
  const std::string objects[] = {"",
                                 "hello",
                                 "MZ",
                                 std::string("MZ\0\0", 4) + std::string(100, '\0'),
                                 "\x7f"
                                 "ELF",
                                 std::string("dex\n035\0", 8),
                                 std::string("L\0\0\0", 4),
                                 "dex\nxxxxxxxxx"};
  for (const ModuleInfo* module : AllModules()) {
    if (module->name == "cuckoo" || module->name == "console" || module->name == "time") continue;
    std::string text = "import \"" + std::string(module->name) + "\"\n";
    int n = 0;
    const auto add = [&](const std::string& condition) {
      Parser parser({.dialect = Dialect::kYaraX, .externals = {}, .warnings = false}, nullptr);
      const std::string rule = "rule r" + std::to_string(n) + " { condition: " + condition + " }\n";
      parser.AddFile("t", "import \"" + std::string(module->name) + "\" " + rule, "default");
      parser.Finish();
      if (parser.has_errors()) return;
      text += rule;
      ++n;
    };
    for (const FieldType& field : module->type().fields()) {
      const std::string name = std::string(module->name) + "." + field.name;
      if (field.kind == TypeKind::kFunction) {
        for (const FunctionOverload& overload : field.overloads) {
          std::string call = name + "(";
          for (const char p : overload.parameters) {
            if (call.back() != '(') call += ", ";
            call += p == 'i' ? "0" : p == 'f' ? "1.0" : p == 's' ? "\"x\"" : p == 'r' ? "/x/" : "true";
          }
          add("defined " + call + ")");
          add("not " + call + ")");
          add(call + ") >= 0");
        }
        continue;
      }
      add("defined " + name);
      add("not " + name);
      add(name + " >= 0");
      add(name + " contains \"\"");
      add(name + ".len() >= 0");
      add("for all x in " + name + " : (defined x)");
      add("for none x in " + name + " : (defined x)");
      add("defined " + name + "[0]");
    }
    if (n == 0) continue;
    Parser parser({.dialect = Dialect::kYaraX, .externals = {}, .warnings = false}, nullptr);
    parser.AddFile("t", text, "default");
    const Compilation compilation = parser.Finish();
    std::vector<Gate> gates;
    for (const Rule& rule : compilation.rules) gates.push_back(DeriveGate(rule, compilation, gates));
    const auto rules = CompileRules(text, Dialect::kYaraX);
    for (const std::string& object : objects) {
      const std::string all = " " + Evaluated(rules, object, true).rules + " ";
      for (std::size_t i = 0; i < compilation.rules.size(); ++i) {
        const Rule& rule = compilation.rules[i];
        if (all.find(" " + rule.identifier + " ") == std::string::npos) continue;
        bool open = gates[i].any;
        for (const Magic& magic : gates[i].magics) {
          bool equal = magic.offset + magic.length <= object.size();
          for (std::uint32_t k = 0; k < magic.length && equal; ++k) {
            equal = (static_cast<std::uint8_t>(object[magic.offset + k]) & magic.mask[k]) == magic.value[k];
          }
          open = open || equal;
        }
        const Span& span = rule.condition.span;
        EXPECT_TRUE(open) << "gate of " << compilation.files[0].text.substr(span.begin, span.end - span.begin)
                          << " is closed for " << object.substr(0, 20);
        EXPECT_TRUE(MattersWithoutMatch(rule, compilation, {}));
      }
      EXPECT_EQ(" " + Evaluated(rules, object).rules + " ", all);
    }
  }
}

// Three rules in a row: the last one's answer when no string matches.
std::string WithoutMatch(std::string_view text) {
  const Compilation compilation = ParseRules(text);
  std::vector<bool> matters;
  std::string out;
  for (const Rule& rule : compilation.rules) {
    matters.push_back(MattersWithoutMatch(rule, compilation, matters));
    out += matters.back() ? 'y' : 'n';
  }
  return out;
}

bool Matters(const std::string& condition) {
  return WithoutMatch("import \"console\" rule r { strings: $a = \"aa\" $b = \"bb\" condition: " + condition +
                      " and (#a >= 0 or #b >= 0) }") == "y";
}

TEST(AbsenceTest, WhatNeedsAMatch) {
  EXPECT_FALSE(Matters("$a"));
  EXPECT_FALSE(Matters("$a or $b"));
  EXPECT_FALSE(Matters("any of them"));
  EXPECT_FALSE(Matters("all of them"));
  EXPECT_FALSE(Matters("1 of them"));
  EXPECT_FALSE(Matters("50% of them"));
  EXPECT_FALSE(Matters("#a > 2"));
  EXPECT_FALSE(Matters("@a < 100"));
  EXPECT_FALSE(Matters("uint32(@a + 2) == 7"));
  EXPECT_FALSE(Matters("uint32be(@a + 8) ^ uint32be(@b) != 1"));
  EXPECT_FALSE(Matters("(@b - @a) < 700 or 7 > -(!a[1])"));
  EXPECT_FALSE(Matters("for any of them : ($)"));
  EXPECT_FALSE(Matters("for all i in (1..3) : ($a)"));
  EXPECT_FALSE(Matters("not none of them"));
}

TEST(AbsenceTest, WhatDoesNot) {
  EXPECT_TRUE(Matters("not $a"));
  EXPECT_TRUE(Matters("#a < 2"));
  EXPECT_TRUE(Matters("#a == #b"));
  EXPECT_TRUE(Matters("none of them"));
  EXPECT_TRUE(Matters("filesize of them"));
  EXPECT_TRUE(Matters("filesize % of them"));
  EXPECT_TRUE(Matters("for all of them : (not $)"));
  EXPECT_TRUE(Matters("for none of them : ($)"));
  EXPECT_TRUE(Matters("not defined @a"));
  EXPECT_TRUE(Matters("not (@a < 100)"));
  EXPECT_TRUE(Matters("uint32(#a) == 7"));
  EXPECT_TRUE(Matters("for none i in (1..3) : ($a)"));
  EXPECT_TRUE(Matters("$a at 0"));  // Compared there, never searched.
  EXPECT_TRUE(Matters("($a or filesize > 0)"));
  EXPECT_TRUE(Matters("console.log(\"x\") and $a"));
}

TEST(AbsenceTest, RulesThatReferToRules) {
  EXPECT_EQ(WithoutMatch("rule a { strings: $a = \"aa\" condition: $a } rule b { condition: a }"), "nn");
  EXPECT_EQ(WithoutMatch("rule a { strings: $a = \"aa\" condition: $a } rule b { condition: not a }"), "ny");
  EXPECT_EQ(WithoutMatch("rule a { condition: filesize > 0 } rule b { condition: a }"), "yy");
}

// The gate of a rule for the case that no string matches: "never", "any" or the first magic as hex.
std::string GateWithoutMatch(const std::string& condition) {
  const Compilation compilation =
      ParseRules("import \"pe\" rule r { strings: $a = \"aa\" $b = \"bb\" $c = \"cc\" condition: " + condition +
                 " or 3 of them }");
  const Gate gate = DeriveGateWithoutMatch(compilation.rules.at(0), compilation, {}, {});
  if (gate.any) return "any";
  std::string out;
  for (const Magic& magic : gate.magics) {
    if (!out.empty()) out += "|";
    for (std::uint32_t i = 0; i < magic.length; ++i) out += static_cast<char>(magic.value[i]);
  }
  return out.empty() ? "never" : out;
}

TEST(GateWithoutMatchTest, PartsThatNeedAMatchAreLeftOut) {
  EXPECT_EQ(GateWithoutMatch("any of them"), "never");
  EXPECT_EQ(GateWithoutMatch("any of them or (uint16(0) == 0x5a4d and pe.imphash() == \"x\")"), "MZ");
  EXPECT_EQ(GateWithoutMatch("$a or pe.number_of_exports == 1"), "MZ");
  EXPECT_EQ(GateWithoutMatch("$a at 0 or #b > 2"), "aa");
  EXPECT_EQ(GateWithoutMatch("#a > #b + #c or uint16(0) == 0x5a4d"), "MZ");
  EXPECT_EQ(GateWithoutMatch("#a >= #b + #c or uint16(0) == 0x5a4d"), "any");
  EXPECT_EQ(GateWithoutMatch("not $a"), "any");
  EXPECT_EQ(GateWithoutMatch("none of them"), "any");
}

// The array that must have something in it when no string matches; "" when none is known to.
std::string Required(const std::string& condition) {
  const Compilation compilation = ParseRules(
      "import \"pe\" import \"console\" rule r { strings: $a = \"aa\" condition: (" + condition + ") and (#a >= 0) }");
  const Expr* array = RequiredArray(compilation.rules.at(0), compilation, {});
  if (array == nullptr) return "";
  const StructType* structure = array->args[0].structure;
  return std::string(structure->fields()[array->index].name);
}

TEST(RequiredArrayTest, WhatHoldsOnlyWithSomethingInAnArray) {
  EXPECT_EQ(Required("for any i in (0..pe.number_of_signatures) : (pe.signatures[i].serial == \"x\" and i < 3)"),
            "signatures");
  EXPECT_EQ(Required("uint16(0) == 0x5a4d and pe.signatures[0].subject contains \"x\""), "signatures");
  EXPECT_EQ(Required("pe.sections[1].name == \"x\" or pe.sections[2].name == \"y\""), "sections");
  EXPECT_EQ(Required("for any s in pe.sections : (s.name == \"x\")"), "sections");
  EXPECT_EQ(Required("$a or pe.sections[0].raw_data_size > 1"), "sections");
  EXPECT_EQ(Required("for all i in (1..2) : (pe.sections[i].name != \"x\")"), "sections");
}

TEST(RequiredArrayTest, WhatMayHoldWithout) {
  EXPECT_EQ(Required("pe.sections[1].name == \"x\" or pe.signatures[2].subject == \"y\""), "");
  EXPECT_EQ(Required("pe.sections[1].name == \"x\" or filesize > 3"), "");
  EXPECT_EQ(Required("not defined pe.sections[1].name"), "");
  EXPECT_EQ(Required("for none i in (1..2) : (pe.sections[i].name == \"x\")"), "");
  EXPECT_EQ(Required("pe.number_of_sections == 0"), "");
  EXPECT_EQ(Required("pe.sections[0].name == \"x\" and console.log(\"y\")"), "");
}

}  // namespace
}  // namespace dl::yara
