// URLs as clamscan 1.4 sees them when it looks for phishing: its clean forms,
// its idea of what is a URL, hosts and domains.
//
// All of it must be the same to the letter where lines of databases are to mean
// the same, so also where it is strange. Every function is bounded by the
// length of its text, quadratically in places; links have at most 1,024 bytes.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dl::clamav {

// Whether links with this text are looked at. `any_scheme`: for what is shown,
// which is cut after its last top-level domain then, when there is more.
bool IsUrl(std::string& text, bool any_scheme);

// What clamscan takes for URLs in a text that has no links: http: and ftp:, and
// not https:, up to the next white space, at most 1,023 bytes of each.
std::vector<std::string> UrlsInText(std::string_view text);

struct CleanUrl {
  std::string url;     // Without path, in lower case from the host on, %xx resolved.
  std::string spaced;  // What is shown: the same before spaces were removed.
};
CleanUrl Clean(std::string_view text, bool is_target);

struct UrlHost {
  std::string host;  // With a dot before it.
  std::size_t start = 0;
  std::size_t end = 0;  // Of the URL it was taken from.
  bool is_mail_address = false;
};
UrlHost HostOf(std::string_view url, bool is_target);

// The part of a host that someone registered.
std::string_view DomainOf(std::string_view host);

// What digests of .gdb files are made of: "host/" and "path?query". Nothing when
// the URL has no scheme.
struct CanonicalUrl {
  std::string host;  // With its slash.
  std::string path;
};
std::optional<CanonicalUrl> Canonical(std::string_view url);
// Up to 30 texts to look up, in clamscan's order.
std::vector<std::string> LookupTexts(const CanonicalUrl& url);

}  // namespace dl::clamav
