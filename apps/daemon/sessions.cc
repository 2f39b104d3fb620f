#include "sessions.h"

#include <utility>

#include "daylight/daemon/access/path_scan.h"
#include "daylight/os/io.h"
#include "log.h"

namespace dl::daemon {

namespace {

constexpr std::uint64_t kMaxTokenBytes = 4096;

}  // namespace

Sessions::Sessions(Scanning& scanning, Walking& walking, SessionHooks hooks) : scanning_(scanning), walking_(walking) {
  clamd_.version = std::move(hooks.clamd_version);
  clamd_.stats = std::move(hooks.clamd_stats);
  clamd_.reload = std::move(hooks.reload);
  clamd_.shutdown = std::move(hooks.shutdown);
  icap_.istag = std::move(hooks.istag);
  api_.health = std::move(hooks.health);
  api_.metrics = std::move(hooks.metrics);
  kav_.scan_path = [this](std::string path, const PeerInfo& peer, Scanning::Done done) {
    return ScanPath(walking_, scanning_, peer, path, Protocol::kKav, std::move(done));
  };
}

bool Sessions::Configure(const DaemonConfig& config) {
  clamd_.max_stream_bytes = config.clamd.max_stream_bytes;
  clamd_.exclude = config.clamd.exclude;
  clamd_.exclude_masks = config.clamd.exclude_masks;
  clamd_.unofficial_suffix = config.clamd.unofficial_suffix;
  clamd_.allow_shutdown = config.clamd.allow_shutdown;
  clamd_.allow_reload = config.clamd.allow_reload;
  icap_.services = config.icap.services;
  icap_.preview_bytes = config.icap.preview_bytes;
  icap_.max_body_bytes = config.icap.max_body_bytes;
  icap_.too_large_blocks = config.icap.block_too_large;
  icap_.max_connections = static_cast<std::uint32_t>(config.clients.max_connections);
  api_.hosts = config.http.hosts;
  api_.max_body_bytes = config.http.max_body_bytes;
  kav_.max_body_bytes = config.kav.max_body_bytes;
  guarded_api_ = api_;
  guarded_api_.requires_token = true;
  if (config.http.token_file.empty()) return true;
  const auto token = os::ReadFile(config.http.token_file, kMaxTokenBytes);
  if (!token) {
    Log(Level::kError, "http: " + config.http.token_file + ": " + os::Describe(token.error()));
    return false;
  }
  guarded_api_.token = *token;
  while (!guarded_api_.token.empty() && static_cast<unsigned char>(guarded_api_.token.back()) <= ' ') {
    guarded_api_.token.pop_back();
  }
  return true;
}

SessionFactory Sessions::Factory(const std::string& kind, bool is_guarded) {
  using Made = std::unique_ptr<Session>;
  if (kind == "icap") {
    return
        [this](Connection& connection) -> Made { return std::make_unique<IcapSession>(connection, scanning_, icap_); };
  }
  if (kind == "http") {
    const ApiOptions& options = is_guarded ? guarded_api_ : api_;
    return [this, &options](Connection& connection) -> Made {
      return std::make_unique<ApiSession>(connection, scanning_, options);
    };
  }
  if (kind == "kav-http") {
    return [this](Connection& connection) -> Made { return std::make_unique<KavSession>(connection, scanning_, kav_); };
  }
  if (kind == "kav-line") {
    return [this](Connection& connection) -> Made { return std::make_unique<KavLineSession>(connection, kav_); };
  }
  return [this](Connection& connection) -> Made {
    return std::make_unique<ClamdSession>(connection, scanning_, walking_, clamd_);
  };
}

}  // namespace dl::daemon
