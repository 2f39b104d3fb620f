// CuckooReport is what the cuckoo module needs of a sandbox's report in JSON:
// what the program looked up, requested, opened and locked.
//
//   DL_TRY(const CuckooReport report, ParseCuckooReport(json));
//   for (const HttpRequest& request : report.http) ...
//
// Reports may hold hundreds of megabytes of other things; those are skipped as
// they are read, never stored.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "daylight/base/error.h"
#include "daylight/bytes/bytes.h"

namespace dl::yara {

// Limits on a hostile report: one past them is kBudget. Depth is jansson's.
inline constexpr std::size_t kMaxCuckooBytes = 512u << 20;
inline constexpr std::size_t kMaxCuckooEntries = 1u << 20;
inline constexpr std::size_t kMaxCuckooDepth = 2048;

struct HttpRequest {
  std::optional<std::string> uri;
  std::optional<std::string> method;
  std::optional<std::string> user_agent;
};

struct NetworkPeer {
  std::string destination;
  std::int64_t port = 0;
};

// Each text ends before its first NUL.
struct CuckooReport {
  std::vector<std::string> resolved_names;  // "domains", or "dns" where there are none.
  std::vector<HttpRequest> http;
  std::vector<std::string> hosts;
  std::vector<NetworkPeer> tcp;
  std::vector<NetworkPeer> udp;
  std::vector<std::string> keys;
  std::vector<std::string> files;
  std::vector<std::string> mutexes;
};

// kMalformed when `json` is not one JSON object or array in UTF-8. What has
// another shape than Cuckoo writes is skipped; of equal names the last counts.
Result<CuckooReport> ParseCuckooReport(Bytes json);

}  // namespace dl::yara
