#include "daylight/rules/clamav/url_buffer.h"

#include <algorithm>

namespace dl::clamav {

namespace {

bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool IsAlnum(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}
// What is no digit counts as 0 where there must be one.
char FromHex(char high, char low) {
  if (high == '0' && low == '0') return '\x01';
  return static_cast<char>(std::max(HexDigit(high), 0) << 4 | std::max(HexDigit(low), 0));
}

}  // namespace

UrlBuffer::UrlBuffer(std::string_view text)
    : bytes_(text.substr(0, text.find('\0'))), last_(static_cast<std::ptrdiff_t>(bytes_.size()) - 1) {}

char UrlBuffer::At(std::ptrdiff_t i) const {
  return i >= 0 && static_cast<std::size_t>(i) < bytes_.size() ? bytes_[static_cast<std::size_t>(i)] : '\0';
}
void UrlBuffer::Set(std::ptrdiff_t i, char c) {
  if (i >= 0 && static_cast<std::size_t>(i) < bytes_.size()) bytes_[static_cast<std::size_t>(i)] = c;
}
void UrlBuffer::Move(std::ptrdiff_t to, std::ptrdiff_t from, std::ptrdiff_t last) {
  for (; from <= last; ++from, ++to) Set(to, At(from));
}

std::string UrlBuffer::text() const {
  std::string out;
  for (std::ptrdiff_t i = begin_; i <= last_ && At(i) != '\0'; ++i) out.push_back(At(i));
  return out;
}

bool UrlBuffer::StartsAt(std::ptrdiff_t at, std::string_view what) const {
  for (const char c : what) {
    if (At(at++) != c) return false;
  }
  return true;
}

void UrlBuffer::ClearHighBits() {
  for (char& c : bytes_) c = static_cast<char>(std::max(c & 0x7f, 0x20));
}

bool UrlBuffer::TrimWhiteSpace() {
  while (IsSpace(At(begin_))) ++begin_;
  if (begin_ >= last_) return false;
  while (IsSpace(At(last_))) --last_;
  return true;
}

void UrlBuffer::TrimSpaces() {
  while (begin_ <= last_ && At(begin_) == ' ') ++begin_;
  while (begin_ <= last_ && At(last_) == ' ') --last_;
}

void UrlBuffer::Replace(char from, char to) {
  for (std::ptrdiff_t i = begin_; i <= last_; ++i) {
    if (At(i) == from) Set(i, to);
  }
}

void UrlBuffer::CutBehindHost() {
  const std::size_t colon = bytes_.find(':', static_cast<std::size_t>(begin_));
  std::ptrdiff_t host = begin_;
  if (colon != std::string::npos) {
    host = static_cast<std::ptrdiff_t>(colon);
    while (host < last_ && At(host + 1) == '/') ++host;
    ++host;
  }
  std::ptrdiff_t length = 0;
  for (char c = At(host); c != '\0' && c != ':' && c != '/' && c != '?'; c = At(host + length)) ++length;
  if (host + length > last_ + 1) {
    length = last_ - host + 1;
  } else {
    last_ = host + length - 1;
  }
  Set(host + length, '\0');
  for (std::ptrdiff_t i = host; i < host + length; ++i) Set(i, Lower(At(i)));
}

void UrlBuffer::Strip(std::string_view what) {
  const auto length = static_cast<std::ptrdiff_t>(what.size());
  if (last_ <= begin_) return;
  for (std::ptrdiff_t i = 0; i < length; ++i) {
    if (At(begin_ + i) == '\0') return;
  }
  std::ptrdiff_t at = begin_;
  if (StartsAt(at, what)) at += length;
  if (length <= last_ - at) {
    while (last_ - length + 1 > at && StartsAt(last_ - length + 1, what)) last_ -= length;
  }
  begin_ = at++;
  for (; at + length <= last_; ++at) {
    while (at + length <= last_ && StartsAt(at, what)) {
      Move(at, at + length, last_);
      last_ -= length;
    }
  }
}

void UrlBuffer::Unescape() {
  std::ptrdiff_t at = begin_;
  if (last_ <= at + 1) return;
  if (At(at) == '%') {
    Set(at + 2, FromHex(At(at + 1), At(at + 2)));
    at += 2;
  }
  begin_ = at++;
  const std::ptrdiff_t first = at;
  for (bool again = true; again;) {
    again = false;
    for (at = first; at + 3 <= last_; ++at) {
      if (At(at) != '%' || HexDigit(At(at + 1)) < 0 || HexDigit(At(at + 2)) < 0) continue;
      const char c = FromHex(At(at + 1), At(at + 2));
      Set(at, c);
      if (c == '%') again = true;
      Move(at + 1, at + 3, last_);
      last_ -= 2;
    }
  }
}

void UrlBuffer::FixSpaces() {
  if (last_ < begin_) return;
  Strip(" ");
  while (begin_ <= last_ && !IsAlnum(At(begin_))) ++begin_;
  while (last_ >= begin_ && !IsAlnum(At(last_))) --last_;
  if (At(last_ + 1) == '/') ++last_;
}

}  // namespace dl::clamav
