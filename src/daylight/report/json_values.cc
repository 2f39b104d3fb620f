#include "daylight/report/json_values.h"

#include "daylight/report/json_text.h"
#include "daylight/report/writer.h"

namespace dl::report {

namespace {

void AppendSignatures(const DatabaseSummary::SignatureSource& source, JsonText& json) {
  std::uint64_t signatures = 0;
  for (const auto& one : source.loaded) signatures += one.count;
  json.BeginObject();
  json.Field("name", source.name);
  json.Field("licence", source.licence);
  if (!source.path.empty()) json.Field("path", source.path);
  if (source.digest) json.Field("sha256", HexDigest(*source.digest));
  json.Field("signatures", signatures);
  json.Key("loaded");
  json.BeginObject();
  for (const auto& one : source.loaded) {
    json.StrangeKey(one.kind);
    json.Unsigned(one.count);
  }
  json.EndObject();
  json.Key("not_loaded");
  json.BeginArray();
  for (const auto& one : source.skipped) {
    json.BeginObject();
    json.Field("kind", one.kind);
    json.Field("reason", one.reason);
    json.Field("count", one.count);
    json.EndObject();
  }
  json.EndArray();
  json.EndObject();
}

}  // namespace

std::string SummaryToJson(const DatabaseSummary& summary) {
  std::string out;
  JsonText json(out);
  json.BeginObject();
  json.Field("bytes", summary.bytes);
  json.Field("patterns", std::uint64_t{summary.patterns});
  json.Key("sources");
  json.BeginArray();
  for (const auto& source : summary.sources) {
    json.BeginObject();
    json.Field("name", source.name);
    json.Field("licence", source.licence);
    json.Field("rules", std::uint64_t{source.rules});
    json.EndObject();
  }
  json.EndArray();
  json.Key("clamav");
  json.BeginArray();
  for (const auto& source : summary.signature_sources) AppendSignatures(source, json);
  json.EndArray();
  json.Key("parts");
  json.BeginArray();
  for (const auto& part : summary.parts) {
    json.BeginObject();
    json.Field("name", part.name);
    json.Field("bytes", part.bytes);
    json.EndObject();
  }
  json.EndArray();
  json.Key("rules");
  json.BeginArray();
  for (const auto& rule : summary.rules) {
    json.BeginObject();
    json.Field("rule", rule.rule);
    json.Field("namespace", rule.name_space);
    json.Key("tags");
    json.BeginArray();
    for (const std::string& tag : rule.tags) json.String(tag);
    json.EndArray();
    json.Field("source", rule.source);
    json.Field("private", rule.is_private);
    json.Field("global", rule.is_global);
    if (!rule.author.empty()) json.Field("author", rule.author);
    json.EndObject();
  }
  json.EndArray();
  json.EndObject();
  return out + "\n";
}

std::string ExplainToJson(const ExplainAnswer& answer) {
  std::string out;
  JsonText json(out);
  json.BeginObject();
  json.Field("rule", answer.rule);
  json.Field("matched", answer.matched);
  if (!answer.gate.empty()) json.Field("gate", answer.gate);
  json.Key("terms");
  json.BeginArray();
  for (const ExplainLine& line : answer.lines) {
    json.BeginObject();
    json.Field("depth", std::uint64_t{line.depth});
    json.Field("text", line.text);
    json.Field("result", line.result);
    if (!line.detail.empty()) json.Field("detail", line.detail);
    json.EndObject();
  }
  json.EndArray();
  json.EndObject();
  return out + "\n";
}

std::string DiagnosticsToJson(const std::vector<DiagnosticLine>& lines, const CheckCounts& counts,
                              const CorpusCosts* corpus) {
  std::string out;
  JsonText json(out);
  json.BeginObject();
  json.Key("diagnostics");
  json.BeginArray();
  for (const DiagnosticLine& line : lines) {
    json.BeginObject();
    json.Field("severity", line.is_error ? "error" : "warning");
    json.Field("code", line.code);
    json.Field("file", line.file);
    json.Field("line", std::uint64_t{line.line});
    json.Field("column", std::uint64_t{line.column});
    json.Field("message", line.message);
    if (!line.rule.empty()) json.Field("rule", line.rule);
    json.Field("text", line.text);
    json.EndObject();
  }
  json.EndArray();
  json.Field("files", counts.files);
  json.Field("rules", counts.rules);
  json.Field("signatures", counts.signatures);
  json.Field("errors", counts.errors);
  json.Field("warnings", counts.warnings);
  if (corpus != nullptr) {
    json.Key("corpus");
    AppendCorpusCosts(*corpus, json);
  }
  json.EndObject();
  return out + "\n";
}

}  // namespace dl::report
