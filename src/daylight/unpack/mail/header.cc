#include "daylight/unpack/mail/header.h"

#include <algorithm>
#include <array>
#include <optional>

#include "daylight/unpack/mail/parameters.h"

namespace dl::unpack::mail {

namespace {

// What is behind it in a field is not looked at.
constexpr std::size_t kMaxFieldBytes = 64u << 10;
constexpr std::size_t kMaxNameBytes = 76;

std::string_view NameOfField(std::string_view line) { return line.substr(0, line.find_first_of(": \t")); }

bool EqualsNoCase(std::string_view text, std::string_view lower) {
  return text.size() == lower.size() && std::equal(text.begin(), text.end(), lower.begin(), [](char a, char b) {
           return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
         });
}

// How much a field says that a text is a mail; two are enough. What configuration
// files, HTTP and Debian's control files have, too, counts for nothing.
int WeightOf(std::string_view line) {
  static constexpr std::array kSure = {
      std::string_view("received"),         std::string_view("return-path"),
      std::string_view("message-id"),       std::string_view("mime-version"),
      std::string_view("delivered-to"),     std::string_view("dkim-signature"),
      std::string_view("x-mailer"),         std::string_view("snapshot-content-location"),
      std::string_view("x-received"),       std::string_view("envelope-to"),
      std::string_view("x-original-to"),    std::string_view("in-reply-to"),
      std::string_view("newsgroups"),       std::string_view("authentication-results"),
      std::string_view("resent-from"),      std::string_view("content-transfer-encoding"),
      std::string_view("x-originating-ip"),
  };
  static constexpr std::array kLikely = {
      std::string_view("from"),     std::string_view("to"),     std::string_view("subject"),
      std::string_view("date"),     std::string_view("cc"),     std::string_view("bcc"),
      std::string_view("reply-to"), std::string_view("sender"), std::string_view("content-disposition"),
  };
  const std::string_view name = NameOfField(line);
  if (std::any_of(kSure.begin(), kSure.end(), [&](auto known) { return EqualsNoCase(name, known); })) return 2;
  if (std::any_of(kLikely.begin(), kLikely.end(), [&](auto known) { return EqualsNoCase(name, known); })) return 1;
  if (EqualsNoCase(name, "content-type")) {
    const std::string value = Lower(line.substr(std::min(line.find(':') + 1, line.size()), 64));
    return value.find("multipart/") != std::string::npos || value.find("message/") != std::string::npos ? 2 : 0;
  }
  return 0;
}

bool IsContinuation(std::string_view line) { return line.starts_with(' ') || line.starts_with('\t'); }

std::optional<Encoding> EncodingOf(std::string_view value) {
  const auto has = [&](std::string_view word) { return value.find(word) != std::string_view::npos; };
  if (has("base64") || has("base-64")) return Encoding::kBase64;
  if (has("quoted-printable") || has("quoted_printable")) return Encoding::kQuotedPrintable;
  if (has("uue") || has("uuencode")) return Encoding::kUuencode;
  // RFC 2045, 6.4: what is not known is kept as it is.
  return value.empty() ? std::nullopt : std::optional(Encoding::kNone);
}

class Reading {
 public:
  Header Finish() && {
    if (header_.encodings.empty()) header_.encodings.push_back(Encoding::kNone);
    // Of the disposition, the type, or where it was on the web (RFC 2557).
    for (std::string* name : {&disposition_name_, &type_name_, &location_}) {
      if (header_.name.empty()) header_.name = std::move(*name);
    }
    return std::move(header_);
  }

  void Add(std::string_view field) {
    const std::string_view name = NameOfField(field);
    if (name.size() < 8 || !EqualsNoCase(name.substr(0, 8), "content-")) return;
    const std::size_t colon = field.find(':');
    std::string value(field.substr(std::min(colon + 1, field.size()), kMaxFieldBytes));
    // RFC 5322, 2.2.3: only the ends of the lines go.
    value.erase(std::remove_if(value.begin(), value.end(), [](char c) { return c == '\r' || c == '\n'; }), value.end());
    if (EqualsNoCase(name, "content-type")) AddType(value);
    if (EqualsNoCase(name, "content-transfer-encoding")) AddEncoding(Lower(value));
    if (EqualsNoCase(name, "content-disposition")) AddDisposition(value);
    if (EqualsNoCase(name, "content-location")) Keep(location_, Location(value));
  }

 private:
  static void Keep(std::string& kept, std::string value) {
    if (kept.empty()) kept = std::move(value);
  }

  static std::string Location(std::string_view value) {
    value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
    return DecodeWords(value.substr(0, value.find_last_not_of(" \t") + 1));
  }

  void AddType(std::string_view text) {
    FieldValue value = ParseFieldValue(text);
    Keep(type_name_, std::string(value.Get("name")));
    Keep(header_.smime_type, Lower(value.Get("smime-type")));
    if (value.value.starts_with("multipart")) {
      header_.is_multipart = true;
      std::string boundary(value.Get("boundary"));
      boundary.erase(boundary.find_last_not_of(" \t") + 1);
      if (!boundary.empty() && header_.boundaries.size() < kMaxRepeated) {
        header_.boundaries.push_back(std::move(boundary));
      }
    }
    Keep(header_.type, std::move(value.value));
  }

  void AddEncoding(std::string_view value) {
    const auto encoding = EncodingOf(value.substr(std::min(value.find_first_not_of(" \t"), value.size())));
    auto& all = header_.encodings;
    if (encoding && std::find(all.begin(), all.end(), *encoding) == all.end()) all.push_back(*encoding);
  }

  void AddDisposition(std::string_view text) {
    const FieldValue value = ParseFieldValue(text);
    Keep(disposition_name_, std::string(value.Get("filename")));
    header_.is_attachment = header_.is_attachment || value.value == "attachment";
  }

  Header header_;
  std::string type_name_;
  std::string disposition_name_;
  std::string location_;
};

// Where the header ends although no empty line says so: at the first line that is
// no field, unless something that mail programs look at still follows.
class EarlyEnd {
 public:
  void Add(std::string_view line, std::string_view from_here) {
    if (IsField(line)) {
      if (is_met_ && (WeightOf(line) > 0 || EqualsNoCase(NameOfField(line).substr(0, 8), "content-"))) is_met_ = false;
    } else if (!is_met_) {
      is_met_ = true;
      body_ = from_here;
    }
  }
  bool is_met() const { return is_met_; }
  std::string_view body() const { return body_; }

 private:
  bool is_met_ = false;
  std::string_view body_;
};

}  // namespace

std::string Lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

bool IsField(std::string_view line) {
  std::size_t n = 0;
  while (n < line.size() && n <= kMaxNameBytes && line[n] > ' ' && line[n] < '\x7f' && line[n] != ':') ++n;
  if (n == 0 || n > kMaxNameBytes) return false;
  // Blanks before the colon are obsolete, and read by all.
  while (n < line.size() && (line[n] == ' ' || line[n] == '\t')) ++n;
  return n < line.size() && line[n] == ':';
}

Entity ReadEntity(std::string_view text) {
  Reading reading;
  EarlyEnd early;
  std::string_view rest = text;
  std::string_view field;
  while (!rest.empty()) {
    const std::string_view from_here = rest;
    const std::string_view line = TakeLine(rest);
    if (line.empty()) break;
    if (IsContinuation(line)) {
      if (!field.empty()) {
        field = {field.data(), static_cast<std::size_t>(line.data() + line.size() - field.data())};
      } else if (!early.is_met()) {
        early.Add(line, from_here);
      }
      continue;
    }
    if (!field.empty()) reading.Add(field);
    early.Add(line, from_here);
    field = IsField(line) ? line : std::string_view();
  }
  if (!field.empty()) reading.Add(field);
  return {std::move(reading).Finish(), early.is_met() ? early.body() : rest};
}

std::string_view SkipToHeader(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  const std::string_view blanks = text.substr(0, text.find_first_not_of(" \t\r\n"));
  text.remove_prefix(blanks.rfind('\n') + 1);  // 0 without one.
  std::string_view rest = text;
  const std::string_view line = TakeLine(rest);
  const std::size_t digits = std::min(line.find_first_not_of("0123456789"), line.size());
  if (digits > 0 && digits <= 10 && line.find_first_not_of(' ', digits) == std::string_view::npos) return rest;
  return text;
}

bool LooksLikeMessage(std::string_view head) {
  constexpr std::size_t kMaxBlankBytes = 4096;
  constexpr int kMaxLines = 400;
  constexpr int kMaxOther = 3;
  std::string_view rest = SkipToHeader(head);
  if (head.size() - rest.size() > kMaxBlankBytes) return false;
  int weight = 0;
  int other = 0;
  for (int i = 0; i < kMaxLines && !rest.empty(); ++i) {
    const std::string_view line = TakeLine(rest);
    if (line.empty()) return false;
    if (IsField(line)) {
      weight += WeightOf(line);
      if (weight >= 2) return true;
    } else if (i == 0 || (!IsContinuation(line) && ++other > kMaxOther)) {
      return false;
    }
  }
  return false;
}

}  // namespace dl::unpack::mail
