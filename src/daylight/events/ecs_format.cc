// Fields by https://www.elastic.co/docs/reference/ecs; what has none is under "daylight".
#include <array>

#include "daylight/events/formats.h"
#include "daylight/events/time_text.h"
#include "daylight/os/paths.h"
#include "daylight/report/writer.h"

namespace dl::events {

namespace {

using report::JsonText;

constexpr std::string_view kEcsVersion = "8.17.0";

// Up to two; the rest is empty.
using Words = std::array<std::string_view, 2>;

struct Category {
  Words categories;
  Words types;
  std::string_view outcome;
};

// Only allowed values, and only types that ECS expects for one of the categories.
Category CategoryOf(const Event& event) {
  switch (event.kind) {
    case EventKind::kDetection: return {{"malware", "file"}, {"info"}, "success"};
    case EventKind::kIncomplete: return {{"file"}, {"info"}, "unknown"};
    // One of the two is wrong, and nobody knows yet which.
    case EventKind::kDifference: return {{"file"}, {"info"}, "unknown"};
    case EventKind::kFailed: return {{"file"}, {"info"}, "failure"};
    case EventKind::kBlocked: return {{"malware", "intrusion_detection"}, {"info", "denied"}, "success"};
    case EventKind::kAllowed:
    case EventKind::kAllowListed: return {{"malware", "intrusion_detection"}, {"info", "allowed"}, "success"};
    case EventKind::kQuarantined: return {{"malware", "file"}, {"info", "deletion"}, "success"};
    case EventKind::kRestored: return {{"file"}, {"creation"}, "success"};
    case EventKind::kDeleted: return {{"file"}, {"deletion"}, "success"};
    case EventKind::kStarted: return {{"process"}, {"start"}, "success"};
    case EventKind::kStopped: return {{"process"}, {"end"}, "success"};
    case EventKind::kReloaded: return {{"configuration"}, {"change"}, "success"};
    case EventKind::kDefaultDecision:
      return event.action == Action::kBlocked ? Category{{"intrusion_detection"}, {"denied"}, "unknown"}
                                              : Category{{"intrusion_detection"}, {"allowed"}, "unknown"};
    case EventKind::kScanStarted:
    case EventKind::kScanFinished:
    case EventKind::kScanPaused:
    case EventKind::kScanResumed: return {{"malware"}, {"info"}, "success"};
    case EventKind::kQueueFull:
    case EventKind::kGap:
    case EventKind::kTrouble: return {{"process"}, {"info"}, "failure"};
  }
  return {{"process"}, {"info"}, "unknown"};
}

bool IsAlert(const Event& event) {
  return event.kind == EventKind::kDetection || event.kind == EventKind::kBlocked ||
         event.kind == EventKind::kQuarantined || (event.kind == EventKind::kAllowed && !event.detections.empty());
}

void AppendList(std::string_view key, const Words& values, JsonText& json) {
  json.Key(key);
  json.BeginArray();
  for (const std::string_view value : values) {
    if (!value.empty()) json.String(value);
  }
  json.EndArray();
}

void AppendEventFields(const Event& event, JsonText& json) {
  const Category category = CategoryOf(event);
  json.Key("event");
  json.BeginObject();
  json.Field("id", event.id);
  json.Field("kind", IsAlert(event) ? "alert" : "event");
  AppendList("category", category.categories, json);
  AppendList("type", category.types, json);
  json.Field("action", KindName(event.kind));
  json.Field("outcome", category.outcome);
  // 1 to 5, as for OCSF; ECS leaves the scale to the producer.
  json.Field("severity", static_cast<std::uint64_t>(event.effective_severity()) + 1);
  json.Field("module", "daylight");
  json.Field("dataset", "daylight.events");
  json.Field("provider", "daylight");
  if (!event.why.empty()) json.Field("reason", event.why);
  if (event.from_ns) json.Field("start", Rfc3339(*event.from_ns));
  if (event.until_ns) json.Field("end", Rfc3339(*event.until_ns));
  json.EndObject();
}

void AppendHash(const Event& event, JsonText& json) {
  if (!event.sha256) return;
  json.Key("hash");
  json.BeginObject();
  json.Field("sha256", report::HexDigest(*event.sha256));
  json.EndObject();
}

void AppendFile(const Event& event, JsonText& json) {
  if (event.path.empty() && !event.sha256 && !event.size) return;
  json.Key("file");
  json.BeginObject();
  if (!event.path.empty()) {
    json.Field("path", event.path);
    json.Field("name", os::BaseName(event.path));
    if (event.path.find('/') != std::string::npos) json.Field("directory", os::ParentFolder(event.path));
    // ECS wants it without its dot.
    if (const std::string_view extension = os::Extension(event.path); extension.size() > 1)
      json.Field("extension", extension.substr(1));
  }
  if (event.size) json.Field("size", *event.size);
  AppendHash(event, json);
  json.EndObject();
}

void AppendRule(const Event& event, JsonText& json) {
  if (event.detections.empty()) return;
  const EventDetection& first = event.detections.front();
  json.Key("rule");
  json.BeginObject();
  json.Field("name", first.name);
  json.Field("category", first.engine);
  json.Field("ruleset", first.source);
  if (!first.licence.empty()) json.Field("license", first.licence);
  json.EndObject();
  json.Key("threat");
  json.BeginObject();
  json.Key("indicator");
  json.BeginObject();
  json.Field("type", "file");
  json.Field("name", first.name);
  json.Field("provider", first.source);
  if (event.sha256) {
    json.Key("file");
    json.BeginObject();
    AppendHash(event, json);
    json.EndObject();
  }
  json.EndObject();
  json.EndObject();
}

void AppendClient(const Event& event, JsonText& json) {
  const Address address = SplitAddress(event.client.address);
  if (!address.text.empty()) {
    json.Key("client");
    json.BeginObject();
    json.Field("address", address.ip.empty() ? address.text : address.ip);
    if (!address.ip.empty()) json.Field("ip", address.ip);
    if (address.port != 0) json.Field("port", std::uint64_t{address.port});
    json.EndObject();
  }
  if (event.client.uid) {
    json.Key("user");
    json.BeginObject();
    json.Field("id", std::to_string(*event.client.uid));  // A keyword, not a number.
    json.EndObject();
  }
  if (event.client.pid || !event.client.exe.empty()) {
    json.Key("process");
    json.BeginObject();
    if (event.client.pid) {
      json.Key("pid");
      json.Signed(*event.client.pid);
    }
    if (!event.client.exe.empty()) {
      json.Field("executable", event.client.exe);
      json.Field("name", os::BaseName(event.client.exe));
    }
    json.EndObject();
  }
  if (IsNetworkProtocol(event.protocol)) {
    json.Key("network");
    json.BeginObject();
    json.Field("protocol", event.protocol);
    json.EndObject();
  }
  if (!event.sha256 && address.ip.empty()) return;
  json.Key("related");
  json.BeginObject();
  if (event.sha256) {
    const std::string digest = report::HexDigest(*event.sha256);
    AppendList("hash", {digest}, json);
  }
  if (!address.ip.empty()) AppendList("ip", {address.ip}, json);
  json.EndObject();
}

}  // namespace

void AppendEcs(const Event& event, const Source& source, std::string& out) {
  JsonText json(out);
  json.BeginObject();
  json.Field("@timestamp", Rfc3339(event.time_ns));
  json.Key("ecs");
  json.BeginObject();
  json.Field("version", kEcsVersion);
  json.EndObject();
  json.Field("message", Headline(event));
  AppendEventFields(event, json);
  if (!source.host.empty()) {
    json.Key("host");
    json.BeginObject();
    json.Field("name", source.host);
    json.Field("hostname", source.host);
    json.EndObject();
  }
  json.Key("observer");
  json.BeginObject();
  json.Field("vendor", "Daylight");
  json.Field("product", "Daylight");
  json.Field("type", "antivirus");
  json.Field("version", source.version);
  json.EndObject();
  AppendFile(event, json);
  AppendRule(event, json);
  AppendClient(event, json);
  json.Key("daylight");
  json.BeginObject();
  AppendRest(event, json);
  json.EndObject();
  json.EndObject();
}

}  // namespace dl::events
