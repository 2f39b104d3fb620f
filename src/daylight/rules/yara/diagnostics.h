// Diagnostics collects what the front end finds wrong, and turns byte offsets
// into lines and columns.
//
//   Diagnostics diagnostics(files, {.max_errors = 200});
//   diagnostics.Error(code::kUndefinedString, span, "undefined string \"$b\"", "label", "hint");
//
// Borrows `files`, which may grow meanwhile. Bounded: past max_errors errors
// one last one says so and full() tells the parser to stop.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "daylight/rules/yara/ast.h"
#include "daylight/rules/yara/diagnostic.h"

namespace dl::yara {

// Text as a diagnostic may show it: one line, every control character, invalid
// UTF-8 byte and direction override replaced by as many `?` as it has bytes.
std::string Printable(std::string_view text);
// A name or value in a message, shortened when it is long.
std::string Shown(std::string_view text);

class Diagnostics {
 public:
  struct Limits {
    std::uint32_t max_errors = 200;
    std::uint32_t max_warnings = 1000;
    bool warnings = true;
  };
  Diagnostics(const std::deque<SourceFile>& files, const Limits& limits) : files_(files), limits_(limits) {}

  void Error(const char* code, const Span& span, std::string message, std::string label = "", std::string hint = "");
  void Warning(const char* code, const Span& span, std::string message, std::string label = "", std::string hint = "");
  // An error without a place in a text.
  void GlobalError(const char* code, std::string message, std::string hint = "");

  // Forgets the warnings since list() had `size` entries: of a rule with errors
  // only the errors are of interest.
  void DropWarningsFrom(std::size_t size);
  // The rule that what follows is about; "" between rules.
  void set_rule(std::string_view rule) { rule_ = rule; }
  bool full() const { return errors_ >= limits_.max_errors; }
  std::uint32_t error_count() const { return errors_; }
  bool warnings_enabled() const { return limits_.warnings; }
  std::uint32_t LineOf(const Span& span);
  const std::vector<Diagnostic>& list() const { return list_; }

 private:
  // How many lines end before each block of kBlock bytes: an offset becomes a
  // line by looking at one block, whatever the size of the file.
  struct LineIndex {
    std::vector<std::uint32_t> newlines_before;
    std::vector<std::uint32_t> line_begin;  // Of the line that the block's first byte is in.
  };
  void Add(Severity severity, const char* code, const Span& span, std::string message, std::string label,
           std::string hint);
  void Locate(const Span& span, Diagnostic& diagnostic);
  const LineIndex& IndexOf(std::uint32_t file);

  const std::deque<SourceFile>& files_;
  Limits limits_;
  std::vector<LineIndex> indexes_;
  std::vector<Diagnostic> list_;
  std::string rule_;
  std::uint32_t errors_ = 0;
  std::uint32_t warnings_ = 0;
};

}  // namespace dl::yara
