// Sessions makes the sessions of each protocol, by the configuration.
//
//   Sessions sessions(*service, *walks, hooks);
//   sessions.Configure(config);
//   server.Listen(std::move(socket), Protocol::kIcap, sessions.Factory(bound));
//
// Outlives the sessions. One thread.
#pragma once

#include <functional>
#include <string>

#include "daylight/daemon/clamd/clamd_session.h"
#include "daylight/daemon/config/daemon_config.h"
#include "daylight/daemon/http/api_session.h"
#include "daylight/daemon/icap/icap_session.h"
#include "daylight/daemon/kav/kav_session.h"
#include "daylight/daemon/net/session.h"

namespace dl::daemon {

// What the daemon says of itself, and is told.
struct SessionHooks {
  std::function<std::string()> clamd_version;
  std::function<std::string()> clamd_stats;
  std::function<std::string()> istag;
  std::function<ApiHealth()> health;
  std::function<std::string()> metrics;
  std::function<void()> reload;
  std::function<void()> shutdown;
};

class Sessions {
 public:
  // Borrows the first two.
  Sessions(Scanning& scanning, Walking& walking, SessionHooks hooks);
  // False when a token cannot be read; said. For sessions from now on, and of those
  // that there are what their next request asks for.
  bool Configure(const DaemonConfig& config);

  // `kind`: "clamd", "icap", "http", "kav-http", "kav-line". `is_guarded`: a listener that
  // others than this machine's users reach.
  SessionFactory Factory(const std::string& kind, bool is_guarded);
  bool has_token() const { return !guarded_api_.token.empty(); }

 private:
  Scanning& scanning_;
  Walking& walking_;
  ClamdOptions clamd_;
  IcapOptions icap_;
  ApiOptions api_;
  ApiOptions guarded_api_;
  KavOptions kav_;
};

}  // namespace dl::daemon
