#include "daylight/rules/clamav/extended_regexp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <regex.h>

#include "daylight/match/matcher.h"

namespace dl::clamav {
namespace {

using testing::ElementsAre;

bool Matches(std::string_view expression, std::string_view text) {
  const auto parsed = ParseExtendedRegexp(expression);
  EXPECT_TRUE(parsed.has_value()) << expression;
  if (!parsed) return false;
  const auto program = match::CompileSearch(*parsed);
  EXPECT_TRUE(program.has_value()) << expression;
  return program && match::RegexpSearcher().Search(*program, text);
}

TEST(ExtendedRegexpTest, AsTheCLibraryMatches) {
  for (const char* expression :
       {"a.c",   "^ab",     "ab$",    "a|bc",           "(a|b)c",  "a*b",    "a+b",      "ab?c",
        "a{2}b", "a{1,2}c", "a{2,}",  "[abc]x",         "[^abc]x", "[]a]x",  "[a-c]+x",  "[[:digit:]]+x",
        "a\\.b", "[a\\.]x", "(ab)*c", "((a|b)(c|d))+x", "[a-]x",   "x[^]b]", "[[=a=]]x", "[[.a.]-c]x",
        "a)b"}) {
    regex_t peer;
    ASSERT_EQ(::regcomp(&peer, expression, REG_EXTENDED | REG_NOSUB), 0) << expression;
    for (const char* text :
         {"",   "a",   "b",   "c",   "x",     "abc",   "ab",  "aab", "aac", "bc", "ac", "axc", "cx", "dx",
          "]x", "12x", "a.b", "\\x", "ababc", "acbdx", "a{b", "-x",  "xb",  "xc", "x]", "abx", "a)b"}) {
      EXPECT_EQ(Matches(expression, text), ::regexec(&peer, text, 0, nullptr, 0) == 0) << expression << " in " << text;
    }
    ::regfree(&peer);
  }
}

TEST(ExtendedRegexpTest, Errors) {
  for (const char* expression :
       {"",       "a||b", "|a",  "(",     "(a",        "*a",        "+",        "a**",          "a{2}{3}", "a{300}",
        "a{2,1}", "a{2",  "[a",  "[b-a]", "[[:odd:]]", "[[=a=]-c]", "[[=ab=]]", "[[.hyphen.]]", "a{x}{2",  "a|*b",
        "(+)",    "[]",   "[^]", "[--z]", "[a-c-e]",   "\\",        "^*",       "(|a)",         "{1}"}) {
    EXPECT_FALSE(ParseExtendedRegexp(expression).has_value()) << expression;
  }
  EXPECT_FALSE(ParseExtendedRegexp(std::string(5000, '(') + "a" + std::string(5000, ')')).has_value());
}

TEST(ExtendedRegexpTest, Endings) {
  EXPECT_THAT(*EndingsOf(".+\\.com/"), ElementsAre("/moc."));
  EXPECT_THAT(*EndingsOf(".+:.+(a|bc)/"), ElementsAre("/a", "/cb"));
  EXPECT_THAT(*EndingsOf("x.co[mk]/"), ElementsAre("/koc", "/moc"));
  EXPECT_THAT(*EndingsOf("^ab/"), ElementsAre("/ba^"));
  // The end of a range does not belong to it.
  EXPECT_THAT(*EndingsOf("[0-9]{1,3}/"), ElementsAre("/}3,1{0", "/}3,1{1", "/}3,1{2", "/}3,1{3", "/}3,1{4", "/}3,1{5",
                                                     "/}3,1{6", "/}3,1{7", "/}3,1{8"));
  EXPECT_THAT(*EndingsOf("(ab)+/"), ElementsAre("/ba"));
  EXPECT_FALSE(EndingsOf("a.+/").has_value());
  EXPECT_FALSE(EndingsOf("ab?/").has_value());
}

TEST(ExtendedRegexpTest, ManyEndingsAreBounded) {
  std::string classes, choices, pluses;
  for (int i = 0; i < 500; ++i) {
    classes += "[abcd]";
    choices += "(a|b)";
    pluses += "a+";
  }
  EXPECT_FALSE(EndingsOf(classes + "/").has_value());
  EXPECT_FALSE(EndingsOf(choices + "/").has_value());
  EXPECT_TRUE(EndingsOf(pluses + "/").has_value());
}

}  // namespace
}  // namespace dl::clamav
