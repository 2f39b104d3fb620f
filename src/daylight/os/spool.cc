#include "daylight/os/spool.h"

#include <algorithm>
#include <cerrno>
#include <vector>

#include "daylight/os/io.h"
#include "daylight/os/memfd.h"

namespace dl::os {

Result<Spooled> Spool(int fd, std::uint64_t limit_bytes, const std::atomic<bool>& stop) {
  Spooled spooled;
  DL_TRY(spooled.fd, CreateMemfd("daylight-stdin"));
  std::vector<char> chunk(256 * 1024);
  for (;;) {
    if (stop.load()) return Fail(ErrorCode::kBudget, "interrupted");
    const ssize_t n = ::read(fd, chunk.data(), chunk.size());
    if (n < 0) {
      if (errno == EINTR) continue;
      return Fail(ErrorCode::kIo, "cannot read standard input", static_cast<std::uint64_t>(errno));
    }
    if (n == 0) break;
    std::size_t take = static_cast<std::size_t>(n);
    if (limit_bytes != 0 && take > limit_bytes - spooled.size) {
      take = static_cast<std::size_t>(limit_bytes - spooled.size);
      spooled.cut = true;
    }
    DL_TRY_STATUS(WriteAll(spooled.fd.get(), std::string_view(chunk.data(), take)));
    spooled.size += take;
    if (spooled.cut) break;
  }
  if (::lseek(spooled.fd.get(), 0, SEEK_SET) != 0) return Fail(ErrorCode::kIo, "cannot rewind a memory file");
  DL_TRY_STATUS(Seal(spooled.fd.get()));
  return spooled;
}

}  // namespace dl::os
