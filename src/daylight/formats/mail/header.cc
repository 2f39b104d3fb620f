#include "daylight/formats/mail/header.h"

#include <algorithm>
#include <array>
#include <utility>

namespace dl::mail {

namespace {

constexpr std::string_view kSpace = " \t\r\n\v\f";

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string_view Trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

// RFC 822, 3.4.3: what stands in parentheses outside of quotes is a comment.
std::string WithoutComments(std::string_view text) {
  std::string out;
  std::size_t level = 0;
  bool is_quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\\' && i + 1 < text.size()) {
      if (level == 0) out.push_back(text[++i]);
    } else if (c == '"') {
      out.push_back(c);
      is_quoted = !is_quoted;
    } else if (c == '(' && !is_quoted) {
      ++level;
    } else if (c == ')' && !is_quoted) {
      if (level > 0) --level;
    } else if (level == 0) {
      out.push_back(c);
    }
  }
  return out;
}

// How alike two words are, in percent: twice what they share (the longest
// common piece, and so on at its left and right) of both (Ratcliff/Obershelp).
std::size_t SharedBytes(std::string_view a, std::string_view b) {
  std::size_t best = 0, in_a = 0, in_b = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t j = 0; j < b.size(); ++j) {
      std::size_t length = 0;
      while (i + length < a.size() && j + length < b.size() && a[i + length] == b[j + length]) ++length;
      if (length <= best) continue;
      best = length;
      in_a = i;
      in_b = j;
    }
  }
  if (best == 0) return 0;
  return best + SharedBytes(a.substr(0, in_a), b.substr(0, in_b)) +
         SharedBytes(a.substr(in_a + best), b.substr(in_b + best));
}
std::size_t Likeness(std::string_view a, std::string_view b) { return 200 * SharedBytes(a, b) / (a.size() + b.size()); }

constexpr std::size_t kMaxWordBytes = 64;

// The value of a word, or of the one that is most like it, at least half.
template <typename Value, std::size_t kCount>
Value Guess(std::string_view word, const std::array<std::pair<std::string_view, Value>, kCount>& known, Value other) {
  std::size_t best = 49;
  Value value = other;
  for (const auto& [name, meaning] : known) {
    if (word == name) return meaning;
    const std::size_t likeness = Likeness(word.substr(0, kMaxWordBytes), name);
    if (likeness <= best) continue;
    best = likeness;
    value = meaning;
  }
  return value;
}

MediaType TypeNamed(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, MediaType>, 8> kTypes{{
      {"text", MediaType::kText},
      {"multipart", MediaType::kMultipart},
      {"application", MediaType::kOther},
      {"audio", MediaType::kOther},
      {"image", MediaType::kOther},
      {"message", MediaType::kMessage},
      {"video", MediaType::kOther},
      {"plain", MediaType::kText},
  }};
  if (name.starts_with("x-")) return MediaType::kOther;
  return Guess(name, kTypes, MediaType::kOther);
}

Encoding EncodingNamed(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, Encoding>, 10> kEncodings{{
      {"7bit", Encoding::kSevenBit},
      {"text/plain", Encoding::kSevenBit},
      {"quoted-printable", Encoding::kQuotedPrintable},
      {"base64", Encoding::kBase64},
      {"8bit", Encoding::kEightBit},
      {"binary", Encoding::kEightBit},
      {"x-uuencode", Encoding::kOther},
      {"x-yencode", Encoding::kOther},
      {"us-ascii", Encoding::kSevenBit},
      {"x-binhex", Encoding::kOther},
  }};
  if (name == "8 bit") return Encoding::kEightBit;
  return Guess(name, kEncodings, Encoding::kOther);
}

// The fields that a text has between semicolons outside of quotes.
std::string_view NextField(std::string_view& rest) {
  bool is_quoted = false;
  std::size_t i = 0;
  for (; i < rest.size() && (is_quoted || rest[i] != ';'); ++i) {
    if (rest[i] == '"') is_quoted = !is_quoted;
  }
  const std::string_view field = rest.substr(0, i);
  rest.remove_prefix(std::min(i + 1, rest.size()));
  return field;
}

std::string Unquoted(std::string_view text) {
  text = Trim(text);
  if (!text.starts_with('"')) return std::string(text);
  text.remove_prefix(1);
  return std::string(text.substr(0, text.find('"')));
}

std::string NameOf(std::string_view field) {
  return ToLower(Trim(WithoutComments(field.substr(0, std::min(field.find(':'), field.size())))));
}

}  // namespace

std::string ToLower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), Lower);
  return out;
}

bool StartsWithNoCase(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() &&
         std::equal(prefix.begin(), prefix.end(), text.begin(), [](char a, char b) { return Lower(a) == Lower(b); });
}

bool GoesOn(std::string_view line, std::string_view next) {
  if (next.empty()) return false;
  if (next.front() == ' ' || next.front() == '\t') return true;
  // Broken ones, whose continuation is not indented.
  const std::string_view text = Trim(line);
  return text.ends_with(';') && next.find('=') != std::string_view::npos;
}

// One "type/subtype" or several, of which the last counts. Without a subtype
// nothing is said.
void Header::AddType(std::string_view value) {
  for (std::size_t slash = value.find('/'); slash != std::string_view::npos; slash = value.find('/')) {
    std::string_view name = Trim(value.substr(0, slash));
    while (!name.empty() && (name.front() < 'a' || name.front() > 'z')) name.remove_prefix(1);
    value = Trim(value.substr(slash + 1));
    const std::size_t end = std::min(value.find_first_of(kSpace), value.size());
    if (!name.empty()) {
      type = TypeNamed(name);
      subtype = std::string(value.substr(0, end));
    }
    value = Trim(value.substr(end));
  }
}

bool Header::IsOfContent(std::string_view line) {
  const std::string name = NameOf(line);
  return name == "content-type" || name == "content-disposition" || name == "content-transfer-encoding";
}

void Header::Add(std::string_view field) {
  const std::size_t colon = field.find(':');
  if (colon == std::string_view::npos) return;
  const std::string name = NameOf(field);
  if (name == "from" || name == "received" || name == "de") is_of_mail = true;
  const bool is_type = name == "content-type";
  const bool is_disposition = name == "content-disposition";
  if (!is_type && !is_disposition && name != "content-transfer-encoding") return;
  is_of_mail = true;
  const std::string text = WithoutComments(field.substr(colon + 1));
  std::string_view rest(text);
  const std::string value = ToLower(Unquoted(NextField(rest)));
  if (is_type) {
    if (text.find('/') == std::string::npos) return;
    AddType(value);
  } else if (is_disposition) {
    disposition = value;
  } else {
    encoding = EncodingNamed(value);
    return;
  }
  while (!rest.empty()) {
    const std::string_view parameter = NextField(rest);
    const std::size_t equals = parameter.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string key = ToLower(Trim(parameter.substr(0, equals)));
    const std::string argument = Unquoted(parameter.substr(equals + 1));
    if (key == "boundary" && boundary.empty()) boundary = argument;
    if (key == "name") has_name = true;
    if (key == "filename") has_file_name = true;
    if ((key == "name" || key == "filename") && type == MediaType::kNone) type = MediaType::kOther;
  }
  if (is_disposition && !has_name) {
    has_file_name = true;
    if (type == MediaType::kNone) type = MediaType::kOther;
  }
}

}  // namespace dl::mail
