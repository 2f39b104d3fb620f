// However an object is cut into windows, the matches are the same.
#include <gtest/gtest.h>

#include <random>

#include "daylight/match/matcher_testing.h"

namespace dl::match {
namespace {

Pattern Text(std::string text) {
  Pattern pattern;
  pattern.text = std::move(text);
  return pattern;
}

Pattern Expression(std::string_view source, bool is_hex) {
  Pattern pattern;
  pattern.is_text = false;
  auto parsed = is_hex ? ParseHexString(source, Dialect::kYara)
                       : ParseRegexp(source, {.nocase = false, .dot_all = true, .dialect = Dialect::kYara});
  EXPECT_TRUE(parsed.has_value()) << source;
  if (parsed) pattern.expression = std::move(*parsed);
  return pattern;
}

constexpr std::uint32_t kPatterns = 9;

std::vector<Pattern> Patterns() {
  std::vector<Pattern> patterns = {
      Text("needle"),
      Text("x"),
      Expression("6e 65 [2-4] 6c 65", true),
      Expression("68 65 61 64 [300-] 74 61 69 6c", true),                  // head ... tail
      Expression("68 65 61 64 [0-20000] 6d 69 64 [-] 74 61 69 6c", true),  // head ... mid ... tail
      Expression("be.{3000,3990}ed", false),
      Expression("\\bword\\b", false),
      Expression("(^st|nd$)", false),
      Expression("[0-9]+[a-f]*", false),  // No good atom.
  };
  patterns[0].wide = true;
  patterns[0].fullword = true;
  patterns[5].wide = false;
  return patterns;
}

// Objects with something of each pattern around every offset in `places`.
std::string Object(std::size_t size, const std::vector<std::size_t>& places, std::mt19937& rng) {
  std::string object(size, '.');
  static const std::string kParts[] = {"needle", std::string("n\0e\0e\0d\0l\0e\0", 12),
                                       "x",      "head",
                                       "mid",    "tail",
                                       "be",     "ed",
                                       " word ", "st",
                                       "nd",     "12ab",
                                       "a7"};
  const auto put = [&](std::size_t at, const std::string& part) {
    if (at + part.size() <= object.size()) object.replace(at, part.size(), part);
  };
  for (const std::size_t place : places) {
    for (int i = 0; i < 30; ++i) {
      const std::size_t back = rng() % 9000;
      if (back <= place) put(place - back, kParts[rng() % std::size(kParts)]);
    }
    for (std::size_t back = 0; back < 16; ++back) {
      if (rng() % 4 == 0 && back <= place) put(place - back, kParts[rng() % std::size(kParts)]);
    }
  }
  object.replace(0, 2, "st");
  object.replace(object.size() - 2, 2, "nd");
  return object;
}

TEST(WindowsTest, MatchesDoNotDependOnTheWindows) {
  std::mt19937 rng(3);
  TestMatcher matcher(Patterns());
  const std::size_t overlap = matcher.matcher().overlap_bytes();
  EXPECT_GE(overlap, 2 * kRegexpReach);
  for (const std::size_t more : {std::size_t{1009}, std::size_t{4096}, overlap, 3 * overlap + 7}) {
    const std::size_t window = overlap + more;
    std::vector<std::size_t> places;
    for (std::size_t begin = 0; begin < 200'000; begin += more) places.push_back(begin + window);
    const std::string object = Object(200'000, places, rng);
    matcher.Scan(AsBytes(object));
    std::vector<std::string> whole;
    for (std::uint32_t id = 0; id < kPatterns; ++id) {
      whole.push_back(Describe(matcher.Matches(id)));
      EXPECT_FALSE(whole.back().empty()) << id;
    }
    matcher.Scan(AsBytes(object), window);
    EXPECT_EQ(matcher.state().counters().positions, object.size());
    for (std::uint32_t id = 0; id < kPatterns; ++id) {
      EXPECT_EQ(Describe(matcher.Matches(id)), whole[id]) << "pattern " << id << " windows of " << window;
    }
  }
}

TEST(WindowsTest, WindowsThatGrowByOneByte) {
  std::mt19937 rng(4);
  TestMatcher matcher(Patterns());
  const std::size_t overlap = matcher.matcher().overlap_bytes();
  const std::size_t size = overlap + 300;
  const std::string object = Object(size, {overlap, overlap + 100, overlap + 200, size}, rng);
  matcher.Scan(AsBytes(object));
  std::vector<std::string> whole;
  for (std::uint32_t id = 0; id < kPatterns; ++id) whole.push_back(Describe(matcher.Matches(id)));
  matcher.Scan(AsBytes(object), overlap + 1);
  for (std::uint32_t id = 0; id < kPatterns; ++id) EXPECT_EQ(Describe(matcher.Matches(id)), whole[id]) << id;
}

TEST(WindowsTest, SourcesWithSmallWindows) {
  std::mt19937 rng(5);
  TestMatcher matcher(Patterns());
  const std::string object = Object(100'000, {20'000, 30'000, 60'000, 99'000}, rng);
  matcher.Scan(AsBytes(object));
  std::vector<std::string> whole;
  for (std::uint32_t id = 0; id < kPatterns; ++id) whole.push_back(Describe(matcher.Matches(id)));

  std::size_t pulled = 0;
  StreamSource source(
      [&](std::span<std::byte> out) -> Result<std::size_t> {
        const std::size_t n = std::min<std::size_t>({out.size(), object.size() - pulled, 777});
        std::copy_n(AsBytes(object).begin() + static_cast<std::ptrdiff_t>(pulled), n, out.begin());
        pulled += n;
        return n;
      },
      {.window_bytes = 1000, .head_bytes = 100, .tail_bytes = 100});
  MatchState& state = matcher.state();
  state.Begin(matcher.live_groups(), matcher.live_patterns(), true);
  while (true) {
    auto window = source.NextWindow(matcher.matcher().overlap_bytes());
    ASSERT_TRUE(window.has_value());
    state.Feed(*window);
    if (window->last) break;
  }
  state.Finish();
  for (std::uint32_t id = 0; id < kPatterns; ++id) EXPECT_EQ(Describe(matcher.Matches(id)), whole[id]) << id;
}

TEST(WindowsTest, VeryLongTexts) {
  std::mt19937 rng(6);
  std::string text(100'000, '\0');
  for (char& c : text) c = static_cast<char>(rng() % 250 + 1);
  Pattern pattern = Text(text);
  pattern.wide = true;
  TestMatcher matcher({pattern});
  EXPECT_GE(matcher.matcher().overlap_bytes(), 4 * text.size());
  std::string wide;
  for (const char c : text) wide += std::string{c, '\0'};
  const std::string object = std::string(77'777, 'q') + text + wide + std::string(500'000, 'q') + text;
  const std::string expected = Describe({{77'777, 100'000, 0}, {177'777, 200'000, 0}, {877'777, 100'000, 0}});
  matcher.Scan(AsBytes(object));
  EXPECT_EQ(Describe(matcher.Matches(0)), expected);
  matcher.Scan(AsBytes(object), matcher.matcher().overlap_bytes() + 99'999);
  EXPECT_EQ(Describe(matcher.Matches(0)), expected);
}

}  // namespace
}  // namespace dl::match
