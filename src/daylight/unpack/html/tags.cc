#include "daylight/unpack/html/tags.h"

#include <algorithm>
#include <cstdint>

#include "daylight/unpack/encoded/decode.h"

namespace dl::unpack::html {

namespace {

// Of one tag; more are left out.
constexpr std::size_t kMaxAttributes = 1000;

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f'; }
char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
bool IsLetter(char c) { return Lower(c) >= 'a' && Lower(c) <= 'z'; }

std::string_view WithoutPrefix(std::string_view name) {
  const std::size_t colon = name.rfind(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

// Reads a tag at "<"; false if it does not end. `has_quotes`: whether values may hold ">".
bool ReadTag(std::string_view text, std::size_t begin, bool has_quotes, Tag& tag) {
  tag = {};
  tag.begin = begin;
  std::size_t at = begin + 1;
  tag.is_end = at < text.size() && text[at] == '/';
  at += tag.is_end ? 1u : 0u;
  const std::size_t name = at;
  while (at < text.size() && !IsBlank(text[at]) && text[at] != '>' && text[at] != '/' && text[at] != '<') ++at;
  tag.name = WithoutPrefix(text.substr(name, at - name));
  for (;;) {
    while (at < text.size() && (IsBlank(text[at]) || text[at] == '/')) ++at;
    if (at >= text.size()) return false;
    if (text[at] == '>') {
      tag.is_empty = text[at - 1] == '/';
      tag.end = at + 1;
      return true;
    }
    Attribute attribute;
    const std::size_t first = at++;
    while (at < text.size() && !IsBlank(text[at]) && text[at] != '=' && text[at] != '>' && text[at] != '/') ++at;
    attribute.name = text.substr(first, at - first);
    std::size_t ahead = at;
    while (ahead < text.size() && IsBlank(text[ahead])) ++ahead;
    if (ahead < text.size() && text[ahead] == '=') {
      at = ahead + 1;
      while (at < text.size() && IsBlank(text[at])) ++at;
      if (at < text.size() && has_quotes && (text[at] == '"' || text[at] == '\'')) {
        const std::size_t close = text.find(text[at], at + 1);
        if (close == std::string_view::npos) return false;
        attribute.value = text.substr(at + 1, close - at - 1);
        at = close + 1;
      } else {
        const std::size_t value = at;
        while (at < text.size() && !IsBlank(text[at]) && text[at] != '>') ++at;
        attribute.value = text.substr(value, at - value);
      }
    }
    if (tag.attributes.size() < kMaxAttributes) tag.attributes.push_back(attribute);
  }
}

void PutCharacter(std::uint32_t c, std::string& out) {
  if (c < 0x80) {
    out.push_back(static_cast<char>(c));
  } else if (c < 0x800) {
    out.push_back(static_cast<char>(0xc0 | c >> 6));
    out.push_back(static_cast<char>(0x80 | (c & 0x3f)));
  } else if (c < 0x10000) {
    out.push_back(static_cast<char>(0xe0 | c >> 12));
    out.push_back(static_cast<char>(0x80 | (c >> 6 & 0x3f)));
    out.push_back(static_cast<char>(0x80 | (c & 0x3f)));
  } else {
    out.push_back(static_cast<char>(0xf0 | (c >> 18 & 7)));
    out.push_back(static_cast<char>(0x80 | (c >> 12 & 0x3f)));
    out.push_back(static_cast<char>(0x80 | (c >> 6 & 0x3f)));
    out.push_back(static_cast<char>(0x80 | (c & 0x3f)));
  }
}

}  // namespace

const Attribute* Tag::Find(std::string_view wanted) const {
  for (const Attribute& attribute : attributes) {
    if (Equals(WithoutPrefix(attribute.name), wanted)) return &attribute;
  }
  return nullptr;
}

void ForEachTag(std::string_view text, const VisitTag& visit) {
  Tag tag;
  bool has_quotes = true;
  for (std::size_t at = text.find('<'); at != std::string_view::npos;) {
    const std::size_t name = at + 1 + (at + 1 < text.size() && text[at + 1] == '/' ? 1 : 0);
    std::size_t next = at + 1;
    if (name < text.size() && IsLetter(text[name])) {
      bool is_tag = ReadTag(text, at, has_quotes, tag);
      if (!is_tag && has_quotes) {
        // A quote that nothing closes: from here on none is heeded, or each would be sought to the end.
        has_quotes = false;
        is_tag = ReadTag(text, at, has_quotes, tag);
      }
      if (!is_tag) return;
      next = std::max(visit(tag), next);
    }
    if (next >= text.size()) return;
    at = text.find('<', next);
  }
}

bool Equals(std::string_view text, std::string_view lower) {
  return text.size() == lower.size() &&
         std::equal(text.begin(), text.end(), lower.begin(), [](char a, char b) { return Lower(a) == b; });
}

std::size_t FindEndTag(std::string_view text, std::string_view lower_name, std::size_t from) {
  for (std::size_t at = text.find("</", from); at != std::string_view::npos; at = text.find("</", at + 2)) {
    std::size_t end = at + 2;
    while (end < text.size() && end - at < 64 && (IsLetter(text[end]) || text[end] == ':' || text[end] == '-')) ++end;
    if (Equals(WithoutPrefix(text.substr(at + 2, end - at - 2)), lower_name)) return at;
  }
  return text.size();
}

std::string DecodeReferences(std::string_view text) {
  static constexpr std::pair<std::string_view, char> kNamed[] = {
      {"quot", '"'},  {"amp", '&'},  {"lt", '<'},   {"gt", '>'},  {"apos", '\''}, {"Tab", '\t'}, {"NewLine", '\n'},
      {"colon", ':'}, {"lpar", '('}, {"rpar", ')'}, {"sol", '/'}, {"comma", ','}, {"semi", ';'},
  };
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] != '&') {
      out.push_back(text[at++]);
      continue;
    }
    std::size_t end = at + 1;
    if (end < text.size() && text[end] == '#') {
      ++end;
      const bool is_hex = end < text.size() && Lower(text[end]) == 'x';
      end += is_hex ? 1u : 0u;
      const std::size_t digits = end;
      std::uint32_t value = 0;
      for (; end < text.size() && end - digits < 9; ++end) {
        const int digit = HexDigit(text[end]);
        if (digit < 0 || (!is_hex && digit > 9)) break;
        value = value * (is_hex ? 16 : 10) + static_cast<std::uint32_t>(digit);
      }
      if (end > digits) {
        if (end < text.size() && text[end] == ';') ++end;
        PutCharacter(value & 0x1fffff, out);
        at = end;
        continue;
      }
    } else {
      bool is_known = false;
      for (const auto& [name, c] : kNamed) {
        if (!text.substr(at + 1).starts_with(name)) continue;
        end = at + 1 + name.size();
        if (end < text.size() && text[end] == ';') ++end;
        out.push_back(c);
        at = end;
        is_known = true;
        break;
      }
      if (is_known) continue;
    }
    out.push_back(text[at++]);
  }
  return out;
}

}  // namespace dl::unpack::html
