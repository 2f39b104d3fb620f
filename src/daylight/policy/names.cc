#include "daylight/policy/names.h"

#include <algorithm>
#include <array>

namespace dl::policy {

namespace {

constexpr std::size_t kMaxNameBytes = 200;

char LowerOf(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool IsWordByte(char c) {
  const char lower = LowerOf(c);
  return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80;
}

bool IsForm(std::string_view word) {
  constexpr std::array<std::string_view, 32> kForms{
      "ao",  "ooo",     "zao",  "oao",         "pao", "jsc",     "cjsc", "ojsc", "llc", "inc", "incorporated",
      "ltd", "limited", "corp", "corporation", "co",  "company", "gmbh", "ag",   "sa",  "sas", "srl",
      "bv",  "nv",      "plc",  "pte",         "pty", "the",     "ab",   "oy",   "as",  "kk"};
  return std::find(kForms.begin(), kForms.end(), word) != kForms.end();
}

std::string_view FirstWord(std::string_view text) { return text.substr(0, text.find(' ')); }
std::string_view LastWord(std::string_view text) {
  const std::size_t space = text.rfind(' ');
  return space == std::string_view::npos ? text : text.substr(space + 1);
}

}  // namespace

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), LowerOf);
  return lower;
}

std::string PlainName(std::string_view text) {
  std::string name;
  if (text.size() > kMaxNameBytes) return name;
  bool pending = false;
  for (const char c : text) {
    if (!IsWordByte(c)) {
      // "Dr.Web" and "drweb" are written both ways; a dot or apostrophe parts no words, but "Co., Ltd." does.
      pending = pending || (c != '.' && c != '\'');
      continue;
    }
    if (pending && !name.empty()) name += ' ';
    pending = false;
    name += LowerOf(c);
  }
  return name;
}

std::string CanonicalName(std::string_view text) {
  const std::string plain = PlainName(text);
  std::string_view name = plain;
  while (name.find(' ') != std::string_view::npos) {
    if (IsForm(LastWord(name))) {
      name.remove_suffix(LastWord(name).size() + 1);
    } else if (IsForm(FirstWord(name))) {
      name.remove_prefix(FirstWord(name).size() + 1);
    } else {
      break;
    }
  }
  return std::string(name);
}

Contact ParseContact(std::string_view text) {
  Contact contact;
  text = text.substr(0, 1024);
  const std::size_t open = text.rfind('<');
  std::string_view address = open == std::string_view::npos ? text : text.substr(open + 1);
  if (const std::size_t close = address.find('>'); close != std::string_view::npos) address = address.substr(0, close);
  const std::size_t at = address.rfind('@');
  if (at != std::string_view::npos && address.find(' ') == std::string_view::npos) {
    contact.domain = Lower(address.substr(at + 1));
  }
  std::string_view name = open == std::string_view::npos ? (contact.domain.empty() ? text : "") : text.substr(0, open);
  while (!name.empty() && (name.back() == ' ' || name.back() == '"')) name.remove_suffix(1);
  while (!name.empty() && (name.front() == ' ' || name.front() == '"')) name.remove_prefix(1);
  contact.name = std::string(name);
  return contact;
}

bool IsWithinDomain(std::string_view domain, std::string_view suffix) {
  if (suffix.empty() || domain.size() < suffix.size()) return false;
  if (domain.substr(domain.size() - suffix.size()) != suffix) return false;
  return domain.size() == suffix.size() || domain[domain.size() - suffix.size() - 1] == '.';
}

bool HasWord(std::string_view lower, std::string_view word) {
  if (word.empty()) return false;
  for (std::size_t at = lower.find(word); at != std::string_view::npos; at = lower.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if ((at == 0 || !IsWordByte(lower[at - 1])) && (end == lower.size() || !IsWordByte(lower[end]))) return true;
  }
  return false;
}

}  // namespace dl::policy
