// Daemon is daylightd: it binds sockets, gives up what rights it need not have, and
// serves until it is told to stop.
//
//   Daemon daemon(std::move(settings));
//   return daemon.Run();    // The exit code.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "daylight/daemon/config/daemon_config.h"
#include "listen_fds.h"

namespace dl::daemon {

struct DaemonSettings {
  DaemonConfig config;
  // Reads the configuration anew, for a reload; errors are said, and then the old one stays.
  std::function<bool(DaemonConfig& config)> reread;
  std::string config_path;  // For the opener; empty when there is none.
  std::vector<PassedSocket> passed;
  std::function<void()> ready;  // Called once when clients are served.
};

class Daemon {
 public:
  explicit Daemon(DaemonSettings settings);
  ~Daemon();
  int Run();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dl::daemon
