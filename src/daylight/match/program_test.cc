// Programs and the two simulators that run them.
#include "daylight/match/program.h"

#include <gtest/gtest.h>

#include "daylight/match/priority_simulator.h"
#include "daylight/match/simulate.h"

namespace dl::match {
namespace {

class Compiled {
 public:
  explicit Compiled(std::string_view source) {
    const auto parsed = ParseRegexp(source, {});
    EXPECT_TRUE(parsed.has_value()) << source;
    auto form = Normalize(parsed->root);
    EXPECT_TRUE(form.has_value());
    auto programs = CompilePrograms(*form, true);
    EXPECT_TRUE(programs.has_value());
    programs_ = std::move(*programs);
  }
  ProgramView forward() const { return ProgramView(programs_.words, false); }
  ProgramView backward() const { return ProgramView(programs_.words, true); }
  const CompiledPrograms& programs() const { return programs_; }

  // Where the preferred match at `at` ends; -1: none.
  int End(std::string_view text, std::size_t at = 0) const {
    PrioritySimulator simulator;
    std::size_t end = 0;
    if (!simulator.Forward(forward(), 0, Text{AsBytes(text)}, at, text.size(), end)) return -1;
    return static_cast<int>(end);
  }
  // Where matches that end at `at` begin.
  std::vector<std::size_t> Starts(std::string_view text, std::size_t at) const {
    Simulator simulator;
    std::vector<std::size_t> starts;
    simulator.Backward(backward(), 0, Text{AsBytes(text)}, at, text.size(), starts);
    return starts;
  }
  bool Found(std::string_view text) const { return Simulator().Search(forward(), Text{AsBytes(text)}); }

 private:
  CompiledPrograms programs_;
};

TEST(ProgramTest, PreferenceIsThatOfABacktrackingMatcher) {
  EXPECT_EQ(Compiled("(cat|caterpillar)").End("caterpillar"), 3);
  EXPECT_EQ(Compiled("(caterpillar|cat)").End("caterpillar"), 11);
  EXPECT_EQ(Compiled("a+").End("aaab"), 3);
  EXPECT_EQ(Compiled("a+?").End("aaab"), 1);
  EXPECT_EQ(Compiled("a+?b").End("aaab"), 4);
  EXPECT_EQ(Compiled("b").End("aaab"), -1);
}

TEST(ProgramTest, CountsHoldAtTheirBounds) {
  const Compiled greedy("a{20,30}");
  EXPECT_EQ(greedy.End(std::string(19, 'a')), -1);
  EXPECT_EQ(greedy.End(std::string(20, 'a')), 20);
  EXPECT_EQ(greedy.End(std::string(30, 'a')), 30);
  EXPECT_EQ(greedy.End(std::string(31, 'a')), 30);
  EXPECT_EQ(Compiled("a{20,30}?").End(std::string(31, 'a')), 20);
  const Compiled open("a{20,}");
  EXPECT_EQ(open.End(std::string(19, 'a')), -1);
  EXPECT_EQ(open.End(std::string(500, 'a')), 500);
}

TEST(ProgramTest, ACountIsOneInstructionHoweverLarge) {
  EXPECT_EQ(Compiled("x[0-9]{20,30}y").forward().size(), Compiled("x[0-9]{20,30000}y").forward().size());
}

TEST(ProgramTest, CountsThatBeginAtManyPlacesDoNotMix) {
  // Each x begins a count of its own; only one reaches the y in time.
  const Compiled compiled("(x|xx).{9,12}y");
  EXPECT_EQ(compiled.End("xx0123456789ay"), 14);
  EXPECT_EQ(compiled.End("xx0123456789abcy"), -1);
  EXPECT_TRUE(compiled.Found("xxxxxxx0123456789aby"));
  EXPECT_FALSE(compiled.Found("x01234567y"));
}

TEST(ProgramTest, BackwardsFindsEveryStart) {
  EXPECT_EQ(Compiled("a+b").Starts("xaaab", 5), (std::vector<std::size_t>{3, 2, 1}));
  EXPECT_EQ(Compiled("(aa)+b").Starts("xaaaaab", 7), (std::vector<std::size_t>{4, 2}));
  EXPECT_EQ(Compiled("[ax]{9,11}b").Starts("xxxxxxxxxxxxab", 14), (std::vector<std::size_t>{4, 3, 2}));
  EXPECT_TRUE(Compiled("ab").Starts("aab", 2).empty());
}

TEST(ProgramTest, EntriesMeetInTheMiddle) {
  // Entering at a leaf reads what is left on either side.
  const Compiled compiled("ab+c");
  const CompiledPrograms& programs = compiled.programs();
  ASSERT_GE(programs.forward_entry.size(), 3u);
  const std::string text = "xabbbcx";
  PrioritySimulator forward;
  std::size_t end = 0;
  // Leaf 1 is the first b, at offset 2.
  ASSERT_TRUE(forward.Forward(compiled.forward(), programs.forward_entry[1], Text{AsBytes(text)}, 2, 7, end));
  EXPECT_EQ(end, 6u);
  Simulator backward;
  std::vector<std::size_t> starts;
  backward.Backward(compiled.backward(), programs.backward_entry[1], Text{AsBytes(text)}, 2, 100, starts);
  EXPECT_EQ(starts, (std::vector<std::size_t>{1}));
}

TEST(ProgramTest, SearchFindsEmptyMatchesToo) {
  EXPECT_TRUE(Compiled("a*").Found(""));
  EXPECT_TRUE(Compiled("^$").Found(""));
  EXPECT_FALSE(Compiled("^$").Found("a"));
  EXPECT_TRUE(Compiled("\\bfoo\\b").Found("a foo."));
  EXPECT_FALSE(Compiled("\\bfoo\\b").Found("afoo."));
}

TEST(ProgramTest, LimitsAreKept) {
  const Compiled compiled("a+");
  const std::string text(100, 'a');
  PrioritySimulator forward;
  std::size_t end = 0;
  ASSERT_TRUE(forward.Forward(compiled.forward(), 0, Text{AsBytes(text)}, 10, 20, end));
  EXPECT_EQ(end, 20u);
  Simulator backward;
  std::vector<std::size_t> starts;
  backward.Backward(compiled.backward(), 0, Text{AsBytes(text)}, 50, 3, starts);
  EXPECT_EQ(starts, (std::vector<std::size_t>{49, 48, 47}));
}

TEST(ProgramTest, TooLargeAnExpressionIsRefused) {
  RegexpNode leaf;
  leaf.kind = RegexpKind::kClass;
  leaf.set = ByteSet::Single('a');
  RegexpNode pair;
  pair.kind = RegexpKind::kConcat;
  pair.children = {leaf, leaf};
  RegexpNode root;
  root.kind = RegexpKind::kRepeat;
  root.min = root.max = 1000;
  root.children = {pair};
  EXPECT_TRUE(Normalize(root).has_value());
  RegexpNode outer = root;
  outer.children = {root};
  const auto refused = Normalize(outer);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kBudget);
}

TEST(ProgramTest, DamagedProgramsMatchNothing) {
  const std::vector<std::uint32_t> huge = {0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 1, 2, 3};
  EXPECT_EQ(ProgramView(huge, false).size(), 0u);
  EXPECT_EQ(ProgramView({}, true).size(), 0u);
  // A loop of jumps ends, and one past the end is a failure.
  const std::vector<std::uint32_t> loop = {
      2, 0, 0, 0, static_cast<std::uint32_t>(Opcode::kSplit) | 1u << 8, 900, static_cast<std::uint32_t>(Opcode::kJump),
      0};
  Simulator simulator;
  EXPECT_FALSE(simulator.Search(ProgramView(loop, false), Text{AsBytes("aaaa")}));
}

}  // namespace
}  // namespace dl::match
