#include <map>

#include "daylight/report/escape.h"
#include "daylight/report/writers.h"

// SARIF 2.1.0 (OASIS). Results are written as they come and the tool with its
// rules behind them: a JSON object's members have no order.
namespace dl::report {

namespace {

class SarifWriter final : public Writer {
 public:
  explicit SarifWriter(WriterOptions options) : options_(std::move(options)) {}

  void Begin(std::string& out) override {
    out +=
        "{\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\",\"version\":\"2.1.0\",\"runs\":[{"
        "\"columnKind\":\"unicodeCodePoints\",\"results\":[";
  }

  void Write(const FileRecord& record, std::string& out) override {
    const ObjectReport& report = record.report;
    for (const Detection& detection : report.detections) WriteDetection(record, detection, out);
    if (options_.quiet) return;
    // 3.27.9: "open" is a result that could not be decided; its level is "none".
    for (const Incomplete& incomplete : report.incomplete) {
      std::string message = "Not fully read: " + incomplete.reason;
      if (!incomplete.detail.empty()) message += " (" + incomplete.detail + ")";
      WritePlain(record, "daylight/incomplete", "open", message, incomplete.object, out);
    }
    if (report.verdict == Verdict::kFailed) {
      WritePlain(record, "daylight/failed", "open", "Not scanned: " + report.failure, "", out);
    }
    if (report.verdict == Verdict::kClean && options_.all) {
      WritePlain(record, "daylight/clean", "pass", "Nothing detected.", "", out);
    }
  }

  void End(const Summary& summary, std::string& out) override {
    out += first_ ? "]," : "\n],";
    out += "\"tool\":";
    JsonText json(out);
    json.BeginObject();
    json.Key("driver");
    json.BeginObject();
    json.Field("name", "Daylight");
    if (!options_.version.empty()) json.Field("version", options_.version);
    json.Key("rules");
    out += "[" + rules_ + "]";
    json.EndObject();
    json.EndObject();
    out += ",\"invocations\":";
    JsonText invocations(out);
    invocations.BeginArray();
    invocations.BeginObject();
    invocations.Field("executionSuccessful", !summary.interrupted);
    if (summary.interrupted) {
      invocations.Key("toolExecutionNotifications");
      invocations.BeginArray();
      invocations.BeginObject();
      invocations.Field("level", "error");
      invocations.Key("message");
      invocations.BeginObject();
      invocations.Field("text", "interrupted");
      invocations.EndObject();
      invocations.EndObject();
      invocations.EndArray();
    }
    invocations.Key("properties");
    invocations.BeginObject();
    invocations.Key("summary");
    AppendSummary(summary, invocations);
    invocations.EndObject();
    invocations.EndObject();
    invocations.EndArray();
    out += "}]}\n";
  }

 private:
  // The rule's place in the driver's list; the first detection describes it.
  std::size_t RuleIndex(const std::string& id, const Detection* detection) {
    const auto [place, is_new] = indexes_.emplace(id, indexes_.size());
    if (!is_new) return place->second;
    if (!rules_.empty()) rules_ += ',';
    rules_ += '\n';
    JsonText json(rules_);
    json.BeginObject();
    json.Field("id", id);
    if (detection != nullptr) {
      json.Field("name", detection->rule);
      for (const MetaValue& meta : detection->metas) {
        if (meta.key != "description" || meta.kind != MetaValue::Kind::kString || meta.text.empty()) continue;
        json.Key("shortDescription");
        json.BeginObject();
        json.Field("text", meta.text);
        json.EndObject();
        break;
      }
      json.Key("properties");
      json.BeginObject();
      json.Field("engine", detection->engine);
      if (!detection->name_space.empty()) json.Field("namespace", detection->name_space);
      json.Field("source", detection->source);
      if (!detection->licence.empty()) json.Field("licence", detection->licence);
      json.Key("tags");
      json.BeginArray();
      // 3.8.2.2: an array of unique strings.
      for (std::size_t i = 0; i < detection->tags.size(); ++i) {
        bool seen = false;
        for (std::size_t j = 0; j < i; ++j) seen = seen || detection->tags[j] == detection->tags[i];
        if (!seen) json.String(detection->tags[i]);
      }
      json.EndArray();
      json.Key("meta");
      AppendMetas(detection->metas, json);
      json.EndObject();
    }
    json.EndObject();
    return place->second;
  }

  void BeginResult(std::string& out) {
    out += first_ ? "\n" : ",\n";
    first_ = false;
  }

  static void AppendLocations(const FileRecord& record, const MatchedString* match, JsonText& json) {
    json.Key("locations");
    json.BeginArray();
    json.BeginObject();
    json.Key("physicalLocation");
    json.BeginObject();
    json.Key("artifactLocation");
    json.BeginObject();
    json.Field("uri", FileUri(record.path));
    json.EndObject();
    if (match != nullptr) {
      json.Key("region");
      json.BeginObject();
      json.Field("byteOffset", match->offset);
      json.Field("byteLength", match->length);
      json.EndObject();
    }
    json.EndObject();
    json.EndObject();
    json.EndArray();
  }

  void WriteDetection(const FileRecord& record, const Detection& detection, std::string& out) {
    const std::string id = detection.name_space.empty() || detection.name_space == "default"
                               ? detection.rule
                               : detection.name_space + "." + detection.rule;
    const std::size_t index = RuleIndex(id, &detection);
    BeginResult(out);
    JsonText json(out);
    json.BeginObject();
    json.Field("ruleId", id);
    json.Field("ruleIndex", std::uint64_t{index});
    json.Field("level", "error");
    json.Key("message");
    json.BeginObject();
    json.Field("text", detection.rule + " matched " + EscapeLine(ObjectPath(record.path, detection.object)));
    json.EndObject();
    // Offsets are of the object, so they say nothing about a file around it.
    const bool is_file = detection.object.find("//") == std::string::npos;
    AppendLocations(record, is_file && !detection.strings.empty() ? &detection.strings.front() : nullptr, json);
    json.Key("properties");
    json.BeginObject();
    json.Field("object", detection.object);
    json.Field("size", record.report.size);
    if (record.report.sha256) json.Field("sha256", HexDigest(*record.report.sha256));
    if (options_.list_strings) {
      json.Key("strings");
      AppendStrings(detection, json);
      if (detection.strings_truncated) json.Field("truncated", true);
    }
    json.EndObject();
    json.EndObject();
  }

  void WritePlain(const FileRecord& record, const std::string& id, std::string_view kind, std::string_view message,
                  std::string_view object, std::string& out) {
    const std::size_t index = RuleIndex(id, nullptr);
    BeginResult(out);
    JsonText json(out);
    json.BeginObject();
    json.Field("ruleId", id);
    json.Field("ruleIndex", std::uint64_t{index});
    json.Field("kind", kind);
    json.Field("level", "none");
    json.Key("message");
    json.BeginObject();
    json.Field("text", message);
    json.EndObject();
    AppendLocations(record, nullptr, json);
    json.Key("properties");
    json.BeginObject();
    if (!object.empty()) json.Field("object", object);
    json.Field("size", record.report.size);
    json.EndObject();
    json.EndObject();
  }

  WriterOptions options_;
  std::map<std::string, std::size_t> indexes_;
  std::string rules_;
  bool first_ = true;
};

}  // namespace

std::unique_ptr<Writer> MakeSarifWriter(WriterOptions options) {
  return std::make_unique<SarifWriter>(std::move(options));
}

}  // namespace dl::report
