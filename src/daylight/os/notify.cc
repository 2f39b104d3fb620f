#include "daylight/os/notify.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>

namespace dl::os {

Notifier Notifier::FromEnvironment() {
  Notifier notifier;
  const char* const address = std::getenv("NOTIFY_SOCKET");
  const char* const limit = std::getenv("WATCHDOG_USEC");
  const char* const pid = std::getenv("WATCHDOG_PID");
  if (address != nullptr && std::strlen(address) < sizeof(sockaddr_un::sun_path)) {
    notifier.address_ = address;
    notifier.socket_ = os::Fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (limit != nullptr && (pid == nullptr || std::strtol(pid, nullptr, 10) == ::getpid())) {
      const unsigned long long half_ms = std::strtoull(limit, nullptr, 10) / 2000;
      notifier.watchdog_ms_ = static_cast<std::uint32_t>(std::min<unsigned long long>(half_ms, 3'600'000));
    }
  }
  for (const char* const name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) ::unsetenv(name);
  return notifier;
}

void Notifier::Tell(std::string_view state) const {
  if (!socket_.valid()) return;
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  std::memcpy(to.sun_path, address_.data(), address_.size());
  if (to.sun_path[0] == '@') to.sun_path[0] = '\0';  // An abstract one.
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size());
  static_cast<void>(::sendto(socket_.get(), state.data(), state.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
                             reinterpret_cast<const sockaddr*>(&to), length));
}

}  // namespace dl::os
