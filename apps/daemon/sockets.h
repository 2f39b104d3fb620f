// The sockets that clients connect to: made by us, or by systemd before us.
//
//   std::vector<BoundSocket> sockets;
//   if (!BindSockets(config, std::move(passed), account, sockets)) return kTrouble;   // Said already.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "account.h"
#include "daylight/daemon/config/daemon_config.h"
#include "daylight/os/fd.h"
#include "listen_fds.h"

namespace dl::daemon {

// Nobody is accepted from it yet.
struct BoundSocket {
  Protocol protocol;
  std::string name;   // What kind it is: "clamd", "icap", "http", "kav-http", "kav-line".
  std::string where;  // For people.
  os::Fd socket;
  bool is_unix = false;
  // Loopback and Unix sockets are for this machine's users; everybody else needs a token.
  bool is_guarded() const;
};

// Sockets that systemd has made take the place of ours of that kind. As root, Unix
// sockets are given to `account`. False when one cannot be had.
bool BindSockets(const DaemonConfig& config, std::vector<PassedSocket> passed, const std::optional<Account>& account,
                 std::vector<BoundSocket>& bound);

}  // namespace dl::daemon
