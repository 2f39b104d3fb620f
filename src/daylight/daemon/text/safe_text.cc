#include "daylight/daemon/text/safe_text.h"

#include <algorithm>
#include <optional>

#include "daylight/daemon/text/head.h"
#include "daylight/os/paths.h"
#include "daylight/report/escape.h"

namespace dl::daemon {
namespace {

// NAME_MAX, the longest name that a file has.
constexpr std::size_t kMaxNameBytes = 255;

std::string Printable(std::string_view bytes, std::size_t max_bytes, std::string_view without) {
  std::string text(bytes.substr(0, max_bytes));
  for (char& c : text) {
    if (c < 0x20 || c > 0x7e || without.find(c) != std::string_view::npos) c = '_';
  }
  return text;
}

std::optional<unsigned> HexDigit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  return std::nullopt;
}

}  // namespace

std::string HeaderText(std::string_view bytes, std::size_t max_bytes) { return Printable(bytes, max_bytes, ""); }
std::string HeaderPart(std::string_view bytes, std::size_t max_bytes) { return Printable(bytes, max_bytes, ";,"); }

std::string HtmlText(std::string_view bytes, std::size_t max_bytes) {
  // EscapeLine makes UTF-8 of anything, and shows what reorders or hides text.
  const std::string line = report::EscapeLine(bytes.substr(0, max_bytes));
  std::string text;
  for (const char c : line) {
    switch (c) {
      case '&': text += "&amp;"; break;
      case '<': text += "&lt;"; break;
      case '>': text += "&gt;"; break;
      case '"': text += "&quot;"; break;
      case '\'': text += "&#39;"; break;
      default: text += c;
    }
  }
  return text;
}

std::string PercentDecode(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && text.size() - i > 2) {
      const auto high = HexDigit(text[i + 1]);
      const auto low = HexDigit(text[i + 2]);
      if (high && low) {
        bytes += static_cast<char>(*high * 16 + *low);
        i += 2;
        continue;
      }
    }
    bytes += text[i];
  }
  return bytes;
}

std::string HeaderParameter(std::string_view value, std::string_view name) {
  std::size_t at = value.find(';');
  while (at != std::string_view::npos && at < value.size()) {
    value.remove_prefix(at + 1);
    const std::size_t equals = value.find_first_of("=;");
    if (equals == std::string_view::npos) break;
    const bool is_wanted = value[equals] == '=' && EqualNoCase(Trim(value.substr(0, equals)), name);
    if (value[equals] == ';') {
      at = equals;
      continue;
    }
    value.remove_prefix(equals + 1);
    value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
    std::string text;
    std::size_t end = 0;
    if (value.starts_with('"')) {
      for (end = 1; end < value.size() && value[end] != '"'; ++end) {
        // Browsers quote with %22, curl with a backslash (RFC 9110, section 5.6.4). A backslash before
        // anything else is one that an old Windows client left in a path.
        if (value[end] == '\\' && end + 1 < value.size() && (value[end + 1] == '"' || value[end + 1] == '\\')) ++end;
        text += value[end];
      }
      end = std::min(end + 1, value.size());
    } else {
      end = std::min(value.find(';'), value.size());
      text = Trim(value.substr(0, end));
    }
    if (is_wanted) return text;
    at = value.find(';', end);
  }
  return {};
}

std::string DispositionFilename(std::string_view value) {
  // charset'language'percent-encoded
  const std::string extended = HeaderParameter(value, "filename*");
  const std::size_t first = extended.find('\'');
  if (first != std::string::npos) {
    const std::size_t second = extended.find('\'', first + 1);
    if (second != std::string::npos) return PercentDecode(std::string_view(extended).substr(second + 1));
  }
  return HeaderParameter(value, "filename");
}

report::ObjectNames NamesOfStream(std::string_view name) {
  // Clients on Windows send paths of theirs.
  const std::size_t slash = name.find_last_of("/\\");
  if (slash != std::string_view::npos) name.remove_prefix(slash + 1);
  name = name.substr(0, name.find('\0'));
  // The end is kept, for its extension.
  if (name.size() > kMaxNameBytes) name.remove_prefix(name.size() - kMaxNameBytes);
  report::ObjectNames names;
  names.filename = name.empty() ? "-" : std::string(name);
  names.object = names.filename;
  names.filepath = names.filename;
  names.extension = os::Extension(names.filename);
  return names;
}

}  // namespace dl::daemon
