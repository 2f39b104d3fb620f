#include "daylight/unpack/encoded/text_kind.h"

#include <algorithm>

namespace dl::unpack {

namespace {

using namespace std::literals;

// So much of an object tells which it is.
constexpr std::size_t kLooked = 4096;

enum class Width : std::uint8_t { kOne, kTwoLittle, kTwoBig };

// UTF-16 by its mark; without one, where nearly every other byte is zero.
Width WidthOf(std::string_view head) {
  if (head.starts_with("\xff\xfe")) return Width::kTwoLittle;
  if (head.starts_with("\xfe\xff")) return Width::kTwoBig;
  head = head.substr(0, kLooked);
  if (head.size() < 64 || head.find('\0') == std::string_view::npos) return Width::kOne;
  const auto is_wide = [](std::string_view text, std::size_t zero_at) {
    std::size_t zeros[2] = {0, 0};
    for (std::size_t i = 0; i < text.size(); ++i) zeros[i % 2] += text[i] == 0 ? 1u : 0u;
    return zeros[zero_at] >= text.size() / 2 * 9 / 10 && zeros[1 - zero_at] == 0;
  };
  // Few bytes rule out nearly everything else.
  const auto has_zeros_at = [&](std::size_t at) { return is_wide(head.substr(0, 64), at) && is_wide(head, at); };
  if (has_zeros_at(1)) return Width::kTwoLittle;
  if (has_zeros_at(0)) return Width::kTwoBig;
  return Width::kOne;
}

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f'; }

// A tag's name ends here.
bool EndsName(std::string_view text, std::size_t at) {
  return at >= text.size() || IsBlank(text[at]) || text[at] == '>' || text[at] == '/';
}

bool IsMarkup(std::string_view lower) {
  std::size_t at = lower.starts_with("\xef\xbb\xbf") ? 3 : 0;
  for (;;) {
    while (at < lower.size() && IsBlank(lower[at])) ++at;
    if (!lower.substr(at).starts_with("<!--")) break;
    const std::size_t end = lower.find("-->", at + 4);
    if (end == std::string_view::npos) return false;
    at = end + 3;
  }
  const std::string_view rest = lower.substr(at);
  if (rest.starts_with("<?xml") || rest.starts_with("<!doctype")) return true;
  for (const std::string_view tag :
       {"<html"sv,   "<head"sv,    "<body"sv,      "<script"sv,    "<svg"sv,    "<meta"sv,
        "<iframe"sv, "<div"sv,     "<title"sv,     "<style"sv,     "<img"sv,    "<form"sv,
        "<object"sv, "<embed"sv,   "<table"sv,     "<p"sv,         "<a"sv,      "<hta:application"sv,
        "<job"sv,    "<package"sv, "<component"sv, "<scriptlet"sv, "<center"sv, "<span"sv,
        "<base"sv,   "<link"sv}) {
    if (rest.starts_with(tag) && EndsName(rest, tag.size())) return true;
  }
  for (const std::string_view tag : {"<html"sv, "<script"sv, "<body"sv, "<svg"sv}) {
    for (std::size_t found = lower.find(tag); found != std::string_view::npos; found = lower.find(tag, found + 1)) {
      if (found + tag.size() < lower.size() && EndsName(lower, found + tag.size())) return true;
    }
  }
  return lower.find("<!doctype html") != std::string_view::npos;
}

// The first line is a header, and one of those that mail has is among the first.
bool IsMail(std::string_view lower) {
  if (lower.starts_with("from ")) return true;
  const std::size_t colon = lower.find(':');
  if (colon == std::string_view::npos || colon > 64) return false;
  for (const char c : lower.substr(0, colon)) {
    if (!(c >= 'a' && c <= 'z') && c != '-') return false;
  }
  const std::string text = "\n" + std::string(lower);
  for (const char* header : {"\nreceived:", "\nmime-version:", "\ncontent-type:", "\nmessage-id:", "\nreturn-path:",
                             "\ncontent-transfer-encoding:"}) {
    if (text.find(header) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

TextKind TextKindOf(Bytes head) {
  std::string room;
  const std::string_view text = Narrow(AsText(head).substr(0, kLooked), room);
  if (text.empty() || text.find('\0') != std::string_view::npos) return TextKind::kBinary;
  if (text.substr(0, 1024).find("%PDF-") != std::string_view::npos || text.starts_with("{\\rt"))
    return TextKind::kOther;
  // Most text has neither, and needs no copy.
  const bool may_be_mail = text.substr(0, 5).find(' ') == 4 || text.substr(0, 65).find(':') != std::string_view::npos;
  const bool may_be_markup = text.find('<') != std::string_view::npos;
  if (!may_be_mail && !may_be_markup) return TextKind::kPlain;
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), Lower);
  if (may_be_mail && IsMail(lower)) return TextKind::kMail;
  return may_be_markup && IsMarkup(lower) ? TextKind::kMarkup : TextKind::kPlain;
}

std::string_view Narrow(std::string_view text, std::string& room) {
  const Width width = WidthOf(text);
  if (width == Width::kOne) return text;
  const std::size_t low = width == Width::kTwoLittle ? 0 : 1;
  room.clear();
  room.reserve(text.size() / 2);
  for (std::size_t at = 0; at + 1 < text.size(); at += 2) {
    const bool is_mark = at == 0 && (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff"));
    if (!is_mark) room.push_back(text[at + 1 - low] == 0 ? text[at + low] : '?');
  }
  return room;
}

}  // namespace dl::unpack
