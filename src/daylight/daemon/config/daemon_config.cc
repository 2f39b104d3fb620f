#include "daylight/daemon/config/daemon_config.h"

#include <algorithm>
#include <set>

#include "daylight/config/document.h"
#include "daylight/os/path_mask.h"

namespace dl::daemon {

namespace {

using config::Document;
using config::Section;
using std::chrono::hours;
using std::chrono::milliseconds;

constexpr milliseconds kNever{0};
constexpr milliseconds kYear = hours(24 * 366);

void ReadContent(Section section, ContentConfig& content) {
  section.Paths("databases", content.databases);
  section.Paths("rules", content.rules);
  section.Paths("clamav", content.clamav);
  section.Flag("built_in", content.built_in);
  section.Flag("skip_invalid", content.skip_invalid);
  section.Flag("allow_unsigned_clamav", content.allow_unsigned_clamav);
  section.Duration("self_check", content.self_check, kNever, kYear);
}

void ReadWorkers(Section section, DaemonConfig& config) {
  section.Number("count", config.workers, 0, 1024);
  std::size_t isolation = 0;
  section.Choice("isolation", {"batch", "object"}, isolation);
  config.isolate_objects = isolation == 1;
  section.Number("max_objects", config.max_objects_per_worker, 1, 1'000'000'000);
  section.Size("max_memory", config.max_worker_bytes);
}

void ReadScan(Section section, DaemonConfig& config) {
  section.Size("max_size", config.budget.max_object_bytes);
  section.Size("max_total", config.budget.max_total_bytes);
  section.Number("max_depth", config.budget.max_depth, 0, 64);
  section.Number("max_children", config.budget.max_children, 1, 100'000'000);
  milliseconds timeout(config.budget.timeout_ms);
  section.Duration("timeout", timeout, milliseconds(10), hours(24));
  config.budget.timeout_ms = static_cast<std::uint32_t>(timeout.count());
  section.Flag("pua", config.pua);
  section.Texts("passwords", config.passwords, "words");
}

void ReadLimits(Document& document, DaemonConfig& config) {
  Section queue = document.Table("queue");
  queue.Number("max_requests", config.max_queue, 1, 1'000'000);
  queue.Duration("timeout", config.queue_timeout, milliseconds(100), hours(24));
  Section spool = document.Table("spool");
  spool.Path("folder", config.spool.folder, true);
  spool.Size("memory_per_stream", config.spool.memory_bytes);
  spool.Size("max_memory", config.spool.max_memory_bytes);
  spool.Size("max_disk", config.spool.max_disk_bytes);
  Section clients = document.Table("clients");
  std::uint32_t most = static_cast<std::uint32_t>(config.clients.max_connections);
  clients.Number("max_connections", most, 1, 1'000'000);
  config.clients.max_connections = most;
  most = static_cast<std::uint32_t>(config.clients.max_per_client);
  clients.Number("max_per_client", most, 1, 1'000'000);
  config.clients.max_per_client = most;
  clients.Duration("idle_timeout", config.clients.idle_timeout, milliseconds(100), hours(24));
  clients.Duration("read_timeout", config.clients.read_timeout, milliseconds(100), hours(24));
  clients.Duration("request_timeout", config.clients.request_timeout, milliseconds(100), hours(24 * 7));
  clients.Duration("send_timeout", config.clients.send_timeout, milliseconds(100), hours(24));
}

void ReadIncomplete(Section& section, Protocol protocol, IncompletePolicy& policy) {
  bool& blocks = policy.blocks[static_cast<std::size_t>(protocol)];
  std::size_t place = blocks ? 1 : 0;
  section.Choice("incomplete", {"pass", "block"}, place);
  blocks = place == 1;
}

void ReadMasks(Section& section, std::string_view key, std::vector<std::string>& masks) {
  section.Texts(key, masks, "masks");
  std::size_t together = 0;
  for (const std::string& mask : masks) {
    if (const auto parsed = os::PathMask::Parse(mask); !parsed) section.Refuse(key, std::string(parsed.error().what));
    together += mask.size();
  }
  // As far as a walk takes them (opener/messages.h).
  if (masks.size() > 512 || together > 16 * 1024) section.Refuse(key, "must be at most 512 masks, 16 KiB together");
}

void ReadClamd(Section section, DaemonConfig& config) {
  ClamdConfig& clamd = config.clamd;
  section.Path("socket", clamd.socket, true);
  section.Mode("mode", clamd.mode);
  section.Text("group", clamd.group);
  section.Texts("tcp", clamd.tcp, "addresses with ports");
  section.Size("max_stream", clamd.max_stream_bytes);
  section.Flag("unofficial_suffix", clamd.unofficial_suffix);
  section.Flag("allow_shutdown", clamd.allow_shutdown);
  section.Flag("allow_reload", clamd.allow_reload);
  section.Texts("exclude", clamd.exclude, "patterns");
  ReadMasks(section, "exclude_masks", clamd.exclude_masks);
  section.Text("tcp_path_user", clamd.tcp_path_user);
  ReadIncomplete(section, Protocol::kClamd, config.incomplete);
}

void ReadIcap(Section section, DaemonConfig& config) {
  IcapConfig& icap = config.icap;
  section.Texts("listen", icap.listen, "addresses with ports");
  section.Texts("services", icap.services, "names");
  section.Number("preview", icap.preview_bytes, 0, 65536);
  section.Size("max_body", icap.max_body_bytes);
  std::size_t too_large = icap.block_too_large ? 1 : 0;
  section.Choice("too_large", {"pass", "block"}, too_large);
  icap.block_too_large = too_large == 1;
  ReadIncomplete(section, Protocol::kIcap, config.incomplete);
}

void ReadHttp(Section section, DaemonConfig& config) {
  HttpConfig& http = config.http;
  section.Texts("listen", http.listen, "addresses with ports, or paths");
  section.Mode("mode", http.mode);
  section.Text("group", http.group);
  section.Size("max_body", http.max_body_bytes);
  section.Path("token_file", http.token_file, true);
  section.Texts("hosts", http.hosts, "names");
  ReadIncomplete(section, Protocol::kHttp, config.incomplete);
}

void ReadKav(Section section, DaemonConfig& config) {
  KavConfig& kav = config.kav;
  section.Texts("http", kav.http, "addresses with ports, or paths");
  section.Texts("line", kav.line, "addresses with ports, or paths");
  section.Mode("mode", kav.mode);
  section.Text("group", kav.group);
  section.Size("max_body", kav.max_body_bytes);
  ReadIncomplete(section, Protocol::kKav, config.incomplete);
}

void ReadSideBySide(Section& section, DaemonConfig& config) {
  SideBySideOptions& beside = config.side_by_side;
  section.Text("clamd", beside.clamd);
  section.Text("kav", beside.kav);
  section.Texts("command", beside.command, "a program's path and its arguments");
  section.Fraction("share", beside.share);
  section.Duration("timeout", beside.timeout, milliseconds(100), hours(1));
  section.Number("parallel", beside.parallel, 1, 16);
  section.Number("max_queue", beside.max_queue, 1, 65536);
  section.Size("max_size", beside.max_size);
  section.Size("max_waiting", beside.max_waiting);
  section.Texts("protocols", beside.protocols, "names of protocols");
  section.Flag("names", beside.names);
  for (const std::string& name : beside.protocols) {
    bool is_known = false;
    for (std::size_t i = 0; i < config.incomplete.blocks.size(); ++i)
      is_known = is_known || name == ProtocolName(static_cast<Protocol>(i));
    if (!is_known) section.Refuse("protocols", "has no protocol " + name);
  }
  if (!beside.is_on() || ScannerOf(beside)) return;
  const int named = !beside.clamd.empty() + !beside.kav.empty() + !beside.command.empty();
  if (named > 1) return section.Refuse("", "may name one other scanner: clamd, kav or command");
  constexpr const char* kAddress = "must be the path of a Unix socket, or a numeric address with a port";
  if (!beside.clamd.empty()) return section.Refuse("clamd", kAddress);
  if (!beside.kav.empty()) return section.Refuse("kav", kAddress);
  section.Refuse("command",
                 "must begin with a program's absolute path and have an argument with {path} in it, or \"-\" "
                 "(clamdscan needs that)");
}

// It would ask itself about its own question, and that for ever.
void RefuseToAskOurselves(Section& section, const DaemonConfig& config) {
  const SideBySideOptions& beside = config.side_by_side;
  const auto is_in = [](const std::vector<std::string>& list, const std::string& where) {
    return std::find(list.begin(), list.end(), where) != list.end();
  };
  const bool is_ours =
      (!beside.clamd.empty() && beside.clamd == config.clamd.socket) || is_in(config.clamd.tcp, beside.clamd);
  if (is_ours) section.Refuse("clamd", "is this daemon's own socket");
  if (is_in(config.kav.http, beside.kav)) section.Refuse("kav", "is this daemon's own address");
}

void ReadEvents(Document& document, DaemonConfig& config) {
  Section section = document.Table("events");
  section.Flag("store", config.events.store);
  section.Duration("keep", config.events.keep, hours(1), hours(24 * 366 * 20));
  section.Number("max_rows", config.events.max_rows, 1000, 1'000'000'000);
  for (Section& file : document.Tables("event_file")) {
    FileLogConfig& log = config.events.files.emplace_back();
    file.Path("path", log.path);
    if (log.path.empty()) file.Refuse("path", "is missing");
    std::size_t format = 0;
    constexpr std::string_view kFormats[] = {"daylight", "ecs", "ocsf"};
    file.Choice("format", {kFormats[0], kFormats[1], kFormats[2]}, format);
    log.format = kFormats[format];
  }
  for (Section& entry : document.Tables("syslog")) {
    SyslogConfig& log = config.events.syslog.emplace_back();
    entry.Text("target", log.target);
    std::size_t format = 0;
    constexpr std::string_view kFormats[] = {"text", "json", "ecs", "ocsf", "cef"};
    entry.Choice("format", {kFormats[0], kFormats[1], kFormats[2], kFormats[3], kFormats[4]}, format);
    log.format = kFormats[format];
    entry.Number("facility", log.facility, 0, 23);
  }
  for (Section& entry : document.Tables("hook")) {
    HookConfig& hook = config.hooks.emplace_back();
    entry.Texts("command", hook.command, "a program's path and its arguments");
    if (hook.command.empty() || hook.command.front().empty() || hook.command.front().front() != '/') {
      entry.Refuse("command", "must begin with a program's absolute path");
    }
    entry.Texts("events", hook.events, "kinds of events");
    entry.Duration("timeout", hook.timeout, milliseconds(100), hours(1));
  }
}

void ReadSchedules(Document& document, DaemonConfig& config) {
  std::set<std::string> names;
  for (Section& entry : document.Tables("schedule")) {
    ScheduleConfig& schedule = config.schedules.emplace_back();
    entry.Text("name", schedule.name);
    if (schedule.name.empty()) entry.Refuse("name", "is missing");
    if (!names.insert(schedule.name).second) entry.Refuse("name", "is there twice");
    entry.Text("when", schedule.when);
    if (schedule.when.empty()) entry.Refuse("when", "is missing");
    entry.Flag("enabled", schedule.enabled);
    entry.Paths("paths", schedule.paths);
    if (schedule.paths.empty()) entry.Refuse("paths", "is missing");
    entry.Texts("exclude", schedule.exclude, "patterns");
    ReadMasks(entry, "exclude_masks", schedule.exclude_masks);
    ReadMasks(entry, "only_masks", schedule.only_masks);
    entry.Flag("one_file_system", schedule.one_file_system);
    entry.Flag("quarantine", schedule.quarantine);
  }
}

void ReadAllowed(Document& document, DaemonConfig& config) {
  for (Section& entry : document.Tables("allow")) {
    AllowEntry& allow = config.allowed.emplace_back();
    std::string digest;
    entry.Text("sha256", digest);
    if (!digest.empty()) {
      allow.sha256 = ParseDigest(digest);
      if (!allow.sha256) entry.Refuse("sha256", "must be 64 hexadecimal digits");
    }
    entry.Text("name", allow.name);
    if (digest.empty() == allow.name.empty()) entry.Refuse("name", "or sha256 must be there, and only one of them");
    if (!allow.name.empty() && allow.name.find_first_not_of("*?") == std::string::npos) {
      entry.Refuse("name", "would allow everything");
    }
    entry.Text("who", allow.who);
    if (allow.who.empty()) entry.Refuse("who", "is missing: somebody answers for each entry");
    entry.Text("why", allow.why);
    if (allow.why.empty()) entry.Refuse("why", "is missing");
    entry.Date("until", allow.until);
  }
}

}  // namespace

std::optional<std::array<std::uint8_t, 32>> ParseDigest(std::string_view text) {
  std::array<std::uint8_t, 32> digest{};
  if (text.size() != 64) return std::nullopt;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const int value = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (value < 0) return std::nullopt;
    digest[i / 2] = static_cast<std::uint8_t>(digest[i / 2] << 4 | value);
  }
  return digest;
}

DaemonConfig::DaemonConfig() {
  budget.max_total_bytes = std::uint64_t{16} << 30;
  budget.max_depth = 16;
  budget.max_children = 100'000;
  budget.timeout_ms = 120'000;
  spool.folder = "/var/lib/daylight/spool";
  // A mail filter asks what it cannot judge itself; a file that its owner opens is his.
  for (const Protocol protocol : {Protocol::kClamd, Protocol::kIcap, Protocol::kHttp, Protocol::kKav}) {
    incomplete.blocks[static_cast<std::size_t>(protocol)] = true;
  }
}

std::vector<std::string> ParseDaemonConfig(std::string_view text, DaemonConfig& config) {
  Document document(text);
  Section daemon = document.Table("daemon");
  daemon.Text("user", config.user);
  daemon.Path("state_folder", config.state_folder);
  daemon.Path("run_folder", config.run_folder);
  daemon.Path("opener_socket", config.opener_socket, true);
  ReadContent(document.Table("content"), config.content);
  ReadWorkers(document.Table("workers"), config);
  ReadScan(document.Table("scan"), config);
  ReadLimits(document, config);
  ReadClamd(document.Table("clamd"), config);
  ReadIcap(document.Table("icap"), config);
  ReadHttp(document.Table("http"), config);
  ReadKav(document.Table("kav"), config);
  Section beside = document.Table("side_by_side");
  ReadSideBySide(beside, config);
  RefuseToAskOurselves(beside, config);
  ReadEvents(document, config);
  ReadSchedules(document, config);
  ReadAllowed(document, config);
  document.Pass("on_access");
  Section quarantine = document.Table("quarantine");
  std::string folder;  // The opener's to know.
  quarantine.Path("folder", folder);
  quarantine.Flag("automatic", config.quarantine_on_access);
  document.Pass("opener");
  document.Finish();
  return document.errors();
}

}  // namespace dl::daemon
