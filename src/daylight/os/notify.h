// Notifier tells systemd how the service does (sd_notify(3)), without its library.
//
//   const Notifier notifier = Notifier::FromEnvironment();
//   notifier.Tell("READY=1");
//   if (notifier.watchdog_ms() > 0) ...   // Tell("WATCHDOG=1") that often.
//
// Never waits; without systemd it does nothing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "daylight/os/fd.h"

namespace dl::os {

class Notifier {
 public:
  // $NOTIFY_SOCKET, $WATCHDOG_USEC and $WATCHDOG_PID, which it takes out of the environment.
  static Notifier FromEnvironment();
  void Tell(std::string_view state) const;
  // Half of what systemd allows; 0: no watchdog.
  std::uint32_t watchdog_ms() const { return watchdog_ms_; }

 private:
  std::string address_;
  os::Fd socket_;
  std::uint32_t watchdog_ms_ = 0;
};

}  // namespace dl::os
