#include "daylight/os/host.h"

#include <limits.h>
#include <unistd.h>

namespace dl::os {

std::string HostName() {
  char name[HOST_NAME_MAX + 1] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "";
}

}  // namespace dl::os
