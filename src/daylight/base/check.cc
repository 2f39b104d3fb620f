#include "daylight/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace dl {

void CheckFailed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "daylight: internal error: %s:%d: %s\n", file, line, condition);
  std::abort();
}

}  // namespace dl
