#include "daylight/rules/clamav/phishing.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>
#include <tuple>

#include "daylight/crypto/digest.h"
#include "daylight/formats/mail/mail.h"
#include "daylight/rules/clamav/reader.h"
#include "daylight/rules/clamav/url_text.h"

namespace dl::clamav {

namespace {

constexpr std::string_view kSpoofed = "Heuristics.Phishing.Email.SpoofedDomain";
constexpr std::string_view kCloaked = "Heuristics.Phishing.Email.Cloaked.Null";
constexpr std::string_view kSslSpoof = "Heuristics.Phishing.Email.SSL-Spoof";

// What a .gdb line's digit after the S means.
std::string_view NameOfDigest(char flag) {
  if (flag == '1') return "Heuristics.Phishing.URL.Blocked";
  if (flag == '2') return "Heuristics.Safebrowsing.Suspected-phishing_safebrowsing.clamav.net";
  return "Heuristics.Safebrowsing.Suspected-malware_safebrowsing.clamav.net";
}

// About a second of searching for one object.
constexpr std::uint64_t kMaxWork = std::uint64_t{1} << 30;
constexpr std::uint64_t kWorkOfDigest = 4096;
constexpr std::uint64_t kWorkOfLink = 1024;

bool IsNumber(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}
std::uint64_t ToNumber(std::string_view text) {
  std::uint64_t value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  return result.ec == std::errc::result_out_of_range ? ~std::uint64_t{0} : value;
}

// Takes ":least-greatest" off the end. False: for other levels.
bool TakeLevels(std::string_view& line) {
  const std::size_t colon = line.rfind(':');
  if (colon == std::string_view::npos) return true;
  const std::string_view levels = line.substr(colon + 1);
  const std::size_t dash = levels.find('-');
  if (dash == std::string_view::npos) return true;
  const std::string_view least = levels.substr(0, dash);
  const std::string_view greatest = levels.substr(dash + 1);
  if (!IsNumber(least) || !IsNumber(greatest)) return true;
  if (ToNumber(least) > kFunctionalityLevel) return false;
  if (!greatest.empty() && ToNumber(greatest) < kFunctionalityLevel) return false;
  line = line.substr(0, colon);
  return true;
}

std::optional<std::array<std::byte, 32>> ParseDigest(std::string_view text) {
  std::array<std::byte, 32> digest{};
  if (text.size() != 2 * digest.size()) return std::nullopt;
  for (std::size_t i = 0; i < digest.size(); ++i) {
    unsigned value = 0;
    const char* const end = text.data() + 2 * i + 2;
    const auto result = std::from_chars(end - 2, end, value, 16);
    if (result.ec != std::errc() || result.ptr != end) return std::nullopt;
    digest[i] = static_cast<std::byte>(value);
  }
  return digest;
}

std::string WithoutDot(std::string_view host) {
  if (host.starts_with('.')) host.remove_prefix(1);
  return std::string(host);
}

LinkList::Lookup LookupOfPair(std::string_view target, std::string_view shown) {
  LinkList::Lookup lookup;
  lookup.text = WithoutDot(target) + ":" + WithoutDot(shown) + "/";
  return lookup;
}

}  // namespace

Status Phishing::AddDigest(char flag, std::string_view text) {
  if (text.starts_with("P:")) {
    // Beginnings of digests of hosts: clamscan 1.4 loads them and asks nothing of them.
    return {};
  }
  if (!text.starts_with("W:") && !text.starts_with("F:")) {
    return Fail(ErrorCode::kMalformed, "a digest that is not W:, F: or P:");
  }
  const auto digest = ParseDigest(text.substr(2));
  if (!digest) return Fail(ErrorCode::kMalformed, "not a SHA-256 digest");
  digests_.emplace(*digest, text.starts_with('W') ? 'W' : flag);
  return {};
}

Status Phishing::Add(FileKind kind, std::string_view line) {
  while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
  if (line.empty() || line.starts_with('#') || !TakeLevels(line)) return {};
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return Fail(ErrorCode::kMalformed, "no field");
  const std::string_view text = line.substr(colon + 1);
  const bool is_allowed = kind == FileKind::kWdb;
  switch (line[0]) {
    case 'R':
      if (!is_allowed) return listed_.AddExpression(text);
      break;
    case 'H':
      if (!is_allowed) return listed_.AddHost(text);
      break;
    case 'X':
    case 'Y':
      if (is_allowed) return allowed_.AddExpression(text);
      break;
    case 'M':
      if (is_allowed) return allowed_.AddHost(text);
      break;
    case 'S':
      if (!is_allowed) return AddDigest(line[1], text);
      // Nothing is asked of these.
      if (text.starts_with('W')) return {};
      break;
    default: break;
  }
  return Fail(ErrorCode::kMalformed, "a flag that this kind of file does not have");
}

// One link against all lists.
class LinkCheck {
 public:
  LinkCheck(const Phishing& phishing, std::uint64_t& work) : phishing_(phishing), work_(work) {}

  // The name to tell, or nothing.
  std::string_view Name(const CheckedLink& link) {
    std::string target = link.target;
    if (!IsUrl(target, false)) return {};
    if (!phishing_.digests_.empty()) {
      const auto url = Canonical(target);
      if (!url) return {};
      if (const char flag = FindDigest(*url); flag != '\0') return NameOfDigest(flag);
    }
    if (target == link.shown || link.shown.empty() || phishing_.listed_.empty()) return {};
    const CleanUrl clean_target = Clean(target, true);
    CleanUrl clean_shown = Clean(link.shown, false);
    if (clean_target.url == clean_shown.url) return {};
    if (!IsUrl(clean_shown.url, true)) return {};
    if (IsAllowed(clean_target.url, clean_shown.url)) return {};
    const bool pair_is_listed = phishing_.listed_.Find(LookupOfPair(clean_target.url, clean_shown.url), work_).is_found;
    return NameOfHosts(link.kind, clean_target.url, clean_shown, pair_is_listed);
  }

 private:
  bool IsAllowed(std::string_view target, std::string_view shown) {
    return phishing_.allowed_.Find(LookupOfPair(target, shown), work_).is_found;
  }

  char FindDigest(const CanonicalUrl& url) {
    for (const std::string& text : LookupTexts(url)) {
      work_ += kWorkOfDigest;
      const auto found = phishing_.digests_.find(crypto::Sha256::Of(AsBytes(text)));
      if (found != phishing_.digests_.end() && found->second != 'W') return found->second;
    }
    return '\0';
  }

  std::string_view NameOfHosts(CheckedLink::Kind kind, const std::string& target, CleanUrl& shown,
                               bool pair_is_listed) {
    UrlHost shown_host = HostOf(shown.url, false);
    if (shown_host.host.find(' ') != std::string::npos) return {};
    if (shown_host.end < shown.spaced.size()) shown.spaced.resize(shown_host.end);
    const UrlHost target_host = HostOf(target, true);
    if (target_host.is_mail_address || target_host.host.find("..") != std::string::npos ||
        target_host.host.find(' ') != std::string::npos || target == shown.url) {
      return {};
    }
    if (IsAllowed(target_host.host, shown_host.host)) return {};
    const bool host_is_listed = FindHost(shown_host, shown.spaced);
    // A listed host brings all checks; a listed pair only that of the domains,
    // and none of pictures.
    if (!host_is_listed && kind == CheckedLink::Kind::kImage) return {};
    if (host_is_listed && target.find('\x01') != std::string::npos) return kCloaked;
    if (host_is_listed && kind == CheckedLink::Kind::kAnchor && shown.url.starts_with("https:") &&
        !target.starts_with("https:")) {
      return kSslSpoof;
    }
    if (!host_is_listed && !pair_is_listed) return {};
    if (DomainOf(target_host.host) == DomainOf(shown_host.host)) return {};
    return kSpoofed;
  }

  bool FindHost(UrlHost& shown, std::string_view spaced) {
    LinkList::Lookup lookup;
    const std::string host = WithoutDot(shown.host);
    lookup.text = host + "/";
    lookup.has_shown = true;
    lookup.shown = spaced;
    lookup.host_start = shown.start;
    const LinkList::Match match = phishing_.listed_.Find(lookup, work_);
    if (!match.is_found) return false;
    // Where a space separated it from what stands before, a dot does now.
    if (match.host_bytes > 0 && host.size() > match.host_bytes && host[host.size() - match.host_bytes - 1] != '.') {
      shown.host = host.substr(0, host.size() - match.host_bytes) + "." + host.substr(host.size() - match.host_bytes);
    }
    return true;
  }

  const Phishing& phishing_;
  std::uint64_t& work_;
};

std::vector<CheckedLink> LinksToCheck(const html::Links& links) {
  std::vector<CheckedLink> out;
  for (const html::Link& link : links.links) {
    const std::string displayed = link.displayed.value_or(std::string());
    if (link.kind == "href") {
      out.push_back({CheckedLink::Kind::kAnchor, link.url, displayed});
    } else {
      // Of all others the target is what the tag stands in.
      const bool is_image = link.kind == "src";
      out.push_back({is_image ? CheckedLink::Kind::kImage : CheckedLink::Kind::kOther, displayed, link.url});
    }
  }
  return out;
}

PhishingVerdict Phishing::Check(const std::vector<CheckedLink>& links) const {
  PhishingVerdict verdict;
  if (empty()) return verdict;
  std::uint64_t work = 0;
  LinkCheck check(*this, work);
  using Key = std::tuple<CheckedLink::Kind, std::string_view, std::string_view>;
  std::set<Key> seen;
  for (const CheckedLink& link : links) {
    if (!seen.insert(Key(link.kind, link.target, link.shown)).second) continue;
    work += kWorkOfLink;
    if (work > kMaxWork) {
      verdict.is_limited = true;
      break;
    }
    const std::string_view name = check.Name(link);
    if (name.empty() || std::find(verdict.names.begin(), verdict.names.end(), name) != verdict.names.end()) continue;
    verdict.names.emplace_back(name);
  }
  return verdict;
}

bool IsReadAsMail(filetype::ClamType type, const filetype::RawTypes& raw) {
  return type == filetype::ClamType::kMail || raw.detected == filetype::ClamType::kMail ||
         std::any_of(raw.embedded.begin(), raw.embedded.end(),
                     [](const filetype::Embedded& found) { return found.type == filetype::ClamType::kMhtml; });
}

PhishingVerdict FindPhishing(Bytes mail, const Phishing& phishing) {
  if (phishing.empty()) return {};
  const mail::TextParts found = mail::FindTextParts(mail);
  bool is_limited = found.is_limited;
  std::vector<CheckedLink> links;
  for (const mail::TextPart& part : found.parts) {
    const html::Links more = html::FindLinks(AsBytes(part.text));
    is_limited = is_limited || !more.complete;
    std::vector<CheckedLink> checked = LinksToCheck(more);
    std::move(checked.begin(), checked.end(), std::back_inserter(links));
    if (!more.links.empty()) continue;
    for (std::string& url : UrlsInText(part.text)) {
      links.push_back({CheckedLink::Kind::kAnchor, std::move(url), std::string()});
    }
  }
  PhishingVerdict verdict = phishing.Check(links);
  verdict.is_limited = verdict.is_limited || is_limited;
  return verdict;
}

}  // namespace dl::clamav
