// What a settled report means to a client of the daemon, by the administrator's choices.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "daylight/daemon/service/allow_list.h"
#include "daylight/daemon/service/scanning.h"

namespace dl::daemon {

// What to do with what was not fully read, by protocol; and with what could not be
// scanned at all, protocols answer as they can.
struct IncompletePolicy {
  std::array<bool, 6> blocks{};  // By Protocol.
  bool Blocks(Protocol protocol) const { return blocks[static_cast<std::size_t>(protocol)]; }
  bool operator==(const IncompletePolicy&) const = default;
};

// Takes the report over; `now` in seconds since 1970.
ScanOutcome MakeOutcome(report::ObjectReport report, Protocol protocol, const AllowList& allowed,
                        const IncompletePolicy& policy, std::int64_t now);

// How clients of clamd know what was not read: "Heuristics.Encrypted.Zip",
// "Heuristics.Limits.Exceeded.MaxFileSize".
std::string HeuristicName(const report::Incomplete& gap);

}  // namespace dl::daemon
