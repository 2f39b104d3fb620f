// All small patterns against all small inputs: the fast matcher must equal the
// oracle, whatever shapes they combine to.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "daylight/match/matcher_testing.h"

namespace dl::match {
namespace {

// All strings over `letters` of up to `max_length` bytes.
std::vector<std::string> AllInputs(std::string_view letters, std::size_t max_length) {
  std::vector<std::string> inputs = {""};
  for (std::size_t first = 0, length = 0; length < max_length; ++length) {
    const std::size_t last = inputs.size();
    for (; first < last; ++first) {
      for (const char letter : letters) inputs.push_back(inputs[first] + letter);
    }
  }
  return inputs;
}

// Expressions by size: leaves are 1, an operator adds 1.
class Grammar {
 public:
  Grammar(std::vector<std::string> leaves, std::vector<std::string> quantifiers)
      : leaves_(std::move(leaves)), quantifiers_(std::move(quantifiers)) {}

  const std::vector<std::string>& OfSize(int size) {
    std::vector<std::string>& out = by_size_[size];
    if (!out.empty() || size < 1) return out;
    if (size == 1) {
      out = leaves_;
      return out;
    }
    for (const std::string& inner : std::vector<std::string>(OfSize(size - 1))) {
      if (inner.find_first_of("^$") != std::string::npos && inner.size() == 1) continue;
      if (inner == "\\b" || inner == "\\B") continue;
      for (const std::string& quantifier : quantifiers_) by_size_[size].push_back(Grouped(inner) + quantifier);
    }
    for (int left = 1; left < size - 1; ++left) {
      const std::vector<std::string> lefts = OfSize(left);
      const std::vector<std::string> rights = OfSize(size - 1 - left);
      for (const std::string& a : lefts) {
        for (const std::string& b : rights) {
          by_size_[size].push_back(Grouped(a) + Grouped(b));
          by_size_[size].push_back("(" + a + "|" + b + ")");
        }
      }
    }
    return by_size_[size];
  }

 private:
  static std::string Grouped(const std::string& inner) {
    if (inner.size() == 1 || inner.front() == '(' || inner == "\\b" || inner == "\\B") return inner;
    return "(" + inner + ")";
  }
  std::vector<std::string> leaves_;
  std::vector<std::string> quantifiers_;
  std::map<int, std::vector<std::string>> by_size_;
};

// Searches for all patterns at once, so that they also meet in shared tables.
int CountDifferences(const std::vector<Pattern>& patterns, const std::vector<std::string>& names,
                     const std::vector<std::string>& inputs) {
  TestMatcher matcher(patterns);
  int differences = 0;
  for (const std::string& input : inputs) {
    matcher.Scan(AsBytes(input));
    for (std::uint32_t id = 0; id < patterns.size(); ++id) {
      const std::string fast = Describe(matcher.Matches(id));
      const std::string slow = Describe(FindAllSlowly(patterns[id], AsBytes(input)));
      if (fast == slow) continue;
      if (++differences <= 20) {
        ADD_FAILURE() << names[id] << " on '" << ::testing::PrintToString(input) << "': fast " << fast << "slow " << slow;
      }
    }
  }
  return differences;
}

void CheckExpressions(const std::vector<std::string>& sources, const std::vector<std::string>& inputs,
                      const Pattern& flags) {
  std::vector<Pattern> patterns;
  std::vector<std::string> names;
  std::size_t parsed_count = 0;
  const auto flush = [&] {
    EXPECT_EQ(CountDifferences(patterns, names, inputs), 0);
    patterns.clear();
    names.clear();
  };
  for (const std::string& source : sources) {
    auto parsed = ParseRegexp(source, {.nocase = false, .dot_all = false, .dialect = flags.dialect});
    if (!parsed) continue;
    ++parsed_count;
    Pattern pattern = flags;
    pattern.is_text = false;
    pattern.expression = std::move(*parsed);
    patterns.push_back(std::move(pattern));
    names.push_back("/" + source + "/");
    if (patterns.size() == 1000) flush();
  }
  flush();
  EXPECT_GT(parsed_count, sources.size() / 2);
}

std::vector<std::string> UpToSize(Grammar& grammar, int size) {
  std::vector<std::string> all;
  for (int i = 1; i <= size; ++i) {
    const auto& some = grammar.OfSize(i);
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

TEST(ExhaustiveTest, GreedyExpressions) {
  Grammar grammar({"a", "b", "."}, {"*", "+", "?", "{2}", "{1,2}", "{2,}"});
  CheckExpressions(UpToSize(grammar, 4), AllInputs("ab", 6), Pattern{});
}

TEST(ExhaustiveTest, LazyExpressions) {
  Grammar grammar({"a", "b", "."}, {"*?", "+?", "??", "{1,2}?", "{2,}?"});
  CheckExpressions(UpToSize(grammar, 4), AllInputs("ab", 6), Pattern{});
}

}  // namespace
}  // namespace dl::match
