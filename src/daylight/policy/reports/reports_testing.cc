#include "daylight/policy/reports/reports_testing.h"

namespace dl::policy {

const std::string kHostile =
    "=cmd|'/c calc'!A1</style></script><script>document.title='owned'</script><img src=http://strange.example/x "
    "onerror="
    "\"fetch('http://strange.example/')\">\"'`&lt;--><!--\r\n\x1b[31m\x1b]0;t\x07\xe2\x80\xae"
    "gpj.exe\xe2\x80\xac\xff\xc0\x80{{7*7}}";

namespace {

Date Day(std::string_view text) { return ParseDate(text).value_or(Date{}); }

const std::string kDigest1(64, '7');
const std::string kDigest2 = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0";

ClauseVerdict Updates() {
  ClauseVerdict clause;
  clause.standing = Standing::kForbids;
  clause.instrument = "us-commerce-kaspersky-2024";
  clause.title = "Final Determination: Kaspersky Lab, Inc.";
  clause.jurisdiction = "US";
  clause.citation = "89 FR 52434 (24 June 2024); 15 CFR 791";
  clause.url = "https://www.federalregister.gov/d/2024-13532";
  clause.as_of = Day("2026-11-01");
  clause.verified = true;
  clause.nature = Nature::kBanOfSale;
  clause.clause = "updates";
  clause.what =
      "No signature or code updates, no Kaspersky Security Network, no resale, integration or licensing for them.";
  clause.required = "Suppliers stop providing updates. Who keeps using the product is not penalised, but gets none.";
  clause.binds = {"supplier", "reseller"};
  clause.effective = Day("2024-09-29");
  clause.exempt = {"threat intelligence", "security training", "purely informational or educational consulting"};
  clause.reason = "in force since 2024-09-29; embedded code is in scope";
  return clause;
}

ClauseVerdict Advice() {
  ClauseVerdict clause;
  clause.standing = Standing::kAdvises;
  clause.instrument = "de-bsi-kaspersky-2022";
  clause.title = "BSI warning under §7 BSIG";
  clause.jurisdiction = "DE";
  clause.citation = "BSI, 15 March 2022";
  clause.url = "https://www.bsi.bund.de/";
  clause.as_of = Day("2026-10-01");
  clause.verified = true;
  clause.nature = Nature::kAdvice;
  clause.what = "Replace virus protection of this vendor by other products.";
  clause.binds = {"operator"};
  clause.effective = Day("2022-03-15");
  clause.reason = "advice, in force since 2022-03-15";
  return clause;
}

ClauseVerdict NotYet() {
  ClauseVerdict clause;
  clause.standing = Standing::kNotYet;
  clause.instrument = "au-pspf-002-2025";
  clause.title = "PSPF Direction 002-2025";
  clause.jurisdiction = "AU";
  clause.citation = "PSPF Direction 002-2025, 21 February 2025";
  clause.as_of = Day("2026-09-15");
  clause.secondary_source = true;
  clause.nature = Nature::kBanOfUse;
  clause.clause = "remove";
  clause.what = "Remove all instances from government systems.";
  clause.required = "Remove it and report that to the Department of Home Affairs.";
  clause.binds = {"federal-agency"};
  clause.effective = Day("2025-04-01");
  clause.until = Day("2027-12-31");
  clause.reason = "takes effect on 2025-04-01";
  return clause;
}

Finding Running() {
  Finding finding;
  finding.grade = Grade::kRunning;
  finding.product = "kaspersky-endpoint-security-linux";
  finding.product_name = "Kaspersky Endpoint Security for Linux";
  finding.entity = "kaspersky";
  finding.entity_name = "AO Kaspersky Lab";
  finding.target = "this machine";
  finding.evidence = {
      {Grade::kRunning, "process", "", "opt/kaspersky/kesl/libexec/kesl", "process 812 of root, since 2024-09-01",
       kDigest1},
      {Grade::kInstalled, "package", "", "var/lib/dpkg/status", "kesl 12.1.0-1274 (amd64), installed", ""},
      {Grade::kInstalled, "unit", "", "lib/systemd/system/kesl.service", "kesl.service, enabled", kDigest2},
      {Grade::kRemnant, "path", "",
       "var/opt/kaspersky/kesl/private/storage/"
       "a-folder-whose-name-is-long-enough-to-be-wrapped-on-every-phone-there-is/"
       "bases/u1313g.xml",
       "", kDigest2}};
  finding.more_evidence = 1312;
  finding.clauses = {Updates(), Advice(), NotYet()};
  return finding;
}

Finding Embedded() {
  Finding finding;
  finding.grade = Grade::kEmbedded;
  finding.product = "kaspersky-engine";
  finding.product_name = "Kaspersky Anti-Virus SDK";
  finding.entity = "kaspersky";
  finding.entity_name = "AO Kaspersky Lab";
  finding.target = "/srv/images/gateway.tar";
  finding.root = "sha256:52c1f1e0a9d3/layer.tar";
  finding.evidence = {
      {Grade::kEmbedded, "engine", finding.root, "opt/gateway/av/bases/u1313g.xml", "a folder of bases", kDigest1},
      {Grade::kEmbedded, "signer", finding.root, "opt/gateway/av/kavehost.exe",
       "signed by AO Kaspersky Lab, valid when it was signed", kDigest2}};
  finding.clauses = {Updates(), Advice()};
  ClauseVerdict narrow = NotYet();
  narrow.standing = Standing::kOutOfScope;
  narrow.reason = "code of the vendor within another product is not in scope";
  finding.clauses.push_back(narrow);
  return finding;
}

Finding Mention() {
  Finding finding;
  finding.grade = Grade::kMention;
  finding.product = "kaspersky";
  finding.product_name = "Kaspersky (unspecified)";
  finding.entity = "kaspersky";
  finding.entity_name = "AO Kaspersky Lab";
  finding.target = "this machine";
  finding.evidence = {
      {Grade::kMention, "text", "", "etc/rspamd/modules.d/antivirus.conf", "names a socket of the product", ""}};
  ClauseVerdict clause = Updates();
  clause.standing = Standing::kOutOfScope;
  clause.reason = "a mention is not the product";
  finding.clauses = {clause};
  return finding;
}

TargetLooked Machine() {
  return {"this machine",
          "this machine",
          "gate-3.example",
          "Debian GNU/Linux 12 (bookworm)",
          "",
          {{"files", 300412}, {"packages (dpkg)", 2314}, {"processes", 231}, {"systemd units", 210}}};
}

Assessment Frame() {
  Assessment assessment;
  assessment.program = "daylight 0.7.0";
  assessment.policy = {kDigest2, Day("2026-11-01"), 17, 64, {"kaspersky.toml", "us.toml", "site/local rules.toml"}};
  assessment.at = 1796043900;
  assessment.on = Day("2024-09-29");
  return assessment;
}

}  // namespace

Assessment FullAssessment() {
  Assessment assessment = Frame();
  assessment.jurisdictions = {"US", "DE", "AU"};
  assessment.targets = {
      Machine(),
      {"/srv/images/gateway.tar", "image", "", "Alpine Linux v3.19", kDigest1, {{"files", 5120}, {"layers", 7}}}};
  assessment.findings = {Running(), Embedded(), Mention()};
  assessment.unread = {{"this machine", "", "home/a/old backup.rar", "encrypted", "needs a password"},
                       {"/srv/images/gateway.tar", "sha256:52c1f1e0a9d3/layer.tar", "big.bin", "budget", ""}};
  assessment.more_unread = 2;
  assessment.warnings = {"The policy's file us.toml is older than a year."};
  return assessment;
}

Assessment NothingAssessment() {
  Assessment assessment = Frame();
  assessment.role = "operator";
  assessment.targets = {Machine()};
  return assessment;
}

Assessment IncompleteAssessment() {
  Assessment assessment = NothingAssessment();
  assessment.targets.push_back({"/mnt/backup", "root", "", "", "", {}});
  assessment.unread = {{"/mnt/backup", "", "var/lib/rpm/rpmdb.sqlite", "malformed", "not a database"}};
  assessment.failures = {"/mnt/gone: No such file or directory"};
  return assessment;
}

Assessment HostileAssessment(const std::string& text) {
  Assessment assessment = FullAssessment();
  assessment.program = text;
  assessment.policy.digest = text;
  assessment.policy.files = {text, text};
  assessment.jurisdictions = {text};
  assessment.role = text;
  assessment.targets = {{text, text, text, text, text, {{text, 1}, {text + "2", 2}}}};
  assessment.unread = {{text, text, text, text, text}};
  assessment.warnings = {text};
  assessment.failures = {text};
  for (Finding& finding : assessment.findings) {
    for (std::string* field : {&finding.product, &finding.product_name, &finding.entity, &finding.entity_name,
                               &finding.target, &finding.root}) {
      *field = text;
    }
    for (Evidence& evidence : finding.evidence) {
      for (std::string* field : {&evidence.kind, &evidence.root, &evidence.path, &evidence.detail, &evidence.sha256})
        *field = text;
    }
    for (ClauseVerdict& clause : finding.clauses) {
      for (std::string* field : {&clause.instrument, &clause.title, &clause.jurisdiction, &clause.citation, &clause.url,
                                 &clause.clause, &clause.what, &clause.required, &clause.reason}) {
        *field = text;
      }
      clause.binds = {text, text};
      clause.exempt = {text};
    }
  }
  return assessment;
}

Assessment ManyAssessment(std::size_t findings) {
  Assessment assessment = Frame();
  assessment.targets = {Machine()};
  for (std::size_t i = 0; i < findings; ++i) {
    Finding finding = i % 2 == 0 ? Running() : Embedded();
    finding.product_name += " no. " + std::to_string(i + 1);
    assessment.findings.push_back(std::move(finding));
  }
  return assessment;
}

Assessment AssessmentOf(std::string_view name) {
  if (name == "full") return FullAssessment();
  if (name == "nothing") return NothingAssessment();
  if (name == "incomplete") return IncompleteAssessment();
  if (name == "hostile") return HostileAssessment(kHostile);
  if (name == "hostile-url") return HostileAssessment("https://a.example/" + kHostile);
  if (name == "many") return ManyAssessment(200);
  return {};
}

}  // namespace dl::policy
