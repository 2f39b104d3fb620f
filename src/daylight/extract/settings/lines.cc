// The formats of one setting a line: INI, clamd's, lists.
#include "daylight/extract/settings/readers.h"

namespace dl::extract {

namespace {

// "a value" in quotes or not; false when only one of the marks is there. Blanks around the
// marks, and around a value without them, do not count. Nothing is an escape.
bool Unquote(std::string_view text, std::string& value) {
  text = TrimBlanks(text);
  const bool opened = text.starts_with('"');
  const bool closed = text.ends_with('"');
  if (opened != closed || text == "\"") return false;
  if (opened) text = text.substr(1, text.size() - 2);
  value = text;
  return true;
}

}  // namespace

// As kesl-control writes and reads it ("Rules for editing application task configuration
// files" in the product's help). A `;` begins a comment at a line's beginning only: start
// times have some inside.
void ReadIni(std::string_view text, Collector& collector) {
  LineReader lines(text);
  std::string section;
  std::string_view line;
  std::string value;
  while (!collector.full() && lines.Next(line)) {
    line = TrimBlanks(line);
    if (line.empty() || line.front() == '#' || line.front() == ';') continue;
    if (line.front() == '[') {
      const std::string_view name = TrimBlanks(line.substr(1, line.size() - (line.back() == ']' ? 2 : 1)));
      if (line.back() != ']' || name.empty() || name.find_first_of("[]") != std::string_view::npos) {
        collector.Problem(lines.number(), "not a section: [Name] is one");
        // What follows belongs to none that is known.
        section = "?";
      } else {
        section = name;
      }
      continue;
    }
    const std::size_t equals = line.find('=');
    const std::string_view key = TrimBlanks(line.substr(0, equals));
    if (equals == std::string_view::npos || key.empty()) {
      collector.Problem(lines.number(), "neither Key=Value nor [Section]");
    } else if (!Unquote(line.substr(equals + 1), value)) {
      collector.Problem(lines.number(), "a quotation mark without its other half");
    } else {
      collector.Add(section, key, value, lines.number());
    }
  }
}

// clamd.conf(5), "FILE FORMAT".
void ReadClamd(std::string_view text, Collector& collector) {
  LineReader lines(text);
  std::string_view line;
  std::string value;
  while (!collector.full() && lines.Next(line)) {
    line = TrimBlanks(line);
    if (line.empty() || line.front() == '#') continue;
    std::size_t length = 0;
    while (length < line.size() && IsNameByte(line[length])) ++length;
    const std::string_view behind = line.substr(length);
    if (length == 0 || !IsNameStart(line.front()) || (!behind.empty() && !IsBlank(behind.front()))) {
      collector.Problem(lines.number(), "not an option and its argument");
    } else if (!Unquote(behind, value)) {
      collector.Problem(lines.number(), "a quotation mark without its other half");
    } else {
      collector.Add({}, line.substr(0, length), value, lines.number());
    }
  }
}

// The value is the whole line, blanks and all: grep takes it so, too.
void ReadList(std::string_view text, Collector& collector) {
  LineReader lines(text);
  std::string_view line;
  while (!collector.full() && lines.Next(line)) {
    const std::string_view trimmed = TrimBlanks(line);
    if (!trimmed.empty() && trimmed.front() != '#') collector.Add({}, {}, std::string(line), lines.number());
  }
}

}  // namespace dl::extract
