#include <sys/resource.h>

#include <cerrno>

#include "daylight/contain/lock_down.h"

namespace dl::contain {

namespace {

// What the largest job needs: databases and objects that are mapped or read in
// windows, the lists of a scan. The trusted side watches what is really used.
constexpr rlim_t kMaxAddressBytes = rlim_t{8} << 30;
constexpr rlim_t kMaxDescriptors = 1024;

bool Set(int resource, rlim_t value) {
  rlimit limit{};
  if (::getrlimit(static_cast<__rlimit_resource>(resource), &limit) != 0) return false;
  // Only ever lower: whoever started us may have been stricter.
  if (limit.rlim_max != RLIM_INFINITY && limit.rlim_max < value) value = limit.rlim_max;
  limit.rlim_cur = limit.rlim_max = value;
  return ::setrlimit(static_cast<__rlimit_resource>(resource), &limit) == 0;
}

}  // namespace

Status LimitResources() {
  bool good = Set(RLIMIT_CORE, 0) && Set(RLIMIT_NOFILE, kMaxDescriptors) && Set(RLIMIT_MEMLOCK, 0) &&
              Set(RLIMIT_MSGQUEUE, 0) && Set(RLIMIT_NICE, 0) && Set(RLIMIT_RTPRIO, 0);
#ifndef DAYLIGHT_SANITIZED
  // AddressSanitizer reserves terabytes that it never touches.
  good = good && Set(RLIMIT_AS, kMaxAddressBytes);
#endif
  if (!good) return Fail(ErrorCode::kIo, "refused", static_cast<std::uint64_t>(errno));
  return {};
}

}  // namespace dl::contain
