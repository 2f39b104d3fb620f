// docs/rules/diagnostics.md against the compiler: every code is documented, and
// every example there gives its code.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <regex>
#include <set>

#include "daylight/rules/yara/front_test_util.h"

namespace dl::yara {
namespace {

std::string ReadFile(const std::string& path) {
  std::ifstream file(std::string(DAYLIGHT_SOURCE_DIR) + "/" + path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string FromHex(const std::string& hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    out.push_back(static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  }
  return out;
}

struct Section {
  std::string code;
  std::vector<std::pair<std::string, std::string>> directives;
  std::vector<std::string> examples;
  std::string elsewhere;  // The test that has the example.
};

std::vector<Section> ReadSections() {
  std::vector<Section> sections;
  std::istringstream page(ReadFile("docs/rules/diagnostics.md"));
  std::string line;
  bool in_example = false;
  const std::regex heading("## ([EW][0-9]{3}): .+");
  const std::regex directive("<!-- ([a-z_ ]+): (.*) -->");
  std::smatch match;
  while (std::getline(page, line)) {
    if (in_example) {
      in_example = line != "```";
      if (in_example) sections.back().examples.back() += line + "\n";
    } else if (std::regex_match(line, match, heading)) {
      sections.push_back({match[1], {}, {}, {}});
    } else if (line == "```yara") {
      sections.back().examples.emplace_back();
      in_example = true;
    } else if (std::regex_match(line, match, directive)) {
      if (match[1] == "tested in") {
        sections.back().elsewhere = match[2];
      } else if (match[1] == "bytes") {
        sections.back().examples.push_back(FromHex(match[2]));
      } else {
        sections.back().directives.emplace_back(match[1], match[2]);
      }
    }
  }
  return sections;
}

TEST(DocsTest, EveryCodeIsDocumentedOnceAndNoOther) {
  const std::string source = ReadFile("src/daylight/rules/yara/codes.h");
  std::multiset<std::string> declared;
  const std::regex code("= \"([EW][0-9]{3})\"");
  for (std::sregex_iterator i(source.begin(), source.end(), code), end; i != end; ++i) declared.insert((*i)[1]);
  std::multiset<std::string> documented;
  for (const Section& section : ReadSections()) documented.insert(section.code);
  EXPECT_GT(declared.size(), 70u);
  EXPECT_EQ(declared, documented);
}

// No source names a code but through codes.h.
TEST(DocsTest, CodesAreNamedInOnePlace) {
  const std::regex literal("\"[EW][0-9]{3}\"");
  for (const char* file : {"diagnostics.cc", "expression.cc", "includes.cc", "lexer.cc", "loops.cc", "names.cc",
                           "operators.cc", "parser.cc", "pattern_errors.cc", "primary.cc", "rule_parser.cc", "sets.cc",
                           "strings.cc", "token_stream.cc", "warnings.cc"}) {
    const std::string text = ReadFile(std::string("src/daylight/rules/yara/") + file);
    EXPECT_FALSE(std::regex_search(text, literal)) << file;
  }
}

TEST(DocsTest, EveryExampleGivesItsCode) {
  for (const Section& section : ReadSections()) {
    SCOPED_TRACE(section.code);
    if (section.examples.empty()) {
      EXPECT_NE(ReadFile("src/daylight/rules/yara/" + section.elsewhere).find(section.code), std::string::npos)
          << "neither an example nor a test";
      continue;
    }
    for (const std::string& example : section.examples) {
      ParserOptions options;
      MapIncludes includes;
      bool with_includes = true;
      for (const auto& [key, value] : section.directives) {
        if (key == "dialect") {
          options.dialect = value == "yara-x" ? Dialect::kYaraX : Dialect::kYara;
        } else if (key == "define") {
          External external;
          external.name = value.substr(0, value.find('='));
          external.type = TypeKind::kString;
          options.externals.push_back(external);
        } else if (key == "include") {
          includes.files[value] = example;
        } else if (key == "forbidden") {
          includes.forbidden.push_back(value);
        } else if (key == "includes") {
          with_includes = false;
        } else if (key == "max_text_bytes") {
          options.max_text_bytes = std::stoul(value);
        } else if (key == "max_errors") {
          options.max_errors = static_cast<std::uint32_t>(std::stoul(value));
        } else {
          ADD_FAILURE() << "unknown directive " << key;
        }
      }
      const Parsed parsed = ParseText(example, options, with_includes ? &includes : nullptr);
      EXPECT_TRUE(parsed.Has(section.code)) << example << parsed.Text();
      if (section.code[0] == 'W') {
        for (const Diagnostic& d : parsed.diagnostics) EXPECT_EQ(d.severity, Severity::kWarning) << parsed.Text();
      }
    }
  }
}

}  // namespace
}  // namespace dl::yara
