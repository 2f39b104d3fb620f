// daylight-worker reads hostile bytes for the trusted side. It is given one
// socket, descriptor 3, and answers what comes there until it ends; started by
// hand it says what it is.
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

#include "daylight/contain/lock_down.h"
#include "daylight/crypto/digest.h"
#include "daylight/report/walls.h"
#include "serve.h"

namespace {

constexpr int kSocket = 3;

bool IsSocket(int fd) {
  int type = 0;
  socklen_t size = sizeof type;
  return ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM;
}

// The walls to put up: all, unless the trusted side says otherwise.
std::optional<dl::report::WallSet> WantedWalls(int count, char** arguments) {
  constexpr std::string_view kOption = "--walls=";
  if (count < 2) return dl::report::kAllWalls;
  const std::string_view option = arguments[1];
  if (count > 2 || !option.starts_with(kOption)) return std::nullopt;
  return dl::report::ParseWalls(option.substr(kOption.size()));
}

}  // namespace

int main(int argc, char** argv) {
  const auto wanted = WantedWalls(argc, argv);
  if (!IsSocket(kSocket) || !wanted) {
    std::fputs("daylight-worker: started by daylight and daylightd, not by hand\n", stderr);
    return 2;
  }
  // Ends with its parent, even in the middle of an object.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::fcntl(kSocket, F_SETFD, FD_CLOEXEC);
  // What OpenSSL would read at its first use is read now: later on there are walls.
  if (!dl::crypto::Init()) {
    std::fputs("daylight-worker: OpenSSL has no default provider\n", stderr);
    return 2;
  }
  auto walls = dl::contain::LockDown(*wanted);
  if (!walls) {
    std::fprintf(stderr, "daylight-worker: %s\n", std::string(walls.error().what).c_str());
    return dl::report::kExitNoSeccomp;
  }
  return dl::worker::Serve(dl::os::Fd(kSocket), std::move(*walls)) ? 0 : 1;
}
