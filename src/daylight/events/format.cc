#include "daylight/events/format.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <charconv>

#include "daylight/events/formats.h"
#include "daylight/events/time_text.h"
#include "daylight/report/escape.h"
#include "daylight/report/writer.h"

namespace dl::events {

namespace {

bool IsIp(const std::string& text, int family) {
  in6_addr address{};
  return ::inet_pton(family, text.c_str(), &address) == 1;
}

void AppendText(const Event& event, std::string& out) {
  out += LocalTime(event.time_ns);
  out += ' ';
  out += SeverityName(event.effective_severity());
  out += ' ';
  out += KindName(event.kind);
  out += ": ";
  out += report::EscapeLine(Headline(event));
  if (event.from_ns && event.until_ns)
    out += ", from " + LocalTime(*event.from_ns) + " until " + LocalTime(*event.until_ns);
  std::string by = event.protocol;
  const auto add = [&](std::string_view name, const std::string& value) {
    if (value.empty()) return;
    by += by.empty() ? "" : " ";
    by += name;
    by += value;
  };
  add("", event.client.address);
  if (event.client.uid) add("uid ", std::to_string(*event.client.uid));
  if (event.client.pid) add("pid ", std::to_string(*event.client.pid));
  add("", event.client.exe);
  if (!by.empty()) out += " <" + report::EscapeLine(by) + ">";
  if (!event.cut.empty()) out += " (cut: " + report::EscapeLine(event.cut) + ")";
}

}  // namespace

std::optional<Format> FormatOf(std::string_view name) {
  if (name == "text") return Format::kText;
  if (name == "jsonl" || name == "json") return Format::kJson;
  if (name == "ecs") return Format::kEcs;
  if (name == "ocsf") return Format::kOcsf;
  if (name == "cef") return Format::kCef;
  return std::nullopt;
}

void AppendEvent(Format format, const Event& event, const Source& source, std::string& out) {
  switch (format) {
    case Format::kText: return AppendText(event, out);
    case Format::kJson: {
      report::JsonText json(out);
      json.BeginObject();
      AppendJson(event, json);
      if (!source.host.empty()) json.Field("host", source.host);
      json.EndObject();
      return;
    }
    case Format::kEcs: return AppendEcs(event, source, out);
    case Format::kOcsf: return AppendOcsf(event, source, out);
    case Format::kCef: return AppendCef(event, source, out);
  }
}

Address SplitAddress(std::string_view text) {
  Address address;
  address.text = text;
  std::string_view host = text;
  std::string_view port;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == text.npos) return address;
    host = text.substr(1, end - 1);
    if (text.substr(end + 1).starts_with(':')) port = text.substr(end + 2);
  } else if (const std::size_t colon = text.rfind(':'); colon != text.npos && text.find(':') == colon) {
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
  }
  const std::string name(host);
  if (IsIp(name, AF_INET) || (address.is_v6 = IsIp(name, AF_INET6))) {
    address.ip = name;
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
    if (error != std::errc() || end != port.data() + port.size()) address.port = 0;
  }
  return address;
}

std::string_view KindTitle(EventKind kind) {
  switch (kind) {
    case EventKind::kDetection: return "Malware detected";
    case EventKind::kIncomplete: return "File not fully read";
    case EventKind::kFailed: return "File could not be scanned";
    case EventKind::kBlocked: return "Access blocked";
    case EventKind::kAllowed: return "Access allowed";
    case EventKind::kQuarantined: return "File quarantined";
    case EventKind::kRestored: return "File restored from quarantine";
    case EventKind::kDeleted: return "File deleted from quarantine";
    case EventKind::kStarted: return "Daemon started";
    case EventKind::kStopped: return "Daemon stopped";
    case EventKind::kReloaded: return "Daemon reloaded";
    case EventKind::kQueueFull: return "Queue full";
    case EventKind::kDefaultDecision: return "Decision by default";
    case EventKind::kGap: return "Daemon was away";
    case EventKind::kScanStarted: return "Scan started";
    case EventKind::kScanFinished: return "Scan finished";
    case EventKind::kScanPaused: return "Scan paused";
    case EventKind::kScanResumed: return "Scan resumed";
    case EventKind::kAllowListed: return "Allow list used";
    case EventKind::kTrouble: return "Trouble";
    case EventKind::kDifference: return "Scanners differ";
  }
  return "Event";
}

bool IsNetworkProtocol(std::string_view protocol) {
  return !protocol.empty() && protocol != "on-access" && protocol != "schedule";
}

void AppendBytes(std::string_view key, std::string_view bytes, report::JsonText& json) {
  json.Field(key, bytes);
  if (!report::IsUtf8(bytes)) json.Field(std::string(key) + "_b64", report::Base64(bytes));
}

void AppendDetections(const Event& event, report::JsonText& json) {
  json.BeginArray();
  for (const EventDetection& detection : event.detections) {
    json.BeginObject();
    json.Field("engine", detection.engine);
    json.Field("name", detection.name);
    json.Field("source", detection.source);
    if (!detection.licence.empty()) json.Field("licence", detection.licence);
    if (!detection.object.empty()) AppendBytes("object", detection.object, json);
    json.EndObject();
  }
  json.EndArray();
}

void AppendIncomplete(const Event& event, report::JsonText& json) {
  json.BeginArray();
  for (const report::Incomplete& incomplete : event.incomplete) {
    json.BeginObject();
    AppendBytes("object", incomplete.object, json);
    json.Field("reason", incomplete.reason);
    if (!incomplete.detail.empty()) json.Field("detail", incomplete.detail);
    json.EndObject();
  }
  json.EndArray();
}

void AppendTotals(const ScanTotals& totals, report::JsonText& json) {
  json.BeginObject();
  json.Field("files", totals.files);
  json.Field("bytes", totals.bytes);
  json.Field("detected", totals.detected);
  json.Field("incomplete", totals.incomplete);
  json.Field("failed", totals.failed);
  json.EndObject();
}

namespace {

void AppendLists(const Event& event, report::JsonText& json) {
  if (!event.detections.empty()) {
    json.Key("detections");
    AppendDetections(event, json);
  }
  if (event.more_detections > 0) json.Field("more_detections", std::uint64_t{event.more_detections});
  if (!event.incomplete.empty()) {
    json.Key("incomplete");
    AppendIncomplete(event, json);
  }
  if (event.more_incomplete > 0) json.Field("more_incomplete", std::uint64_t{event.more_incomplete});
}

}  // namespace

void AppendTheirs(const Event& event, report::JsonText& json) {
  if (!event.theirs) return;
  json.Field("theirs", report::VerdictName(event.theirs->verdict));
  json.Field("their_scanner", event.theirs->scanner);
  if (event.theirs->names.empty()) return;
  json.Key("their_names");
  json.BeginArray();
  for (const std::string& name : event.theirs->names) json.String(name);
  json.EndArray();
}

void AppendRest(const Event& event, report::JsonText& json) {
  json.Field("kind", KindName(event.kind));
  if (event.verdict) json.Field("verdict", report::VerdictName(*event.verdict));
  json.Field("action", ActionName(event.action));
  if (!report::IsUtf8(event.path)) json.Field("path_b64", report::Base64(event.path));
  if (!event.object.empty()) AppendBytes("object", event.object, json);
  AppendLists(event, json);
  AppendTheirs(event, json);
  if (!event.protocol.empty()) json.Field("protocol", event.protocol);
  if (!event.database.empty()) json.Field("database", event.database);
  if (!event.schedule.empty()) json.Field("schedule", event.schedule);
  if (event.totals) {
    json.Key("totals");
    AppendTotals(*event.totals, json);
  }
  if (!event.cut.empty()) json.Field("cut", event.cut);
}

void AppendJson(const Event& event, report::JsonText& json) {
  const auto text = [&](std::string_view key, const std::string& value) {
    if (!value.empty()) json.Field(key, value);
  };
  const auto bytes = [&](std::string_view key, const std::string& value) {
    if (!value.empty()) AppendBytes(key, value, json);
  };
  json.Field("schema", std::uint64_t{1});
  json.Field("time", Rfc3339(event.time_ns));
  json.Field("id", event.id);
  json.Field("kind", KindName(event.kind));
  json.Field("severity", SeverityName(event.effective_severity()));
  if (event.verdict) json.Field("verdict", report::VerdictName(*event.verdict));
  bytes("path", event.path);
  bytes("object", event.object);
  if (event.sha256) json.Field("sha256", report::HexDigest(*event.sha256));
  if (event.size) json.Field("size", *event.size);
  AppendLists(event, json);
  AppendTheirs(event, json);
  text("protocol", event.protocol);
  if (event.client.known()) {
    json.Key("client");
    json.BeginObject();
    text("address", event.client.address);
    if (event.client.uid) json.Field("uid", std::uint64_t{*event.client.uid});
    if (event.client.pid) {
      json.Key("pid");
      json.Signed(*event.client.pid);
    }
    bytes("exe", event.client.exe);
    json.EndObject();
  }
  json.Field("action", ActionName(event.action));
  text("why", event.why);
  text("database", event.database);
  text("schedule", event.schedule);
  if (event.totals) {
    json.Key("totals");
    AppendTotals(*event.totals, json);
  }
  if (event.from_ns) json.Field("from", Rfc3339(*event.from_ns));
  if (event.until_ns) json.Field("until", Rfc3339(*event.until_ns));
  text("text", event.text);
  text("cut", event.cut);
}

}  // namespace dl::events
