// The sockets that systemd has made for us (sd_listen_fds(3)).
//
//   for (PassedSocket& passed : TakePassedSockets()) ... passed.name, passed.fd
#pragma once

#include <string>
#include <vector>

#include "daylight/os/fd.h"

namespace dl::daemon {

struct PassedSocket {
  std::string name;  // FileDescriptorName= of the socket unit.
  os::Fd fd;
};

// Takes them out of the environment, so that no child takes them for its own. Empty
// when we were not started by a socket.
std::vector<PassedSocket> TakePassedSockets();

}  // namespace dl::daemon
