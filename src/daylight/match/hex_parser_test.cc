#include <gtest/gtest.h>

#include "daylight/match/regexp_ast.h"
#include "daylight/match/regexp_dump.h"

namespace dl::match {
namespace {

using Kind = RegexpError::Kind;

std::string Tree(std::string_view source, Dialect dialect = Dialect::kYara) {
  const auto parsed = ParseHexString(source, dialect);
  return parsed ? Dump(parsed->root) : "error: " + parsed.error().message;
}

RegexpError ErrorOf(std::string_view source, Dialect dialect = Dialect::kYara) {
  auto parsed = ParseHexString(source, dialect);
  if (parsed) {
    ADD_FAILURE() << source << " parsed as " << Dump(parsed->root);
    return {};
  }
  EXPECT_LE(parsed.error().offset, source.size()) << source;
  return parsed.error();
}

TEST(HexParserTest, BytesAndNibbles) {
  EXPECT_EQ(Tree("6162"), "cat(a, b)");
  EXPECT_EQ(Tree(" 6? ?1 ?? ~61 ~?A "), "cat([16], [16], ., [255], [240])");
  EXPECT_EQ(Tree("61"), "a");
  EXPECT_EQ(Tree("(61)62"), "cat(a, b)");
  EXPECT_EQ(Tree("(61|62 63)"), "alt(a, cat(b, c))");
  EXPECT_EQ(Tree("61 (62|(63|64))"), "cat(a, alt(b, alt(c, d)))");
  EXPECT_FALSE(ParseHexString("61 [1-2] 62", Dialect::kYara)->greedy);
}

TEST(HexParserTest, Comments) {
  EXPECT_EQ(Tree("61 // ab [\n 62 /* ( \n } */ 63"), "cat(a, b, c)");
  EXPECT_EQ(ErrorOf("61 /* 62").offset, 3u);
  EXPECT_EQ(ErrorOf("6/**/1").kind, Kind::kUnevenHex);
}

TEST(HexParserTest, Jumps) {
  EXPECT_EQ(Tree("61[4]62"), "cat(a, rep{4,4,lazy,jump}(.), b)");
  EXPECT_EQ(Tree("61 [ 2 - 6 ] 62"), "cat(a, rep{2,6,lazy,jump}(.), b)");
  EXPECT_EQ(Tree("61 [2-] 62"), "cat(a, rep{2,,lazy,jump}(.), b)");
  EXPECT_EQ(Tree("61 [-] 62"), "cat(a, rep{0,,lazy,jump}(.), b)");
  EXPECT_EQ(Tree("61 [0x10-0o30] 62", Dialect::kYaraX), "cat(a, rep{16,24,lazy,jump}(.), b)");
  EXPECT_EQ(Tree("61 [0-0] 62"), "cat(a, rep{0,0,lazy,jump}(.), b)");
  const auto parsed = ParseHexString("61 [1] [2-3] 62 [4] 63", Dialect::kYara);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->consecutive_jumps, std::vector<std::size_t>{7});
}

TEST(HexParserTest, Errors) {
  const struct {
    std::string_view source;
    Kind kind;
    std::size_t offset;
    std::size_t length;
  } cases[] = {
      {"[1-2] 61", Kind::kJumpAtEdge, 0, 1},
      {"61 [1-2]", Kind::kJumpAtEdge, 3, 5},
      {"61 (62 [1] | 63)", Kind::kJumpAtEdge, 7, 3},
      {"61 ([1] 62)", Kind::kJumpAtEdge, 4, 1},
      {"61 (62 [-] 63)", Kind::kJumpInAlternative, 7, 3},
      {"61 (62 [201] 63)", Kind::kJumpInAlternative, 7, 5},
      {"61 [0] 62", Kind::kInvalidJump, 3, 3},
      {"61 [2-1] 62", Kind::kInvalidJump, 3, 5},
      {"61 [0-4294967297] 62", Kind::kOverflow, 6, 10},
      {"61 [-5] 62", Kind::kSyntax, 3, 4},
      {"61 [] 62", Kind::kSyntax, 3, 2},
      {"61 6 62", Kind::kUnevenHex, 3, 1},
      {"61 ~?? 62", Kind::kNegatedWildcard, 3, 3},
      {"61 ~ 62", Kind::kSyntax, 4, 1},
      {"61 () 62", Kind::kSyntax, 4, 1},
      {"61 (62|)", Kind::kSyntax, 7, 1},
      {"61 (62", Kind::kSyntax, 3, 1},
      {"61) 62", Kind::kSyntax, 2, 1},
      {"", Kind::kSyntax, 0, 1},
      {"6g", Kind::kUnevenHex, 0, 1},
      {"xx", Kind::kSyntax, 0, 1},
  };
  for (const auto& c : cases) {
    const RegexpError error = ErrorOf(c.source);
    EXPECT_EQ(error.kind, c.kind) << c.source << ": " << error.message;
    EXPECT_EQ(error.offset, c.offset) << c.source;
    EXPECT_EQ(error.length, c.length) << c.source;
  }
}

TEST(HexParserTest, YaraXAllowsLongJumpsInAlternatives) {
  EXPECT_EQ(Tree("61 (62 [200] 63)"), "cat(a, b, rep{200,200,lazy,jump}(.), c)");
  EXPECT_EQ(Tree("61 (62 [-] 63|64)", Dialect::kYaraX), "cat(a, alt(cat(b, rep{0,,lazy,jump}(.), c), d))");
  EXPECT_EQ(ErrorOf("61 [0-0] 62", Dialect::kYaraX).kind, Kind::kInvalidJump);
}

TEST(HexParserTest, DepthIsBounded) {
  const auto nested = [](std::size_t n) { return std::string(n, '(') + "61" + std::string(n, ')'); };
  EXPECT_EQ(Tree(nested(kMaxRegexpDepth)), "a");
  EXPECT_EQ(ErrorOf(nested(kMaxRegexpDepth + 1)).kind, Kind::kTooDeep);
  EXPECT_EQ(ErrorOf(std::string(1'000'000, '(')).kind, Kind::kTooDeep);
}

}  // namespace
}  // namespace dl::match
