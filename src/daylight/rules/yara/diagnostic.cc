#include "daylight/rules/yara/diagnostic.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace dl::yara {
namespace {

// Characters of UTF-8 text: what carets are aligned by.
std::size_t Width(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

}  // namespace

std::string FormatDiagnostic(const Diagnostic& diagnostic) {
  std::string out;
  const auto append = [&out]<typename... Args>(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(out), format, std::forward<Args>(args)...);
  };
  append("{}[{}]: {}\n", diagnostic.severity == Severity::kError ? "error" : "warning", diagnostic.code,
         diagnostic.message);
  const std::string line = std::to_string(diagnostic.line);
  const std::string margin(std::max<std::size_t>(line.size() + 2, 4), ' ');
  if (diagnostic.line > 0) {
    append("{:>{}} {}:{}:{}\n", "-->", margin.size() + 1, diagnostic.file, diagnostic.line, diagnostic.column);
  } else if (!diagnostic.file.empty()) {
    append("{:>{}} {}\n", "-->", margin.size() + 1, diagnostic.file);
  }
  if (!diagnostic.source_line.empty()) {
    const std::string_view source = diagnostic.source_line;
    const std::size_t before = std::min<std::size_t>(diagnostic.column - diagnostic.source_column, source.size());
    const std::size_t marked = std::min<std::size_t>(diagnostic.length, source.size() - before);
    const std::size_t carets = std::max<std::size_t>(1, Width(source.substr(before, marked)));
    append("{}|\n", margin);
    append("{:>{}} | {}\n", line, margin.size() - 1, source);
    append("{}| {}{}", margin, std::string(Width(source.substr(0, before)), ' '), std::string(carets, '^'));
    if (!diagnostic.label.empty()) append(" {}", diagnostic.label);
    out += '\n';
  }
  if (!diagnostic.hint.empty()) append("{}= hint: {}\n", margin, diagnostic.hint);
  return out;
}

}  // namespace dl::yara
