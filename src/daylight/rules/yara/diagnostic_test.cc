#include "daylight/rules/yara/diagnostic.h"

#include <gtest/gtest.h>

#include "daylight/rules/yara/codes.h"
#include "daylight/rules/yara/diagnostics.h"
#include "daylight/rules/yara/front_test_util.h"

namespace dl::yara {
namespace {

TEST(DiagnosticTest, TheLayoutOfTheHeader) {
  Diagnostic d;
  d.code = "E202";
  d.message = "undefined string \"$b\"";
  d.file = "rules/a.yar";
  d.line = 5;
  d.column = 9;
  d.length = 2;
  d.source_line = "  $a or $b";
  d.label = "this string is not declared in rule \"x\"";
  d.hint = "declare it under `strings:`";
  EXPECT_EQ(FormatDiagnostic(d),
            "error[E202]: undefined string \"$b\"\n"
            "  --> rules/a.yar:5:9\n"
            "    |\n"
            "  5 |   $a or $b\n"
            "    |         ^^ this string is not declared in rule \"x\"\n"
            "    = hint: declare it under `strings:`\n");
}

TEST(DiagnosticTest, CaretsStandUnderCharactersNotBytes) {
  const Parsed parsed = ParseText("rule r { condition: \"\xc3\xa9\xc3\xa9\" == x }");
  ASSERT_EQ(parsed.Codes(), Strings({code::kUndefinedIdentifier}));
  EXPECT_EQ(parsed.diagnostics[0].column, 31u);  // In bytes.
  const std::string text = parsed.Text();
  const std::size_t source = text.find("  1 | ");
  const std::size_t carets = text.find("    | ", source);
  // Two characters of two bytes each stand before the mark.
  EXPECT_EQ(text.find('x', source) - source, text.find('^', carets) - carets + 2);
}

TEST(DiagnosticTest, NothingReachesTheTerminalThatCouldHideText) {
  EXPECT_EQ(Printable("a\x1b[31mb"), "a?[31mb");
  EXPECT_EQ(Printable("a\tb\r\n"), "a b??");
  EXPECT_EQ(Printable("\xe2\x80\xae"
                      "evil"),
            "???evil");                    // U+202E
  EXPECT_EQ(Printable("\xc2\x9b"), "??");  // C1 CSI
  EXPECT_EQ(Printable("\xff\xc3"), "??");
  EXPECT_EQ(Printable("\xc3\xa9\xf0\x9f\x99\x88"), "\xc3\xa9\xf0\x9f\x99\x88");
}

TEST(DiagnosticTest, LinesAndColumnsOfEveryOffset) {
  // Lines of all lengths over several blocks of the line index.
  std::string text;
  for (std::size_t i = 0; i < 300; ++i) text += std::string(i % 97, 'x') + "\n";
  std::deque<SourceFile> files(1);
  files[0].text = text;
  Diagnostics diagnostics(files, {.max_errors = 100'000});
  std::uint32_t line = 1;
  std::uint32_t column = 1;
  for (std::uint32_t i = 0; i < text.size(); ++i) {
    diagnostics.Error("E101", {0, i, i + 1}, "x");
    ASSERT_EQ(diagnostics.list().back().line, line) << i;
    ASSERT_EQ(diagnostics.list().back().column, column) << i;
    ++column;
    if (text[i] == '\n') {
      ++line;
      column = 1;
    }
  }
}

TEST(DiagnosticTest, AVeryLongLineIsShownAroundTheMark) {
  const std::string padding(100'000, ' ');
  const Parsed parsed = ParseText("rule r { condition: " + padding + "nothing" + padding + "}");
  ASSERT_EQ(parsed.Codes(), Strings({code::kUndefinedIdentifier}));
  const Diagnostic& d = parsed.diagnostics[0];
  EXPECT_EQ(d.column, 100'021u);
  EXPECT_LT(d.source_line.size(), 300u);
  EXPECT_EQ(d.source_line.substr(d.column - d.source_column, d.length), "nothing");
  EXPECT_NE(FormatDiagnostic(d).find("nothing"), std::string::npos);
}

TEST(DiagnosticTest, ErrorsAreBounded) {
  std::string text;
  for (int i = 0; i < 50; ++i) text += "rule r" + std::to_string(i) + " { condition: nothing }\n";
  ParserOptions options;
  options.max_errors = 10;
  const Parsed parsed = ParseText(text, options);
  ASSERT_EQ(parsed.diagnostics.size(), 11u);
  EXPECT_EQ(parsed.diagnostics.back().code, code::kTooManyErrors);
  options.max_errors = 51;  // One past the number of errors: all are shown.
  EXPECT_EQ(ParseText(text, options).diagnostics.size(), 50u);
}

TEST(DiagnosticTest, CarriageReturnsAreNotPartOfTheLine) {
  const Parsed parsed = ParseText("rule r {\r\n  condition: nothing\r\n}\r\n");
  ASSERT_EQ(parsed.diagnostics.size(), 1u);
  EXPECT_EQ(parsed.diagnostics[0].source_line, "  condition: nothing");
  EXPECT_EQ(parsed.diagnostics[0].line, 2u);
}

}  // namespace
}  // namespace dl::yara
