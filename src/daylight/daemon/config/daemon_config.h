// DaemonConfig is everything that daylightd's administrator decides, with defaults
// that a machine can run with. The commented default file is apps/daemon/daylightd.toml,
// and a test holds it against these values.
//
//   DaemonConfig config;
//   const std::vector<std::string> errors = ParseDaemonConfig(text, config);
//
// The sections [on_access] and [opener] are the opener's (opener/options.h), and are
// only passed over here; [quarantine] is read by both. A value.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daylight/daemon/beside/side_by_side.h"
#include "daylight/daemon/net/server.h"
#include "daylight/daemon/service/allow_list.h"
#include "daylight/daemon/service/outcome.h"
#include "daylight/daemon/service/spool.h"
#include "daylight/report/jobs.h"

namespace dl::daemon {

struct ContentConfig {
  std::vector<std::string> databases;  // .dldb
  std::vector<std::string> rules;
  std::vector<std::string> clamav;
  bool built_in = true;  // What came with Daylight; and /var/lib/clamav where nothing is named.
  bool skip_invalid = true;
  bool allow_unsigned_clamav = false;
  std::chrono::milliseconds self_check{600'000};  // How often to look whether they have changed; 0: never.
  bool operator==(const ContentConfig&) const = default;
};

struct ClamdConfig {
  std::string socket = "/run/daylight/clamd.sock";  // Empty: none.
  std::uint32_t mode = 0660;
  std::string group;  // Empty: the daemon's own.
  std::vector<std::string> tcp;
  std::uint64_t max_stream_bytes = 100u << 20;
  bool unofficial_suffix = true;
  bool allow_shutdown = false;
  bool allow_reload = true;
  // Of paths that are asked about: not looked at, and answered as clean.
  std::vector<std::string> exclude;        // See os/glob.h.
  std::vector<std::string> exclude_masks;  // See os/path_mask.h.
  std::string tcp_path_user = "nobody";    // Whose rights a path has that came by TCP; empty: refused.
  bool operator==(const ClamdConfig&) const = default;
};

struct IcapConfig {
  std::vector<std::string> listen;
  std::vector<std::string> services = {"avscan", "srv_clamav", "virus_scan"};
  std::uint32_t preview_bytes = 4096;
  std::uint64_t max_body_bytes = 100u << 20;
  bool block_too_large = true;
  bool operator==(const IcapConfig&) const = default;
};

struct HttpConfig {
  std::vector<std::string> listen = {"/run/daylight/http.sock"};
  std::uint32_t mode = 0660;
  std::string group;
  std::uint64_t max_body_bytes = 100u << 20;
  std::string token_file;          // Needed for anything but loopback and Unix sockets.
  std::vector<std::string> hosts;  // Further names that a request may call this server by.
  bool operator==(const HttpConfig&) const = default;
};

struct KavConfig {
  std::vector<std::string> http;  // `kaspersky_se`, usually 127.0.0.1:9999.
  std::vector<std::string> line;  // `kaspersky_av`: addresses or paths of Unix sockets.
  std::uint32_t mode = 0660;
  std::string group;
  std::uint64_t max_body_bytes = 100u << 20;
  bool operator==(const KavConfig&) const = default;
};

struct FileLogConfig {
  std::string path;
  std::string format = "daylight";  // "daylight", "ecs", "ocsf"
  bool operator==(const FileLogConfig&) const = default;
};
struct SyslogConfig {
  std::string target = "unix:/dev/log";
  std::string format = "text";  // "text", "json", "ecs", "ocsf", "cef"
  std::uint32_t facility = 3;
  bool operator==(const SyslogConfig&) const = default;
};
struct EventsConfig {
  bool store = true;
  std::chrono::milliseconds keep{std::chrono::hours(24 * 90)};
  std::uint32_t max_rows = 1'000'000;
  std::vector<FileLogConfig> files;
  std::vector<SyslogConfig> syslog;
  bool operator==(const EventsConfig&) const = default;
};
struct HookConfig {
  std::vector<std::string> command;
  std::vector<std::string> events;
  std::chrono::milliseconds timeout{30'000};
  bool operator==(const HookConfig&) const = default;
};
struct ScheduleConfig {
  std::string name;
  std::string when;  // As systemd.time(7) has it.
  bool enabled = true;
  std::vector<std::string> paths;
  std::vector<std::string> exclude;
  std::vector<std::string> exclude_masks;  // See os/path_mask.h.
  std::vector<std::string> only_masks;
  bool one_file_system = true;
  bool quarantine = false;
  bool operator==(const ScheduleConfig&) const = default;
};

struct DaemonConfig {
  std::string user = "daylight";  // Whom to become when started as root.
  std::string state_folder = "/var/lib/daylight";
  std::string run_folder = "/run/daylight";
  std::string opener_socket = "/run/daylight-opener/opener.sock";  // Of a running one; else one is started, as root.
  ContentConfig content;
  std::uint32_t workers = 0;  // 0: as many as processors.
  bool isolate_objects = false;
  std::uint32_t max_objects_per_worker = 100'000;
  std::uint64_t max_worker_bytes = std::uint64_t{2} << 30;
  report::BudgetValues budget;  // As `daylight scan` has it.
  bool pua = false;
  std::vector<std::string> passwords;
  std::uint32_t max_queue = 1024;
  std::chrono::milliseconds queue_timeout{30'000};
  SpoolOptions spool;
  ServerLimits clients;
  ClamdConfig clamd;
  IcapConfig icap;
  HttpConfig http;
  KavConfig kav;
  IncompletePolicy incomplete;
  bool quarantine_on_access = false;  // [quarantine] automatic
  SideBySideOptions side_by_side;
  EventsConfig events;
  std::vector<HookConfig> hooks;
  std::vector<ScheduleConfig> schedules;
  std::vector<AllowEntry> allowed;

  DaemonConfig();
  bool operator==(const DaemonConfig&) const = default;
};

// What is wrong with the text, by line; empty when it is good. `config` has what is right.
std::vector<std::string> ParseDaemonConfig(std::string_view text, DaemonConfig& config);

// 64 hexadecimal digits.
std::optional<std::array<std::uint8_t, 32>> ParseDigest(std::string_view text);

}  // namespace dl::daemon
