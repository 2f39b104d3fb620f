#include "daylight/report/escape.h"

#include <cstdint>

namespace dl::report {

namespace {

constexpr char kHex[] = "0123456789abcdef";

struct Character {
  std::uint32_t code = 0;
  std::size_t bytes = 1;
  bool valid = false;
};

// Unicode 15, table 3-7: no overlong forms, no surrogates, nothing past 10FFFF.
Character FirstCharacter(std::string_view text) {
  const auto byte = [&](std::size_t i) -> std::uint32_t { return static_cast<unsigned char>(text[i]); };
  const std::uint32_t first = byte(0);
  if (first < 0x80) return {first, 1, true};
  const std::size_t n = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < n) return {};
  std::uint32_t code = n == 2 ? first & 0x1f : n == 3 ? first & 0x0f : first & 0x07;
  for (std::size_t i = 1; i < n; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {};
    code = code << 6 | (byte(i) & 0x3f);
  }
  if ((n == 3 && code < 0x800) || (n == 4 && code < 0x10000) || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
    return {};
  return {code, n, true};
}

// Control characters (C0, DEL, C1), line separators, and characters that
// reorder or hide the text around them.
bool IsUnsafe(std::uint32_t code) {
  return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0xad || code == 0x61c || code == 0x180e ||
         (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
         (code >= 0x2060 && code <= 0x206f) || code == 0xfeff || (code >= 0xfff9 && code <= 0xfffb) ||
         (code >= 0xe0000 && code <= 0xe007f);
}

void AppendHexByte(std::string& out, char byte) {
  const auto value = static_cast<unsigned char>(byte);
  out += "\\x";
  out += kHex[value >> 4];
  out += kHex[value & 15];
}

std::string Escape(std::string_view bytes, bool keep_newlines) {
  std::string out;
  out.reserve(bytes.size());
  while (!bytes.empty()) {
    const Character character = FirstCharacter(bytes);
    const std::string_view raw = bytes.substr(0, character.bytes);
    bytes.remove_prefix(character.bytes);
    if (character.valid && character.code == '\n' && keep_newlines) {
      out += '\n';
    } else if (character.valid && character.code == '\\' && !keep_newlines) {
      out += "\\\\";
    } else if (character.valid && character.code == '\n') {
      out += "\\n";
    } else if (character.valid && character.code == '\r') {
      out += "\\r";
    } else if (character.valid && character.code == '\t') {
      out += "\\t";
    } else if (character.valid && !IsUnsafe(character.code)) {
      out += raw;
    } else {
      for (const char byte : raw) AppendHexByte(out, byte);
    }
  }
  return out;
}

void AppendUnit(std::string& out, std::uint32_t unit) {
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += kHex[unit >> shift & 15];
}

}  // namespace

std::string EscapeLine(std::string_view bytes) { return Escape(bytes, false); }
std::string EscapeLayout(std::string_view bytes) { return Escape(bytes, true); }

std::string EscapeData(std::string_view bytes) {
  std::string out;
  for (const char byte : bytes) {
    if (byte == '\\') {
      out += "\\\\";
    } else if (byte >= 0x20 && byte < 0x7f) {
      out += byte;
    } else {
      AppendHexByte(out, byte);
    }
  }
  return out;
}

bool IsUtf8(std::string_view bytes) {
  while (!bytes.empty()) {
    const Character character = FirstCharacter(bytes);
    if (!character.valid) return false;
    bytes.remove_prefix(character.bytes);
  }
  return true;
}

void AppendJsonString(std::string& out, std::string_view bytes) {
  out += '"';
  while (!bytes.empty()) {
    const Character character = FirstCharacter(bytes);
    const std::string_view raw = bytes.substr(0, character.bytes);
    bytes.remove_prefix(character.bytes);
    if (!character.valid) {
      out += "\xef\xbf\xbd";
    } else if (character.code == '"' || character.code == '\\') {
      out += '\\';
      out += raw;
    } else if (character.code == '\n') {
      out += "\\n";
    } else if (character.code == '\r') {
      out += "\\r";
    } else if (character.code == '\t') {
      out += "\\t";
    } else if (!IsUnsafe(character.code)) {
      out += raw;
    } else if (character.code < 0x10000) {
      AppendUnit(out, character.code);
    } else {
      const std::uint32_t rest = character.code - 0x10000;
      AppendUnit(out, 0xd800 | rest >> 10);
      AppendUnit(out, 0xdc00 | (rest & 0x3ff));
    }
  }
  out += '"';
}

std::string EscapeHtml(std::string_view bytes) {
  const std::string line = EscapeLine(bytes);
  std::string out;
  out.reserve(line.size());
  for (const char c : line) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += c;
    }
  }
  return out;
}

namespace {

// What a spreadsheet takes for the start of a formula: with spaces before it, too, and in the wide forms of East Asian
// keyboards (U+FF1D, FF0B, FF0D, FF20).
bool LooksLikeFormula(std::string_view cell) {
  while (cell.starts_with(' ') || cell.starts_with("\xc2\xa0") || cell.starts_with("\xe3\x80\x80")) {
    cell.remove_prefix(cell.starts_with(' ') ? 1 : cell.starts_with("\xc2\xa0") ? 2 : 3);
  }
  for (const std::string_view start :
       {"=", "+", "-", "@", "\xef\xbc\x9d", "\xef\xbc\x8b", "\xef\xbc\x8d", "\xef\xbc\xa0"}) {
    if (cell.starts_with(start)) return true;
  }
  return false;
}

}  // namespace

void AppendCsvCell(std::string& out, std::string_view bytes) {
  std::string cell = EscapeLine(bytes);
  if (LooksLikeFormula(cell)) cell.insert(0, 1, '\'');
  if (cell.find_first_of("\",;") == std::string::npos) {
    out += cell;
    return;
  }
  out += '"';
  for (const char c : cell) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

std::string Base64(std::string_view bytes) {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t n = bytes.size() - i < 3 ? bytes.size() - i : 3;
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j) group = group << 8 | (j < n ? static_cast<unsigned char>(bytes[i + j]) : 0u);
    for (std::size_t j = 0; j < 4; ++j) out += j <= n ? kDigits[group >> (18 - 6 * j) & 63] : '=';
  }
  return out;
}

std::string FileUri(std::string_view path) {
  constexpr std::string_view kPlain = "-._~/!$&'()*+,;=@";
  constexpr char kUpperHex[] = "0123456789ABCDEF";
  std::string out = path.starts_with('/') ? "file://" : "";
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || kPlain.find(c) != kPlain.npos) {
      out += c;
    } else {
      out += '%';
      out += kUpperHex[byte >> 4];
      out += kUpperHex[byte & 15];
    }
  }
  return out;
}

}  // namespace dl::report
