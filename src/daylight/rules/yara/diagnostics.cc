#include "daylight/rules/yara/diagnostics.h"

#include <fmt/format.h>

#include <algorithm>

#include "daylight/rules/yara/codes.h"

namespace dl::yara {
namespace {

constexpr std::size_t kBlock = 4096;
// A longer line is shown in part.
constexpr std::size_t kMaxShownLine = 240;
constexpr std::size_t kMaxShownValue = 60;

std::uint8_t Byte(std::string_view text, std::size_t i) {
  return i < text.size() ? static_cast<std::uint8_t>(text[i]) : std::uint8_t{0};
}

// Length of the valid UTF-8 sequence at `i` (Unicode table 3-7), or 0.
std::size_t SequenceLength(std::string_view text, std::size_t i) {
  const std::uint8_t a = Byte(text, i);
  const auto tail = [&](std::size_t k) { return (Byte(text, i + k) & 0xc0) == 0x80; };
  if (a < 0x80) return 1;
  if (a >= 0xc2 && a <= 0xdf) return tail(1) ? 2 : 0;
  if (a >= 0xe0 && a <= 0xef) {
    const std::uint8_t b = Byte(text, i + 1);
    if ((a == 0xe0 && b < 0xa0) || (a == 0xed && b > 0x9f)) return 0;
    return tail(1) && tail(2) ? 3 : 0;
  }
  if (a >= 0xf0 && a <= 0xf4) {
    const std::uint8_t b = Byte(text, i + 1);
    if ((a == 0xf0 && b < 0x90) || (a == 0xf4 && b > 0x8f)) return 0;
    return tail(1) && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}

// What could hide or reorder the text around it on a terminal.
bool IsUnsafe(std::string_view sequence) {
  const std::uint8_t a = Byte(sequence, 0);
  const std::uint8_t b = Byte(sequence, 1);
  const std::uint8_t c = Byte(sequence, 2);
  if (sequence.size() == 1) return a < 0x20 || a == 0x7f;
  if (sequence.size() == 2) return a == 0xc2 && b < 0xa0;  // C1 controls.
  if (sequence.size() != 3) return false;
  if (a == 0xe2 && b == 0x80) return (c >= 0x8b && c <= 0x8f) || (c >= 0xa8 && c <= 0xae);  // U+200B-F, U+2028-E.
  if (a == 0xe2 && b == 0x81) return c >= 0xa0 && c <= 0xaf;                                // U+2060-F.
  return a == 0xef && b == 0xbb && c == 0xbf;                                               // U+FEFF.
}

}  // namespace

std::string Printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = SequenceLength(text, i);
    if (length == 0) {
      out.push_back('?');
      ++i;
      continue;
    }
    const std::string_view sequence = text.substr(i, length);
    if (sequence == "\t") {
      out.push_back(' ');
    } else if (IsUnsafe(sequence)) {
      out.append(length, '?');
    } else {
      out.append(sequence);
    }
    i += length;
  }
  return out;
}

std::string Shown(std::string_view text) {
  if (text.size() <= kMaxShownValue) return Printable(text);
  return Printable(text.substr(0, kMaxShownValue)) + "...";
}

const Diagnostics::LineIndex& Diagnostics::IndexOf(std::uint32_t file) {
  if (indexes_.size() <= file) indexes_.resize(file + 1);
  LineIndex& index = indexes_[file];
  if (!index.newlines_before.empty()) return index;
  const std::string_view text = files_[file].text;
  std::uint32_t newlines = 0;
  std::size_t line_begin = 0;
  for (std::size_t block = 0; block <= text.size(); block += kBlock) {
    index.newlines_before.push_back(newlines);
    index.line_begin.push_back(static_cast<std::uint32_t>(line_begin));
    const std::string_view part = text.substr(block, kBlock);
    newlines += static_cast<std::uint32_t>(std::count(part.begin(), part.end(), '\n'));
    const std::size_t last = part.rfind('\n');
    if (last != std::string_view::npos) line_begin = block + last + 1;
  }
  return index;
}

std::uint32_t Diagnostics::LineOf(const Span& span) {
  const std::string& text = files_[span.file].text;
  const std::size_t begin = std::min<std::size_t>(span.begin, text.size());
  const std::size_t block = begin / kBlock;
  const auto from = text.begin() + static_cast<std::ptrdiff_t>(block * kBlock);
  const auto to = text.begin() + static_cast<std::ptrdiff_t>(begin);
  return IndexOf(span.file).newlines_before[block] + static_cast<std::uint32_t>(std::count(from, to, '\n')) + 1;
}

void Diagnostics::Locate(const Span& span, Diagnostic& diagnostic) {
  if (span.file >= files_.size()) return;
  const SourceFile& file = files_[span.file];
  const std::string_view text = file.text;
  const std::size_t begin = std::min<std::size_t>(span.begin, text.size());
  // Neither search leaves the neighbourhood: a file may be one line of 50 MB.
  const std::size_t block = begin / kBlock;
  const std::size_t newline = text.substr(block * kBlock, begin - block * kBlock).rfind('\n');
  const std::size_t line_begin =
      newline == std::string_view::npos ? IndexOf(span.file).line_begin[block] : block * kBlock + newline + 1;
  std::size_t line_end = text.substr(begin, kBlock).find('\n');
  line_end = line_end == std::string_view::npos ? std::min(text.size(), begin + kBlock) : begin + line_end;
  if (line_end > line_begin && text[line_end - 1] == '\r' && line_end > begin) --line_end;
  const std::size_t end = std::clamp<std::size_t>(span.end, begin, line_end);

  diagnostic.file = file.name;
  diagnostic.line = LineOf(span);
  diagnostic.column = static_cast<std::uint32_t>(begin - line_begin + 1);
  diagnostic.length = static_cast<std::uint32_t>(std::max<std::size_t>(1, end - begin));

  std::size_t shown_begin = line_begin;
  std::size_t shown_end = line_end;
  if (shown_end - shown_begin > kMaxShownLine) {
    // Keep the mark in view, and do not begin or end inside a character.
    if (begin - line_begin > kMaxShownLine / 2) shown_begin = begin - kMaxShownLine / 4;
    shown_end = std::min(line_end, shown_begin + kMaxShownLine);
    while (shown_begin < begin && (Byte(text, shown_begin) & 0xc0) == 0x80) ++shown_begin;
    while (shown_end > begin && shown_end < line_end && (Byte(text, shown_end) & 0xc0) == 0x80) --shown_end;
  }
  diagnostic.source_column = static_cast<std::uint32_t>(shown_begin - line_begin + 1);
  diagnostic.source_line = Printable(text.substr(shown_begin, shown_end - shown_begin));
}

void Diagnostics::Add(Severity severity, const char* code, const Span& span, std::string message, std::string label,
                      std::string hint) {
  Diagnostic& diagnostic = list_.emplace_back();
  diagnostic.severity = severity;
  diagnostic.code = code;
  diagnostic.message = std::move(message);
  diagnostic.label = std::move(label);
  diagnostic.hint = std::move(hint);
  diagnostic.rule = rule_;
  Locate(span, diagnostic);
}

void Diagnostics::Error(const char* code, const Span& span, std::string message, std::string label, std::string hint) {
  if (full()) return;
  ++errors_;
  Add(Severity::kError, code, span, std::move(message), std::move(label), std::move(hint));
  if (!full()) return;
  Diagnostic& last = list_.emplace_back();
  last.code = code::kTooManyErrors;
  last.message = fmt::format("more than {} errors: the rest of the text was not looked at", limits_.max_errors - 1);
  last.file = list_[list_.size() - 2].file;
  last.hint = "mend the first ones and check again";
}

void Diagnostics::Warning(const char* code, const Span& span, std::string message, std::string label,
                          std::string hint) {
  if (!limits_.warnings || warnings_ > limits_.max_warnings) return;
  if (++warnings_ > limits_.max_warnings) {
    Diagnostic& last = list_.emplace_back();
    last.severity = Severity::kWarning;
    last.code = code::kTooManyWarnings;
    last.message = fmt::format("more than {} warnings: the others are not shown", limits_.max_warnings);
    return;
  }
  Add(Severity::kWarning, code, span, std::move(message), std::move(label), std::move(hint));
}

void Diagnostics::DropWarningsFrom(std::size_t size) {
  const auto is_warning = [](const Diagnostic& d) { return d.severity == Severity::kWarning; };
  const auto from = list_.begin() + static_cast<std::ptrdiff_t>(std::min(size, list_.size()));
  list_.erase(std::remove_if(from, list_.end(), is_warning), list_.end());
}

void Diagnostics::GlobalError(const char* code, std::string message, std::string hint) {
  if (full()) return;
  ++errors_;
  Diagnostic& diagnostic = list_.emplace_back();
  diagnostic.code = code;
  diagnostic.message = std::move(message);
  diagnostic.hint = std::move(hint);
  diagnostic.rule = rule_;
}

}  // namespace dl::yara
