#include "daylight/policy/reports/reports.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>

#include "daylight/policy/reports/reports_testing.h"
#include "daylight/policy/reports/words.h"
#include "daylight/report/escape.h"

// Goldens are in goldens/; DAYLIGHT_UPDATE_GOLDENS=1 writes them anew, to be read before they are committed.
namespace dl::policy {
namespace {

using nlohmann::json;

std::string ReadText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void ExpectGolden(const std::string& name, const std::string& text) {
  const std::string path = std::string(DAYLIGHT_SOURCE_DIR) + "/src/daylight/policy/reports/goldens/" + name;
  if (std::getenv("DAYLIGHT_UPDATE_GOLDENS") != nullptr) std::ofstream(path, std::ios::binary) << text;
  EXPECT_EQ(ReadText(path), text) << name;
}

std::size_t CountOf(std::string_view text, std::string_view what) {
  std::size_t count = 0;
  for (std::size_t at = text.find(what); at != text.npos; at = text.find(what, at + what.size())) ++count;
  return count;
}

// Rows of cells, as RFC 4180 reads them.
std::vector<std::vector<std::string>> ReadCsv(const std::string& text) {
  std::vector<std::vector<std::string>> rows;
  std::vector<std::string> row;
  std::string cell;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted && c == '"' && i + 1 < text.size() && text[i + 1] == '"') {
      cell += text[++i];
    } else if (c == '"') {
      quoted = !quoted;
    } else if (!quoted && (c == ',' || c == '\r')) {
      row.push_back(cell);
      cell.clear();
      if (c == '\r') {
        EXPECT_EQ(text[++i], '\n');
        rows.push_back(row);
        row.clear();
      }
    } else {
      cell += c;
    }
  }
  EXPECT_TRUE(row.empty() && cell.empty());
  return rows;
}

void ExpectNoControls(const std::string& text, const std::string& but) {
  EXPECT_TRUE(report::IsUtf8(text));
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      ASSERT_NE(but.find(c), but.npos) << int{byte};
    }
  }
  for (const char* hiding : {"\xe2\x80\xae", "\xe2\x80\xac", "\xc2\x9b"}) EXPECT_EQ(text.find(hiding), text.npos);
}

TEST(ReportsTest, Goldens) {
  for (const std::string name : {"full", "nothing", "incomplete"}) {
    const Assessment assessment = AssessmentOf(name);
    ExpectGolden(name + ".txt", WriteText(assessment, {.terminal = false, .width = 100}));
    ExpectGolden(name + ".json", WriteJson(assessment));
    ExpectGolden(name + ".html", WriteHtml(assessment));
    ExpectGolden(name + ".sarif", WriteSarif(assessment));
    ExpectGolden(name + ".csv", WriteCsv(assessment));
  }
  ExpectGolden("full.terminal.txt", WriteText(FullAssessment(), {.terminal = true, .width = 80}));
}

TEST(ReportsTest, TheFirstLineIsTheAnswer) {
  const auto first = [](const Assessment& assessment) {
    const std::string text = WriteText(assessment);
    return text.substr(0, text.find('\n'));
  };
  EXPECT_EQ(first(FullAssessment()), "Prohibited on 2024-09-29: 2 findings");
  EXPECT_EQ(first(NothingAssessment()), "Nothing prohibited on 2024-09-29 was found");
  EXPECT_EQ(first(IncompleteAssessment()), "Could not be checked completely for 2024-09-29");
  EXPECT_EQ(first(ManyAssessment(1)), "Prohibited on 2024-09-29: 1 finding");
  EXPECT_EQ(first(ManyAssessment(10000)), "Prohibited on 2024-09-29: 10,000 findings");
}

TEST(ReportsTest, AMentionIsForbiddenByNothing) {
  Assessment assessment = FullAssessment();
  assessment.findings.erase(assessment.findings.begin(), assessment.findings.begin() + 2);
  assessment.findings[0].clauses[0].standing = Standing::kForbids;  // By a careless policy.
  assessment.unread.clear();
  assessment.more_unread = 0;
  EXPECT_TRUE(WriteText(assessment).starts_with("Nothing prohibited"));
  EXPECT_EQ(WriteText(assessment).find("forbids ["), std::string::npos);
  EXPECT_EQ(json::parse(WriteJson(assessment))["findings"][0]["clauses"][0]["standing"], "out-of-scope");
  EXPECT_EQ(CountOf(WriteSarif(assessment), "\"level\":\"error\""), 0u);
  EXPECT_EQ(CountOf(WriteHtml(assessment), "class=\"badge bad\""), 0u);
  EXPECT_EQ(CountOf(WriteCsv(assessment), ",forbids,"), 0u);
}

TEST(ReportsTest, AnAssessmentOfNothingAtAllHasReports) {
  const Assessment empty;
  EXPECT_NE(WriteText(empty).find("Nothing."), std::string::npos);
  EXPECT_TRUE(json::accept(WriteJson(empty)));
  EXPECT_TRUE(json::accept(WriteSarif(empty)));
  EXPECT_EQ(ReadCsv(WriteCsv(empty)).size(), 2u);
  EXPECT_NE(WriteHtml(empty).find("<p>Nothing.</p>"), std::string::npos);
}

TEST(ReportsTest, StrangersTextIsTextInEveryFormat) {
  for (const std::string& text :
       {kHostile, "https://" + kHostile, "javascript:alert(1)" + kHostile, std::string("\0", 1)}) {
    const Assessment assessment = HostileAssessment(text);
    ExpectNoControls(WriteText(assessment, {.terminal = false, .width = 60}), "\n");
    ExpectNoControls(WriteJson(assessment), "\n");
    ExpectNoControls(WriteSarif(assessment), "\n");
    ExpectNoControls(WriteCsv(assessment), "\r\n");
    const std::string html = WriteHtml(assessment);
    ExpectNoControls(html, "\n");
    EXPECT_EQ(CountOf(html, "<script"), 0u);
    EXPECT_EQ(CountOf(html, "<img"), 0u);
    EXPECT_EQ(CountOf(html, "<!--"), 0u);
    EXPECT_EQ(CountOf(html, "<style"), 1u);
    EXPECT_EQ(CountOf(html, "</style"), 1u);
    EXPECT_EQ(CountOf(html, "href=\"javascript"), 0u);
    EXPECT_TRUE(json::accept(WriteJson(assessment)));
    EXPECT_TRUE(json::accept(WriteSarif(assessment)));
  }
}

// As many lines as with harmless text: nothing that is written can start one.
TEST(ReportsTest, StrangersMakeNoLines) {
  const Assessment plain = HostileAssessment("x");
  for (const std::string text : {"a\nb", "a\r\nb", "\n\n\n",
                                 "a\xe2\x80\xa8"
                                 "b",
                                 "a\x0b\x0c\xc2\x85"}) {
    const Assessment hostile = HostileAssessment(text);
    EXPECT_EQ(CountOf(WriteText(hostile), "\n"), CountOf(WriteText(plain), "\n"));
    EXPECT_EQ(CountOf(WriteCsv(hostile), "\n"), CountOf(WriteCsv(plain), "\n"));
    EXPECT_EQ(CountOf(WriteHtml(hostile), "\n"), CountOf(WriteHtml(plain), "\n"));
  }
}

// Only elements that the report is made of, each closed, and attributes in double quotes.
TEST(ReportsTest, HtmlIsMadeOfWhatItIsMadeOf) {
  const std::set<std::string> kVoid{"meta", "wbr"};
  for (const char* name : {"full", "nothing", "incomplete", "hostile", "hostile-url"}) {
    const std::string html = WriteHtml(AssessmentOf(name));
    std::vector<std::string> open;
    ASSERT_TRUE(html.starts_with("<!DOCTYPE html>"));
    for (std::size_t at = html.find('<', 1); at != html.npos; at = html.find('<', at + 1)) {
      const std::size_t end = html.find('>', at);
      ASSERT_NE(end, html.npos);
      const std::string tag = html.substr(at + 1, end - at - 1);
      const bool closes = tag.starts_with('/');
      const std::string element = tag.substr(closes ? 1 : 0, tag.find(' ') - (closes ? 1 : 0));
      if (closes) {
        ASSERT_FALSE(open.empty());
        EXPECT_EQ(open.back(), element);
        open.pop_back();
      } else if (!kVoid.contains(element)) {
        open.push_back(element);
      }
      EXPECT_EQ(CountOf(tag, "\"") % 2, 0u) << tag;
      EXPECT_EQ(tag.find('<'), tag.npos) << tag;
    }
    EXPECT_TRUE(open.empty());
  }
}

TEST(ReportsTest, JsonSaysWhatTheAssessmentSays) {
  const json full = json::parse(WriteJson(FullAssessment()));
  EXPECT_EQ(full["schema"], 1);
  EXPECT_EQ(full["answer"], "prohibited");
  EXPECT_EQ(full["forbidden"], true);
  EXPECT_EQ(full["complete"], false);
  EXPECT_EQ(full["on"], "2024-09-29");
  EXPECT_EQ(full["at"], Time(1796043900));
  EXPECT_EQ(full["findings"].size(), 3u);
  EXPECT_EQ(full["findings"][0]["grade"], "running");
  EXPECT_EQ(full["findings"][0]["clauses"][2]["until"], "2027-12-31");
  EXPECT_TRUE(full["findings"][0]["clauses"][0]["until"].is_null());
  EXPECT_EQ(full["more_unread"], 2);
  EXPECT_EQ(full["targets"][0]["counts"]["files"], 300412);
  EXPECT_EQ(json::parse(WriteJson(NothingAssessment()))["answer"], "nothing-prohibited");
  EXPECT_EQ(json::parse(WriteJson(IncompleteAssessment()))["answer"], "incomplete");
  // What is not UTF-8 is there exactly, too.
  const json hostile = json::parse(WriteJson(HostileAssessment("a\xff")));
  EXPECT_EQ(hostile["findings"][0]["evidence"][0]["path_b64"], "Yf8=");
  EXPECT_EQ(WriteJson(FullAssessment()), WriteJson(FullAssessment()));
}

TEST(ReportsTest, SarifRulesAreClausesAndResultsAreFindingsByClauses) {
  const json run = json::parse(WriteSarif(FullAssessment()))["runs"][0];
  const json& rules = run["tool"]["driver"]["rules"];
  ASSERT_EQ(rules.size(), 5u);
  EXPECT_EQ(rules[0]["id"], "us-commerce-kaspersky-2024/updates");
  EXPECT_EQ(rules[1]["id"], "de-bsi-kaspersky-2022");
  ASSERT_EQ(run["results"].size(), 3u + 3 + 1 + 2);
  std::set<std::string> fingerprints;
  for (const json& result : run["results"]) {
    EXPECT_EQ(rules[result["ruleIndex"].get<std::size_t>()]["id"], result["ruleId"]);
    // 3.27.10
    EXPECT_EQ(result["kind"] == "fail", result["level"] != "none");
    EXPECT_FALSE(result["locations"].empty());
    if (result.contains("partialFingerprints")) fingerprints.insert(result["partialFingerprints"]["daylightPolicy/v1"]);
  }
  EXPECT_EQ(fingerprints.size(), 7u);
  EXPECT_EQ(run["results"][0]["level"], "error");
  EXPECT_EQ(run["results"][1]["level"], "warning");
  EXPECT_EQ(run["results"][2]["level"], "note");
  EXPECT_EQ(run["results"][5]["kind"], "notApplicable");
  EXPECT_EQ(run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
            "file:///opt/kaspersky/kesl/libexec/kesl");
  EXPECT_EQ(run["results"][3]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
            "file:///srv/images/gateway.tar//sha256%3A52c1f1e0a9d3/layer.tar//opt/gateway/av/bases/u1313g.xml");
  EXPECT_EQ(run["results"][7]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
            "file:///home/a/old%20backup.rar");
  EXPECT_TRUE(json::parse(WriteSarif(NothingAssessment()))["runs"][0]["results"].empty());
}

TEST(ReportsTest, SarifRulesOfTheSameNameAreToldApart) {
  Assessment assessment = FullAssessment();
  assessment.findings.resize(1);
  assessment.findings[0].clauses.push_back(assessment.findings[0].clauses[0]);
  assessment.findings[0].clauses.back().what = "Something else.";
  const json rules = json::parse(WriteSarif(assessment))["runs"][0]["tool"]["driver"]["rules"];
  EXPECT_EQ(rules[0]["id"], "us-commerce-kaspersky-2024/updates");
  EXPECT_EQ(rules[3]["id"], "us-commerce-kaspersky-2024/updates#2");
}

TEST(ReportsTest, CsvHasARowForEachFindingAndClause) {
  const auto rows = ReadCsv(WriteCsv(FullAssessment()));
  ASSERT_EQ(rows.size(), 1u + 7 + 2 + 3 + 1 + 1);
  for (const auto& row : rows) EXPECT_EQ(row.size(), rows[0].size());
  EXPECT_EQ(rows[1][0], "finding");
  EXPECT_EQ(rows[1][31], "/opt/kaspersky/kesl/libexec/kesl");
  EXPECT_EQ(rows.back()[0], "summary");
  for (const auto& row : ReadCsv(WriteCsv(HostileAssessment("=1+1")))) {
    for (const std::string& cell : row) EXPECT_FALSE(cell.starts_with('=')) << cell;
  }
}

TEST(ReportsTest, TextIsAsWideAsItMayBe) {
  const std::string text = WriteText(FullAssessment(), {.terminal = false, .width = 72});
  std::size_t start = 0;
  for (std::size_t end = text.find('\n'); end != text.npos; start = end + 1, end = text.find('\n', start)) {
    const std::string line = text.substr(start, end - start);
    const bool whole = line.find('/') != line.npos ||  // Paths, digests.
                       line.find("SHA-256") != line.npos;
    // Section signs and the like are one column of two bytes.
    const std::size_t columns = line.size() - CountOf(line, "\xc2");
    const bool heading =
        line.starts_with("[") || (!line.empty() && line[0] >= '1' && line[0] <= '9') || line.starts_with("  this");
    EXPECT_TRUE(columns <= 72 || whole || heading) << line;
    EXPECT_FALSE(line.ends_with(' ')) << line;
  }
}

TEST(ReportsTest, TenThousandFindings) {
  const Assessment assessment = ManyAssessment(10000);
  EXPECT_EQ(json::parse(WriteJson(assessment))["findings"].size(), 10000u);
  EXPECT_EQ(json::parse(WriteSarif(assessment))["runs"][0]["results"].size(), 30000u);
  EXPECT_EQ(ReadCsv(WriteCsv(assessment)).size(), 1u + 30000 + 1 + 1);
  const std::string html = WriteHtml(assessment);
  EXPECT_EQ(CountOf(html, "<article class=\"finding"), 10000u);
  // What a clause says is said once.
  EXPECT_EQ(CountOf(html, "<article class=\"clause"), 3u);
  EXPECT_LT(html.size(), std::size_t{10000} * 4096);
  EXPECT_EQ(CountOf(WriteText(assessment), "Evidence:"), 10000u);
}

TEST(WordsTest, Numbers) {
  EXPECT_EQ(Number(0), "0");
  EXPECT_EQ(Number(999), "999");
  EXPECT_EQ(Number(1000), "1,000");
  EXPECT_EQ(Number(18446744073709551615u), "18,446,744,073,709,551,615");
  EXPECT_EQ(Count(1, "place", "places"), "1 place");
  EXPECT_EQ(Time(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(Time(1796043900), "2026-11-30T13:05:00Z");
}

TEST(WordsTest, Addresses) {
  EXPECT_EQ(WebUri("https://a.example/x?y=1&z=%20#f"), "https://a.example/x?y=1&z=%20#f");
  EXPECT_EQ(WebUri("https://a.example/ \"<>%zz"), "https://a.example/%20%22%3C%3E%25zz");
  for (const char* other :
       {"", "javascript:alert(1)", "data:text/html,x", "//a.example", "JAVASCRIPT:https://", " https://a", "https://",
        "https:///x", "https://good.example@bad.example/", "https://a b/", "https://=x/", "http://\\a"}) {
    EXPECT_EQ(WebUri(other), "") << other;
  }
}

TEST(WordsTest, Whens) {
  ClauseVerdict clause;
  clause.effective = *ParseDate("2024-09-29");
  EXPECT_EQ(When(clause, *ParseDate("2024-09-28")), "from 2024-09-29");
  EXPECT_EQ(When(clause, *ParseDate("2024-09-29")), "since 2024-09-29");
  clause.until = *ParseDate("2024-12-31");
  EXPECT_EQ(When(clause, *ParseDate("2024-12-31")), "since 2024-09-29 until 2024-12-31");
  EXPECT_EQ(When(clause, *ParseDate("2025-01-01")), "from 2024-09-29 until 2024-12-31");
}

TEST(WordsTest, Places) {
  Assessment assessment;
  assessment.targets = {{"this machine", "this machine", "", "", "", {}},
                        {"/mnt/", "root", "", "", "", {}},
                        {"in", "folder", "", "", "", {}},
                        {"a.tar", "image", "", "", "", {}}};
  const Places places(assessment);
  EXPECT_EQ(places.Full("this machine", "", "opt/x"), "/opt/x");
  EXPECT_EQ(places.Full("this machine", "srv/a.tar", "opt/x"), "/srv/a.tar//opt/x");
  EXPECT_EQ(places.Full("this machine", "", ""), "/");
  EXPECT_EQ(places.Full("/mnt/", "", "opt/x"), "/mnt/opt/x");
  EXPECT_EQ(places.Full("/mnt/", "srv/a.tar", "opt/x"), "/mnt/srv/a.tar//opt/x");
  EXPECT_EQ(places.Full("in", "", "b/c"), "in/b/c");
  EXPECT_EQ(places.Full("a.tar", "", "opt/x"), "a.tar//opt/x");
  EXPECT_EQ(places.Full("a.tar", "layer", "opt/x"), "a.tar//layer//opt/x");
  EXPECT_EQ(places.Full("other", "", ""), "other");
}

}  // namespace
}  // namespace dl::policy
