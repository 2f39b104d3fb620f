// The modifiers of logical subsignatures that work on a pattern's text: f puts
// word markers around it, w a zero byte behind each byte. Ranges in brackets
// become gaps in braces, as they then lie between more than one byte.
#include "daylight/rules/clamav/pattern_parser.h"

namespace dl::clamav::internal {

Result<std::string> WithWordMarkers(std::string_view text) {
  std::string marked;
  marked.reserve(text.size() + 6);
  marked += "(W)";
  marked += text;
  marked += "(W)";
  for (std::size_t at = marked.find('['); at != std::string::npos; at = marked.find('[', at)) {
    marked[at] = '{';
    at = marked.find(']', at);
    if (at == std::string::npos) return Fail(ErrorCode::kMalformed, "[ without ]");
    marked[at] = '}';
  }
  return marked;
}

Result<std::string> Widened(std::string_view text) {
  std::string wide;
  wide.reserve(text.size() * 2);
  std::size_t at = 0;
  while (at < text.size()) {
    const char c = text[at];
    if (c == '*' || c == '|' || c == ')') {
      wide += c;
      ++at;
    } else if (c == '[' || c == '{') {
      // Copied as it is, closed if it is not.
      const std::size_t end = text.find(c == '[' ? ']' : '}', at);
      const std::size_t stop = end == std::string_view::npos ? text.size() : end;
      wide += '{';
      wide += text.substr(at + 1, stop - at - 1);
      wide += '}';
      at = stop + 1;
    } else if (c == '!' || c == '(') {
      wide += c;
      if (c == '!') {
        if (++at == text.size()) return Fail(ErrorCode::kMalformed, "! at the end");
        wide += text[at];
      }
      if (at + 2 >= text.size()) return Fail(ErrorCode::kMalformed, "group without an end");
      ++at;
      if (const char marker = text[at]; marker == 'B' || marker == 'L' || marker == 'W') {
        if (text[at + 1] != ')') return Fail(ErrorCode::kMalformed, "marker (B), (L) or (W) without )");
        wide += marker;
        wide += ')';
        at += 2;
      }
    } else {
      if (at + 1 == text.size()) return Fail(ErrorCode::kMalformed, "odd number of hexadecimal digits");
      wide += c;
      wide += text[at + 1];
      wide += "00";
      at += 2;
    }
  }
  return wide;
}

}  // namespace dl::clamav::internal
