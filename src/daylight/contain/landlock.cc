#include <linux/landlock.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "daylight/contain/lock_down.h"

namespace dl::contain {

namespace {

// As the newest kernels have it; older ones take the first fields. Debian 12's
// header stops at the first.
struct RulesetAttributes {
  std::uint64_t handled_access_fs;
  std::uint64_t handled_access_net;  // From ABI 4 on.
  std::uint64_t scoped;              // From ABI 6 on.
};

// How many rights on files each ABI has (Documentation/userspace-api/landlock.rst).
constexpr int kFileRights[] = {0, 13, 14, 15, 15, 16};
constexpr std::uint64_t kNetRights = 3;  // Bind and connect of TCP.
constexpr std::uint64_t kScopes = 3;     // Abstract sockets and signals.

}  // namespace

Status DenyFiles(int& abi) {
  const long version = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (version < 1) return Fail(ErrorCode::kIo, "this kernel has none", static_cast<std::uint64_t>(errno));
  abi = static_cast<int>(version);
  RulesetAttributes attributes{};
  const int rights = kFileRights[abi < 5 ? abi : 5];
  attributes.handled_access_fs = (std::uint64_t{1} << rights) - 1;
  std::size_t size = sizeof attributes.handled_access_fs;
  if (abi >= 4) {
    attributes.handled_access_net = kNetRights;
    size += sizeof attributes.handled_access_net;
  }
  if (abi >= 6) {
    attributes.scoped = kScopes;
    size += sizeof attributes.scoped;
  }
  // Rights that are handled and not granted anywhere are denied everywhere.
  const long ruleset = ::syscall(SYS_landlock_create_ruleset, &attributes, size, 0);
  if (ruleset < 0) return Fail(ErrorCode::kIo, "refused", static_cast<std::uint64_t>(errno));
  const bool restricted = ::syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
  const int error = errno;
  ::close(static_cast<int>(ruleset));
  if (!restricted) return Fail(ErrorCode::kIo, "refused", static_cast<std::uint64_t>(error));
  return {};
}

}  // namespace dl::contain
