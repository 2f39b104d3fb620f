// Takes in a stream (standard input) so that it can be scanned like a file.
#pragma once

#include <atomic>
#include <cstdint>

#include "daylight/base/error.h"
#include "daylight/os/fd.h"

namespace dl::os {

struct Spooled {
  Fd fd;  // Sealed, in memory.
  std::uint64_t size = 0;
  bool cut = false;  // The stream went on past the limit.
};

// Reads `fd` to its end or to `limit_bytes` (0: no limit). kBudget once `stop`
// is set.
Result<Spooled> Spool(int fd, std::uint64_t limit_bytes, const std::atomic<bool>& stop);

}  // namespace dl::os
