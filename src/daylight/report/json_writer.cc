#include <algorithm>

#include "daylight/report/escape.h"
#include "daylight/report/writers.h"

namespace dl::report {

void AppendMetas(const std::vector<MetaValue>& metas, JsonText& json) {
  const auto value = [&](const MetaValue& meta) {
    switch (meta.kind) {
      case MetaValue::Kind::kString: return json.String(meta.text);
      case MetaValue::Kind::kInteger: return json.Signed(meta.integer);
      case MetaValue::Kind::kBoolean: return json.Bool(meta.integer != 0);
      case MetaValue::Kind::kFloat: return json.Real(meta.real);
    }
  };
  json.BeginObject();
  for (std::size_t i = 0; i < metas.size(); ++i) {
    // A key may be given more than once (`hash`): then its value is a list, at
    // the place of the first.
    const auto same_key = [&](const MetaValue& other) { return other.key == metas[i].key; };
    if (std::any_of(metas.begin(), metas.begin() + static_cast<std::ptrdiff_t>(i), same_key)) continue;
    json.StrangeKey(metas[i].key);
    if (std::count_if(metas.begin(), metas.end(), same_key) == 1) {
      value(metas[i]);
      continue;
    }
    json.BeginArray();
    for (const MetaValue& meta : metas) {
      if (same_key(meta)) value(meta);
    }
    json.EndArray();
  }
  json.EndObject();
}

void AppendStrings(const Detection& detection, JsonText& json) {
  json.BeginArray();
  for (const MatchedString& match : detection.strings) {
    json.BeginObject();
    json.Field("id", match.id);
    json.Field("offset", match.offset);
    json.Field("length", match.length);
    json.Field("data", Base64(match.data));
    if (match.data_truncated) json.Field("truncated", true);
    json.EndObject();
  }
  json.EndArray();
}

void AppendSummary(const Summary& summary, JsonText& json) {
  json.BeginObject();
  json.Field("files", summary.files);
  json.Field("bytes", summary.bytes);
  json.Field("detected", summary.detected);
  json.Field("detections", summary.detections);
  json.Field("incomplete", summary.incomplete);
  json.Field("failed", summary.failed);
  json.Field("skipped", summary.skipped);
  json.Field("workers_lost", summary.workers_lost);
  json.Key("seconds");
  json.Real(static_cast<double>(static_cast<std::int64_t>(summary.seconds * 1000)) / 1000);
  json.Field("interrupted", summary.interrupted);
  if (summary.cached > 0) json.Field("cached", summary.cached);
  if (summary.without_walls) json.Field("sandbox", "none");
  json.EndObject();
}

namespace {

void AppendDetection(const Detection& detection, bool list_strings, JsonText& json) {
  json.BeginObject();
  json.Field("engine", detection.engine);
  // A ClamAV signature has a name where a rule has an identifier.
  json.Field(detection.engine == "clamav" ? "name" : "rule", detection.rule);
  if (!detection.name_space.empty()) json.Field("namespace", detection.name_space);
  json.Key("tags");
  json.BeginArray();
  for (const std::string& tag : detection.tags) json.String(tag);
  json.EndArray();
  json.Key("meta");
  AppendMetas(detection.metas, json);
  json.Field("source", detection.source);
  if (!detection.licence.empty()) json.Field("licence", detection.licence);
  json.Field("object", detection.object);
  if (list_strings) {
    json.Key("strings");
    AppendStrings(detection, json);
    if (detection.strings_truncated) json.Field("truncated", true);
  }
  json.EndObject();
}

void AppendTexts(std::string_view key, const std::vector<std::string>& texts, JsonText& json) {
  if (texts.empty()) return;
  json.Key(key);
  json.BeginArray();
  for (const std::string& text : texts) json.String(text);
  json.EndArray();
}

void AppendRecord(const FileRecord& record, const WriterOptions& options, std::string& out) {
  const ObjectReport& report = record.report;
  JsonText json(out);
  json.BeginObject();
  json.Field("path", record.path);
  if (!IsUtf8(record.path)) json.Field("path_b64", Base64(record.path));
  json.Field("verdict", VerdictName(report.verdict));
  json.Field("size", report.size);
  if (report.sha256) json.Field("sha256", HexDigest(*report.sha256));
  json.Key("detections");
  json.BeginArray();
  for (const Detection& detection : report.detections) AppendDetection(detection, options.list_strings, json);
  json.EndArray();
  json.Key("incomplete");
  json.BeginArray();
  for (const Incomplete& incomplete : report.incomplete) {
    json.BeginObject();
    json.Field("object", incomplete.object);
    json.Field("reason", incomplete.reason);
    if (!incomplete.detail.empty()) json.Field("detail", incomplete.detail);
    json.EndObject();
  }
  json.EndArray();
  if (report.verdict == Verdict::kFailed) json.Field("error", report.failure);
  AppendTexts("warnings", report.warnings, json);
  AppendTexts("log", report.log, json);
  if (report.cached) json.Field("cached", true);
  if (options.without_walls) json.Field("sandbox", "none");
  json.EndObject();
}

// JSON Lines, or one document with the same records.
class JsonWriter final : public Writer {
 public:
  JsonWriter(WriterOptions options, bool lines) : options_(std::move(options)), lines_(lines) {}

  void Begin(std::string& out) override {
    if (!lines_) out += "{\"files\":[";
  }

  void Write(const FileRecord& record, std::string& out) override {
    if (options_.quiet && record.report.detections.empty()) return;
    if (!lines_) out += first_ ? "\n" : ",\n";
    first_ = false;
    AppendRecord(record, options_, out);
    if (lines_) out += '\n';
  }

  void End(const Summary& summary, std::string& out) override {
    if (lines_) {
      // Otherwise a list that was cut short would look like a whole one.
      if (summary.interrupted) out += "{\"interrupted\":true}\n";
      return;
    }
    out += first_ ? "],\n\"summary\":" : "\n],\n\"summary\":";
    JsonText json(out);
    AppendSummary(summary, json);
    if (summary.profile != nullptr) {
      out += ",\n\"profile\":";
      JsonText more(out);
      AppendProfile(*summary.profile, more);
    }
    out += "}\n";
  }

 private:
  WriterOptions options_;
  bool lines_;
  bool first_ = true;
};

}  // namespace

std::unique_ptr<Writer> MakeJsonWriter(WriterOptions options, bool lines) {
  return std::make_unique<JsonWriter>(std::move(options), lines);
}

}  // namespace dl::report
