#include <map>

#include "daylight/bytes/bytes.h"
#include "daylight/crypto/digest.h"
#include "daylight/policy/date.h"
#include "daylight/policy/reports/reports.h"
#include "daylight/policy/reports/words.h"
#include "daylight/report/escape.h"
#include "daylight/report/json_text.h"

// SARIF 2.1.0 (OASIS). The clauses are the rules; a finding has a result for each clause that says something of it.
namespace dl::policy {

namespace {

using report::EscapeLine;
using report::JsonText;

// Bounds a result's list of locations; the JSON report has all of the evidence.
constexpr std::size_t kMostLocations = 20;

struct Weight {
  std::string_view kind;   // 3.27.9
  std::string_view level;  // 3.27.10: "none" for every kind but "fail".
};

Weight WeightOf(Standing standing) {
  switch (standing) {
    case Standing::kForbids: return {"fail", "error"};
    case Standing::kAdvises: return {"fail", "warning"};
    case Standing::kReported: return {"fail", "note"};
    case Standing::kNotYet: return {"fail", "note"};
    case Standing::kEnded: return {"notApplicable", "none"};
    case Standing::kNotBound: return {"notApplicable", "none"};
    case Standing::kOutOfScope: return {"notApplicable", "none"};
  }
  return {"notApplicable", "none"};
}

void AppendMessage(JsonText& json, std::string_view key, std::string_view text) {
  json.Key(key);
  json.BeginObject();
  json.Field("text", text);
  json.EndObject();
}

// 3.49.3: an identifier is stable, and unique within the tool. Two clauses that differ and have the same names, which a
// good policy has not, are told apart by a number.
std::vector<std::string> RuleIds(const ClauseList& list) {
  std::vector<std::string> ids;
  std::map<std::string, int> seen;
  for (const ClauseVerdict* clause : list.clauses()) {
    std::string id = EscapeLine(clause->instrument);
    if (!clause->clause.empty()) id += "/" + EscapeLine(clause->clause);
    if (const int before = seen[id]++; before > 0) id += "#" + std::to_string(before + 1);
    ids.push_back(std::move(id));
  }
  return ids;
}

void AppendRule(const ClauseVerdict& clause, const std::string& id, JsonText& json) {
  json.BeginObject();
  json.Field("id", id);
  AppendMessage(
      json, "shortDescription",
      EscapeLine(clause.jurisdiction + ": " + clause.title + (clause.clause.empty() ? "" : ", " + clause.clause)));
  std::string full = clause.what;
  if (!clause.required.empty()) full += (full.empty() ? "" : " ") + clause.required;
  for (const std::string& caveat : Caveats(clause)) full += (full.empty() ? "" : " ") + caveat;
  if (!full.empty()) AppendMessage(json, "fullDescription", EscapeLine(full));
  // 3.49.12: a URI. Anything else would make the document invalid.
  if (clause.url.starts_with("https://") || clause.url.starts_with("http://")) {
    json.Field("helpUri", WebUri(clause.url));
  }
  json.Key("properties");
  json.BeginObject();
  json.Field("instrument", clause.instrument);
  json.Field("clause", clause.clause);
  json.Field("jurisdiction", clause.jurisdiction);
  json.Field("citation", clause.citation);
  json.Field("nature", Name(clause.nature));
  json.Field("effective", Text(clause.effective));
  if (clause.until) json.Field("until", Text(*clause.until));
  json.Field("asOf", Text(clause.as_of));
  json.Field("verified", clause.verified);
  json.Field("secondarySource", clause.secondary_source);
  for (const auto& [key, list] : {std::pair{"binds", &clause.binds}, std::pair{"exempt", &clause.exempt}}) {
    json.Key(key);
    json.BeginArray();
    for (const std::string& text : *list) json.String(text);
    json.EndArray();
  }
  json.EndObject();
  json.EndObject();
}

void AppendLocation(JsonText& json, const std::string& full, std::string_view message) {
  json.BeginObject();
  json.Key("physicalLocation");
  json.BeginObject();
  json.Key("artifactLocation");
  json.BeginObject();
  json.Field("uri", report::FileUri(full));
  json.EndObject();
  json.EndObject();
  if (!message.empty()) AppendMessage(json, "message", EscapeLine(message));
  json.EndObject();
}

class Results {
 public:
  Results(const Assessment& assessment, JsonText& json) : places_(assessment), json_(json) {}

  // `clause`: null when none names it.
  void Add(const Finding& finding, const ClauseVerdict* clause, const std::string& rule, std::size_t index) {
    const Weight weight = clause != nullptr ? WeightOf(StandingOf(finding, *clause)) : Weight{"informational", "none"};
    Begin(rule, index, weight);
    std::string text = finding.product_name + " (" + finding.entity_name + ") is " + Verb(finding.grade) + ": " +
                       places_.Of(finding) + ".";
    if (clause != nullptr) {
      text += " " + clause->title + ": " + std::string(Words(StandingOf(finding, *clause)));
      if (!clause->reason.empty()) text += " (" + clause->reason + ")";
      text += ".";
      if (!clause->citation.empty()) text += " " + clause->citation + ".";
    }
    AppendMessage(json_, "message", EscapeLine(text));
    json_.Key("locations");
    json_.BeginArray();
    std::size_t n = 0;
    for (const Evidence& evidence : finding.evidence) {
      if (n++ == kMostLocations) break;
      AppendLocation(json_, places_.Full(finding.target, evidence.root, evidence.path), evidence.detail);
    }
    if (finding.evidence.empty()) AppendLocation(json_, places_.Full(finding.target, finding.root, ""), "");
    json_.EndArray();
    // 3.27.17: what makes it the same finding in the next report.
    json_.Key("partialFingerprints");
    json_.BeginObject();
    json_.Field("daylightPolicy/v1", Fingerprint({rule, finding.product, finding.target, finding.root}));
    json_.EndObject();
    json_.Key("properties");
    json_.BeginObject();
    json_.Field("grade", Name(finding.grade));
    json_.Field("forbidden", finding.forbidden());
    if (clause != nullptr) json_.Field("standing", Name(StandingOf(finding, *clause)));
    json_.Field("product", finding.product);
    json_.Field("entity", finding.entity);
    json_.Field("target", finding.target);
    json_.Field("root", finding.root);
    json_.Field("evidence", std::uint64_t{finding.evidence.size()} + finding.more_evidence);
    if (!finding.evidence.empty() && !finding.evidence.front().sha256.empty()) {
      json_.Field("sha256", finding.evidence.front().sha256);
    }
    json_.EndObject();
    json_.EndObject();
  }

  void AddUnread(const Unread& unread, std::size_t index) {
    Begin("daylight/unread", index, {"open", "none"});
    std::string text = "Not read: " + unread.reason;
    if (!unread.detail.empty()) text += " (" + unread.detail + ")";
    AppendMessage(json_, "message", EscapeLine(text));
    json_.Key("locations");
    json_.BeginArray();
    AppendLocation(json_, places_.Full(unread.target, unread.root, unread.path), "");
    json_.EndArray();
    json_.EndObject();
  }

 private:
  static std::string Verb(Grade grade) {
    switch (grade) {
      case Grade::kMention: return "mentioned";
      case Grade::kRemnant: return "left behind in part";
      case Grade::kEmbedded: return "embedded";
      case Grade::kInstalled: return "installed";
      case Grade::kRunning: return "running";
    }
    return {};
  }

  static std::string Fingerprint(std::initializer_list<std::string_view> parts) {
    crypto::Sha256 digest;
    for (const std::string_view part : parts) {
      digest.Update(AsBytes(std::to_string(part.size()) + ":"));
      digest.Update(AsBytes(part));
    }
    return crypto::Hex(digest.Finish());
  }

  void Begin(const std::string& rule, std::size_t index, const Weight& weight) {
    json_.Line();
    json_.BeginObject();
    json_.Field("ruleId", rule);
    json_.Field("ruleIndex", std::uint64_t{index});
    json_.Field("kind", weight.kind);
    json_.Field("level", weight.level);
  }

  Places places_;
  JsonText& json_;
};

void AppendNotifications(const Assessment& assessment, JsonText& json) {
  const auto append = [&json](std::string_view level, std::string_view text) {
    json.BeginObject();
    json.Field("level", level);
    AppendMessage(json, "message", EscapeLine(text));
    json.EndObject();
  };
  json.Key("toolExecutionNotifications");
  json.BeginArray();
  for (const std::string& failure : assessment.failures) append("error", failure);
  for (const std::string& warning : assessment.warnings) append("warning", warning);
  if (assessment.more_unread > 0) append("warning", Number(assessment.more_unread) + " more places could not be read");
  json.EndArray();
}

void AppendInvocation(const Assessment& assessment, JsonText& json) {
  json.BeginObject();
  json.Field("executionSuccessful", assessment.failures.empty());
  json.Field("endTimeUtc", Time(assessment.at));
  AppendNotifications(assessment, json);
  json.Key("properties");
  json.BeginObject();
  json.Field("answer", Name(AnswerOf(assessment)));
  json.Field("summary", Headline(assessment));
  json.Field("on", Text(assessment.on));
  json.Key("jurisdictions");
  json.BeginArray();
  for (const std::string& text : assessment.jurisdictions) json.String(text);
  json.EndArray();
  json.Field("role", assessment.role);
  json.Field("policyDigest", assessment.policy.digest);
  json.Field("policyAsOf", Text(assessment.policy.as_of));
  json.Key("targets");
  json.BeginArray();
  for (const TargetLooked& target : assessment.targets) {
    json.BeginObject();
    json.Field("name", target.name);
    json.Field("kind", target.kind);
    json.Key("counts");
    json.BeginObject();
    for (const auto& [what, count] : target.counts) {
      json.StrangeKey(what);
      json.Unsigned(count);
    }
    json.EndObject();
    json.EndObject();
  }
  json.EndArray();
  json.Field("notice", kNotAdvice);
  json.EndObject();
  json.EndObject();
}

}  // namespace

std::string WriteSarif(const Assessment& assessment) {
  const ClauseList list(assessment);
  const std::vector<std::string> ids = RuleIds(list);
  std::string out;
  JsonText json(out);
  json.BeginObject();
  json.Field("$schema", "https://json.schemastore.org/sarif-2.1.0.json");
  json.Field("version", "2.1.0");
  json.Key("runs");
  json.BeginArray();
  json.BeginObject();
  json.Line();
  json.Key("tool");
  json.BeginObject();
  json.Key("driver");
  json.BeginObject();
  json.Field("name", "Daylight policy check");
  if (!assessment.program.empty()) json.Field("version", assessment.program);
  json.Key("rules");
  json.BeginArray();
  for (std::size_t i = 0; i < ids.size(); ++i) {
    json.Line();
    AppendRule(*list.clauses()[i], ids[i], json);
  }
  // For findings that no clause names, and for what could not be read.
  for (const auto& [id, text] : {std::pair{"daylight/no-clause", "A product that was asked about; no clause names it."},
                                 std::pair{"daylight/unread", "A place that could not be read."}}) {
    json.Line();
    json.BeginObject();
    json.Field("id", id);
    AppendMessage(json, "shortDescription", text);
    json.EndObject();
  }
  json.EndArray();
  json.EndObject();
  json.EndObject();
  json.Line();
  json.Key("invocations");
  json.BeginArray();
  AppendInvocation(assessment, json);
  json.EndArray();
  json.Line();
  json.Field("columnKind", "unicodeCodePoints");
  json.Key("results");
  json.BeginArray();
  Results results(assessment, json);
  for (const Finding& finding : assessment.findings) {
    for (const ClauseVerdict& clause : finding.clauses) {
      const std::size_t index = list.IndexOf(clause);
      results.Add(finding, &clause, ids[index], index);
    }
    if (finding.clauses.empty()) results.Add(finding, nullptr, "daylight/no-clause", ids.size());
  }
  for (const Unread& unread : assessment.unread) results.AddUnread(unread, ids.size() + 1);
  json.EndArray();
  json.EndObject();
  json.EndArray();
  json.EndObject();
  out += '\n';
  return out;
}

}  // namespace dl::policy
