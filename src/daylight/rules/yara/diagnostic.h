// Diagnostic is one error or warning about rule text, as a good compiler gives
// it: a stable code, a place, what is wrong, how to mend it.
//
//   error[E102]: undefined string "$b"
//     --> rules/a.yar:5:9
//      |
//    5 |   $a or $b
//      |         ^^ this string is not declared in rule "x"
//      = hint: declare it under `strings:`
//
// Codes never change their meaning; docs/rules/diagnostics.md lists them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dl::yara {

enum class Severity : std::uint8_t { kError, kWarning };

struct Diagnostic {
  Severity severity = Severity::kError;
  std::string code;          // "E102", "W003".
  std::string message;       // One line, no full stop.
  std::string file;          // As the user named it.
  std::uint32_t line = 0;    // From 1.
  std::uint32_t column = 0;  // From 1, in bytes.
  std::uint32_t length = 1;  // Of the marked text, in bytes, within the line.
  // The line itself, control characters replaced; empty when it must not be
  // shown. Of a very long line the part around the mark: it then starts at
  // column source_column.
  std::string source_line;
  std::uint32_t source_column = 1;
  std::string label;  // Text after the carets; may be empty.
  std::string hint;   // May be empty.
  std::string rule;   // The rule it is about; may be empty.
};

// The layout above, without colour, with a final newline.
std::string FormatDiagnostic(const Diagnostic& diagnostic);

}  // namespace dl::yara
