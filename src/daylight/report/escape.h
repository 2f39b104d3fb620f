// Escaping: bytes that strangers chose (file names, rule text, matched data)
// become text that a terminal, a line-based reader or a JSON parser takes for
// nothing else.
//
//   EscapeLine("a\nb\x1b")      // a\nb\x1b, in printable characters
//   AppendJsonString(out, name) // "..." with quotes
#pragma once

#include <string>
#include <string_view>

namespace dl::report {

// One line without control characters that says exactly what the bytes were:
// `\\`, `\n`, `\r`, `\t`, and `\xHH` for other control characters, for bytes
// that are not UTF-8, and for characters that reorder or hide text (U+202E).
std::string EscapeLine(std::string_view bytes);

// Printable ASCII as it is, the rest `\xHH`: for matched data.
std::string EscapeData(std::string_view bytes);

// Several lines from a worker: as EscapeLine, but newlines stay.
std::string EscapeLayout(std::string_view bytes);

bool IsUtf8(std::string_view bytes);

// With quotes. Bytes that are not UTF-8 become U+FFFD; control characters and
// those that reorder text are written as \uXXXX.
void AppendJsonString(std::string& out, std::string_view bytes);

// Text or a quoted attribute's value in HTML: EscapeLine, and `&`, `<`, `>`, `"`, `'` as references.
std::string EscapeHtml(std::string_view bytes);

// A cell as RFC 4180 has it, on one line (EscapeLine), quoted where it must be. One that a spreadsheet would take for a
// formula has an apostrophe before it.
void AppendCsvCell(std::string& out, std::string_view bytes);

// RFC 4648, with padding.
std::string Base64(std::string_view bytes);

// A file path as a URI reference (RFC 3986): "file:///..." when absolute.
std::string FileUri(std::string_view path);

}  // namespace dl::report
