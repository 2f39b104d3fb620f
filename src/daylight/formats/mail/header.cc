#include "daylight/formats/mail/header.h"

#include <algorithm>

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

MediaType TypeNamed(std::string_view name) {
  if (name == "text" || name == "plain") return MediaType::kText;
  if (name == "multipart") return MediaType::kMultipart;
  if (name == "message") return MediaType::kMessage;
  return MediaType::kOther;
}

Encoding EncodingNamed(std::string_view name) {
  // "8 bit" and "x-base64" are seen, too.
  if (name.starts_with("x-")) name.remove_prefix(2);
  if (name.starts_with("quoted")) return Encoding::kQuotedPrintable;
  if (name.starts_with("base64")) return Encoding::kBase64;
  if (name.starts_with("7")) return Encoding::kSevenBit;
  if (name.starts_with("8") || name.starts_with("binary")) return Encoding::kEightBit;
  return Encoding::kOther;
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

void Header::Add(std::string_view field) {
  const std::size_t colon = field.find(':');
  if (colon == std::string_view::npos) return;
  const std::string name = ToLower(Trim(WithoutComments(field.substr(0, colon))));
  if (name == "from" || name == "received" || name == "de") is_of_mail = true;
  const bool is_type = name == "content-type";
  const bool is_disposition = name == "content-disposition";
  if (!is_type && !is_disposition && name != "content-transfer-encoding") return;
  is_of_mail = true;
  const std::string text = WithoutComments(field.substr(colon + 1));
  std::string_view rest(text);
  const std::string value = ToLower(Unquoted(NextField(rest)));
  if (is_type) {
    const std::size_t slash = value.find('/');
    // Without a subtype it counts as not said.
    if (slash == std::string::npos) return;
    type = TypeNamed(Trim(std::string_view(value).substr(0, slash)));
    const std::string_view after = Trim(std::string_view(value).substr(slash + 1));
    subtype = std::string(after.substr(0, after.find_first_of(kSpace)));
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
  }
  if (is_disposition && !has_name) has_file_name = true;
}

}  // namespace dl::mail
