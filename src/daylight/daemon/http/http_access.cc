#include "daylight/daemon/http/http_access.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "daylight/daemon/text/head.h"

namespace dl::daemon {
namespace {

// Without the port: "localhost", "127.0.0.1", "[::1]".
std::string_view HostWithoutPort(std::string_view host) {
  if (host.starts_with('[')) {
    const std::size_t end = host.find(']');
    return end == std::string_view::npos ? host : host.substr(0, end + 1);
  }
  return host.substr(0, host.find(':'));
}

bool IsAddress(std::string_view host) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  if (host.starts_with('[') && host.ends_with(']')) {
    return inet_pton(AF_INET6, std::string(host.substr(1, host.size() - 2)).c_str(), bytes.data()) == 1;
  }
  return inet_pton(AF_INET, std::string(host).c_str(), bytes.data()) == 1;
}

}  // namespace

int RefuseBrowser(const HttpRequest& request, const std::vector<std::string>& hosts, bool is_local) {
  const std::size_t count = request.Count("Host");
  // RFC 9112, section 3.2.
  if (count > 1 || (count == 0 && request.version == 11)) return 400;
  const std::string_view host = count == 1 ? Trim(*request.Find("Host")) : std::string_view();
  if (!is_local && count == 1) {
    std::string_view name = HostWithoutPort(host);
    if (name.ends_with('.')) name.remove_suffix(1);
    const bool is_known =
        EqualNoCase(name, "localhost") || IsAddress(name) ||
        std::any_of(hosts.begin(), hosts.end(), [&](const std::string& h) { return EqualNoCase(h, name); });
    if (!is_known) return 421;
  }
  if (request.Count("Origin") > 1) return 403;
  if (const auto origin = request.Find("Origin")) {
    const std::size_t scheme = origin->find("://");
    if (scheme == std::string_view::npos || host.empty() || !EqualNoCase(origin->substr(scheme + 3), host)) return 403;
  }
  // What has no Origin, such as an image, browsers tell by this one (Fetch Metadata).
  if (const auto site = request.Find("Sec-Fetch-Site")) {
    if (*site != "same-origin" && *site != "none") return 403;
  }
  return 0;
}

bool HasToken(const HttpRequest& request, std::string_view token) {
  const auto given = request.Find("Authorization");
  if (!given || token.empty() || request.Count("Authorization") != 1) return false;
  constexpr std::string_view kScheme = "bearer ";
  if (!EqualNoCase(given->substr(0, kScheme.size()), kScheme)) return false;
  const std::string_view guess = Trim(given->substr(kScheme.size()));
  // All of the token is looked at, whatever was guessed.
  unsigned difference = guess.size() == token.size() ? 0 : 1;
  for (std::size_t i = 0; i < token.size(); ++i) {
    const char other = i < guess.size() ? guess[i] : '\0';
    difference |= static_cast<unsigned>(static_cast<unsigned char>(token[i] ^ other));
  }
  // So that no compiler leaves early.
  const volatile unsigned result = difference;
  return result == 0;
}

}  // namespace dl::daemon
