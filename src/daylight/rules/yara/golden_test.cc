// tests/golden/diagnostics: for each NAME.yar what is said about it, NAME.txt.
// A first line `// dialect: yara-x` chooses the dialect.
//
// DAYLIGHT_UPDATE_GOLDENS=1 writes the .txt files anew: look at the difference.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "daylight/rules/yara/front_test_util.h"

namespace dl::yara {
namespace {

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(GoldenTest, Diagnostics) {
  const std::filesystem::path folder = std::filesystem::path(DAYLIGHT_SOURCE_DIR) / "tests/golden/diagnostics";
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".yar") continue;
    ++count;
    const std::string text = ReadFile(entry.path());
    ParserOptions options;
    if (text.starts_with("// dialect: yara-x\n")) options.dialect = Dialect::kYaraX;
    MapIncludes includes;
    includes.files["part.yar"] = "rule part { condition: nothing_here }\n";
    includes.files["again.yar"] = "include \"again.yar\"\n";
    includes.forbidden = {"/etc/passwd"};
    Parser parser(options, &includes);
    parser.AddFile(entry.path().filename().string(), text, "golden");
    const Compilation compilation = parser.Finish();
    std::string said;
    for (const Diagnostic& diagnostic : parser.diagnostics()) said += FormatDiagnostic(diagnostic);
    said += "rules: " + std::to_string(compilation.rules.size()) + "\n";
    std::filesystem::path golden = entry.path();
    golden.replace_extension(".txt");
    if (std::getenv("DAYLIGHT_UPDATE_GOLDENS") != nullptr) {
      std::ofstream(golden, std::ios::binary) << said;
    } else {
      EXPECT_EQ(said, ReadFile(golden)) << entry.path();
    }
  }
  EXPECT_GT(count, 5u);
}

}  // namespace
}  // namespace dl::yara
