#include "daylight/unpack/mail/parameters.h"

#include <algorithm>
#include <span>
#include <tuple>

#include "daylight/unpack/mail/header.h"
#include "daylight/unpack/mail/transfer.h"

namespace dl::unpack::mail {

namespace {

// RFC 2047, 2 allows 75; so that what never ends is not searched to its end each time.
constexpr std::size_t kMaxWordBytes = 2048;

constexpr std::string_view kBlanks = " \t\r\n";

std::string_view Trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

// False: of a character set that is not converted.
bool ToUtf8(std::string_view charset, std::string& text) {
  const std::string name = Lower(charset.substr(0, charset.find('*')));  // RFC 2231, 5: a language may follow.
  if (name.empty() || name == "utf-8" || name == "utf8" || name == "us-ascii" || name == "ascii") return true;
  if (name != "iso-8859-1" && name != "latin1" && name != "windows-1252") return false;
  std::string out;
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (name == "windows-1252" && code >= 0x80 && code < 0xa0) return false;
    if (code < 0x80) {
      out += c;
    } else {
      out += static_cast<char>(0xc0 | code >> 6);
      out += static_cast<char>(0x80 | (code & 0x3f));
    }
  }
  text = std::move(out);
  return true;
}

// RFC 2231, 4: %XX.
std::string DecodePercents(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int code = text[i] == '%' && text.size() - i >= 3 ? HexPair(text.substr(i + 1, 2)) : -1;
    out += code < 0 ? text[i] : static_cast<char>(code);
    if (code >= 0) i += 2;
  }
  return out;
}

// One parameter as it is written; `name*1*=value` has them all.
struct Piece {
  std::string name;
  std::size_t index = 0;
  bool is_encoded = false;
  std::string value;
};

// name*INDEX*
Piece MakePiece(std::string_view name, std::string value) {
  Piece piece;
  if (name.ends_with('*')) {
    piece.is_encoded = true;
    name.remove_suffix(1);
  }
  if (const std::size_t star = name.find('*'); star != std::string_view::npos) {
    for (const char c : name.substr(star + 1)) {
      if (c < '0' || c > '9' || piece.index > kMaxParameters) break;
      piece.index = piece.index * 10 + static_cast<std::size_t>(c - '0');
    }
    name = name.substr(0, star);
  }
  piece.name = Lower(Trim(name));
  piece.value = std::move(value);
  return piece;
}

// Comments (RFC 5322, 3.2.2), which stand in names of files, too, where they are none: left out before the first ';'.
std::string_view BeforeComment(std::string_view value) { return Trim(value.substr(0, value.find('('))); }

std::string TakeQuoted(std::string_view text, std::size_t& at) {
  std::string value;
  for (++at; at < text.size() && text[at] != '"'; ++at) {
    // In Windows paths, which some programs write here, backslashes quote nothing.
    if (text[at] == '\\' && at + 1 < text.size() && (text[at + 1] == '"' || text[at + 1] == '\\')) ++at;
    value += text[at];
  }
  if (at < text.size()) ++at;
  return value;
}

std::vector<Piece> TakePieces(std::string_view text) {
  std::vector<Piece> pieces;
  std::size_t at = 0;
  while (at < text.size() && pieces.size() < kMaxParameters) {
    at = text.find_first_not_of("; \t\r\n", at);
    if (at == std::string_view::npos) break;
    const std::size_t stop = text.find_first_of("=;", at);
    if (stop == std::string_view::npos) break;
    if (text[stop] == ';') {
      at = stop;
      continue;
    }
    std::string_view name = Trim(text.substr(at, stop - at));
    // Behind a comment, or something that has no '='.
    if (const std::size_t blank = name.find_last_of(" \t)"); blank != std::string_view::npos) {
      name.remove_prefix(blank + 1);
    }
    at = std::min(text.find_first_not_of(kBlanks, stop + 1), text.size());
    std::string value;
    if (at < text.size() && text[at] == '"') {
      value = TakeQuoted(text, at);
    } else {
      // Names of files have blanks, quoted or not; other values end there, as a ';' may have been forgotten.
      const std::string lower = Lower(name);
      const bool is_name = lower.starts_with("name") || lower.starts_with("filename");
      const std::size_t end = std::min(text.find_first_of(is_name ? ";" : "; \t\r\n", at), text.size());
      value = Trim(text.substr(at, end - at));
      at = end;
    }
    pieces.push_back(MakePiece(name, std::move(value)));
  }
  return pieces;
}

// The pieces of one parameter, in their order.
std::string Join(std::span<const Piece> pieces) {
  std::string joined;
  std::string charset;
  bool is_encoded = false;
  for (const Piece& piece : pieces) {
    if (!piece.is_encoded) {
      joined += piece.value;
      continue;
    }
    std::string_view value = piece.value;
    if (&piece == pieces.data()) {
      // charset'language'text
      const std::size_t first = value.find('\'');
      const std::size_t second = first == std::string_view::npos ? first : value.find('\'', first + 1);
      if (second != std::string_view::npos) {
        charset = value.substr(0, first);
        value.remove_prefix(second + 1);
      }
    }
    is_encoded = true;
    joined += DecodePercents(value);
  }
  if (is_encoded) {
    ToUtf8(charset, joined);
    return joined;
  }
  return DecodeWords(joined);
}

}  // namespace

std::string_view FieldValue::Get(std::string_view name) const {
  for (const auto& [key, text] : parameters) {
    if (key == name) return text;
  }
  return {};
}

FieldValue ParseFieldValue(std::string_view text) {
  FieldValue out;
  text = Trim(text);
  std::size_t end =
      text.find_first_of("; \t\r\n", text.starts_with('"') ? std::min(text.find('"', 1), text.size()) : 0);
  end = std::min(end, text.size());
  std::string_view main = text.substr(0, end);
  if (main.size() >= 2 && main.front() == '"' && main.back() == '"') main = main.substr(1, main.size() - 2);
  out.value = Lower(BeforeComment(main));
  std::vector<Piece> pieces = TakePieces(text.substr(end));
  // An encoded one is what is meant, where a plain one stands beside it for old programs.
  std::stable_sort(pieces.begin(), pieces.end(), [](const Piece& a, const Piece& b) {
    return std::tuple(std::string_view(a.name), a.index, !a.is_encoded) <
           std::tuple(std::string_view(b.name), b.index, !b.is_encoded);
  });
  for (std::size_t i = 0; i < pieces.size();) {
    std::size_t n = 1;
    while (i + n < pieces.size() && pieces[i + n].name == pieces[i].name &&
           pieces[i + n].index == pieces[i + n - 1].index + 1) {
      ++n;
    }
    out.parameters.emplace_back(pieces[i].name, Join(std::span(pieces).subspan(i, n)));
    i += n;
  }
  return out;
}

std::string DecodeWords(std::string_view text) {
  std::string out;
  bool is_behind_word = false;
  while (!text.empty()) {
    const std::size_t begin = text.find("=?");
    const std::string_view plain = text.substr(0, begin);
    // RFC 2047, 6.2: blanks between two words are none.
    const bool is_gap = is_behind_word && begin != std::string_view::npos && Trim(plain).empty();
    if (begin == std::string_view::npos) return out.append(plain);
    // =?charset?B?text?=
    const std::string_view rest = text.substr(begin + 2, kMaxWordBytes);
    const std::size_t charset_end = rest.find('?');
    const std::size_t text_begin = charset_end == std::string_view::npos ? charset_end : charset_end + 3;
    const bool has_text = text_begin < rest.size() && rest[text_begin - 1] == '?';
    const std::size_t end = has_text ? rest.find("?=", text_begin) : std::string_view::npos;
    std::string word;
    bool is_word = end != std::string_view::npos;
    if (is_word) {
      const char kind = rest[charset_end + 1];
      word = rest.substr(text_begin, end - text_begin);
      if (kind == 'b' || kind == 'B') {
        word = Decode(word, Encoding::kBase64, word.size());
      } else if (kind == 'q' || kind == 'Q') {
        std::replace(word.begin(), word.end(), '_', ' ');
        word = Decode(word, Encoding::kQuotedPrintable, word.size());
      } else {
        is_word = false;
      }
      is_word = is_word && ToUtf8(rest.substr(0, charset_end), word);
    }
    if (!is_word || !is_gap) out.append(plain);
    if (is_word) {
      out.append(word);
      text.remove_prefix(begin + 2 + end + 2);
    } else {
      out.append("=?");
      text.remove_prefix(begin + 2);
    }
    is_behind_word = is_word;
  }
  return out;
}

}  // namespace dl::unpack::mail
