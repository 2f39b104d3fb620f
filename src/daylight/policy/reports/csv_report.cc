#include <array>

#include "daylight/policy/date.h"
#include "daylight/policy/reports/reports.h"
#include "daylight/policy/reports/words.h"
#include "daylight/report/escape.h"

// A row for each finding and clause ("finding"; one without a standing where no clause names it), then rows of what was
// looked at ("target"), of what was not ("unread", "failed"), of "warning"s, and a last one with the whole's answer
// ("summary"), without which a file that was cut short would look like a good one.
namespace dl::policy {

namespace {

enum Column : std::size_t {
  kRecord,
  kOn,
  kAnswer,
  kTarget,
  kRoot,
  kGrade,
  kForbidden,
  kProduct,
  kProductName,
  kEntity,
  kEntityName,
  kStanding,
  kReason,
  kJurisdiction,
  kInstrument,
  kTitle,
  kClause,
  kNature,
  kWhat,
  kRequired,
  kBinds,
  kEffective,
  kUntil,
  kExempt,
  kCitation,
  kUrl,
  kAsOf,
  kVerified,
  kSecondarySource,
  kEvidence,
  kEvidenceKind,
  kPath,
  kDetail,
  kSha256,
  kPolicy,
  kColumns,
};

constexpr std::array<std::string_view, kColumns> kNames{
    "record",           "on",           "answer",        "target",      "root",     "grade",    "forbidden",
    "product",          "product_name", "entity",        "entity_name", "standing", "reason",   "jurisdiction",
    "instrument",       "title",        "clause",        "nature",      "what",     "required", "binds",
    "effective",        "until",        "exempt",        "citation",    "url",      "as_of",    "verified",
    "secondary_source", "evidence",     "evidence_kind", "path",        "detail",   "sha256",   "policy"};

using Row = std::array<std::string, kColumns>;

void AppendRow(const Row& row, std::string& out) {
  bool first = true;
  for (const std::string& cell : row) {
    if (!first) out += ',';
    first = false;
    report::AppendCsvCell(out, cell);
  }
  out += "\r\n";
}

std::string YesNo(bool value) { return value ? "yes" : "no"; }

Row RowOf(const Finding& finding, const Places& places) {
  Row row;
  row[kRecord] = "finding";
  row[kTarget] = finding.target;
  row[kRoot] = finding.root;
  row[kGrade] = Name(finding.grade);
  row[kForbidden] = YesNo(finding.forbidden());
  row[kProduct] = finding.product;
  row[kProductName] = finding.product_name;
  row[kEntity] = finding.entity;
  row[kEntityName] = finding.entity_name;
  row[kEvidence] = std::to_string(finding.evidence.size() + finding.more_evidence);
  if (finding.evidence.empty()) return row;
  const Evidence& strongest = finding.evidence.front();
  row[kEvidenceKind] = strongest.kind;
  row[kPath] = places.Path(finding, strongest);
  row[kDetail] = strongest.detail;
  row[kSha256] = strongest.sha256;
  return row;
}

void AddClause(const Finding& finding, const ClauseVerdict& clause, Row& row) {
  row[kStanding] = Name(StandingOf(finding, clause));
  row[kReason] = clause.reason;
  row[kJurisdiction] = clause.jurisdiction;
  row[kInstrument] = clause.instrument;
  row[kTitle] = clause.title;
  row[kClause] = clause.clause;
  row[kNature] = Name(clause.nature);
  row[kWhat] = clause.what;
  row[kRequired] = clause.required;
  row[kBinds] = Joined(clause.binds, " ");
  row[kEffective] = Text(clause.effective);
  row[kUntil] = clause.until ? Text(*clause.until) : "";
  row[kExempt] = Joined(clause.exempt, " | ");
  row[kCitation] = clause.citation;
  row[kUrl] = clause.url;
  row[kAsOf] = Text(clause.as_of);
  row[kVerified] = YesNo(clause.verified);
  row[kSecondarySource] = YesNo(clause.secondary_source);
}

}  // namespace

std::string WriteCsv(const Assessment& assessment) {
  std::string out;
  for (const std::string_view name : kNames) out.append(out.empty() ? "" : ",").append(name);
  out += "\r\n";
  const Places places(assessment);
  const auto append = [&](Row row) {
    row[kOn] = Text(assessment.on);
    row[kPolicy] = assessment.policy.digest;
    AppendRow(row, out);
  };
  for (const Finding& finding : assessment.findings) {
    const Row row = RowOf(finding, places);
    if (finding.clauses.empty()) append(row);
    for (const ClauseVerdict& clause : finding.clauses) {
      Row with_clause = row;
      AddClause(finding, clause, with_clause);
      append(with_clause);
    }
  }
  for (const TargetLooked& target : assessment.targets) {
    Row row;
    row[kRecord] = "target";
    row[kTarget] = target.name;
    row[kSha256] = target.sha256;
    std::vector<std::string> parts{target.kind};
    if (!target.host.empty()) parts.push_back(target.host);
    if (!target.operating_system.empty()) parts.push_back(target.operating_system);
    for (const auto& [what, count] : target.counts) parts.push_back(what + ": " + std::to_string(count));
    row[kDetail] = Joined(parts, " | ");
    append(row);
  }
  for (const Unread& unread : assessment.unread) {
    Row row;
    row[kRecord] = "unread";
    row[kTarget] = unread.target;
    row[kRoot] = unread.root;
    row[kPath] = unread.path;
    row[kReason] = unread.reason;
    row[kDetail] = unread.detail;
    append(row);
  }
  const auto append_plain = [&](std::string_view record, std::string_view detail) {
    Row row;
    row[kRecord] = record;
    row[kDetail] = detail;
    append(row);
  };
  if (assessment.more_unread > 0)
    append_plain("unread", std::to_string(assessment.more_unread) + " more are not listed");
  for (const std::string& failure : assessment.failures) append_plain("failed", failure);
  for (const std::string& warning : assessment.warnings) append_plain("warning", warning);
  Row row;
  row[kRecord] = "summary";
  row[kAnswer] = Name(AnswerOf(assessment));
  row[kJurisdiction] = Joined(assessment.jurisdictions, " ");
  row[kBinds] = assessment.role;
  row[kDetail] = Headline(assessment) + ". " + PolicyLine(assessment.policy) + ". " + Time(assessment.at) + ", " +
                 assessment.program + ". " + std::string(kNotAdvice);
  append(row);
  return out;
}

}  // namespace dl::policy
