#include "daylight/match/lazy_dfa.h"

#include <gtest/gtest.h>

#include <random>
#include <utility>

#include "daylight/match/dfa_pool.h"
#include "daylight/match/lazy_dfa_testing.h"

namespace dl::match {
namespace {

CompiledPrograms Compile(std::string_view source, bool dot_all = false) {
  RegexpOptions options;
  options.dot_all = dot_all;
  const auto parsed = ParseRegexp(source, options);
  EXPECT_TRUE(parsed.has_value()) << source;
  const auto form = Normalize(parsed->root);
  EXPECT_TRUE(form.has_value());
  auto programs = CompilePrograms(*form, true);
  EXPECT_TRUE(programs.has_value());
  return std::move(*programs);
}

TEST(LazyDfaTest, AgreesWithTheSimulators) {
  std::mt19937 rng(11);
  int differences = 0;
  for (int round = 0; round < 30'000; ++round) {
    std::string recipe(40 + rng() % 200, '\0');
    for (char& c : recipe) c = static_cast<char>(rng());
    const std::string difference = CompareAutomata(recipe);
    EXPECT_EQ(difference, "");
    if (!difference.empty() && ++differences == 5) return;
  }
}

// Every entry, start and stop of a short text, so that runs begin inside of remembered ones, before them and behind.
TEST(LazyDfaTest, AgreesForAllRunsOverOneText) {
  const std::string text =
      std::string(50, 'a') + "bb\r\na_b " + std::string(60, 'b') + "\n\nab" + std::string(40, 'a') + "cb";
  for (const char* source : {"a.*b", "a.*?b", "a[ab]{33,}", "(a|b)+?b\\b", "\\ba+\\b", "^a+b", "b+$", "a{1,40}b?",
                             "(a?){20}a{20}", "[^\\n]*\\n", "a|a.{37}b|[ab]+", "(b+a|b+\\s+|b)"}) {
    const CompiledPrograms programs = Compile(source);
    AutomatonTwins twins(programs, Text{AsBytes(text)});
    std::mt19937 rng(12);
    for (int round = 0; round < 4000; ++round) {
      const std::size_t at = rng() % (text.size() + 1);
      const std::size_t stop = std::min<std::size_t>(text.size(), at + (rng() % 3 == 0 ? 400 : rng() % 90));
      const auto entry =
          static_cast<std::uint32_t>(rng() % 2 == 0 ? 0 : rng() % ProgramView(programs.words, false).size());
      ASSERT_EQ(twins.CompareForward(entry, at, stop), "") << source;
      ASSERT_TRUE(twins.answered());
      ASSERT_EQ(twins.CompareBackward(0, at, rng() % 100), "") << source;
    }
  }
}

TEST(LazyDfaTest, RunsOfTheReachFromEveryPlace) {
  std::mt19937 rng(13);
  std::string text(30'000, '\0');
  for (char& c : text) c = rng() % 500 == 0 ? '\n' : static_cast<char>('a' + rng() % 3);
  for (const char* source : {"a.*b", "a.*?bcabcaabba", "b[^c]*c.*aa", "(a|b.*c)+", "c.*\\b"}) {
    for (const bool dot_all : {false, true}) {
      const CompiledPrograms programs = Compile(source, dot_all);
      AutomatonTwins twins(programs, Text{AsBytes(text)});
      for (std::size_t at = 0; at < text.size(); at += 1 + rng() % 300) {
        ASSERT_EQ(twins.CompareForward(0, at, at + (rng() % 4 == 0 ? 8192 : 4096)), "") << source;
        ASSERT_TRUE(twins.answered());
      }
      for (std::size_t at = text.size(); at > 200; at -= 1 + rng() % 200) {
        ASSERT_EQ(twins.CompareForward(0, at, text.size()), "") << source;
      }
      for (std::size_t at = 0; at < text.size(); at += 1 + rng() % 300) {
        const std::size_t place = rng() % 10 == 0 ? rng() % text.size() : at;
        ASSERT_EQ(twins.CompareBackward(0, place, rng() % 4 == 0 ? text.size() : 4096), "") << source;
      }
    }
  }
}

// A record of a run is kept for so many bytes only: what is older is not taken for it.
TEST(LazyDfaTest, LongRunsThatDoNotMeet) {
  std::string text(20'000, 'c');
  text[0] = 'a';
  text[5000] = 'b';
  text[15'000] = 'y';
  text[19'000] = 'x';
  const CompiledPrograms programs = Compile("a[^x]*x|b[^y]*y");
  AutomatonTwins twins(programs, Text{AsBytes(text)});
  for (const std::size_t at : {0u, 5000u, 0u, 1u, 5000u}) ASSERT_EQ(twins.CompareForward(0, at, text.size()), "") << at;
}

// What a later run can take from an earlier one it does not read again.
TEST(LazyDfaTest, RunsThatMeetAreLinear) {
  const std::string text(100'000, 'a');
  const CompiledPrograms programs = Compile("a.*b");
  std::uint64_t steps = 0;
  LazyDfa dfa(ProgramView(programs.words, false), LazyDfa::Direction::kForward, steps);
  for (std::size_t at = 0; at < text.size(); ++at) {
    std::size_t end = 0;
    ASSERT_EQ(dfa.Forward(0, Text{AsBytes(text)}, at, at + 4096, end, {}), false);
  }
  EXPECT_LT(std::exchange(steps, 0), 40 * text.size());
  LazyDfa backward(ProgramView(programs.words, true), LazyDfa::Direction::kBackward, steps);
  std::vector<std::size_t> starts;
  for (std::size_t at = 0; at < text.size(); ++at) {
    ASSERT_TRUE(backward.Backward(1, Text{AsBytes(text)}, at, 4096, starts));
  }
  EXPECT_LT(steps, 40 * text.size());
}

TEST(LazyDfaTest, MemoryIsBoundedAndThrashingEnds) {
  std::mt19937 rng(14);
  std::string text(50'000, '\0');
  for (char& c : text) c = static_cast<char>('a' + rng() % 2);
  // Each state is another set of distances to the letters before.
  const CompiledPrograms programs = Compile("(a|b)*a[ab]{30}c", true);
  AutomatonTwins twins(programs, Text{AsBytes(text)});
  bool given_up = false;
  for (std::size_t at = 0; at < text.size() && !given_up; at += 50) {
    ASSERT_EQ(twins.CompareForward(0, at, at + 1000), "");
    EXPECT_LE(twins.forward().memory_bytes(), LazyDfa::kMaxBytes);
    given_up = !twins.answered();
  }
  EXPECT_TRUE(given_up);
  twins.forward().Forgive();
  ASSERT_EQ(twins.CompareForward(0, 0, 10), "");
  EXPECT_TRUE(twins.answered());
}

TEST(LazyDfaTest, WideAssertionsAreLeftToTheSimulator) {
  const CompiledPrograms programs = Compile("\\ba");
  const std::string text("a\0b\0", 4);
  AutomatonTwins twins(programs, Text{AsBytes(text), true, true, 2, false});
  EXPECT_EQ(twins.CompareForward(0, 0, 4), "");
  EXPECT_FALSE(twins.answered());
}

TEST(DfaPoolTest, MakesAutomataForWhatIsRunOftenAndKeepsToItsMemory) {
  std::mt19937 rng(15);
  std::string text(3000, '\0');
  for (char& c : text) c = static_cast<char>('a' + rng() % 2);
  DfaPool pool;
  std::vector<CompiledPrograms> programs;
  for (int i = 0; i < 200; ++i) programs.push_back(Compile("(a|b)*a[ab]{" + std::to_string(12 + i % 20) + "}c", true));
  std::size_t used = 0;
  for (int object = 0; object < 3; ++object) {
    pool.SetText(/*is_new_object=*/true);
    for (std::uint32_t name = 0; name < programs.size(); ++name) {
      for (int run = 0; run < 40; ++run) {
        LazyDfa* dfa = pool.Find(name, programs[name].words, LazyDfa::Direction::kForward);
        if (object == 0 && run == 0) {
          EXPECT_EQ(dfa, nullptr);
        }
        if (dfa == nullptr) continue;
        ++used;
        std::size_t end = 0;
        dfa->Forward(0, Text{AsBytes(text)}, static_cast<std::size_t>(run), text.size(), end, {});
      }
      ASSERT_LE(pool.memory_bytes(), DfaPool::kMaxBytes);
    }
  }
  EXPECT_GT(used, 100u);
  EXPECT_GT(pool.TakeSteps(), 0u);
}

}  // namespace
}  // namespace dl::match
