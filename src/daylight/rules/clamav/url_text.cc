#include "daylight/rules/clamav/url_text.h"

#include <algorithm>
#include <array>

#include "daylight/rules/clamav/top_level_domains.h"
#include "daylight/rules/clamav/url_buffer.h"

namespace dl::clamav {

namespace {

constexpr std::string_view kHostEnd = ":/?";

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
// What names of hosts are made of here, dots apart.
bool IsNameByte(char c) {
  return IsLetter(c) || (c >= '0' && c <= '9') ||
         (c != '\0' && std::string_view("!\"#$%&'()*+,-@_").find(c) != std::string_view::npos);
}
bool AreNameBytes(std::string_view text) { return std::all_of(text.begin(), text.end(), IsNameByte); }
bool IsScheme(std::string_view text) {
  return !text.empty() && IsLetter(text.front()) &&
         std::all_of(text.begin() + 1, text.end(), [](char c) { return IsNameByte(c) && c != '#' && c != '+'; });
}

// The place of the colon of a scheme that is known, or npos.
std::size_t KnownScheme(std::string_view text) {
  for (const std::string_view scheme : {"https:", "http:", "ftp:"}) {
    if (text.starts_with(scheme)) return scheme.size() - 1;
  }
  constexpr std::string_view kMail = "mailto://";
  return text.starts_with(kMail) ? kMail.size() - 1 : std::string_view::npos;
}

}  // namespace

bool IsUrl(std::string& text, bool any_scheme) {
  const std::size_t skipped = std::min(text.find_first_not_of(' '), text.size());
  const std::string_view url = std::string_view(text).substr(skipped);
  std::size_t colon = KnownScheme(url);
  if (colon != std::string_view::npos && url.substr(colon + 1).starts_with("//")) return true;
  if (any_scheme) colon = url.find(':');
  std::size_t start = 0;
  bool has_scheme = false;
  if (colon != std::string_view::npos && IsScheme(url.substr(0, colon))) {
    start = colon + 1;
    for (int i = 0; i < 2 && start < url.size() && url[start] == '/'; ++i) ++start;
    has_scheme = true;
  }
  std::size_t end = std::min(url.find('/', start), url.size());
  if (!has_scheme) {
    const std::size_t at = url.substr(0, end).find('@', start);
    if (at != std::string_view::npos) {
      // A mail address is none, unless what it looks like before the @ is.
      const std::size_t dot = url.substr(0, at).rfind('.');
      if (dot == std::string_view::npos || dot <= start || !IsTopLevelDomain(url.substr(dot + 1, at - dot - 1))) {
        return false;
      }
    }
  }
  std::size_t label = start;
  std::optional<std::size_t> last_domain_end;
  for (;;) {
    const std::size_t dot = url.find('.', label);
    if (dot == std::string_view::npos || dot > end) break;
    const std::string_view name = url.substr(label, dot - label);
    if (name.empty() || !AreNameBytes(name)) return false;
    if (any_scheme && IsTopLevelDomain(name)) last_domain_end = dot;
    label = dot + 1;
  }
  if (label == start) return false;
  end = std::max(end, label);
  if (IsTopLevelDomain(url.substr(label, end - label))) return true;
  if (!any_scheme || !last_domain_end) return false;
  text.resize(skipped + *last_domain_end);
  return true;
}

std::vector<std::string> UrlsInText(std::string_view text) {
  constexpr std::size_t kShortest = 10;
  constexpr std::size_t kMaxUrlBytes = 1023;
  constexpr std::size_t kSchemeBytes = 4;
  const auto is_start = [](std::string_view at) {
    std::string scheme(at.substr(0, kSchemeBytes));
    // Not only letters become others by this, and so they do in clamscan.
    for (char& c : scheme) c = static_cast<char>(c | 0x20);
    // What is meant for https: looks one byte too far.
    return scheme == "ftp:" || (scheme == "http" && (at[4] == ':' || (at[5] == 's' && at[6] == ':')));
  };
  std::vector<std::string> urls;
  for (std::size_t i = 0; i + kShortest < text.size(); ++i) {
    const std::string_view rest = text.substr(i);
    if (!is_start(rest)) continue;
    const std::string_view url = rest.substr(0, std::min(rest.find_first_of(" \n\t", kSchemeBytes), kMaxUrlBytes));
    urls.emplace_back(url.substr(0, url.find('\0')));
    i += url.size();
  }
  return urls;
}

CleanUrl Clean(std::string_view text, bool is_target) {
  UrlBuffer url(text);
  url.ClearHighBits();
  if (!url.TrimWhiteSpace()) return {};
  for (const std::string_view name : {".net", "ado.net", "asp.net"}) {
    if (url.StartsAt(url.begin(), name)) return {};
  }
  url.Replace('\\', '/');
  url.CutBehindHost();
  for (const char c : std::string_view("<>\";")) url.Replace(c, ' ');
  url.Strip("&lt");
  url.Strip("&gt");
  url.Unescape();
  CleanUrl clean;
  if (is_target) {
    url.Strip(" ");
    clean.url = url.text();
  } else {
    url.TrimSpaces();
    clean.spaced = url.text();
    url.FixSpaces();
    clean.url = url.text();
  }
  return clean;
}

UrlHost HostOf(std::string_view url, bool is_target) {
  constexpr std::string_view kMail = "mailto:";
  UrlHost out;
  const std::size_t scheme = url.find("://");
  bool is_mail = false;
  if (scheme != std::string_view::npos) {
    out.start = scheme + 3;
  } else if (url.starts_with(kMail)) {
    out.start = kMail.size();
    is_mail = true;
  }
  const auto host_end = [&](std::size_t from) { return std::min(url.find_first_of(kHostEnd, from), url.size()); };
  if (is_mail && is_target) {
    out.is_mail_address = true;
  } else {
    // Behind the last @ of the host.
    for (;;) {
      out.end = host_end(out.start);
      const std::size_t at = url.find('@', out.start);
      if (at == std::string_view::npos || (out.start != out.end && at > out.end)) break;
      out.start = at + 1;
    }
  }
  out.end = host_end(out.start);
  out.host = "." + std::string(url.substr(out.start, out.end - out.start));
  return out;
}

std::string_view DomainOf(std::string_view host) {
  std::size_t dot = host.rfind('.');
  if (dot == std::string_view::npos) return host;
  const auto before = [&](std::size_t at) { return at == 0 ? std::string_view::npos : host.rfind('.', at - 1); };
  if (IsCountryDomain(host.substr(dot + 1))) {
    const std::size_t country = dot;
    dot = before(dot);
    if (dot == std::string_view::npos) return host;
    if (!IsTopLevelDomain(host.substr(dot + 1, country - dot - 1))) return host.substr(dot + 1);
  }
  dot = before(dot);
  return dot == std::string_view::npos ? host : host.substr(dot + 1);
}

std::vector<std::string> LookupTexts(const CanonicalUrl& url) {
  constexpr std::size_t kComponents = 4;
  // The host and the last five parts of it and fewer, longest last.
  std::vector<std::size_t> hosts;
  std::size_t dot = url.host.rfind('.');
  while (dot != std::string::npos && dot > 0 && hosts.size() < kComponents) {
    dot = url.host.rfind('.', dot - 1);
    if (dot != std::string::npos) hosts.push_back(dot + 1);
  }
  hosts.push_back(0);
  // All of the path, without its query, none, then its first folders.
  std::vector<std::size_t> paths{url.path.size()};
  if (!url.path.empty()) {
    const std::size_t query = url.path.find('?');
    if (query != std::string::npos) paths.push_back(query);
    paths.push_back(0);
    while (paths.size() < kComponents + 2) {
      const std::size_t slash = url.path.find('/', paths.back() + 1);
      if (slash == std::string::npos) break;
      paths.push_back(slash + 1);
    }
  }
  std::vector<std::string> texts;
  for (auto path = paths.rbegin(); path != paths.rend(); ++path) {
    for (const std::size_t host : hosts) {
      texts.push_back(url.host.substr(host) + url.path.substr(0, *path));
    }
  }
  return texts;
}

}  // namespace dl::clamav
