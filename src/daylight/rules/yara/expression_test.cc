// Conditions: precedence, types, folding, sets, loops.
#include "daylight/rules/yara/expression.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "daylight/rules/yara/codes.h"
#include "daylight/rules/yara/front_test_util.h"

namespace dl::yara {
namespace {

// The tree in prefix notation, so that tests read at a glance.
std::string Show(const Expr& expr) {
  const auto list = [](const Expr& e, std::size_t from = 0) {
    std::string out;
    for (std::size_t i = from; i < e.args.size(); ++i) out += " " + Show(e.args[i]);
    return out;
  };
  const auto set = [](const Expr& e) {
    std::string out = "{";
    for (const std::uint32_t i : e.set) out += (out.size() > 1 ? "," : "") + std::to_string(i);
    return out + "}";
  };
  const auto quantifier = [](const Expr& e) -> std::string {
    switch (e.quantifier) {
      case Quantifier::kAll: return "all";
      case Quantifier::kAny: return "any";
      case Quantifier::kNone: return "none";
      case Quantifier::kCount: return "count";
      case Quantifier::kPercent: return "percent";
      default: return "?";
    }
  };
  switch (expr.op) {
    case Op::kBoolean: return expr.integer != 0 ? "true" : "false";
    case Op::kInteger: return std::to_string(expr.integer);
    case Op::kFloat: return fmt::format("{}f", expr.real);
    case Op::kString: return "'" + expr.text + "'";
    case Op::kRegexp: return "/" + expr.text + "/" + (expr.nocase ? "i" : "") + (expr.dot_all ? "s" : "");
    case Op::kFilesize: return "filesize";
    case Op::kEntrypoint: return "entrypoint";
    case Op::kReadInteger: return fmt::format("(read{}{})", expr.integer, list(expr));
    case Op::kStringFound: return expr.index == kCurrentString ? "$" : fmt::format("${}", expr.index);
    case Op::kStringFoundAt: return fmt::format("(at ${}{})", expr.index, list(expr));
    case Op::kStringFoundIn: return fmt::format("(in ${}{})", expr.index, list(expr));
    case Op::kStringCount: return expr.index == kCurrentString ? "#" : fmt::format("#{}", expr.index);
    case Op::kStringCountIn: return fmt::format("(in #{}{})", expr.index, list(expr));
    case Op::kStringOffset: return fmt::format("@{}[{}]", static_cast<int>(expr.index), Show(expr.args[0]));
    case Op::kStringLength: return fmt::format("!{}[{}]", static_cast<int>(expr.index), Show(expr.args[0]));
    case Op::kOfStrings: return fmt::format("(of {} {}{})", quantifier(expr), set(expr), list(expr));
    case Op::kOfStringsAt: return fmt::format("(of-at {} {}{})", quantifier(expr), set(expr), list(expr));
    case Op::kOfStringsIn: return fmt::format("(of-in {} {}{})", quantifier(expr), set(expr), list(expr));
    case Op::kOfRules: return fmt::format("(of-rules {} {}{})", quantifier(expr), set(expr), list(expr));
    case Op::kOfExpressions: return fmt::format("(of-expr {}{})", quantifier(expr), list(expr));
    case Op::kForOfStrings: return fmt::format("(for-of {} {}{})", quantifier(expr), set(expr), list(expr));
    case Op::kForInRange: return fmt::format("(for-range {} v{}{})", quantifier(expr), expr.index, list(expr));
    case Op::kForInList: return fmt::format("(for-list {} v{}{})", quantifier(expr), expr.index, list(expr));
    case Op::kForInArray: return fmt::format("(for-array {} v{}{})", quantifier(expr), expr.index, list(expr));
    case Op::kForInDictionary:
      return fmt::format("(for-dict {} v{}+{}{})", quantifier(expr), expr.index, expr.integer, list(expr));
    case Op::kWith: return fmt::format("(with v{}+{}{})", expr.index, expr.integer, list(expr));
    case Op::kRuleReference: return fmt::format("rule{}", expr.index);
    case Op::kExternal: return fmt::format("ext{}", expr.index);
    case Op::kLocal: return fmt::format("v{}", expr.index);
    case Op::kModule: return fmt::format("module{}", expr.index);
    case Op::kField: return fmt::format("{}.{}", Show(expr.args[0]), expr.args[0].structure->fields()[expr.index].name);
    case Op::kArrayItem: return fmt::format("{}[{}]", Show(expr.args[0]), Show(expr.args[1]));
    case Op::kDictionaryItem: return fmt::format("{}[{}]", Show(expr.args[0]), Show(expr.args[1]));
    case Op::kCall: return fmt::format("({}{})", Show(expr.args[0]), list(expr, 1));
    case Op::kLength: return fmt::format("(len{})", list(expr));
    default: return fmt::format("({}{})", OperatorText(expr.op), list(expr));
  }
}

std::string Tree(std::string_view condition, ParserOptions options = {}) {
  const Parsed parsed = ParseCondition(condition, std::move(options));
  if (!parsed.diagnostics.empty()) return parsed.Text();
  return Show(parsed.condition());
}

std::string Code(std::string_view condition, ParserOptions options = {}) {
  const Parsed parsed = ParseCondition(condition, std::move(options));
  return parsed.diagnostics.empty() ? "" : parsed.diagnostics[0].code;
}

// A whole text: the code of the first diagnostic, or the last rule's condition.
std::string LastRule(std::string_view text, ParserOptions options = {}) {
  options.warnings = false;
  const Parsed parsed = ParseText(text, std::move(options));
  if (!parsed.diagnostics.empty()) return parsed.diagnostics[0].code;
  return Show(parsed.compilation.rules.back().condition);
}

TEST(PrecedenceTest, LogicalOperators) {
  EXPECT_EQ(Tree("$_a or $_b1 and $_b2"), "(or $0 (and $1 $2))");
  EXPECT_EQ(Tree("not $_a and $_b1"), "(and (not $0) $1)");
  EXPECT_EQ(Tree("not filesize == 1"), "(not (== filesize 1))");
  EXPECT_EQ(Tree("not defined filesize == 1 or $_a"), "(or (not (defined (== filesize 1))) $0)");
  EXPECT_EQ(Tree("($_a or $_b1) and $_b2"), "(and (or $0 $1) $2)");
}

TEST(PrecedenceTest, ChainsOfAndAndOrAreFlat) {
  EXPECT_EQ(Tree("$_a or $_b1 or $_b2 or #_a > 1"), "(or $0 $1 $2 (> #0 1))");
  EXPECT_EQ(Tree("$_a and $_b1 and $_b2"), "(and $0 $1 $2)");
}

TEST(PrecedenceTest, ArithmeticOperators) {
  EXPECT_EQ(Tree("filesize | #_a ^ #_b1 & #_b2 << 1 + @_a * 2 == 0"),
            "(== (| filesize (^ #0 (& #1 (<< #2 (+ 1 (* @0[1] 2)))))) 0)");
  EXPECT_EQ(Tree("filesize - 1 - 2 == 0"), "(== (- (- filesize 1) 2) 0)");
  EXPECT_EQ(Tree("filesize \\ 2 % 3 == 0"), "(== (% (\\ filesize 2) 3) 0)");
  EXPECT_EQ(Tree("-filesize * ~#_a == 0"), "(== (* (- filesize) (~ #0)) 0)");
  EXPECT_EQ(Tree("filesize == 1 | 2"), "(== filesize 3)");
}

TEST(PrecedenceTest, AtTakesAnArithmeticExpression) {
  EXPECT_EQ(Tree("$_a at filesize - 10 and $_b1"), "(and (at $0 (- filesize 10)) $1)");
  EXPECT_EQ(Tree("$_a in (0..filesize \\ 2)"), "(in $0 0 (\\ filesize 2))");
}

TEST(PrecedenceTest, ComparisonsDoNotChain) {
  EXPECT_EQ(Code("1 < 2 < 3"), code::kChainedComparison);
  EXPECT_EQ(Code("filesize == 1 == 1"), code::kChainedComparison);
}

TEST(OperandTest, StringsAndTheirProperties) {
  EXPECT_EQ(Tree("#_a in (0..10) > @_b1[2] + !_b2"), "(> (in #0 0 10) (+ @1[2] !2[1]))");
  EXPECT_EQ(Tree("for any of them : ( # > 1 and @ < ![2] and $ )"),
            "(for-of any {0,1,2} (and (> # 1) (< @-1[1] !-1[2]) $))");
  EXPECT_EQ(Code("$"), code::kAnonymousOutsideLoop);
  EXPECT_EQ(Code("# > 1"), code::kAnonymousOutsideLoop);
  EXPECT_EQ(Code("for any of them : ( $ ) and $"), code::kAnonymousOutsideLoop);
  EXPECT_EQ(Code("$_c"), code::kUndefinedString);
  EXPECT_EQ(Code("!_c == 1"), code::kUndefinedString);
}

TEST(OperandTest, ReadersOfIntegersAndFloats) {
  EXPECT_EQ(Tree("uint16be(0) == int8(filesize - 1)"), "(== (read1016 0) (read-8 (- filesize 1)))");
  EXPECT_EQ(Tree("float64be(0) > 1.5"), "(> (read1064 0) 1.5f)");
  EXPECT_EQ(Code("uint8(\"a\") == 1"), code::kWrongType);
}

TEST(OperandTest, StringOperators) {
  EXPECT_EQ(Tree("ext icontains \"b\"", WithExternal("ext", TypeKind::kString)), "(icontains ext0 'b')");
  EXPECT_EQ(Tree("\"abc\" matches /b.c/is"), "(matches 'abc' /b.c/is)");
  EXPECT_EQ(Code("\"abc\" matches \"b\""), code::kSyntax);
  EXPECT_EQ(Code("\"abc\" contains 1"), code::kWrongType);
  EXPECT_EQ(Code("\"abc\" matches /(/"), code::kRegexpSyntax);
}

TEST(FoldTest, ConstantsAreComputed) {
  EXPECT_EQ(Tree("filesize > 2 * (3 + 4) - 10 \\ 3"), "(> filesize 11)");
  EXPECT_EQ(Tree("filesize > 7 % 4 << 2"), "(> filesize 12)");
  EXPECT_EQ(Tree("filesize > 1 << 64"), "(> filesize 0)");
  EXPECT_EQ(Tree("filesize > -16 >> 2"), "(> filesize -4)");
  EXPECT_EQ(Tree("filesize > ~0x55 & 0xff"), "(> filesize 170)");
  EXPECT_EQ(Tree("filesize > 3.0 \\ 2"), "(> filesize 1.5f)");
  EXPECT_EQ(Tree("1 + 1 == 2"), "true");
  EXPECT_EQ(Tree("\"ab\" < \"abc\" and 2 > 3"), "false");
  EXPECT_EQ(Tree("true or $_a"), "true");
  EXPECT_EQ(Tree("$_a and false"), "false");
  // What may be undefined is kept: `true and x` is not x under `not`.
  EXPECT_EQ(Tree("true and uint8(0) == 1"), "(and true (== (read8 0) 1))");
  EXPECT_EQ(Tree("defined (1 == 1)"), "true");
}

TEST(FoldTest, OverflowIsAnError) {
  for (const char* condition : {"filesize > 0x7fffffffffffffff + 1", "filesize > -2 + -9223372036854775807",
                                "filesize > 1 - -9223372036854775807", "filesize > 4611686018427387904 * 2",
                                "filesize > 4611686018427387904 * -2", "filesize > ~9223372036854775807 \\ -1",
                                "filesize > -(~9223372036854775807)"}) {
    EXPECT_EQ(Code(condition), code::kIntegerOverflow) << condition;
  }
  EXPECT_EQ(Tree("filesize > 0x7ffffffffffffffe + 1"), "(> filesize 9223372036854775807)");
  EXPECT_EQ(Tree("filesize > -1 + -9223372036854775807"), "(> filesize -9223372036854775808)");
  EXPECT_EQ(Tree("filesize > ~9223372036854775807 % -1"), "(> filesize 0)");
}

TEST(FoldTest, DivisionByZeroAndNegativeShiftsAreErrorsOnlyWhenConstant) {
  EXPECT_EQ(Code("filesize \\ 0 == 1"), code::kDivisionByZero);
  EXPECT_EQ(Code("filesize % (1 - 1) == 1"), code::kDivisionByZero);
  EXPECT_EQ(Code("filesize << -1 == 1"), code::kNegativeShift);
  EXPECT_EQ(Tree("filesize \\ #_a == 1"), "(== (\\ filesize #0) 1)");
  EXPECT_EQ(Tree("1.0 \\ 0 == 1"), "(== (\\ 1f 0) 1)");
}

TEST(TypeTest, OperatorsCheckTheirOperands) {
  EXPECT_EQ(Code("1 + \"1\" == 2"), code::kWrongType);
  EXPECT_EQ(Code("-\"1\" == 0"), code::kWrongType);
  EXPECT_EQ(Code("1 << 2.0 == 0"), code::kWrongType);
  EXPECT_EQ(Code("~1.0 == 0"), code::kWrongType);
  EXPECT_EQ(Code("\"foo\" == 2"), code::kTypeMismatch);
  EXPECT_EQ(Code("$_a == 1"), code::kTypeMismatch);
  EXPECT_EQ(Code("$_a + 1 == 1"), code::kWrongType);
  EXPECT_EQ(Code("($_a) < ($_b1)"), code::kTypeMismatch);
  EXPECT_EQ(Code("$_a at \"x\""), code::kWrongType);
  EXPECT_EQ(Code("@_a[\"1\"] == 1"), code::kWrongType);
  EXPECT_EQ(Code("$_a in (0..1.5)"), code::kWrongType);
  EXPECT_EQ(Tree("1 == 1.0 and filesize < 1.5"), "(and true (< filesize 1.5f))");
}

TEST(TypeTest, SeveralErrorsOfOneConditionAreAllReported) {
  EXPECT_EQ(ParseCondition("$_c or nothing or 1 + \"a\" == 2").Codes(),
            Strings({code::kUndefinedString, code::kUndefinedIdentifier, code::kWrongType}));
}

TEST(TypeTest, NumbersAndStringsStandForBooleans) {
  EXPECT_EQ(Tree("filesize and not #_a"), "(and filesize (not #0))");
  EXPECT_EQ(Tree("\"abc\" and 0.0 or $_a"), "(or false $0)");
}

TEST(SetTest, StringSets) {
  EXPECT_EQ(Tree("all of them"), "(of all {0,1,2})");
  EXPECT_EQ(Tree("any of ($_b*)"), "(of any {1,2})");
  EXPECT_EQ(Tree("none of ($_b2, $_a)"), "(of none {2,0})");
  EXPECT_EQ(Tree("2 of them"), "(of count {0,1,2} 2)");
  EXPECT_EQ(Tree("1 + 1 of ($*)"), "(of count {0,1,2} 2)");
  EXPECT_EQ(Tree("(#_a) of them"), "(of count {0,1,2} #0)");
  EXPECT_EQ(Tree("50% of them"), "(of percent {0,1,2} 50)");
  EXPECT_EQ(Tree("1050 % 100 % of them"), "(of percent {0,1,2} 50)");
  EXPECT_EQ(Tree("0 of them"), "(of none {0,1,2})");
  EXPECT_EQ(Code("any of ($_x*)"), code::kEmptySet);
  EXPECT_EQ(Code("any of ($_a, $_x)"), code::kUndefinedString);
  EXPECT_EQ(LastRule("rule r { condition: any of them }"), code::kEmptySet);
}

TEST(SetTest, AStringNamedTwiceCountsTwiceInYaraOnceInYaraX) {
  EXPECT_EQ(Tree("2 of ($_a, $_*)"), "(of count {0,0,1,2} 2)");
  EXPECT_EQ(Tree("2 of ($_a, $_*)", YaraX()), "(of count {0,1,2} 2)");
}

TEST(SetTest, PlacesOfSets) {
  EXPECT_EQ(Tree("any of them at 10"), "(of-at any {0,1,2} 10)");
  EXPECT_EQ(Tree("2 of ($_b*) in (0..filesize)"), "(of-in count {1,2} 2 0 filesize)");
  EXPECT_EQ(Code("any of (1 == 1, $_a and $_b1) at 10"), code::kSyntax);
}

TEST(SetTest, Quantifiers) {
  EXPECT_EQ(Code("-1 of them"), code::kInvalidQuantifier);
  EXPECT_EQ(Code("0 + -1 of them"), code::kInvalidQuantifier);
  EXPECT_EQ(Code("\"foo\" of them"), code::kInvalidQuantifier);
  EXPECT_EQ(Code("1.5 of them"), code::kInvalidQuantifier);
  EXPECT_EQ(Code("for /foo/ of them : ( $ )"), code::kInvalidQuantifier);
  EXPECT_EQ(Code("101% of them"), code::kInvalidPercentage);
  EXPECT_EQ(Code("0% of them"), code::kInvalidPercentage);
  EXPECT_EQ(Code("100% of them"), "");
  EXPECT_EQ(Code("1% of them"), "");
}

TEST(SetTest, RuleSets) {
  const std::string rules = "rule a1 { condition: filesize > 1 } rule a2 { condition: filesize > 2 } ";
  EXPECT_EQ(LastRule(rules + "rule r { condition: any of (a*) }"), "(of-rules any {0,1})");
  EXPECT_EQ(LastRule(rules + "rule r { condition: 1 of (a2, a1) }"), "(of-rules count {1,0} 1)");
  EXPECT_EQ(LastRule(rules + "rule r { condition: any of (b*) }"), code::kEmptySet);
  EXPECT_EQ(LastRule(rules + "rule r { condition: any of (a1, r) }"), code::kUndefinedIdentifier);
  EXPECT_EQ(LastRule(rules + "rule r { condition: any of (a*) } rule a3 { condition: true }"),
            code::kMatchesEarlierWildcard);
}

TEST(SetTest, TuplesOfExpressions) {
  EXPECT_EQ(Tree("2 of ($_a and $_b1, filesize > 1, $_b2)"), "(of-expr count 2 (and $0 $1) (> filesize 1) $2)");
  EXPECT_EQ(Tree("any of (any of ($_a), $_b1)"), "(of-expr any (of any {0}) $1)");
  EXPECT_EQ(Tree("any of (flag, $_a)", WithExternal("flag", TypeKind::kBoolean)), "(of-expr any ext0 $0)");
  // One string in parentheses is a set, not an expression.
  EXPECT_EQ(Tree("all of ($_a)"), "(of all {0})");
}

TEST(LoopTest, RangesAndLists) {
  EXPECT_EQ(Tree("for all i in (1..#_a) : ( @_a[i] < 100 )"), "(for-range all v0 1 #0 (< @0[v0] 100))");
  EXPECT_EQ(Tree("for 2 i in (1, 2, filesize) : ( i == 2 )"), "(for-list count v0 2 1 2 filesize (== v0 2))");
  EXPECT_EQ(Tree("for any s in (\"a\", \"b\") : ( s == \"a\" )"), "(for-list any v0 'a' 'b' (== v0 'a'))");
  EXPECT_EQ(Tree("for 50% i in (0..9) : ( i > 4 )"), "(for-range percent v0 50 0 9 (> v0 4))");
  EXPECT_EQ(Tree("for #_a i in (0..9) : ( i > 4 )"), "(for-range count v0 #0 0 9 (> v0 4))");
  EXPECT_EQ(Code("for any i in (1, \"a\") : ( i == 1 )"), code::kTypeMismatch);
  EXPECT_EQ(Code("for any i in (\"a\") : ( i == 0 )"), code::kTypeMismatch);
  EXPECT_EQ(Code("for any i in filesize : ( i == 0 )"), code::kSyntax);
  EXPECT_EQ(Code("for any i, j in (1..2) : ( i == j )"), code::kLoopVariableCount);
}

TEST(LoopTest, NestedLoopsHaveTheirOwnSlots) {
  const Parsed parsed =
      ParseCondition("for any i in (1..2) : ( for any j in (i..3) : ( i == j ) ) and for any k in (1..2) : ( k == 1 )");
  ASSERT_TRUE(parsed.diagnostics.empty()) << parsed.Text();
  EXPECT_EQ(Show(parsed.condition()),
            "(and (for-range any v0 1 2 (for-range any v1 v0 3 (== v0 v1))) (for-range any v0 1 2 (== v0 1)))");
  EXPECT_EQ(parsed.compilation.rules[0].locals, 2u);
}

TEST(LoopTest, VariablesDoNotHideEachOtherInYara) {
  const std::string_view condition = "for any i in (1..2) : ( for any i in (1..2) : ( i == 1 ) )";
  EXPECT_EQ(Code(condition), code::kLoopVariableTaken);
  EXPECT_EQ(Tree(condition, YaraX()), "(for-range any v0 1 2 (for-range any v1 1 2 (== v1 1)))");
  EXPECT_EQ(Code("for any i, i in (1..2) : ( i == 1 )"), code::kLoopVariableTaken);
}

TEST(LoopTest, ContainersOfModules) {
  EXPECT_EQ(LastRule("import \"pe\" rule r { condition: for any s in pe.sections : ( s.name == \"a\" ) }"),
            "(for-array any v0 module0.sections (== v0.name 'a'))");
  EXPECT_EQ(LastRule("import \"pe\" rule r { condition: for any k, v in pe.version_info : ( k == v ) }"),
            "(for-dict any v0+2 module0.version_info (== v0 v1))");
  EXPECT_EQ(LastRule("import \"pe\" rule r { condition: for any k in pe.version_info : ( k == \"a\" ) }"),
            code::kLoopVariableCount);
  EXPECT_EQ(LastRule("import \"pe\" rule r { condition: for any s in pe.machine : ( s == 1 ) }"), code::kNotIterable);
}

TEST(LoopTest, With) {
  EXPECT_EQ(Tree("with n = filesize, m = n + 1 : ( m > n )"), "(with v0+2 filesize (+ v0 1) (> v1 v0))");
  EXPECT_EQ(LastRule("import \"pe\" rule r { condition: with s = pe.sections[0] : ( s.name == \"a\" ) }"),
            "(with v0+1 module0.sections[0] (== v0.name 'a'))");
  // A rule may be called so.
  EXPECT_EQ(LastRule("rule with { condition: filesize > 1 } rule r { condition: with and filesize > 2 }"),
            "(and rule0 (> filesize 2))");
}

TEST(NameTest, FieldsItemsAndCalls) {
  EXPECT_EQ(LastRule("import \"pe\" rule r { condition: pe.sections[1].name == pe.version_info[\"a\"] }"),
            "(== module0.sections[1].name module0.version_info['a'])");
  EXPECT_EQ(LastRule("import \"math\" rule r { condition: math.entropy(0, filesize) > 7.0 }"),
            "(> (module0.entropy 0 filesize) 7f)");
  EXPECT_EQ(LastRule("import \"pe\" rule r { condition: pe.sections.len() > \"abc\".len() }"),
            "(> (len module0.sections) (len 'abc'))");
  EXPECT_EQ(LastRule("import \"pe\" rule r { condition: pe.sectoins[0].name == \"a\" }"), code::kUnknownField);
  EXPECT_EQ(LastRule("import \"pe\" rule r { condition: pe.sections.name == \"a\" }"), code::kNotStructure);
  EXPECT_EQ(LastRule("import \"pe\" rule r { condition: pe.machine[0] == 1 }"), code::kNotIndexable);
  EXPECT_EQ(LastRule("import \"pe\" rule r { condition: pe.machine(0) == 1 }"), code::kNotFunction);
  EXPECT_EQ(LastRule("import \"pe\" rule r { condition: pe.sections[\"a\"].name == \"a\" }"), code::kWrongType);
  EXPECT_EQ(LastRule("import \"pe\" rule r { condition: pe.version_info[0] == \"a\" }"), code::kWrongType);
  EXPECT_EQ(LastRule("import \"pe\" rule r { condition: pe.sections }"), code::kWrongUse);
  EXPECT_EQ(LastRule("import \"pe\" rule r { condition: pe }"), code::kWrongUse);
}

TEST(NameTest, ConstantsOfModulesAreFolded) {
  EXPECT_EQ(LastRule("import \"pe\" rule r { condition: pe.machine == pe.MACHINE_AMD64 | 0 }"),
            "(== module0.machine 34404)");
}

TEST(NameTest, OverloadsAreChosenByTheTypesOfArguments) {
  const auto overload = [](std::string_view call, ParserOptions options = {}) {
    options.warnings = false;
    const Parsed parsed =
        ParseText(fmt::format("import \"hash\" import \"math\" rule r {{ condition: {} }}", call), std::move(options));
    if (!parsed.diagnostics.empty()) return parsed.diagnostics[0].code;
    const Expr& expr = parsed.condition().args[0];
    return expr.args[0]
        .args[0]
        .structure->fields()[expr.args[0].index]
        .overloads[static_cast<std::size_t>(expr.integer)]
        .parameters;
  };
  EXPECT_EQ(overload("hash.md5(\"abc\") == \"x\""), "s");
  EXPECT_EQ(overload("hash.md5(0, filesize) == \"x\""), "ii");
  EXPECT_EQ(overload("hash.md5(0, \"abc\") == \"x\""), code::kWrongArguments);
  // Only YARA-X takes an integer literal for a float.
  EXPECT_EQ(overload("math.deviation(\"abc\", 65) == 1.0"), code::kWrongArguments);
  EXPECT_EQ(overload("math.deviation(\"abc\", 65) == 1.0", YaraX()), "sf");
}

TEST(NameTest, LoopVariablesHideExternalsThoseHideRules) {
  const ParserOptions options = WithExternal("x", TypeKind::kInteger);
  EXPECT_EQ(Tree("x == 1 and for any x in (1..2) : ( x == 1 )", options),
            "(and (== ext0 1) (for-range any v0 1 2 (== v0 1)))");
}

TEST(DialectTest, WhereYaraXIsStricter) {
  const auto differs = [](std::string_view condition, const char* code) {
    EXPECT_EQ(Code(condition), "") << condition;
    EXPECT_EQ(Code(condition, YaraX()), code) << condition;
  };
  differs("@_a[-1] == 1", code::kNegativeValue);
  differs("@_a[0] == 1", code::kNegativeValue);
  differs("$_a in (0..-2)", code::kNegativeValue);
  differs("$_a in (10..5)", code::kInvalidRange);
  differs("entrypoint == 1", code::kEntrypointGone);
  differs("/abc/", code::kWrongUse);
}

}  // namespace
}  // namespace dl::yara
