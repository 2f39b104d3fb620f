// Attributes by https://schema.ocsf.io/1.5.0: Detection Finding (2004) for what is about
// a file, Application Lifecycle (6002), Scan Activity (6007), and Base Event for the rest.
// All that are required are there; what has no place is under "unmapped".
#include <arpa/inet.h>

#include "daylight/events/formats.h"
#include "daylight/os/paths.h"
#include "daylight/report/writer.h"

namespace dl::events {

namespace {

using report::JsonText;

constexpr std::string_view kOcsfVersion = "1.5.0";

struct Named {
  std::uint64_t id;
  std::string_view name;
};

struct Class {
  Named category;
  Named uid;
  Named activity;
};

constexpr Named kFindings{2, "Findings"};
constexpr Named kApplication{6, "Application Activity"};
constexpr Named kDetectionFinding{2004, "Detection Finding"};
constexpr Named kLifecycle{6002, "Application Lifecycle"};
constexpr Named kScanActivity{6007, "Scan Activity"};

Class ClassOf(EventKind kind) {
  switch (kind) {
    case EventKind::kDetection:
    case EventKind::kIncomplete:
    case EventKind::kFailed:
    case EventKind::kBlocked:
    case EventKind::kAllowed:
    case EventKind::kQuarantined:
    case EventKind::kRestored:
    case EventKind::kDeleted:
    case EventKind::kDefaultDecision:
    case EventKind::kDifference:
    // Each event stands for itself: there is no finding that it would be an update of.
    case EventKind::kAllowListed: return {kFindings, kDetectionFinding, {1, "Create"}};
    case EventKind::kStarted: return {kApplication, kLifecycle, {3, "Start"}};
    case EventKind::kStopped: return {kApplication, kLifecycle, {4, "Stop"}};
    case EventKind::kReloaded: return {kApplication, kLifecycle, {99, "Reload"}};
    case EventKind::kScanStarted: return {kApplication, kScanActivity, {1, "Started"}};
    case EventKind::kScanFinished: return {kApplication, kScanActivity, {2, "Completed"}};
    case EventKind::kScanPaused: return {kApplication, kScanActivity, {7, "Paused"}};
    case EventKind::kScanResumed: return {kApplication, kScanActivity, {8, "Resumed"}};
    case EventKind::kQueueFull:
    case EventKind::kGap:
    case EventKind::kTrouble: break;
  }
  return {{0, "Uncategorized"}, {0, "Base Event"}, {99, KindName(kind)}};
}

struct Outcome {
  Named action;
  Named disposition;
};

// Of the profile "security_control".
Outcome OutcomeOf(const Event& event) {
  constexpr Named kAllowedAction{1, "Allowed"};
  constexpr Named kDenied{2, "Denied"};
  constexpr Named kObserved{3, "Observed"};
  constexpr Named kModified{4, "Modified"};
  if (event.kind == EventKind::kRestored) return {kModified, {9, "Restored"}};
  if (event.kind == EventKind::kDeleted) return {kModified, {5, "Deleted"}};
  if (event.kind == EventKind::kAllowListed) return {kAllowedAction, {10, "Exonerated"}};
  switch (event.action) {
    case Action::kBlocked: return {kDenied, {2, "Blocked"}};
    case Action::kQuarantined: return {kDenied, {3, "Quarantined"}};
    case Action::kAllowed: return {kAllowedAction, {1, "Allowed"}};
    case Action::kNone: break;
  }
  if (event.kind == EventKind::kDetection) return {kObserved, {15, "Detected"}};
  return {kObserved, {17, "Logged"}};
}

Named SeverityId(Severity severity) {
  switch (severity) {
    case Severity::kInfo: return {1, "Informational"};
    case Severity::kNotice: return {2, "Low"};
    case Severity::kWarning: return {3, "Medium"};
    case Severity::kHigh: return {4, "High"};
    case Severity::kCritical: return {5, "Critical"};
  }
  return {0, "Unknown"};
}

void AppendNamed(std::string_view id_key, std::string_view name_key, const Named& named, JsonText& json) {
  json.Field(id_key, named.id);
  json.Field(name_key, named.name);
}

// OCSF's timestamp_t: milliseconds since 1970.
void AppendTime(std::string_view key, std::int64_t time_ns, JsonText& json) {
  json.Key(key);
  json.Signed(time_ns / 1'000'000);
}

void AppendProduct(std::string_view key, const Source& source, JsonText& json) {
  json.Key(key);
  json.BeginObject();
  json.Field("name", "Daylight");
  json.Field("vendor_name", "Daylight");
  json.Field("version", source.version);
  json.EndObject();
}

void AppendFileObject(std::string_view path, const Event* event, JsonText& json) {
  json.BeginObject();
  const std::string_view name = os::BaseName(path);
  json.Field("name", name.empty() ? std::string_view("unknown") : name);  // Required.
  if (!path.empty()) json.Field("path", path);
  // Regular files are all that is scanned.
  json.Field("type_id", std::uint64_t{1});
  json.Field("type", "Regular File");
  if (event != nullptr && event->size) json.Field("size", *event->size);
  if (event != nullptr && event->sha256) {
    json.Key("hashes");
    json.BeginArray();
    json.BeginObject();
    json.Field("algorithm_id", std::uint64_t{3});
    json.Field("algorithm", "SHA-256");
    json.Field("value", report::HexDigest(*event->sha256));
    json.EndObject();
    json.EndArray();
  }
  json.EndObject();
}

void AppendEvidences(const Event& event, JsonText& json) {
  const Address address = SplitAddress(event.client.address);
  const bool has_file = !event.path.empty() || event.sha256 || event.size;
  const bool has_actor = event.client.pid || event.client.uid || !event.client.exe.empty();
  if (!has_file && !has_actor && address.ip.empty()) return;
  json.Key("evidences");
  json.BeginArray();
  json.BeginObject();
  if (has_file) {
    json.Key("file");
    AppendFileObject(event.path, &event, json);
  }
  if (!address.ip.empty()) {
    json.Key("src_endpoint");
    json.BeginObject();
    json.Field("ip", address.ip);
    if (address.port != 0) json.Field("port", std::uint64_t{address.port});
    json.EndObject();
  }
  if (has_actor) {
    json.Key("actor");
    json.BeginObject();
    if (event.client.pid || !event.client.exe.empty()) {
      json.Key("process");
      json.BeginObject();
      if (event.client.pid) {
        json.Key("pid");
        json.Signed(*event.client.pid);
      }
      if (!event.client.exe.empty()) {
        json.Field("name", os::BaseName(event.client.exe));
        json.Key("file");
        AppendFileObject(event.client.exe, nullptr, json);
      }
      json.EndObject();
    }
    if (event.client.uid) {
      json.Key("user");
      json.BeginObject();
      json.Field("uid", std::to_string(*event.client.uid));
      json.EndObject();
    }
    json.EndObject();
  }
  if (event.kind == EventKind::kIncomplete || event.kind == EventKind::kFailed)
    AppendNamed("verdict_id", "verdict", {7, "Insufficient Data"}, json);
  json.EndObject();
  json.EndArray();
}

void AppendFinding(const Event& event, const Source& source, JsonText& json) {
  const Outcome outcome = OutcomeOf(event);
  json.Key("finding_info");
  json.BeginObject();
  json.Field("uid", event.id);
  std::string title(KindTitle(event.kind));
  if (!event.detections.empty()) title += ": " + event.detections.front().name;
  json.Field("title", title);
  AppendTime("created_time", event.time_ns, json);
  if (!event.why.empty()) json.Field("desc", event.why);
  if (!event.detections.empty()) {
    const EventDetection& first = event.detections.front();
    json.Key("analytic");
    json.BeginObject();
    AppendNamed("type_id", "type", {1, "Rule"}, json);
    json.Field("name", first.name);
    json.Field("category", first.engine);
    json.EndObject();
    json.Key("data_sources");
    json.BeginArray();
    json.String(first.source);
    json.EndArray();
  }
  AppendProduct("product", source, json);
  json.EndObject();
  AppendNamed("action_id", "action", outcome.action, json);
  AppendNamed("disposition_id", "disposition", outcome.disposition, json);
  json.Field("is_alert", event.kind == EventKind::kDetection || event.kind == EventKind::kBlocked ||
                             event.kind == EventKind::kQuarantined);
  // Of the finding, not of the scan: 1 is "New", 3 "Suppressed", 4 "Resolved".
  Named status{1, "New"};
  if (event.kind == EventKind::kAllowListed) status = {3, "Suppressed"};
  if (event.kind == EventKind::kRestored || event.kind == EventKind::kDeleted) status = {4, "Resolved"};
  AppendNamed("status_id", "status", status, json);
  if (!event.detections.empty()) {
    json.Key("malware");
    json.BeginArray();
    for (const EventDetection& detection : event.detections) {
      json.BeginObject();
      json.Key("classification_ids");  // Required; rules do not say.
      json.BeginArray();
      json.Unsigned(0);
      json.EndArray();
      json.Field("name", detection.name);
      json.Field("provider", detection.source);
      json.EndObject();
    }
    json.EndArray();
  }
  AppendEvidences(event, json);
}

void AppendScan(const Event& event, JsonText& json) {
  json.Key("scan");
  json.BeginObject();
  const bool scheduled = !event.schedule.empty();
  AppendNamed("type_id", "type", scheduled ? Named{2, "Scheduled"} : Named{1, "Manual"}, json);
  // One of name and uid has to be there.
  json.Field("name", scheduled ? std::string_view(event.schedule) : std::string_view("scan"));
  json.EndObject();
  if (!event.totals) return;
  json.Field("num_files", event.totals->files);
  json.Field("num_detections", event.totals->detected);
  json.Field("num_skipped_items", event.totals->incomplete + event.totals->failed);
  json.Field("total", event.totals->files);
}

}  // namespace

void AppendOcsf(const Event& event, const Source& source, std::string& out) {
  const Class what = ClassOf(event.kind);
  const bool finding = what.uid.id == kDetectionFinding.id;
  JsonText json(out);
  json.BeginObject();
  AppendNamed("category_uid", "category_name", what.category, json);
  AppendNamed("class_uid", "class_name", what.uid, json);
  AppendNamed("activity_id", "activity_name", what.activity, json);
  json.Field("type_uid", what.uid.id * 100 + what.activity.id);
  AppendTime("time", event.time_ns, json);
  AppendNamed("severity_id", "severity", SeverityId(event.effective_severity()), json);
  json.Field("message", Headline(event));
  json.Key("metadata");
  json.BeginObject();
  json.Field("version", kOcsfVersion);
  AppendProduct("product", source, json);
  json.Field("uid", event.id);
  json.Field("event_code", KindName(event.kind));
  json.Field("log_name", "events");
  json.Field("log_provider", "daylight");
  json.Key("profiles");
  json.BeginArray();
  json.String("host");
  if (finding) json.String("security_control");
  json.EndArray();
  json.EndObject();
  json.Key("device");
  json.BeginObject();
  AppendNamed("type_id", "type", {0, "Unknown"}, json);
  json.Field("hostname", source.host);
  json.EndObject();
  if (event.from_ns) AppendTime("start_time", *event.from_ns, json);
  if (event.until_ns) AppendTime("end_time", *event.until_ns, json);
  if (finding) AppendFinding(event, source, json);
  if (what.uid.id == kLifecycle.id) AppendProduct("app", source, json);
  if (what.uid.id == kScanActivity.id) AppendScan(event, json);
  json.Key("unmapped");
  json.BeginObject();
  AppendRest(event, json);
  json.EndObject();
  json.EndObject();
}

}  // namespace dl::events
