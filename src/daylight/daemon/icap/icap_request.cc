#include "daylight/daemon/icap/icap_request.h"

#include "daylight/daemon/text/head.h"

namespace dl::daemon {
namespace {

constexpr int kBadRequest = 400;
constexpr int kNotImplemented = 501;
constexpr int kVersionNotSupported = 505;

// icap://host:port/service?query; also just /service, as some clients of c-icap say.
// An IPv6 address comes without brackets from rspamd: nothing is read out of the host.
std::optional<std::string> ServiceOf(std::string_view uri) {
  const std::size_t scheme = uri.find("://");
  if (scheme != std::string_view::npos && scheme <= 5) {
    if (!EqualNoCase(uri.substr(0, scheme), "icap") && !EqualNoCase(uri.substr(0, scheme), "icaps"))
      return std::nullopt;
    uri.remove_prefix(scheme + 3);
    const std::size_t slash = uri.find('/');
    if (slash == std::string_view::npos) return std::string();
    uri.remove_prefix(slash);
  }
  if (!uri.starts_with('/')) return std::nullopt;
  uri.remove_prefix(1);
  uri = uri.substr(0, uri.find_first_of("?#"));
  while (uri.ends_with('/')) uri.remove_suffix(1);
  return std::string(uri);
}

// Section 4.4.1: the parts in the order in which they come, the first at 0, and the
// body, or that there is none, as the last.
bool ParseEncapsulated(std::string_view list, IcapRequest& request) {
  std::optional<IcapRequest::Section>* open = nullptr;
  std::uint64_t last = 0;
  bool has_end = false;
  bool is_first = true;
  while (const auto item = NextItem(list)) {
    const std::size_t equals = item->find('=');
    if (equals == std::string_view::npos || has_end) return false;
    const std::string_view name = Trim(item->substr(0, equals));
    const auto offset = ParseDecimal(Trim(item->substr(equals + 1)));
    if (!offset || (is_first ? *offset != 0 : *offset <= last)) return false;
    if (open != nullptr) (*open)->end = *offset;
    open = nullptr;
    last = *offset;
    is_first = false;
    const auto is = [&](std::string_view text) { return EqualNoCase(name, text); };
    const bool is_respmod = request.method == IcapMethod::kRespmod;
    if (is("req-hdr") && request.method != IcapMethod::kOptions && !request.req_head && !request.res_head) {
      open = &request.req_head;
    } else if (is("res-hdr") && is_respmod && !request.res_head) {
      open = &request.res_head;
    } else if (is("null-body")) {
      has_end = true;
    } else if ((is("res-body") && is_respmod) || (is("req-body") && request.method == IcapMethod::kReqmod) ||
               (is("opt-body") && request.method == IcapMethod::kOptions)) {
      has_end = true;
      request.has_body = true;
    } else {
      return false;
    }
    if (open != nullptr) *open = IcapRequest::Section{*offset, *offset};
  }
  request.head_bytes = last;
  return has_end;
}

}  // namespace

int ParseIcapRequest(std::string_view text, IcapRequest& request) {
  const auto head = Head::Parse(text, Head::Manner::kStrict);
  if (!head) return kBadRequest;
  const std::string_view line = head->start_line();
  const std::size_t first = line.find(' ');
  const std::size_t second = line.find(' ', first == std::string_view::npos ? first : first + 1);
  if (second == std::string_view::npos || line.find(' ', second + 1) != std::string_view::npos) return kBadRequest;
  const std::string_view method = line.substr(0, first);
  const std::string_view version = line.substr(second + 1);
  if (!IsToken(method) || !version.starts_with("ICAP/")) return kBadRequest;
  if (version != "ICAP/1.0") return kVersionNotSupported;
  // Case counts in methods (RFC 9110, section 9.1).
  if (method == "OPTIONS") {
    request.method = IcapMethod::kOptions;
  } else if (method == "REQMOD") {
    request.method = IcapMethod::kReqmod;
  } else if (method == "RESPMOD") {
    request.method = IcapMethod::kRespmod;
  } else {
    return kNotImplemented;
  }
  auto service = ServiceOf(line.substr(first + 1, second - first - 1));
  if (!service) return kBadRequest;
  request.service = std::move(*service);
  const std::size_t lists = head->Count("Encapsulated");
  if (lists > 1 || (lists == 0 && request.method != IcapMethod::kOptions)) return kBadRequest;
  if (lists == 1 && !ParseEncapsulated(*head->Find("Encapsulated"), request)) return kBadRequest;
  if (const auto preview = head->Find("Preview")) {
    if (head->Count("Preview") > 1 || !ParseDecimal(*preview)) return kBadRequest;
    request.has_preview = request.has_body && request.method != IcapMethod::kOptions;
  }
  request.allows_204 = head->HasToken("Allow", "204");
  request.wants_close = head->HasToken("Connection", "close");
  return 0;
}

}  // namespace dl::daemon
