#include "daylight/unpack/html/data_uri.h"

#include <algorithm>

#include "daylight/unpack/encoded/decode.h"
#include "daylight/unpack/html/tags.h"

namespace dl::unpack::html {

namespace {

// A longer media type is none.
constexpr std::size_t kMaxType = 256;

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

std::string EndingOf(std::string_view type) {
  static constexpr std::pair<std::string_view, std::string_view> kEndings[] = {
      {"text/html", "html"},
      {"application/xhtml+xml", "xhtml"},
      {"text/plain", "txt"},
      {"text/css", "css"},
      {"text/javascript", "js"},
      {"application/javascript", "js"},
      {"application/x-javascript", "js"},
      {"text/vbscript", "vbs"},
      {"text/xml", "xml"},
      {"application/xml", "xml"},
      {"image/svg+xml", "svg"},
      {"image/png", "png"},
      {"image/gif", "gif"},
      {"image/jpeg", "jpg"},
      {"image/webp", "webp"},
      {"application/pdf", "pdf"},
      {"application/zip", "zip"},
      {"application/x-zip-compressed", "zip"},
      {"application/x-msdownload", "exe"},
      {"application/msword", "doc"},
      {"application/hta", "hta"},
      {"application/json", "json"},
      {"application/java-archive", "jar"},
  };
  for (const auto& [known, ending] : kEndings) {
    if (type == known) return std::string(ending);
  }
  return "bin";
}

// What ends an address; a quote only if it is the one before it.
std::size_t EndOf(std::string_view text, std::size_t from, char before, bool is_base64) {
  const bool is_quoted = before == '"' || before == '\'' || before == '`';
  for (std::size_t at = from; at < text.size(); ++at) {
    const char c = text[at];
    if (is_quoted ? c == before
                  : (c == '"' || c == '\'' || c == '`' || c == '<' || c == '>' || c == ')' || IsBlank(c))) {
      return at;
    }
    // No digit, and nothing that stands between them.
    if (is_base64 && (c == '<' || c == '>' || c == '"' || c == '\'')) return at;
  }
  return text.size();
}

// Base64 in an address: escaped for addresses, for scripts or for markup.
std::string DecodeEscapedBase64(std::string_view text) {
  std::string room;
  if (text.find('&') != std::string_view::npos) text = room = DecodeReferences(text);
  std::string other;
  if (text.find('%') != std::string_view::npos) text = other = DecodePercent(text);
  if (text.find('\\') == std::string_view::npos) return DecodeBase64(text);
  std::string digits;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '\\') {
      digits.push_back(text[at]);
    } else if (at + 1 < text.size() && (text[at + 1] == 'n' || text[at + 1] == 'r')) {
      ++at;
    }
  }
  return DecodeBase64(digits);
}

}  // namespace

bool ForEachDataUri(std::string_view text, const std::function<bool(const DataUri& uri)>& visit) {
  for (std::size_t colon = text.find(':'); colon != std::string_view::npos; colon = text.find(':', colon + 1)) {
    if (colon < 4 || !Equals(text.substr(colon - 4, 4), "data")) continue;
    const std::size_t comma = text.substr(0, std::min(text.size(), colon + kMaxType)).find(',', colon);
    if (comma == std::string_view::npos) continue;
    std::string type(text.substr(colon + 1, comma - colon - 1));
    std::transform(type.begin(), type.end(), type.begin(), Lower);
    // "data:" is a word of other things, too.
    const bool is_type = type.empty() || type.front() == ';' || type.find('/') != std::string::npos;
    if (!is_type || type.find_first_of("\"'<>{}()\n\r") != std::string::npos) continue;
    type.erase(std::remove(type.begin(), type.end(), ' '), type.end());
    const bool is_base64 = type.ends_with(";base64");
    DataUri uri;
    uri.begin = colon - 4;
    uri.end = EndOf(text, comma + 1, uri.begin > 0 ? text[uri.begin - 1] : '\0', is_base64);
    uri.ending = EndingOf(std::string_view(type).substr(0, type.find(';')));
    const std::string_view body = text.substr(comma + 1, uri.end - comma - 1);
    uri.bytes = is_base64 ? DecodeEscapedBase64(body) : DecodePercent(DecodeReferences(body));
    colon = std::max(colon, uri.end - 1);
    if (!uri.bytes.empty() && !visit(uri)) return false;
  }
  return true;
}

}  // namespace dl::unpack::html
