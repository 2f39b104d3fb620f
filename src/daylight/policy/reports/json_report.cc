#include "daylight/policy/date.h"
#include "daylight/policy/reports/reports.h"
#include "daylight/policy/reports/words.h"
#include "daylight/report/escape.h"
#include "daylight/report/json_text.h"

// Every key is always there, so that `null`, "" and [] are statements, too, and the order is fixed: these bytes are
// what gets signed. docs/schemas/policy-assessment.schema.json.
namespace dl::policy {

namespace {

using report::JsonText;

void AppendList(JsonText& json, std::string_view key, const std::vector<std::string>& texts) {
  json.Key(key);
  json.BeginArray();
  for (const std::string& text : texts) json.String(text);
  json.EndArray();
}

// A path that is not UTF-8 has its exact bytes beside it.
void AppendPath(JsonText& json, std::string_view path) {
  json.Field("path", path);
  if (!report::IsUtf8(path)) json.Field("path_b64", report::Base64(path));
}

void AppendClause(const Finding& finding, const ClauseVerdict& clause, JsonText& json) {
  json.BeginObject();
  json.Field("standing", Name(StandingOf(finding, clause)));
  json.Field("reason", clause.reason);
  json.Field("instrument", clause.instrument);
  json.Field("title", clause.title);
  json.Field("jurisdiction", clause.jurisdiction);
  json.Field("citation", clause.citation);
  json.Field("url", clause.url);
  json.Field("as_of", Text(clause.as_of));
  json.Field("verified", clause.verified);
  json.Field("secondary_source", clause.secondary_source);
  json.Field("nature", Name(clause.nature));
  json.Field("clause", clause.clause);
  json.Field("what", clause.what);
  json.Field("required", clause.required);
  AppendList(json, "binds", clause.binds);
  json.Field("effective", Text(clause.effective));
  json.Key("until");
  if (clause.until) {
    json.String(Text(*clause.until));
  } else {
    json.Null();
  }
  AppendList(json, "exempt", clause.exempt);
  json.EndObject();
}

void AppendFinding(const Finding& finding, JsonText& json) {
  json.BeginObject();
  json.Field("grade", Name(finding.grade));
  json.Field("forbidden", finding.forbidden());
  json.Field("product", finding.product);
  json.Field("product_name", finding.product_name);
  json.Field("entity", finding.entity);
  json.Field("entity_name", finding.entity_name);
  json.Field("target", finding.target);
  json.Field("root", finding.root);
  json.Key("evidence");
  json.BeginArray();
  for (const Evidence& evidence : finding.evidence) {
    json.BeginObject();
    json.Field("grade", Name(evidence.grade));
    json.Field("kind", evidence.kind);
    json.Field("root", evidence.root);
    AppendPath(json, evidence.path);
    json.Field("detail", evidence.detail);
    json.Field("sha256", evidence.sha256);
    json.EndObject();
  }
  json.EndArray();
  json.Field("more_evidence", finding.more_evidence);
  json.Key("clauses");
  json.BeginArray();
  for (const ClauseVerdict& clause : finding.clauses) AppendClause(finding, clause, json);
  json.EndArray();
  json.EndObject();
}

void AppendTarget(const TargetLooked& target, JsonText& json) {
  json.BeginObject();
  json.Field("name", target.name);
  if (!report::IsUtf8(target.name)) json.Field("name_b64", report::Base64(target.name));
  json.Field("kind", target.kind);
  json.Field("host", target.host);
  json.Field("operating_system", target.operating_system);
  json.Field("sha256", target.sha256);
  json.Key("counts");
  json.BeginObject();
  for (const auto& [what, count] : target.counts) {
    json.StrangeKey(what);
    json.Unsigned(count);
  }
  json.EndObject();
  json.EndObject();
}

void AppendPolicy(const PolicyVersion& policy, JsonText& json) {
  json.BeginObject();
  json.Field("digest", policy.digest);
  json.Field("as_of", Text(policy.as_of));
  json.Field("instruments", std::uint64_t{policy.instruments});
  json.Field("products", std::uint64_t{policy.products});
  AppendList(json, "files", policy.files);
  json.EndObject();
}

// One item a line.
template <typename Items, typename Append>
void AppendLines(JsonText& json, std::string_view key, const Items& items, Append append) {
  json.Line();
  json.Key(key);
  json.BeginArray();
  for (const auto& item : items) {
    json.Line();
    append(item, json);
  }
  if (!items.empty()) json.Line();
  json.EndArray();
}

void AppendUnread(const Unread& unread, JsonText& json) {
  json.BeginObject();
  json.Field("target", unread.target);
  json.Field("root", unread.root);
  AppendPath(json, unread.path);
  json.Field("reason", unread.reason);
  json.Field("detail", unread.detail);
  json.EndObject();
}

void AppendText(const std::string& text, JsonText& json) { json.String(text); }

}  // namespace

std::string WriteJson(const Assessment& assessment) {
  std::string out;
  JsonText json(out);
  json.BeginObject();
  json.Field("schema", std::uint64_t{1});
  json.Field("type", "policy-assessment");
  json.Line();
  json.Field("answer", Name(AnswerOf(assessment)));
  json.Field("summary", Headline(assessment));
  json.Field("forbidden", assessment.forbidden());
  json.Field("complete", assessment.complete());
  json.Line();
  json.Field("program", assessment.program);
  json.Field("at", Time(assessment.at));
  json.Field("on", Text(assessment.on));
  AppendList(json, "jurisdictions", assessment.jurisdictions);
  json.Field("role", assessment.role);
  AppendList(json, "only", assessment.only);
  json.Field("fail_on", assessment.fail_on ? Name(*assessment.fail_on) : "");
  json.Line();
  json.Key("policy");
  AppendPolicy(assessment.policy, json);
  AppendLines(json, "targets", assessment.targets, AppendTarget);
  AppendLines(json, "findings", assessment.findings, AppendFinding);
  AppendLines(json, "unread", assessment.unread, AppendUnread);
  json.Field("more_unread", assessment.more_unread);
  AppendLines(json, "warnings", assessment.warnings, AppendText);
  AppendLines(json, "failures", assessment.failures, AppendText);
  json.Line();
  json.Field("notice", kNotAdvice);
  json.Line();
  json.EndObject();
  out += '\n';
  return out;
}

}  // namespace dl::policy
