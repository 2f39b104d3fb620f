#include "listen_fds.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace dl::daemon {

namespace {

constexpr int kFirst = 3;  // SD_LISTEN_FDS_START
constexpr long kMost = 64;

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

}  // namespace

std::vector<PassedSocket> TakePassedSockets() {
  const std::string pid = Environment("LISTEN_PID");
  const std::string count = Environment("LISTEN_FDS");
  const std::string all_names = Environment("LISTEN_FDNAMES");
  for (const char* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) ::unsetenv(name);
  std::vector<PassedSocket> sockets;
  if (pid.empty() || std::strtol(pid.c_str(), nullptr, 10) != static_cast<long>(::getpid())) return sockets;
  const long n = std::strtol(count.c_str(), nullptr, 10);
  std::string_view names = all_names;
  for (long i = 0; i < n && i < kMost; ++i) {
    const std::size_t colon = std::min(names.find(':'), names.size());
    const int fd = kFirst + static_cast<int>(i);
    ::fcntl(fd, F_SETFD, FD_CLOEXEC);
    const int flags = ::fcntl(fd, F_GETFL);
    if (flags >= 0) ::fcntl(fd, F_SETFL, flags | O_NONBLOCK);
    sockets.push_back({std::string(names.substr(0, colon)), os::Fd(fd)});
    names.remove_prefix(std::min(colon + 1, names.size()));
  }
  return sockets;
}

}  // namespace dl::daemon
