#include "daylight/rules/clamav/pattern_parser.h"

#include <gtest/gtest.h>

#include "daylight/rules/clamav/reader.h"

namespace dl::clamav {
namespace {

std::string Show(const MaskedByte& byte) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  if (byte.mask == 0xdf) return std::string("'") + static_cast<char>(byte.value);
  std::string text;
  text += (byte.mask & 0xf0) != 0 ? kDigits[byte.value >> 4] : '?';
  text += (byte.mask & 0x0f) != 0 ? kDigits[byte.value & 15] : '?';
  return text;
}

// A readable form that says everything that is in a pattern.
std::string Show(const Pattern& pattern) {
  std::string text = pattern.is_wide ? "wide " : "";
  bool is_first = true;
  for (const Part& part : pattern.parts) {
    if (!is_first) {
      text += "{" + std::to_string(part.gap_min) + "-" +
              (part.gap_max == kUnbounded ? "" : std::to_string(part.gap_max)) + "}";
    }
    is_first = false;
    if (part.left != 0) text += "<" + std::to_string(part.left) + ">";
    if (part.before.is_there) {
      text +=
          Show(part.before.byte) + "[" + std::to_string(part.before.min) + "-" + std::to_string(part.before.max) + "]";
    }
    for (const Token& token : part.tokens) {
      switch (token.kind) {
        case TokenKind::kByte: text += Show(token.byte); break;
        case TokenKind::kBoundary: text += token.is_negated ? "!(B)" : "(B)"; break;
        case TokenKind::kLineMarker: text += token.is_negated ? "!(L)" : "(L)"; break;
        case TokenKind::kWordMarker: text += token.is_negated ? "!(W)" : "(W)"; break;
        case TokenKind::kAlternative: {
          const Alternative& alternative = part.alternatives[token.index];
          text += alternative.is_negated ? "!(" : "(";
          for (std::size_t i = 0; i < alternative.choices.size(); ++i) {
            if (i > 0) text += '|';
            for (const MaskedByte& byte : alternative.choices[i]) text += Show(byte);
          }
          text += ')';
        }
      }
    }
    if (part.after.is_there) {
      text += "[" + std::to_string(part.after.min) + "-" + std::to_string(part.after.max) + "]" + Show(part.after.byte);
    }
    if (part.right != 0) text += "<" + std::to_string(part.right) + ">";
  }
  return text;
}

std::string Parsed(std::string_view text) {
  const Result<Pattern> pattern = ParsePattern(text);
  return pattern ? Show(*pattern) : "error: " + std::string(pattern.error().what);
}

std::string Modified(std::string_view text, std::string_view modifiers) {
  const auto patterns = ParseModified(text, modifiers, {});
  if (!patterns) return "error: " + std::string(patterns.error().what);
  std::string shown;
  for (const Pattern& pattern : *patterns) shown += (shown.empty() ? "" : " + ") + Show(pattern);
  return shown;
}

bool Parses(std::string_view text) { return ParsePattern(text).has_value(); }

TEST(ClamavPatternTest, BytesAndWildcards) {
  EXPECT_EQ(Parsed("4D5a"), "4d5a");
  EXPECT_EQ(Parsed("??aabb?c?df?"), "??aabb?c?df?");
  EXPECT_EQ(Parsed("aabbc"), "error: odd number of hexadecimal digits");
  EXPECT_EQ(Parsed("aabbxx"), "error: not a hexadecimal byte, wildcard or group");
  EXPECT_EQ(Parsed("aabb cc"), "error: not a hexadecimal byte, wildcard or group");
}

TEST(ClamavPatternTest, TwoNeighboursWithoutWildcardsMustBeInEachPart) {
  EXPECT_TRUE(Parses("aabb"));
  EXPECT_FALSE(Parses("aa"));
  EXPECT_FALSE(Parses(""));
  EXPECT_TRUE(Parses("aa??bbcc"));
  EXPECT_FALSE(Parses("aa??bb??cc"));
  EXPECT_FALSE(Parses("aabb*cc"));
  EXPECT_FALSE(Parses("aa(bb|cc)dd"));
  EXPECT_FALSE(Parses("aa(B)bb"));
}

TEST(ClamavPatternTest, Gaps) {
  EXPECT_EQ(Parsed("aabb*ccdd"), "aabb{0-}ccdd");
  EXPECT_EQ(Parsed("aabb{4-8}ccdd"), "aabb{4-8}ccdd");
  EXPECT_EQ(Parsed("aabb{-8}ccdd"), "aabb{0-8}ccdd");
  EXPECT_EQ(Parsed("aabb{4-}ccdd"), "aabb{4-}ccdd");
  EXPECT_EQ(Parsed("aabb{-}ccdd"), "aabb{0-}ccdd");
  EXPECT_EQ(Parsed("aabb{}ccdd"), "aabb{0-}ccdd");
  EXPECT_EQ(Parsed("aabb{4--8-}ccdd"), "aabb{4-8}ccdd");
  EXPECT_EQ(Parsed("aabb{4-0}ccdd"), "aabb{4-}ccdd");   // 0 is no bound.
  EXPECT_EQ(Parsed("aabb{8-4}ccdd"), "aabb{8-4}ccdd");  // Never there.
  EXPECT_FALSE(Parses("aabb{4-8-9}ccdd"));
  EXPECT_FALSE(Parses("aabb{x}ccdd"));
  EXPECT_FALSE(Parses("aabb{4"));
  EXPECT_FALSE(Parses("aabb**ccdd"));
  EXPECT_FALSE(Parses("*aabb"));
  EXPECT_TRUE(Parses("aabb{2147483647}ccdd"));
  EXPECT_FALSE(Parses("aabb{2147483648}ccdd"));
}

TEST(ClamavPatternTest, ShortFixedGapsAreBytesUntilTheFirstThatIsNot) {
  EXPECT_EQ(Parsed("aabb{2}cc"), "aabb????cc");
  EXPECT_EQ(Parsed("aabb{1}cc{ 1}dd"), "aabb??cc??dd");
  EXPECT_EQ(Parsed("aabb{0}ccdd"), "aabb{0-}ccdd");
  EXPECT_EQ(Parsed("aabb{4-8}ccdd{2}eeff"), "aabb{4-8}ccdd{2-2}eeff");
  EXPECT_EQ(Parsed("aabb{2}(cc{1}dd|ee)"),
            "aabb????"
            "(cc??dd|ee)");
  EXPECT_EQ(ParsePattern("aabb{127}cc")->parts.size(), 1u);
  EXPECT_EQ(ParsePattern("aabb{127}cc")->parts[0].tokens.size(), 130u);
  EXPECT_EQ(ParsePattern("aabb{128}ccdd")->parts.size(), 2u);
}

TEST(ClamavPatternTest, Anchors) {
  EXPECT_EQ(Parsed("aa[1-3]bbcc"), "aa[1-3]bbcc");
  EXPECT_EQ(Parsed("bbcc[3]dd"), "bbcc[3-3]dd");
  EXPECT_EQ(Parsed("aa[0-32]bbcc[2-]dd"), "aa[0-32]bbcc[2-2]dd");
  EXPECT_EQ(Parsed("?a[1-2]bbcc"), "?a[1-2]bbcc");
  EXPECT_EQ(Parsed("??[1-2]bbcc"), "bbcc");
  EXPECT_EQ(Parsed("a?[1-2]bbcc"), "bbcc");
  EXPECT_FALSE(Parses("aa[0-33]bbcc"));
  EXPECT_FALSE(Parses("aa[3-1]bbcc"));
  EXPECT_FALSE(Parses("aabb[1-3]ccdd"));
  EXPECT_FALSE(Parses("aa[1-2]bb"));
  EXPECT_FALSE(Parses("aa[1-2]bb[1-2]cc"));
  EXPECT_FALSE(Parses("aa[1-2]bbcc[1-2]ddee"));
}

TEST(ClamavPatternTest, Alternatives) {
  EXPECT_EQ(Parsed("aabb(cc|dd)ee"), "aabb(cc|dd)ee");
  EXPECT_EQ(Parsed("aabb!(cc|dd)"), "aabb!(cc|dd)");
  EXPECT_EQ(Parsed("aabb!(ccdd|eeff)"), "aabb!(ccdd|eeff)");
  EXPECT_EQ(Parsed("aabb(cc|ddee|f?)"), "aabb(cc|ddee|f?)");
  EXPECT_EQ(Parsed("aabb(cc(dd|ee)ff|00)"), "aabb(ccddff|cceeff|00)");
  EXPECT_EQ(Parsed("aabb((cc|dd)(ee|ff))"), "aabb(ccee|ccff|ddee|ddff)");
  EXPECT_EQ(Parsed("aabb(c(d|e)|00)"), "aabb(cd|ce|00)");
  EXPECT_EQ(Parsed("aabb(cc|)"), "aabb(cc|)");
  EXPECT_FALSE(Parses("aabb(|cc)"));
  EXPECT_FALSE(Parses("aabb!(cc|ddee)"));
  EXPECT_FALSE(Parses("aabb!(c?|dd)"));
  EXPECT_FALSE(Parses("aabb(cc*dd|ee)"));
  EXPECT_FALSE(Parses("aabb(cc|!(dd|ee))"));
  EXPECT_FALSE(Parses("aabb((cc|dd)||ee)"));
  EXPECT_FALSE(Parses("aabb()"));
  EXPECT_FALSE(Parses("aabb(cc"));
  EXPECT_FALSE(Parses("aabbcc)"));
  EXPECT_FALSE(Parses("a(bb|cc)b"));
}

TEST(ClamavPatternTest, MarkersAtTheEndsOfAPartAndWithinIt) {
  EXPECT_EQ(Parsed("(B)aabb(L)"), "<1>aabb<4>");
  EXPECT_EQ(Parsed("aabb!(W)"), "aabb<48>");
  EXPECT_EQ(Parsed("!(B)aabb"), "!(B)aabb");  // Looked for at the parenthesis.
  EXPECT_EQ(Parsed("(B)(L)aabb"), "<1>(L)aabb");
  EXPECT_EQ(Parsed("aabb(B)*(W)ccdd"), "aabb<1>{0-}<16>ccdd");
  EXPECT_EQ(Parsed("aa[1-2](B)bbcc"), "<1>aa[1-2]bbcc");
  EXPECT_FALSE(Parses("(B)"));
  EXPECT_FALSE(Parses("(X)aabb"));
}

TEST(ClamavPatternTest, Modifiers) {
  EXPECT_EQ(Modified("4d5a00", "i"), "'M'Z00");
  EXPECT_EQ(Modified("6d5a(7a|7b)", "i"), "'M'Z('Z|7b)");
  EXPECT_EQ(Modified("aa[1-2]bbcc", "f"), "error: a part is shorter than two bytes");
  EXPECT_EQ(Modified("aabb[1-2]ccdd", "f"), "<16>aabb{1-2}ccdd<16>");
  EXPECT_EQ(Modified("aabb", "w"), "wide aa00bb00");
  EXPECT_EQ(Modified("aabb", "wa"), "wide aa00bb00 + aabb");
  EXPECT_EQ(Modified("aabb", "fw"), "wide <16>aa00bb00<16>");
  EXPECT_EQ(Modified("aabb*ccdd{2-3}eeff[1-2]0011", "w"), "wide aa00bb00{0-}cc00dd00{2-3}ee00ff00{1-2}00001100");
  EXPECT_EQ(Modified("aabb(cc|ddee)", "w"), "wide aa00bb00(cc00|dd00ee00)");
  EXPECT_EQ(Modified("aa??", "w"), "wide aa00??00");
  EXPECT_EQ(Modified("aabb!(cc|dd)", "a"),
            "error: negated alternatives must be of one length, without wildcards, and without modifiers");
  EXPECT_EQ(Modified("aabb", "x"), "error: a modifier that is not i, f, w or a");
  EXPECT_EQ(Modified("aab", "w"), "error: odd number of hexadecimal digits");
}

TEST(ClamavPatternTest, TheLeastLengthDependsOnHowClamscanSearches) {
  PatternContext any{0};
  PatternContext pe{1};
  PatternContext html{3};
  EXPECT_FALSE(ParsePlain("aabb", "*", any));
  EXPECT_TRUE(ParsePlain("aabbcc", "*", any));
  EXPECT_TRUE(ParsePlain("aabb??", "*", any));
  EXPECT_TRUE(ParsePlain("aabb", "*", pe));
  EXPECT_FALSE(ParsePlain("aabb", "0", pe));
  EXPECT_TRUE(ParsePlain("aabb", "0,1", pe));
  EXPECT_TRUE(ParsePlain("aabb", "*", html));
  EXPECT_FALSE(ParsePlain("aa", "*", html));
}

TEST(ClamavPatternTest, WhatCannotBePrefilteredIsRefusedWhereClamscanPrefilters) {
  for (const std::uint32_t target : {0u, 1u, 4u, 7u}) {
    EXPECT_FALSE(
        ParsePlain("??"
                   "(aabb|ccdd)eeff",
                   "*", {target}));
    EXPECT_FALSE(
        ParsePlain("????"
                   "(aabb|ccdd)eeff",
                   "*", {target}));
    EXPECT_TRUE(
        ParsePlain("00??"
                   "(aabb|ccdd)eeff",
                   "*", {target}));
    EXPECT_TRUE(ParsePlain("(aabb|ccdd)eeff", "*", {target}));
    EXPECT_TRUE(
        ParsePlain("??"
                   "(aa|bb)ccdd",
                   "*", {target}));
  }
  EXPECT_TRUE(
      ParsePlain("??"
                 "(aabb|ccdd)eeff",
                 "*", {3u}));
}

TEST(ClamavPatternTest, Offsets) {
  const auto show = [](std::string_view text, std::uint32_t target) {
    const auto offset = ParseOffset(text, target);
    if (!offset) return std::string("error");
    return std::to_string(static_cast<int>(offset->kind)) + " " + std::to_string(offset->value) + " " +
           std::to_string(offset->section) + " " + std::to_string(offset->max_shift);
  };
  EXPECT_EQ(show("*", 0), "0 0 0 0");
  EXPECT_EQ(show("10,5", 0), "1 10 0 5");
  EXPECT_EQ(show("EOF-7", 3), "2 7 0 0");
  EXPECT_EQ(show("EP+1", 1), "3 1 0 0");
  EXPECT_EQ(show("EP-1,2", 6), "4 1 0 2");
  EXPECT_EQ(show("S3+4", 9), "5 4 3 0");
  EXPECT_EQ(show("SE3", 1), "6 0 3 0");
  EXPECT_EQ(show("SL+4", 1), "7 4 0 0");
  EXPECT_EQ(show("VI", 1), "8 0 0 0");
  EXPECT_EQ(show("$31$", 0), "9 31 0 0");
  EXPECT_EQ(show("$32$", 0), "error");
  EXPECT_EQ(show("", 0), "1 0 0 0");
  for (const std::string_view text : {"EP+0", "S0+0", "SE0", "SL+0", "VI"}) EXPECT_EQ(show(text, 0), "error") << text;
  for (const std::string_view text : {"x", "EP", "EP+x", "S0-1", "SL-1", "EOF+1", "1,x", "*,1", "-1"}) {
    EXPECT_EQ(show(text, 1), "error") << text;
  }
  EXPECT_EQ(show(std::string(64, '0'), 0), "1 0 0 0");
  EXPECT_EQ(show(std::string(65, '0'), 0), "error");
}

// Bounds: a test at each, and one past it.

TEST(ClamavPatternTest, GroupsNestFifteenDeep) {
  const auto nested = [](std::size_t groups) {
    return "aabb(" + std::string(groups, '(') + "cc|dd" + std::string(groups, ')') + ")";
  };
  EXPECT_TRUE(Parses(nested(kMaxNestedGroups)));
  EXPECT_FALSE(Parses(nested(kMaxNestedGroups + 1)));
}

TEST(ClamavPatternTest, ProductsOfAlternativesAreBounded) {
  const auto product = [](std::size_t groups, std::size_t more) {
    std::string text = "aabb(";
    for (std::size_t i = 0; i < groups; ++i) text += "(00|11)";
    for (std::size_t i = 0; i < more; ++i) text += "|22";
    return text + ")";
  };
  EXPECT_EQ(ParsePattern(product(12, 0))->parts[0].alternatives[0].choices.size(), 4096u);
  EXPECT_EQ(ParsePattern(product(15, 0))->parts[0].alternatives[0].choices.size(), 32768u);
  EXPECT_FALSE(Parses("aabb(" + std::string(14, '(') + "00" + std::string(14, ')') + std::string(20000, '|') + ")"));
  // Four choices in each of fifteen groups would be a thousand million.
  std::string text = "aabb(";
  for (int i = 0; i < 15; ++i) text += "(00|11|22|33)";
  EXPECT_EQ(ParsePattern(text + ")").error().code, ErrorCode::kBudget);
  // Few choices, but long ones.
  text = "aabb(";
  for (int i = 0; i < 15; ++i) text += "(00|11)";
  EXPECT_EQ(ParsePattern(text + std::string(20000, '0') + ")").error().code, ErrorCode::kBudget);
  // The sum over all groups of a pattern.
  text.clear();
  for (int i = 0; i < 3; ++i) text += product(15, 0);
  EXPECT_EQ(ParsePattern(text).error().code, ErrorCode::kBudget);
}

TEST(ClamavPatternTest, PartsAreBounded) {
  EXPECT_TRUE(Parses(std::string(2 * kMaxPartBytes, 'a')));
  EXPECT_FALSE(Parses(std::string(2 * kMaxPartBytes + 2, 'a')));
  std::string text = "aabb";
  while (text.size() < kMaxPatternText / 40) text += "{127}";
  EXPECT_FALSE(Parses(text));
}

}  // namespace
}  // namespace dl::clamav
