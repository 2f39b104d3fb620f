#include <gtest/gtest.h>

#include <chrono>

#include "daylight/match/regexp_ast.h"
#include "daylight/match/regexp_dump.h"

namespace dl::match {
namespace {

using Kind = RegexpError::Kind;

std::string Tree(std::string_view source, RegexpOptions options = {}) {
  const auto parsed = ParseRegexp(source, options);
  return parsed ? Dump(parsed->root) : "error: " + parsed.error().message;
}

RegexpError ErrorOf(std::string_view source, RegexpOptions options = {}) {
  auto parsed = ParseRegexp(source, options);
  if (parsed) {
    ADD_FAILURE() << source << " parsed as " << Dump(parsed->root);
    return {};
  }
  EXPECT_LE(parsed.error().offset, source.size()) << source;
  EXPECT_GE(parsed.error().length, 1u) << source;
  EXPECT_FALSE(parsed.error().message.empty()) << source;
  return parsed.error();
}

// The only class of an expression of one character.
ByteSet SetOf(std::string_view source, RegexpOptions options = {}) {
  const auto parsed = ParseRegexp(source, options);
  if (!parsed || parsed->root.kind != RegexpKind::kClass) {
    ADD_FAILURE() << source;
    return {};
  }
  return parsed->root.set;
}

constexpr RegexpOptions kX{.dialect = Dialect::kYaraX};

TEST(YaraRegexpTest, Structure) {
  EXPECT_EQ(Tree("abc"), "cat(a, b, c)");
  EXPECT_EQ(Tree("a|bc"), "alt(a, cat(b, c))");
  EXPECT_EQ(Tree("(a)(b)c"), "cat(a, b, c)");
  EXPECT_EQ(Tree("(abc|)ef"), "cat(alt(cat(a, b, c), empty), e, f)");
  EXPECT_EQ(Tree("a||b"), "alt(a, empty, b)");
  EXPECT_EQ(Tree(R"(^\ba\B$)"), R"(cat(^, \b, a, \B, $))");
}

TEST(YaraRegexpTest, Quantifiers) {
  EXPECT_EQ(Tree("ab*"), "cat(a, rep{0,}(b))");
  EXPECT_EQ(Tree("ab+?"), "cat(a, rep{1,,lazy}(b))");
  EXPECT_EQ(Tree("ab??"), "cat(a, rep{0,1,lazy}(b))");
  EXPECT_EQ(Tree("a{3}"), "rep{3,3}(a)");
  EXPECT_EQ(Tree("a{3,}"), "rep{3,}(a)");
  EXPECT_EQ(Tree("a{,3}"), "rep{0,3}(a)");
  EXPECT_EQ(Tree("a{,}"), "rep{0,}(a)");
  EXPECT_EQ(Tree("a{1 , 2}"), "rep{1,2}(a)");
  EXPECT_EQ(Tree("ab{0}"), "a");
  EXPECT_EQ(Tree("a{,0}"), "rep{0,0}(a)");
  EXPECT_EQ(Tree("a{,0}", {.for_search = true}), "empty");
  EXPECT_EQ(Tree("(ab){2}"), "rep{2,2}(cat(a, b))");
  EXPECT_TRUE(ParseRegexp("ab*", {})->greedy);
  EXPECT_FALSE(ParseRegexp("ab*?", {})->greedy);
  EXPECT_FALSE(ParseRegexp("ab", {})->greedy);
}

TEST(YaraRegexpTest, BracesThatAreNoCountAreThemselves) {
  EXPECT_EQ(Tree("a{"), "cat(a, {)");
  EXPECT_EQ(Tree("a{}"), "cat(a, {, })");
  EXPECT_EQ(Tree("a{1,2"), "cat(a, {, 1, ,, 2)");
  EXPECT_EQ(Tree("a{ 1}"), "cat(a, {, \\x20, 1, })");
  EXPECT_EQ(Tree("{a"), "cat({, a)");
  EXPECT_EQ(ErrorOf("{2}").kind, Kind::kSyntax);
}

TEST(YaraRegexpTest, RangeLimits) {
  EXPECT_EQ(Tree("a{0,32766}"), "rep{0,32766}(a)");
  EXPECT_EQ(Tree("a{32767}"), "rep{32767,}(a)");  // As good as unbounded.
  EXPECT_EQ(ErrorOf("a{32768}").kind, Kind::kRange);
  EXPECT_EQ(ErrorOf("a{1,32768}").kind, Kind::kRange);
  EXPECT_EQ(ErrorOf("a{99999999999999999999}").kind, Kind::kRange);
  const RegexpError reversed = ErrorOf("ab{3,2}");
  EXPECT_EQ(reversed.kind, Kind::kRange);
  EXPECT_EQ(reversed.offset, 2u);
  EXPECT_EQ(reversed.length, 5u);
}

TEST(YaraRegexpTest, LongLazyDotsAreJumps) {
  EXPECT_EQ(Tree("a.{1,201}?b", {.dot_all = true}), "cat(a, rep{1,201,lazy,jump}(.), b)");
  EXPECT_EQ(Tree("a.{201,}?b", {.dot_all = true}), "cat(a, rep{201,32767,lazy,jump}(.), b)");
  EXPECT_EQ(Tree("a.{1,201}b", {.dot_all = true}), "cat(a, rep{1,201}(.), b)");
  EXPECT_EQ(Tree("a.*?b", {.dot_all = true}), "cat(a, rep{0,,lazy}(.), b)");
}

TEST(YaraRegexpTest, Classes) {
  EXPECT_EQ(SetOf("[abc]").Count(), 3);
  EXPECT_EQ(SetOf("[^abc]").Count(), 253);
  EXPECT_TRUE(SetOf("[]a]").Contains(']'));
  EXPECT_FALSE(SetOf("[^]a]").Contains(']'));
  EXPECT_EQ(SetOf("[a-c]").Count(), 3);
  EXPECT_EQ(SetOf("[a-c-e]").Count(), 5);
  EXPECT_TRUE(SetOf("[a-]").Contains('-'));
  EXPECT_EQ(SetOf(R"([\x61-\x63])"), SetOf("[a-c]"));
  EXPECT_EQ(SetOf(R"([\t-\r])").Count(), 5);
  EXPECT_EQ(SetOf(R"([\w-z])"), SetOf("[w-z]"));  // YARA's reading.
  EXPECT_EQ(SetOf(R"([\d-])").Count(), 11);
  EXPECT_EQ(SetOf(R"([\b])"), ByteSet::Single('b'));
  EXPECT_EQ(SetOf(R"([\W\w])"), ByteSet::All());
  EXPECT_EQ(SetOf(R"([\]])"), ByteSet::Single(']'));
  EXPECT_EQ(SetOf(".").Count(), 255);
  EXPECT_EQ(SetOf(".", {.dot_all = true}), ByteSet::All());
  EXPECT_EQ(SetOf(R"(\s)").Count(), 6);
  EXPECT_EQ(SetOf(R"(\W)").Count(), 193);
}

TEST(YaraRegexpTest, CaseFoldsBeforeNegation) {
  EXPECT_EQ(SetOf("a", {.nocase = true}).Count(), 2);
  EXPECT_EQ(SetOf("[^a]", {.nocase = true}).Count(), 254);
  EXPECT_EQ(SetOf(R"(\x61)", {.nocase = true}).Count(), 2);
}

TEST(YaraRegexpTest, Escapes) {
  EXPECT_EQ(Tree(R"(\n\t\r\f\a\x2f\/\q)"), R"(cat(\x0a, \x09, \x0d, \x0c, \x07, /, /, q))");
  EXPECT_EQ(ErrorOf(R"(ab\x4)").offset, 2u);
  EXPECT_EQ(ErrorOf(R"(\xg4)").kind, Kind::kEscape);
  EXPECT_EQ(ErrorOf(R"([a-\x4])").kind, Kind::kEscape);
  EXPECT_EQ(ErrorOf("ab\\").kind, Kind::kEscape);
  EXPECT_EQ(ErrorOf(R"(a\1)").kind, Kind::kUnsupported);
  EXPECT_EQ(Tree("\xc3\xa9"), R"(cat(\xc3, \xa9))");
  EXPECT_EQ(ErrorOf("[\xc3\xa9]").kind, Kind::kSyntax);
}

TEST(YaraRegexpTest, SyntaxErrorsPointAtTheirCause) {
  const struct {
    std::string_view source;
    std::size_t offset;
  } cases[] = {{"(abc", 0}, {"abc)", 3}, {"a[]b", 1}, {")(", 0}, {"(|abc)ef", 1}, {"a()b", 2}, {"ab**", 3},
               {"^*a", 1},  {"*a", 0},   {"a|*", 2},  {"", 0},   {"a{2}{3}", 4},  {"a+??", 3}, {"(?i)a", 1}};
  for (const auto& c : cases) {
    const RegexpError error = ErrorOf(c.source);
    EXPECT_EQ(error.kind, Kind::kSyntax) << c.source;
    EXPECT_EQ(error.offset, c.offset) << c.source;
  }
  const RegexpError range = ErrorOf("x[b-a]");
  EXPECT_EQ(range.kind, Kind::kClassRange);
  EXPECT_EQ(range.offset, 2u);
  EXPECT_EQ(range.length, 3u);
}

TEST(YaraRegexpTest, MixedGreediness) {
  const RegexpError error = ErrorOf("a.*b.*?c");
  EXPECT_EQ(error.kind, Kind::kMixedGreediness);
  EXPECT_EQ(error.offset, 5u);
  EXPECT_EQ(error.length, 2u);
}

TEST(YaraRegexpTest, SizeIsBoundedAtTheLimit) {
  EXPECT_NE(Tree("(ab){32766}").substr(0, 5), "error");  // 65532 classes
  EXPECT_EQ(ErrorOf("(ab){32766}abcde").kind, Kind::kTooLarge);
  EXPECT_EQ(ErrorOf("((ab){1000}c){1000}").kind, Kind::kTooLarge);
  EXPECT_NE(Tree(".{10000}a{10000}.{10000}").substr(0, 5), "error");  // A counted class is one.
}

std::string Nested(std::size_t depth) { return std::string(depth, '(') + "a" + std::string(depth, ')'); }

TEST(HostileRegexpTest, DepthIsBounded) {
  for (const Dialect dialect : {Dialect::kYara, Dialect::kYaraX}) {
    const RegexpOptions options{.dialect = dialect};
    EXPECT_EQ(Tree(Nested(kMaxRegexpDepth), options), "a");
    EXPECT_EQ(ErrorOf(Nested(kMaxRegexpDepth + 1), options).kind, Kind::kTooDeep);
    EXPECT_EQ(ErrorOf(Nested(10'000), options).kind, Kind::kTooDeep);
    // Each level is three levels of the tree.
    std::string deep = "a";
    for (int i = 0; i < kMaxRegexpDepth / 2; ++i) deep = "(x" + deep + "|b)+";
    EXPECT_EQ(ErrorOf(deep, options).kind, Kind::kTooDeep);
  }
  EXPECT_EQ(ErrorOf("a" + std::string(100'000, '*'), kX).kind, Kind::kTooDeep);
}

TEST(HostileRegexpTest, LongRunsOfOneCharacterAreAnsweredAtOnce) {
  const auto begin = std::chrono::steady_clock::now();
  for (const char c : std::string_view("([{|)]}\\?*+.^$a-&~:")) {
    const std::string run(1'000'000, c);
    for (const Dialect dialect : {Dialect::kYara, Dialect::kYaraX}) {
      EXPECT_FALSE(ParseRegexp(run, {.dialect = dialect})) << c;
      EXPECT_FALSE(ParseRegexp("[" + run, {.dialect = dialect})) << c;
      EXPECT_FALSE(ParseHexString(run, dialect)) << c;
    }
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
}

TEST(HostileRegexpTest, ClassesOfManyCharactersAreSortedOnce) {
  std::string many = "(?u)[";
  for (std::uint32_t c = 0x4e00; c < 0x9e00; c += 2) {  // Gaps, so none merge.
    for (const std::uint32_t byte : {0xe0 | (c >> 12), 0x80 | ((c >> 6) & 0x3f), 0x80 | (c & 0x3f)}) {
      many += static_cast<char>(static_cast<std::uint8_t>(byte));
    }
  }
  std::string nested = many;
  for (int i = 0; i < 20'000; ++i) nested += "[a]";
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_TRUE(ParseRegexp(many + "]", kX));
  EXPECT_TRUE(ParseRegexp(nested + "]", kX));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
}

TEST(YaraXRegexpTest, Structure) {
  EXPECT_EQ(Tree("(|abc)ef", kX), "cat(alt(empty, cat(a, b, c)), e, f)");
  EXPECT_EQ(Tree("a()b", kX), "cat(a, b)");
  EXPECT_EQ(Tree("(?:ab)c", kX), "cat(a, b, c)");
  EXPECT_EQ(Tree("(?P<name>a)(?<other>b)", kX), "cat(a, b)");
  EXPECT_EQ(Tree("ab**", kX), "cat(a, rep{0,}(rep{0,}(b)))");
  EXPECT_EQ(Tree("a{ 1 , 2 }b{,3}", kX), "cat(rep{1,2}(a), rep{0,3}(b))");
  EXPECT_EQ(Tree("]}a", kX), "cat(], }, a)");
  EXPECT_EQ(Tree("\xc3\xa9+", kX), "rep{1,}(cat(\\xc3, \\xa9))");
  EXPECT_EQ(Tree(R"(\Aa\z)", kX), "cat(^, a, $)");
  EXPECT_EQ(Tree(R"(\b{start}a\b{end-half}\<\>)", kX), R"(cat(\b{start}, a, \b{end-half}, <, >))");
  EXPECT_EQ(Tree("a.*?b", {.dot_all = true, .dialect = Dialect::kYaraX}), "cat(a, rep{0,,lazy,jump}(.), b)");
}

TEST(YaraXRegexpTest, FlagsHoldToTheEndOfTheirGroup) {
  EXPECT_EQ(Tree("a(b(?i)c)d", kX), "cat(a, b, [2], d)");
  EXPECT_EQ(Tree("a(?i:b)c", kX), "cat(a, [2], c)");
  EXPECT_EQ(Tree("(?i)a|b", kX), "alt([2], [2])");
  EXPECT_EQ(Tree("(?i)a(?-i)b", kX), "cat([2], b)");
  EXPECT_EQ(Tree("(?m)^a$(?-m)$", kX), "cat((?m)^, a, (?m)$, $)");
  EXPECT_EQ(Tree("(?x) a b # c\n d", kX), "cat(a, b, d)");
  EXPECT_EQ(Tree("(?U)a*b", kX), "cat(rep{0,,lazy}(a), b)");
  EXPECT_EQ(SetOf("(?R).", kX).Count(), 254);
}

TEST(YaraXRegexpTest, Classes) {
  EXPECT_EQ(SetOf("[[:alpha:]]", kX).Count(), 52);
  EXPECT_EQ(SetOf("[[:^alpha:]]", kX).Count(), 204);
  EXPECT_EQ(SetOf("[[:foo:]]", kX).Count(), 3);  // A class in a class: `:`, `f`, `o`.
  EXPECT_EQ(SetOf("[a-z&&[^aeiou]]", kX).Count(), 21);
  EXPECT_EQ(SetOf("[a-e--b]", kX).Count(), 4);
  EXPECT_EQ(SetOf("[a-c~~b-d]", kX).Count(), 2);
  EXPECT_EQ(SetOf("[]a]", kX).Count(), 2);
  EXPECT_EQ(SetOf("[-a]", kX).Count(), 2);
  EXPECT_EQ(SetOf(R"([\x00-\xff])", kX), ByteSet::All());
  EXPECT_EQ(SetOf("(?i)[^a]", kX).Count(), 254);
  EXPECT_EQ(ErrorOf("[\xc3\xa9]", kX).kind, Kind::kUnsupported);
}

TEST(YaraXRegexpTest, UnicodeModeReadsCharacters) {
  EXPECT_EQ(Tree("(?u)[\xc3\xa9]", kX), "cat(\\xc3, \\xa9)");
  EXPECT_EQ(Tree(R"((?u)\x{e9})", kX), "cat(\\xc3, \\xa9)");
  EXPECT_EQ(Tree(R"(\xe9)", kX), "\\xe9");
  // Table 3-7 of the Unicode standard: nine rows, two of which share a shape.
  EXPECT_EQ(Tree("(?u).", kX),
            "alt([127], cat([30], [64]), cat(\\xe0, [32], [64]), cat([12], [64], [64]), cat(\\xed, [32], [64]), "
            "cat([2], [64], [64]), cat(\\xf0, [48], [64], [64]), cat([3], [64], [64], [64]), "
            "cat(\\xf4, [16], [64], [64]))");
  EXPECT_EQ(Tree("(?ui)k", kX), "alt([2], cat(\\xe2, \\x84, \\xaa))");
  EXPECT_EQ(ErrorOf(R"((?u)\w)", kX).kind, Kind::kUnsupported);
  EXPECT_EQ(ErrorOf(R"((?u)foo\b)", kX).kind, Kind::kUnsupported);
}

TEST(YaraXRegexpTest, Errors) {
  const struct {
    std::string_view source;
    Kind kind;
    std::size_t offset;
  } cases[] = {
      {"foo{", Kind::kSyntax, 3},
      {"{(foo|bar)", Kind::kSyntax, 0},
      {"abc{}", Kind::kSyntax, 3},
      {"a{,}", Kind::kSyntax, 1},
      {"a{2,1}", Kind::kRange, 1},
      {"a{4294967296}", Kind::kRange, 2},
      {"a*?b*", Kind::kMixedGreediness, 4},
      {R"(a\qb)", Kind::kEscape, 1},
      {R"(a\x4)", Kind::kEscape, 1},
      {R"(a\x{110000})", Kind::kEscape, 1},
      {R"(a\1)", Kind::kUnsupported, 1},
      {R"(a\pL)", Kind::kUnsupported, 1},
      {"a(?=b)", Kind::kUnsupported, 1},
      {"(?q)a", Kind::kSyntax, 2},
      {"(?ii)a", Kind::kSyntax, 3},
      {"(?-)a", Kind::kSyntax, 2},
      {"(?i", Kind::kSyntax, 0},
      {"a(b", Kind::kSyntax, 1},
      {"a)b", Kind::kSyntax, 1},
      {"[a", Kind::kSyntax, 0},
      {"[b-a]c", Kind::kClassRange, 1},
      {R"([a-\d]c)", Kind::kClassRange, 1},
      {R"([\b]c)", Kind::kEscape, 1},
      {"a*", Kind::kMatchesEmpty, 0},
      {"a|", Kind::kMatchesEmpty, 0},
      {"$", Kind::kMatchesEmpty, 0},
      {"\xff", Kind::kSyntax, 0},
  };
  for (const auto& c : cases) {
    const RegexpError error = ErrorOf(c.source, kX);
    EXPECT_EQ(error.kind, c.kind) << c.source << ": " << error.message;
    EXPECT_EQ(error.offset, c.offset) << c.source << ": " << error.message;
  }
  EXPECT_EQ(ErrorOf("abcd((efg){0,10000}){0,10000}", kX).kind, Kind::kTooLarge);
}

TEST(YaraXRegexpTest, ArbitraryPrefixes) {
  constexpr RegexpOptions kDotAll{.dot_all = true, .dialect = Dialect::kYaraX};
  for (const std::string_view source :
       {".*foo", ".+?foo", "(a|.+)foo", "(.*|b)+foo", "..*foo", ".{2,}foo", "(.?)*foo"}) {
    const RegexpError error = ErrorOf(source, kDotAll);
    EXPECT_EQ(error.kind, Kind::kArbitraryPrefix) << source;
    EXPECT_EQ(error.length, source.size() - 3) << source;
  }
  for (const std::string_view source :
       {"foo.*bar", "(.+b|c)foo", "a?.*foo", "^.*foo", ".{0,9}foo", ".*foo|bar", ".+"}) {
    EXPECT_TRUE(ParseRegexp(source, kDotAll)) << source;
  }
  EXPECT_TRUE(ParseRegexp(".*foo", kX));
  EXPECT_TRUE(ParseRegexp(".*foo", {.dot_all = true}));
}

TEST(YaraXRegexpTest, SearchesMayMatchTheEmptyString) {
  constexpr RegexpOptions kSearch{.dialect = Dialect::kYaraX, .for_search = true};
  EXPECT_TRUE(ParseRegexp("a*b*?", kSearch));
  EXPECT_TRUE(ParseRegexp("[a-z]{2000}", kSearch));
  EXPECT_EQ(ErrorOf("([a-z]{2000}){1000}", kSearch).kind, Kind::kTooLarge);
  EXPECT_TRUE(ParseRegexp("([a-z]{2000}){1000}", kX));
}

}  // namespace
}  // namespace dl::match
