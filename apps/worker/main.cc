// daylight-worker reads hostile bytes for the trusted side. It is given one
// socket, descriptor 3, and answers what comes there until it ends; started by
// hand it says what it is.
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>

#include "daylight/crypto/digest.h"
#include "serve.h"

namespace {

constexpr int kSocket = 3;

bool IsSocket(int fd) {
  int type = 0;
  socklen_t size = sizeof type;
  return ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM;
}

}  // namespace

int main() {
  if (!IsSocket(kSocket)) {
    std::fputs("daylight-worker: started by daylight and daylightd, not by hand\n", stderr);
    return 2;
  }
  // Ends with its parent, even in the middle of an object.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::fcntl(kSocket, F_SETFD, FD_CLOEXEC);
  // What OpenSSL would read at its first use is read now: later on there will be walls.
  if (!dl::crypto::Init()) {
    std::fputs("daylight-worker: OpenSSL has no default provider\n", stderr);
    return 2;
  }
  return dl::worker::Serve(dl::os::Fd(kSocket)) ? 0 : 1;
}
