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
    if (inner.size() == 1 || inner == "\\b" || inner == "\\B") return inner;
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
        ADD_FAILURE() << names[id] << " on '" << ::testing::PrintToString(input) << "': fast " << fast << "slow "
                      << slow;
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
  EXPECT_GT(parsed_count, sources.size() / 10);  // YARA-X refuses what can match nothing but the empty string.
}

void CheckHexStrings(const std::vector<std::string>& sources, const std::vector<std::string>& inputs) {
  for (const Dialect dialect : {Dialect::kYara, Dialect::kYaraX}) {
    std::vector<Pattern> patterns;
    std::vector<std::string> names;
    for (const std::string& source : sources) {
      auto parsed = ParseHexString(source, dialect);
      if (!parsed) continue;
      Pattern pattern;
      pattern.is_text = false;
      pattern.dialect = dialect;
      pattern.expression = std::move(*parsed);
      patterns.push_back(std::move(pattern));
      names.push_back("{" + source + "}");
    }
    EXPECT_GT(patterns.size(), sources.size() / 4);
    EXPECT_EQ(CountDifferences(patterns, names, inputs), 0);
  }
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

TEST(ExhaustiveTest, LargerGreedyExpressions) {
  Grammar grammar({"a", "b"}, {"*", "?", "{1,3}", "{0}"});
  CheckExpressions(UpToSize(grammar, 5), AllInputs("ab", 5), Pattern{});
}

TEST(ExhaustiveTest, LargerLazyExpressions) {
  Grammar grammar({"a", "b"}, {"*?", "??", "{1,3}?"});
  CheckExpressions(UpToSize(grammar, 5), AllInputs("ab", 5), Pattern{});
}

TEST(ExhaustiveTest, Assertions) {
  Grammar grammar({"a", ".", "-", "\\b", "\\B", "^", "$"}, {"*", "+"});
  CheckExpressions(UpToSize(grammar, 4), AllInputs("a-", 4), Pattern{});
}

TEST(ExhaustiveTest, LineAssertionsOfYaraX) {
  Grammar grammar({"a", "(?m:^)", "(?m:$)", "\\b{start}", "\\b{end}", "\\b{start-half}", "\\b{end-half}"}, {"+"});
  Pattern flags;
  flags.dialect = Dialect::kYaraX;
  CheckExpressions(UpToSize(grammar, 3), AllInputs("a\n\r", 4), flags);
}

TEST(ExhaustiveTest, WideAndFullword) {
  Grammar grammar({"a", "b", ".", "\\b"}, {"*", "?"});
  const std::vector<std::string> sources = UpToSize(grammar, 3);
  const std::vector<std::string> inputs = AllInputs(std::string_view("ab\0-", 4), 4);
  for (const bool ascii : {false, true}) {
    for (const bool wide : {false, true}) {
      for (const bool fullword : {false, true}) {
        if (!ascii && !wide) continue;
        Pattern flags;
        flags.ascii = ascii;
        flags.wide = wide;
        flags.fullword = fullword;
        CheckExpressions(sources, inputs, flags);
      }
    }
  }
}

TEST(ExhaustiveTest, PlainAndWideOfYaraX) {
  for (const std::string quantifier : {"?", "??"}) {
    Grammar grammar({"a", ".", "(a|aa)", "\\b"}, {quantifier, "{2}"});
    Pattern flags;
    flags.wide = true;
    flags.dialect = Dialect::kYaraX;
    for (const bool fullword : {false, true}) {
      flags.fullword = fullword;
      CheckExpressions(UpToSize(grammar, 4), AllInputs(std::string_view("a\0-", 3), 5), flags);
    }
  }
}

TEST(ExhaustiveTest, WideEdgesOfYaraX) {
  Grammar grammar({"a", "^", "$", "(?m:^)", "(?m:$)"}, {"+"});
  Pattern flags;
  flags.wide = true;
  flags.dialect = Dialect::kYaraX;
  for (const bool ascii : {false, true}) {
    flags.ascii = ascii;
    CheckExpressions(UpToSize(grammar, 3), AllInputs(std::string_view("a\n\0", 3), 5), flags);
  }
}

TEST(ExhaustiveTest, WideWordsOfYaraX) {
  Grammar grammar({"a", "-", "\\b", "\\B", "\\b{end-half}"}, {"+"});
  Pattern flags;
  flags.wide = true;
  flags.ascii = false;
  flags.dialect = Dialect::kYaraX;
  CheckExpressions(UpToSize(grammar, 3), AllInputs(std::string_view("a-\0", 3), 5), flags);
}

TEST(ExhaustiveTest, HexStrings) {
  const std::vector<std::string> tokens = {"61",    "62",    "??",   "6?",  "?1",      "~61",        "[1]",
                                           "[0-1]", "[1-2]", "[1-]", "[-]", "[0-201]", "(61|62 61)", "(??|61 62)"};
  std::vector<std::string> sources;
  for (const std::string& a : tokens) {
    sources.push_back(a);
    for (const std::string& b : tokens) {
      sources.push_back(a + " " + b);
      for (const std::string& c : tokens) {
        sources.push_back(a + " " + b + " " + c);
        for (const std::string d : {"61", "[0-2]", "(61|62 61)", "[1-300]"}) {
          for (const std::string e : {"62", "??"}) sources.push_back(a + " " + b + " " + c + " " + d + " " + e);
        }
      }
    }
  }
  CheckHexStrings(sources, AllInputs("ab", 5));
}

TEST(ExhaustiveTest, Texts) {
  const std::vector<std::string> inputs = AllInputs(std::string_view("aB\0 ", 4), 5);
  std::vector<Pattern> patterns;
  std::vector<std::string> names;
  for (const std::string text : {"a", "B", "aB", "Ba", "aBa", " a"}) {
    for (unsigned flags = 0; flags < 64; ++flags) {
      Pattern pattern;
      pattern.text = text;
      pattern.ascii = (flags & 1) != 0;
      pattern.wide = (flags & 2) != 0;
      pattern.nocase = (flags & 4) != 0;
      pattern.fullword = (flags & 8) != 0;
      pattern.is_xor = (flags & 16) != 0;
      if ((flags & 32) != 0) pattern.dialect = Dialect::kYaraX;
      if (!pattern.ascii && !pattern.wide) continue;
      if (pattern.is_xor && pattern.nocase) continue;  // No rule can say it.
      names.push_back(text + " with flags " + std::to_string(flags));
      patterns.push_back(pattern);
      if (!pattern.is_xor) continue;
      pattern.xor_min = 1;
      pattern.xor_max = 0x42;
      names.push_back(names.back() + " and few keys");
      patterns.push_back(pattern);
    }
  }
  EXPECT_EQ(CountDifferences(patterns, names, inputs), 0);
}

TEST(ExhaustiveTest, Base64) {
  // Texts of one to four letters, and what their encodings consist of.
  std::vector<Pattern> patterns;
  std::vector<std::string> names;
  for (const std::string& text : AllInputs("aA", 4)) {
    if (text.empty()) continue;
    for (unsigned flags = 0; flags < 6; ++flags) {
      Pattern pattern;
      pattern.text = text;
      pattern.wide = text.size() % 2 == 0;
      pattern.ascii = text.size() != 2;
      pattern.base64 = flags % 3 != 1;
      pattern.base64wide = flags % 3 != 0;
      if (flags >= 3) pattern.dialect = Dialect::kYaraX;
      names.push_back(text + " with flags " + std::to_string(flags));
      patterns.push_back(pattern);
    }
  }
  std::vector<std::string> inputs;
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (const std::string& plain : AllInputs(std::string_view("aA\0", 3), 5)) {
    std::string encoded;
    for (std::size_t bit = 0; bit < plain.size() * 8; bit += 6) {
      unsigned value = 0;
      for (std::size_t i = bit; i < bit + 6; ++i) {
        const unsigned one = i / 8 < plain.size() ? (static_cast<unsigned>(plain[i / 8]) >> (7 - i % 8)) & 1 : 0;
        value = value * 2 + one;
      }
      encoded += kAlphabet[value];
    }
    for (const std::string end : {"", "=", "==", "=A", "A", "E=", "B", ".", "AA", "A.", "=.", "B=", "==="}) {
      inputs.push_back(encoded + end);
      if (plain.size() > 3) inputs.push_back((end + encoded).substr(1));
      std::string wide;
      for (const char c : encoded + end) wide += std::string{c, '\0'};
      inputs.push_back(wide);
      inputs.push_back(wide.substr(0, wide.size() - 1));
      inputs.push_back(wide + "=");
    }
  }
  EXPECT_EQ(CountDifferences(patterns, names, inputs), 0);
}

}  // namespace
}  // namespace dl::match
