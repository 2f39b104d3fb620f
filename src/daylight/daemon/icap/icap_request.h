// IcapRequest is the head of an ICAP request (RFC 3507), taken apart and checked.
//
//   IcapRequest request;
//   if (const int status = ParseIcapRequest(head, request)) Refuse(status);
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dl::daemon {

enum class IcapMethod : std::uint8_t { kOptions, kReqmod, kRespmod };

struct IcapRequest {
  // A part of what is encapsulated, in bytes from its beginning.
  struct Section {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    std::string_view Of(std::string_view sections) const {
      return sections.substr(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin));
    }
  };
  IcapMethod method = IcapMethod::kOptions;
  std::string service;              // The path of the URI, without its first slash and its query.
  std::optional<Section> req_head;  // The HTTP request's.
  std::optional<Section> res_head;  // The HTTP response's.
  std::uint64_t head_bytes = 0;     // Both: where the body begins.
  bool has_body = false;            // Chunks follow.
  bool has_preview = false;         // They end after a preview, and go on when we say so.
  bool allows_204 = false;          // Also outside a preview (section 4.6).
  bool wants_close = false;
};

// `head` up to and including its empty line. 0, or the status to refuse it with: 400,
// 501 (method), 505 (version).
int ParseIcapRequest(std::string_view head, IcapRequest& request);

}  // namespace dl::daemon
