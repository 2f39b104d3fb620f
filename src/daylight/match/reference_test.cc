#include "daylight/match/reference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dl::match {

void PrintTo(const Match& match, std::ostream* out) { *out << match.offset << ":" << match.length; }

namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Lengths = std::vector<std::pair<std::uint64_t, std::uint64_t>>;

// (offset, length) of each match.
Lengths Find(const Pattern& pattern, std::string_view object) {
  Lengths found;
  for (const Match& match : FindAllSlowly(pattern, AsBytes(object))) found.emplace_back(match.offset, match.length);
  return found;
}

Pattern Regexp(std::string_view source, RegexpOptions options = {}) {
  Pattern pattern;
  pattern.is_text = false;
  pattern.dialect = options.dialect;
  auto parsed = ParseRegexp(source, options);
  EXPECT_TRUE(parsed) << source;
  if (parsed) pattern.expression = std::move(*parsed);
  return pattern;
}

Pattern Hex(std::string_view source) {
  Pattern pattern;
  pattern.is_text = false;
  auto parsed = ParseHexString(source, Dialect::kYara);
  EXPECT_TRUE(parsed) << source;
  if (parsed) pattern.expression = std::move(*parsed);
  return pattern;
}

Pattern Text(std::string_view text) {
  Pattern pattern;
  pattern.text = text;
  return pattern;
}

// Each answer below is what yara 4.2.3 (or YARA-X 1.7.1, for its dialect) gives,
// unless it says otherwise.

TEST(ReferenceTest, PriorityDecidesBetweenEnds) {
  EXPECT_EQ(Find(Regexp("the (cat|caterpillar)"), "the caterpillar"), (Lengths{{0, 7}}));
  EXPECT_EQ(Find(Regexp("the (caterpillar|cat)"), "the caterpillar"), (Lengths{{0, 15}}));
  EXPECT_EQ(Find(Regexp("the (cat|caterpillar)s*"), "the caterpillar"), (Lengths{{0, 7}}));
  EXPECT_EQ(Find(Regexp("the (cat|caterpillar)e*r"), "the caterpillar"), (Lengths{{0, 9}}));
  EXPECT_EQ(Find(Regexp("the (a|ab)(c|bcd)(d*)"), "the abcd"), (Lengths{{0, 8}}));
  EXPECT_EQ(Find(Regexp("ab.*c"), "abcc"), (Lengths{{0, 4}}));
  EXPECT_EQ(Find(Regexp("ab.*?c"), "abcc"), (Lengths{{0, 3}}));
}

TEST(ReferenceTest, EveryStartCountsOnce) {
  EXPECT_EQ(Find(Text("aa"), "aaaa"), (Lengths{{0, 2}, {1, 2}, {2, 2}}));
  EXPECT_EQ(Find(Regexp("a+b"), "aab"), (Lengths{{0, 3}, {1, 2}}));
}

TEST(ReferenceTest, EmptyMatchesAreNone) {
  EXPECT_EQ(Find(Regexp("a*"), "baab"), (Lengths{{1, 2}, {2, 1}}));
  EXPECT_THAT(Find(Regexp("[ab]*?"), "aab"), IsEmpty());
  EXPECT_THAT(Find(Regexp("a||bc"), "bc"), IsEmpty());  // The empty alternative is preferred.
  EXPECT_THAT(Find(Regexp("^"), "bc"), IsEmpty());
}

TEST(ReferenceTest, RoundsThatTakeNothingEnd) {
  EXPECT_EQ(Find(Regexp("(a*)*b"), "aab"), (Lengths{{0, 3}, {1, 2}, {2, 1}}));
  EXPECT_EQ(Find(Regexp(R"((\B|a){5,9}?b)"), "aab"), (Lengths{{0, 3}, {1, 2}, {2, 1}}));
  EXPECT_EQ(Find(Regexp(R"(b(\b|^){30000})"), "b"), (Lengths{{0, 1}}));
}

TEST(ReferenceTest, Anchors) {
  EXPECT_EQ(Find(Regexp("^ab"), "abab"), (Lengths{{0, 2}}));
  EXPECT_EQ(Find(Regexp("ab$"), "abab"), (Lengths{{2, 2}}));
  EXPECT_EQ(Find(Regexp(R"(\bab\b)"), "ab xab ab"), (Lengths{{0, 2}, {7, 2}}));
  EXPECT_EQ(Find(Regexp(R"(ab\B)"), "ab abc"), (Lengths{{3, 2}}));
  // At the edges there is no word (YARA since 4.3).
  EXPECT_EQ(Find(Regexp(R"(\B ab)"), " ab"), (Lengths{{0, 3}}));
}

TEST(ReferenceTest, WideTakesAZeroAfterEachByte) {
  using namespace std::string_view_literals;
  Pattern pattern = Regexp("a.c");
  pattern.wide = true;
  pattern.ascii = false;
  EXPECT_EQ(Find(pattern, "xa\0b\0c\0abc"sv), (Lengths{{1, 6}}));
  pattern.ascii = true;
  EXPECT_EQ(Find(pattern, "xa\0b\0c\0abc"sv), (Lengths{{1, 6}, {7, 3}}));
  EXPECT_EQ(Find(pattern, "a\0b\0c"sv), Lengths{});  // The last zero is missing.

  Pattern boundary = Regexp(R"(\bcab)");
  boundary.wide = true;
  boundary.ascii = false;
  EXPECT_EQ(Find(boundary,
                 "x\x01"
                 "c\0a\0b\0"sv),
            (Lengths{{2, 6}}));
  EXPECT_THAT(Find(boundary, "x\0c\0a\0b\0"sv), IsEmpty());
}

TEST(ReferenceTest, FullwordLooksAtBothSides) {
  using namespace std::string_view_literals;
  Pattern pattern = Text("ab");
  pattern.fullword = true;
  EXPECT_EQ(Find(pattern,
                 "ab ab_ab1xab \xe9"
                 "ab"),
            (Lengths{{0, 2}, {3, 2}, {14, 2}}));
  pattern.wide = true;
  pattern.ascii = false;
  EXPECT_EQ(Find(pattern, "xa\0b\0"sv), (Lengths{{1, 4}}));
  EXPECT_THAT(Find(pattern, "x\0a\0b\0"sv), IsEmpty());
  EXPECT_THAT(Find(pattern, "a\0b\0x\0"sv), IsEmpty());
  EXPECT_EQ(Find(pattern, "a\0b\0x"sv), (Lengths{{0, 4}}));
  // The preferred end alone is looked at.
  Pattern greedy = Regexp("ab+");
  greedy.fullword = true;
  EXPECT_THAT(Find(greedy, "abbc"), IsEmpty());
  greedy = Regexp("ab+?");
  greedy.fullword = true;
  EXPECT_THAT(Find(greedy, "abb"), IsEmpty());
}

TEST(ReferenceTest, Nocase) {
  Pattern pattern = Text("aB[");
  pattern.nocase = true;
  EXPECT_EQ(Find(pattern, "Ab[ AB{"), (Lengths{{0, 3}}));
}

TEST(ReferenceTest, XorRecordsItsKey) {
  Pattern pattern = Text("abc");
  pattern.is_xor = true;
  pattern.xor_min = 1;
  pattern.xor_max = 2;
  const std::vector<Match> found = FindAllSlowly(pattern, AsBytes("abc`cb abc"
                                                                  "\x63\x60\x61"
                                                                  "bad"));
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].offset, 3u);
  EXPECT_EQ(found[0].xor_key, 1);
  EXPECT_EQ(found[1].offset, 10u);
  EXPECT_EQ(found[1].xor_key, 2);
}

TEST(ReferenceTest, XorFullwordDependsOnTheDialect) {
  Pattern pattern = Text("ab");
  pattern.is_xor = true;
  pattern.xor_min = pattern.xor_max = 0x41;
  pattern.fullword = true;
  // 'a'^0x41 = 0x20: a space to YARA-X's neighbour, a letter's neighbour to YARA.
  const std::string_view object = "a\x20\x23";
  EXPECT_THAT(Find(pattern, object), IsEmpty());
  pattern.dialect = Dialect::kYaraX;
  EXPECT_EQ(Find(pattern, object), (Lengths{{1, 2}}));
}

TEST(ReferenceTest, Base64FindsTheThreeShifts) {
  Pattern pattern = Text("This program cannot");
  pattern.base64 = true;
  // What base64 makes of the text behind no, one and two bytes.
  EXPECT_EQ(Find(pattern, "VGhpcyBwcm9ncmFtIGNhbm5vdA=="), (Lengths{{0, 25}}));
  EXPECT_EQ(Find(pattern, "QVRoaXMgcHJvZ3JhbSBjYW5ub3Q="), (Lengths{{2, 24}}));
  EXPECT_EQ(Find(pattern, "QUFUaGlzIHByb2dyYW0gY2Fubm90"), (Lengths{{3, 25}}));
}

TEST(ReferenceTest, YaraXDecodesTheEdgesOfBase64) {
  Pattern pattern = Text("fooba");
  pattern.base64 = true;
  // Zm9vYmE= is "fooba"; Zm9vYmX is "foobe", of which YARA sees no difference.
  EXPECT_EQ(Find(pattern, "Zm9vYmE="), (Lengths{{0, 6}}));
  EXPECT_EQ(Find(pattern, "Zm9vYmU="), (Lengths{{0, 6}}));
  pattern.dialect = Dialect::kYaraX;
  EXPECT_EQ(Find(pattern, "Zm9vYmE=").size(), 1u);
  EXPECT_THAT(Find(pattern, "Zm9vYmU="), IsEmpty());
}

// As YARA-X 1.7.1 answers.
TEST(ReferenceTest, YaraXDecodesWholeGroupsOfBase64) {
  using namespace std::string_view_literals;
  Pattern pattern = Text("foob");
  pattern.base64 = true;
  pattern.dialect = Dialect::kYaraX;
  for (const std::string_view object : {"Zm9vYg==", "Zm9vYg=", "Zm9vYg", "Zm9vYgA=", "Zm9vYgE", "Zm9vYgAB"}) {
    EXPECT_EQ(Find(pattern, object), (Lengths{{0, 5}})) << object;
  }
  // Unused bits that are set, characters and padding where none may be.
  for (const std::string_view object : {"Zm9vYh==", "Zm9vYgB", "Zm9vYg..", "Zm9vYgA.", "Zm9vYg=A", "Zm9vYg=."}) {
    EXPECT_THAT(Find(pattern, object), IsEmpty()) << object;
  }
  EXPECT_EQ(Find(pattern, "eGZvb2I="), (Lengths{{2, 4}}));
  EXPECT_EQ(Find(pattern, "eHhmb29i"), (Lengths{{3, 5}}));
  for (const std::string_view object : {"GZvb2I=", ".GZvb2I=", "Hhmb29i", ".Hhmb29i"}) {
    EXPECT_THAT(Find(pattern, object), IsEmpty()) << object;
  }
  pattern.base64 = false;
  pattern.base64wide = true;
  EXPECT_EQ(Find(pattern, "Z\0m\0009\0v\0Y\0g\0=\0E\0"sv), (Lengths{{0, 10}}));
  EXPECT_THAT(Find(pattern, "Z\0m\0009\0v\0Y\0g\0=\0B\0"sv), IsEmpty());
  EXPECT_EQ(Find(pattern, "Z\0m\0009\0v\0Y\0g\0A"sv), (Lengths{{0, 10}}));
  EXPECT_THAT(Find(pattern, "Z\0m\0009\0v\0Y\0g\0A1"sv), IsEmpty());
}

// As YARA 4.5: its atom is what is repeated, and the match there is empty.
TEST(ReferenceTest, ZeroTimesMatchesEmpty) {
  EXPECT_EQ(Find(Regexp("a{,0}"), "ba a"), (Lengths{{1, 0}, {3, 0}}));
  EXPECT_EQ(Find(Regexp("(ab){0}"), "ab a"), (Lengths{{0, 0}}));
  EXPECT_THAT(Find(Regexp("a{0}"), "b"), IsEmpty());
  EXPECT_EQ(Find(Regexp("a{0}b"), "b"), (Lengths{{0, 1}}));
}

TEST(ReferenceTest, ChainsJoinPiecesAtTheFirstTail) {
  const std::string gap(300, '-');
  EXPECT_EQ(Find(Hex("61 62 [0-300] 63"), "ab" + gap + "c"), (Lengths{{0, 303}}));
  EXPECT_THAT(Find(Hex("61 62 [0-299] 63"), "ab" + gap + "c"), IsEmpty());
  EXPECT_EQ(Find(Hex("61 62 [-] 63"), "ab" + gap + gap + "cc"), (Lengths{{0, 603}}));
  EXPECT_EQ(Find(Hex("61 62 [300-] 63"), "abc" + gap + "c"), (Lengths{{0, 304}}));
  // The bytes of the gap may be newlines, whatever the dot says.
  EXPECT_EQ(Find(Regexp("ab.{0,300}?cd"), "ab\ncd"), (Lengths{{0, 5}}));
  EXPECT_THAT(Find(Regexp("ab.{0,200}?cd"), "ab\ncd"), IsEmpty());
  // fullword holds for each piece.
  Pattern pattern = Regexp("ab.{0,300}?cd");
  pattern.fullword = true;
  EXPECT_EQ(Find(pattern, "ab-cd"), (Lengths{{0, 5}}));
  EXPECT_THAT(Find(pattern, "abxcd"), IsEmpty());
}

TEST(ReferenceTest, YaraXAssertions) {
  constexpr RegexpOptions kX{.dialect = Dialect::kYaraX};
  EXPECT_EQ(Find(Regexp("(?m)^ab", kX), "ab\nab ab"), (Lengths{{0, 2}, {3, 2}}));
  EXPECT_EQ(Find(Regexp("(?m)ab$", kX), "ab\nab ab"), (Lengths{{0, 2}, {6, 2}}));
  EXPECT_EQ(Find(Regexp("(?m)^ab$", kX), "ab\rab\r\nab"), (Lengths{{0, 2}, {3, 2}, {7, 2}}));
  EXPECT_THAT(Find(Regexp("(?m)\\r^\\nab", kX), "\r\nab"), IsEmpty());
  using namespace std::string_view_literals;
  for (const Dialect dialect : {Dialect::kYara, Dialect::kYaraX}) {
    Pattern wide = Regexp("^ab$", {.dialect = dialect});
    wide.wide = true;
    wide.ascii = false;
    EXPECT_EQ(Find(wide, "a\0b\0"sv), (Lengths{{0, 4}}));
    EXPECT_EQ(Find(wide, "xa\0b\0x"sv), dialect == Dialect::kYaraX ? (Lengths{{1, 4}}) : Lengths{});
  }
  // Plain and wide are independent, and the longer one of a greedy expression counts.
  for (const auto& [source, length] : {std::pair("a.?", 4u), std::pair("a..?", 6u), std::pair("a.??", 1u)}) {
    Pattern both = Regexp(source, {.dot_all = true, .dialect = Dialect::kYaraX});
    both.wide = true;
    EXPECT_EQ(Find(both, "a\0b\0c\0"sv), (Lengths{{0, length}})) << source;
  }
  Pattern full = Regexp("a[^x]", kX);
  full.wide = full.fullword = true;
  EXPECT_EQ(Find(full, "a\0b\0.."sv), (Lengths{{0, 4}}));
  // Next to a wide match any byte counts, whatever the one behind it is.
  Pattern word = Regexp(R"(\bab\b)", kX);
  word.wide = true;
  word.ascii = false;
  EXPECT_EQ(Find(word, "xa\0b\0x"sv), (Lengths{{1, 4}}));
  EXPECT_EQ(Find(word, ".1a\0b\0.1"sv), (Lengths{{2, 4}}));
  EXPECT_THAT(Find(word, "a\0b\0x1"sv), IsEmpty());
  EXPECT_THAT(Find(word, "x1a\0b\0"sv), IsEmpty());
  EXPECT_EQ(Find(Regexp(R"(\b{start}ab)", kX), "ab xab"), (Lengths{{0, 2}}));
  EXPECT_EQ(Find(Regexp(R"(ab\b{end})", kX), "ab abx"), (Lengths{{0, 2}}));
  EXPECT_EQ(Find(Regexp("(?u)^.$", kX), "\xc3\xa9"), (Lengths{{0, 2}}));
}

}  // namespace
}  // namespace dl::match
