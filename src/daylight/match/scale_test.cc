// A hundred thousand texts at once: what is found is what a naive search finds,
// whatever the kernel, the live groups and the windows.
#include <gtest/gtest.h>

#include <deque>
#include <random>
#include <unordered_map>

#include "daylight/match/matcher_format.h"
#include "daylight/match/matcher_testing.h"

namespace dl::match {
namespace {

constexpr std::uint32_t kPatterns = 100'000;
constexpr std::uint32_t kGroups = 8;
constexpr std::size_t kLongest = 64;

std::string Lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  }
  return text;
}

// Bytes as code and tables have them: few values, many repetitions.
std::string CodeLike(std::mt19937& rng, std::size_t size) {
  std::string out;
  while (out.size() < size) {
    switch (rng() % 4) {
      case 0: out += std::string("\x48\x89\xe5\x48\x83\xec", 6); break;
      case 1: out += std::string(rng() % 6, '\0'); break;
      case 2: out += "prefix_"; break;
      default: out += static_cast<char>(rng());
    }
  }
  out.resize(size);
  return out;
}

std::vector<Pattern> Patterns(std::mt19937& rng) {
  std::vector<Pattern> patterns(kPatterns);
  const std::string code = CodeLike(rng, 300'000);
  for (std::uint32_t id = 0; id < kPatterns; ++id) {
    Pattern& pattern = patterns[id];
    const std::size_t size = id % 10 == 0 ? 4 + rng() % 5 : 8 + rng() % (kLongest - 7);
    pattern.text = code.substr(rng() % (code.size() - size), size);
    if (id % 7 != 0) {
      for (int i = 0; i < 3; ++i) pattern.text[rng() % size] = static_cast<char>(rng());
    }
    pattern.nocase = id % 5 == 0;
    pattern.group = id % kGroups;
    pattern.first_match_only = true;
  }
  return patterns;
}

// By every text there could be at every place.
class NaiveSearch {
 public:
  explicit NaiveSearch(const std::vector<Pattern>& patterns) : patterns_(patterns) {
    for (std::uint32_t id = 0; id < patterns.size(); ++id) {
      const Pattern& pattern = patterns[id];
      texts_.push_back(pattern.nocase ? Lower(pattern.text) : pattern.text);
      (pattern.nocase ? nocase_ : exact_)[texts_.back()].push_back(id);
    }
  }
  std::vector<std::uint32_t> Find(const std::string& object, const BitSet& groups) const {
    std::vector<bool> found(patterns_.size());
    const auto look = [&](const auto& map, std::string_view text) {
      const auto at = map.find(text);
      if (at == map.end()) return;
      for (const std::uint32_t id : at->second) found[id] = found[id] || groups.Test(patterns_[id].group);
    };
    const std::string lowered = Lower(object);
    const std::string_view plain(object);
    const std::string_view lower(lowered);
    for (std::size_t at = 0; at < object.size(); ++at) {
      for (std::size_t size = 4; size <= std::min(kLongest, object.size() - at); ++size) {
        look(exact_, plain.substr(at, size));
        look(nocase_, lower.substr(at, size));
      }
    }
    std::vector<std::uint32_t> ids;
    for (std::uint32_t id = 0; id < found.size(); ++id) {
      if (found[id]) ids.push_back(id);
    }
    return ids;
  }

 private:
  const std::vector<Pattern>& patterns_;
  std::deque<std::string> texts_;  // What the keys are views of.
  std::unordered_map<std::string_view, std::vector<std::uint32_t>> exact_;
  std::unordered_map<std::string_view, std::vector<std::uint32_t>> nocase_;
};

// Texts of the patterns, some in other case, some with a byte changed, among
// code, and right at both ends.
std::string Object(const std::vector<Pattern>& patterns, std::mt19937& rng, std::size_t size) {
  std::string object;
  while (object.size() < size) {
    std::string text = patterns[rng() % patterns.size()].text;
    if (rng() % 4 == 0) text = Lower(text);
    if (rng() % 4 == 0) text[rng() % text.size()] = static_cast<char>(rng());
    object += text + CodeLike(rng, rng() % 20);
  }
  return object + patterns[rng() % patterns.size()].text;
}

class ScaleTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    std::mt19937 rng(1);
    patterns_ = new std::vector<Pattern>(Patterns(rng));
    matcher_ = new TestMatcher(*patterns_);
  }
  static void TearDownTestSuite() {
    delete matcher_;
    delete patterns_;
  }
  static std::vector<Pattern>* patterns_;
  static TestMatcher* matcher_;
};
std::vector<Pattern>* ScaleTest::patterns_ = nullptr;
TestMatcher* ScaleTest::matcher_ = nullptr;

TEST_F(ScaleTest, EqualsANaiveSearchWithEveryKernel) {
  std::mt19937 rng(2);
  const NaiveSearch naive(*patterns_);
  for (const KernelInfo& kernel : AvailableKernels()) {
    MatchState state(matcher_->matcher(), kernel);
    for (int round = 0; round < 8; ++round) {
      // More sets of groups than are remembered, and the same ones again.
      BitSet groups;
      groups.Resize(kGroups);
      for (std::uint32_t id = 0; id < kGroups; ++id) {
        if ((round % 6 * 37 + 13) >> id & 1) groups.Set(id);
      }
      const std::string object = Object(*patterns_, rng, round == 0 ? 0 : 2000);
      state.Begin(groups, matcher_->live_patterns(), false);
      state.Feed({AsBytes(object), 0, true});
      state.Finish();
      const std::vector<std::uint32_t> fast(state.touched().begin(), state.touched().end());
      ASSERT_EQ(fast, naive.Find(object, groups)) << kernel.name << " round " << round;
      if (round > 0) {
        EXPECT_GT(fast.size(), 10u);
      }
    }
  }
}

TEST_F(ScaleTest, DoesNotDependOnTheWindows) {
  std::mt19937 rng(3);
  const std::size_t overlap = matcher_->matcher().overlap_bytes();
  EXPECT_GE(overlap, 2 * kLongest);
  for (int round = 0; round < 10; ++round) {
    const std::string object = Object(*patterns_, rng, 3000);
    matcher_->Scan(AsBytes(object), 0, false);
    const std::vector<std::uint32_t> whole(matcher_->state().touched().begin(), matcher_->state().touched().end());
    EXPECT_GT(whole.size(), 10u);
    for (const std::size_t more : {std::size_t{1}, std::size_t{2}, std::size_t{15}, std::size_t{64}, std::size_t{99}}) {
      matcher_->Scan(AsBytes(object), overlap + more, false);
      const std::vector<std::uint32_t> cut(matcher_->state().touched().begin(), matcher_->state().touched().end());
      ASSERT_EQ(cut, whole) << "windows of " << overlap + more;
    }
  }
}

TEST_F(ScaleTest, FewPositionsOfForeignBytesAreCandidates) {
  std::mt19937 rng(4);
  std::string object(1'000'000, '\0');
  for (char& c : object) c = static_cast<char>(rng());
  matcher_->Scan(AsBytes(object), 0, false);
  EXPECT_LT(matcher_->state().counters().candidates, object.size() / 25);
}

TEST(LargeDatabaseTest, DamageIsMetWhenItIsRead) {
  MatcherBuilder builder(1);
  constexpr std::uint32_t kTexts = 70'000;
  const auto text_of = [](std::uint32_t id) { return "text number " + std::to_string(id) + "."; };
  for (std::uint32_t id = 0; id < kTexts; ++id) {
    Pattern pattern;
    pattern.text = text_of(id);
    ASSERT_TRUE(builder.Add(pattern).has_value());
  }
  database::Writer writer;
  ASSERT_TRUE(builder.Finish(writer, 0).has_value());
  std::vector<std::byte> file = writer.Finish();
  const auto sound = database::Database::FromBytes(Bytes(file));
  ASSERT_TRUE(sound.has_value());
  for (const database::SectionInfo& section : (*sound)->sections()) {
    if (section.kind != kSectionSubs) continue;
    ASSERT_GT(section.size, 2u << 20);
    file[static_cast<std::size_t>(section.offset + section.size / 2)] ^= std::byte{1};
  }
  const auto database = database::Database::FromBytes(file);
  ASSERT_TRUE(database.has_value());
  const auto matcher = Matcher::Open(**database, 0);
  ASSERT_TRUE(matcher.has_value());  // Nothing on that page has been read.
  EXPECT_FALSE(matcher->damaged());
  MatchState state(*matcher);
  BitSet groups;
  groups.Resize(1);
  groups.Set(0);
  BitSet patterns;
  patterns.Resize(kTexts);
  for (std::uint32_t id = 0; id < kTexts; ++id) patterns.Set(id);
  const auto count = [&](const std::string& object) {
    state.Begin(groups, patterns, true);
    state.Feed({AsBytes(object), 0, true});
    state.Finish();
    return state.touched().size();
  };
  EXPECT_EQ(count(text_of(7)), 1u);
  EXPECT_FALSE(matcher->damaged());
  EXPECT_EQ(count(text_of(kTexts / 2)), 0u);
  EXPECT_TRUE(matcher->damaged());
  EXPECT_EQ(count(text_of(7)), 1u);
}

}  // namespace
}  // namespace dl::match
