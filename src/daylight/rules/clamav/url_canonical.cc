// How a URL is brought into the one form that digests are made of.
#include <algorithm>

#include "daylight/rules/clamav/url_text.h"

namespace dl::clamav {

namespace {

constexpr std::size_t kMaxBytes = 1024;

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool IsHex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
int HexDigit(char c) { return c <= '9' ? c - '0' : Lower(c) - 'a' + 10; }

// One %xx to a byte at each place, again while that makes a new %.
void Unescape(std::string& url) {
  if (url.size() < 2) return;
  std::size_t first = 1;
  if (url[0] == '%' && url.size() > 2) {
    // At the very start it is taken to be one, whatever it is.
    const int value = url[1] == '0' && url[2] == '0'
                          ? 1
                          : (IsHex(url[1]) ? HexDigit(url[1]) : 0) << 4 | (IsHex(url[2]) ? HexDigit(url[2]) : 0);
    url[2] = static_cast<char>(value);
    url.erase(0, 2);
  }
  for (bool again = true; again;) {
    again = false;
    std::string out = url.substr(0, first);
    for (std::size_t i = first; i < url.size(); ++i) {
      if (url[i] == '%' && i + 2 < url.size() && IsHex(url[i + 1]) && IsHex(url[i + 2])) {
        const int value = url[i + 1] == '0' && url[i + 2] == '0' ? 1 : HexDigit(url[i + 1]) << 4 | HexDigit(url[i + 2]);
        out.push_back(static_cast<char>(value));
        if (value == '%') again = true;
        i += 2;
      } else {
        out.push_back(url[i]);
      }
    }
    url = std::move(out);
  }
}

// Takes /./ and /folder/../ out, from `start` on.
void ResolveDots(std::string& url, std::size_t start) {
  const auto at = [&](std::size_t i) { return i < url.size() ? url[i] : '\0'; };
  std::size_t last = url.find('/', start);
  for (std::size_t i = start; i < url.size(); ++i) {
    if (i + 2 < url.size() && url[i] == '/' && url[i + 1] == '.') {
      if (url[i + 2] == '/') {
        url.erase(i + 1, 2);
      } else if (url[i + 2] == '.' && (at(i + 3) == '/' || at(i + 3) == '\0') && last != std::string::npos) {
        const std::size_t removed = std::min(3 + (i - last), url.size() - last);
        url.erase(std::min(last + 1, url.size()), removed);
      }
    }
    if (at(i) == '/') last = i;
  }
}

std::string Escape(std::string_view url, std::size_t start) {
  static constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out(url.substr(0, start));
  for (const char c : url.substr(start)) {
    if (out.size() + 3 > kMaxBytes) break;
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 32 || byte >= 127 || c == '%' || c == '#') {
      out.push_back('%');
      out.push_back(kDigits[byte >> 4]);
      out.push_back(kDigits[byte & 15]);
    } else {
      out.push_back(c);
    }
  }
  return out;
}

}  // namespace

std::optional<CanonicalUrl> Canonical(std::string_view text) {
  std::string url(text.substr(0, kMaxBytes));
  std::size_t host = url.find(':');
  if (host == std::string::npos) return std::nullopt;
  ++host;
  while (host < url.size() && url[host] == '/') ++host;
  // The user's name.
  const std::size_t at = std::string_view(url).substr(0, url.find_first_of(":/?", host)).find('@', host);
  if (at != std::string::npos) host = at + 1;
  url.erase(0, host);
  Unescape(url);
  host = 0;
  while (host < url.size() && url[host] == '/') ++host;
  while (host < url.size() && url[host] == '.') ++host;
  ResolveDots(url, host);
  url = Escape(url, std::min(host, url.size()));
  url.erase(0, std::min(host, url.size()));
  const std::size_t end = std::min(url.find_first_of(":/?"), url.size());
  CanonicalUrl out;
  out.host = url.substr(0, end);
  std::transform(out.host.begin(), out.host.end(), out.host.begin(), Lower);
  out.host.push_back('/');
  if (end < url.size()) out.path = url.substr(end + 1);
  return out;
}

}  // namespace dl::clamav
