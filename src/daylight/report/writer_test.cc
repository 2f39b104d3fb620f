#include "daylight/report/writer.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "daylight/report/json_values.h"

// Goldens are in goldens/; DAYLIGHT_UPDATE_GOLDENS=1 writes them anew, to be
// read before they are committed.
namespace dl::report {
namespace {

std::vector<FileRecord> Records() {
  std::vector<FileRecord> records;
  FileRecord detected{"/srv/in/a.zip", {}};
  detected.report.verdict = Verdict::kDetected;
  detected.report.size = 48211;
  detected.report.sha256.emplace();
  detected.report.sha256->fill(0x5a);
  Detection detection;
  detection.engine = "yara";
  detection.rule = "Macro_Dropper";
  detection.name_space = "office";
  detection.tags = {"doc"};
  detection.metas = {{"author", MetaValue::Kind::kString, "A\x1b[1m", 0, 0},
                     {"hash", MetaValue::Kind::kString, "h1", 0, 0},
                     {"score", MetaValue::Kind::kInteger, "", -5, 0},
                     {"hash", MetaValue::Kind::kString, "h2", 0, 0},
                     {"sure", MetaValue::Kind::kBoolean, "", 1, 0},
                     {"weight", MetaValue::Kind::kFloat, "", 0, 0.1},
                     {"description", MetaValue::Kind::kString, "Drops \"things\"", 0, 0}};
  detection.source = "local";
  detection.licence = "MIT License";
  detection.object = "a.zip//b.docm//word/vbaProject.bin";
  detection.strings = {{"$a", 120, 10, "AutoOpen()", false}, {"$b", 4096, 300, std::string("\0\xff|,\"", 5), true}};
  detection.strings_truncated = true;
  detected.report.detections.push_back(detection);
  detection.rule = "Second";
  detection.name_space = "default";
  detection.tags.clear();
  detection.metas.clear();
  detection.licence.clear();
  detection.object = "a.zip";
  detection.strings.pop_back();
  detection.strings_truncated = false;
  detected.report.detections.push_back(detection);
  Detection signature;
  signature.engine = "clamav";
  signature.rule = "Win.Trojan.Agent-1";
  signature.source = "clamav";
  signature.object = "a.zip";
  detected.report.detections.push_back(signature);
  detected.report.incomplete = {{"a.zip//c.7z", "encrypted", ""}};
  records.push_back(detected);

  FileRecord clean{"-\n\x1b]0;\xff name, \"odd\"", {}};
  clean.report.size = 3;
  records.push_back(clean);

  FileRecord incomplete{"slow", {}};
  incomplete.report.verdict = Verdict::kIncomplete;
  incomplete.report.size = 9;
  incomplete.report.incomplete = {{"slow", "timeout", "after 120 s"}};
  incomplete.report.warnings = {"too many matches of $a"};
  incomplete.report.log = {"hi\n"};
  records.push_back(incomplete);

  FileRecord failed{
      "/x/\xe2\x80\xae"
      "gpj.exe",
      {}};
  failed.report.verdict = Verdict::kFailed;
  failed.report.failure = "Permission denied";
  records.push_back(failed);
  return records;
}

std::string Render(Format format, WriterOptions options, const std::vector<FileRecord>& records,
                   bool interrupted = false) {
  const auto writer = MakeWriter(format, std::move(options));
  std::string out;
  writer->Begin(out);
  for (const FileRecord& record : records) writer->Write(record, out);
  Summary summary;
  summary.files = records.size();
  summary.bytes = 48223;
  summary.detected = 1;
  summary.detections = 2;
  summary.incomplete = 2;
  summary.failed = 1;
  summary.seconds = 1.23456;
  summary.interrupted = interrupted;
  writer->End(summary, out);
  return out;
}

void ExpectGolden(const std::string& name, const std::string& text) {
  const std::string path = std::string(DAYLIGHT_SOURCE_DIR) + "/src/daylight/report/goldens/" + name;
  if (std::getenv("DAYLIGHT_UPDATE_GOLDENS") != nullptr) std::ofstream(path, std::ios::binary) << text;
  std::ifstream file(path, std::ios::binary);
  const std::string expected{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(text, expected) << name;
}

void ExpectNoControlCharacters(const std::string& text, bool csv) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    EXPECT_TRUE(byte >= 0x20 || c == '\n' || (csv && c == '\r')) << static_cast<int>(byte);
    EXPECT_NE(byte, 0x7f);
  }
  EXPECT_EQ(text.find("\xe2\x80\xae"), std::string::npos);
}

WriterOptions Everything() { return {.list_strings = true, .all = true, .quiet = false, .version = "0.1.0"}; }

TEST(WriterTest, Text) {
  ExpectGolden("text.txt", Render(Format::kText, Everything(), Records()));
  const std::string plain = Render(Format::kText, {}, Records());
  EXPECT_EQ(plain,
            "office:Macro_Dropper /srv/in/a.zip//b.docm//word/vbaProject.bin\nSecond /srv/in/a.zip\n"
            "Win.Trojan.Agent-1 /srv/in/a.zip\n");
  ExpectNoControlCharacters(Render(Format::kText, Everything(), Records()), false);
}

TEST(WriterTest, TextKeepsTheRuleOneWord) {
  auto records = Records();
  records.resize(1);
  records[0].report.detections.resize(1);
  records[0].report.detections[0].name_space = "my rules\n";
  EXPECT_TRUE(Render(Format::kText, {}, records).starts_with("my\\x20rules\\n:Macro_Dropper /srv"));
}

TEST(WriterTest, JsonLines) {
  const std::string text = Render(Format::kJsonLines, Everything(), Records());
  ExpectGolden("report.jsonl", text);
  ExpectNoControlCharacters(text, false);
  std::vector<nlohmann::json> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    lines.push_back(nlohmann::json::parse(text.substr(at, end - at)));
    at = end + 1;
  }
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_EQ(lines[0]["detections"][0]["meta"]["author"], "A\x1b[1m");
  EXPECT_EQ(lines[0]["detections"][0]["meta"]["hash"], (nlohmann::json{"h1", "h2"}));
  EXPECT_EQ(lines[0]["detections"][0]["meta"]["score"], -5);
  EXPECT_EQ(lines[0]["detections"][0]["strings"][0]["data"], "QXV0b09wZW4oKQ==");
  EXPECT_FALSE(lines[0]["detections"][0]["strings"][0].contains("truncated"));
  EXPECT_EQ(lines[0]["detections"][0]["strings"][1]["truncated"], true);
  EXPECT_EQ(lines[0]["detections"][0]["truncated"], true);
  EXPECT_FALSE(lines[0].contains("path_b64"));
  EXPECT_EQ(lines[1]["path_b64"], "LQobXTA7/yBuYW1lLCAib2RkIg==");
  EXPECT_EQ(lines[1]["verdict"], "clean");
  EXPECT_EQ(lines[3]["error"], "Permission denied");
  EXPECT_EQ(lines[3]["path"],
            "/x/\xe2\x80\xae"
            "gpj.exe");
}

TEST(WriterTest, StringsAreListedOnlyWhenAsked) {
  EXPECT_EQ(Render(Format::kJsonLines, {}, Records()).find("\"strings\""), std::string::npos);
}

TEST(WriterTest, QuietListsNothingButDetections) {
  const WriterOptions quiet{.list_strings = false, .all = true, .quiet = true, .version = ""};
  for (const Format format : {Format::kText, Format::kJsonLines, Format::kCsv}) {
    const std::string text = Render(format, quiet, Records());
    EXPECT_NE(text.find("Macro_Dropper"), std::string::npos);
    EXPECT_EQ(text.find("slow"), std::string::npos);
    EXPECT_EQ(text.find("denied"), std::string::npos);
  }
}

TEST(WriterTest, Json) {
  const std::string text = Render(Format::kJson, Everything(), Records());
  ExpectGolden("report.json", text);
  const auto document = nlohmann::json::parse(text);
  EXPECT_EQ(document["files"].size(), 4u);
  EXPECT_EQ(document["summary"]["files"], 4);
  EXPECT_EQ(document["summary"]["seconds"], 1.234);
  EXPECT_EQ(document["summary"]["interrupted"], false);
  const auto empty = nlohmann::json::parse(Render(Format::kJson, {}, {}, true));
  EXPECT_TRUE(empty["files"].empty());
  EXPECT_EQ(empty["summary"]["interrupted"], true);
}

TEST(WriterTest, Sarif) {
  const std::string text = Render(Format::kSarif, Everything(), Records());
  ExpectGolden("report.sarif", text);
  ExpectNoControlCharacters(text, false);
  const auto document = nlohmann::json::parse(text);
  EXPECT_EQ(document["version"], "2.1.0");
  const auto& run = document["runs"][0];
  const auto& rules = run["tool"]["driver"]["rules"];
  EXPECT_EQ(run["results"].size(), 7u);
  for (const auto& result : run["results"]) {
    EXPECT_EQ(rules[result["ruleIndex"].get<std::size_t>()]["id"], result["ruleId"]);
    EXPECT_EQ(result["level"], result.contains("kind") ? "none" : "error");
  }
  EXPECT_EQ(run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "file:///srv/in/a.zip");
  EXPECT_FALSE(run["results"][0]["locations"][0]["physicalLocation"].contains("region"));
  EXPECT_EQ(run["results"][1]["locations"][0]["physicalLocation"]["region"]["byteOffset"], 120);
  const auto stopped = nlohmann::json::parse(Render(Format::kSarif, {}, {}, true));
  EXPECT_EQ(stopped["runs"][0]["invocations"][0]["executionSuccessful"], false);
  EXPECT_EQ(stopped["runs"][0]["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"], "interrupted");
}

// Rows and cells by RFC 4180.
std::vector<std::vector<std::string>> ParseCsv(const std::string& text) {
  std::vector<std::vector<std::string>> rows(1, {""});
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string& cell = rows.back().back();
    if (quoted) {
      if (text[i] != '"')
        cell += text[i];
      else if (text.substr(i, 2) == "\"\"")
        cell += text[i++];
      else
        quoted = false;
    } else if (text[i] == '"') {
      quoted = true;
    } else if (text[i] == ',') {
      rows.back().emplace_back();
    } else if (text.substr(i, 2) == "\r\n") {
      ++i;
      rows.push_back({""});
    } else {
      cell += text[i];
    }
  }
  rows.pop_back();
  return rows;
}

TEST(WriterTest, Csv) {
  const std::string text = Render(Format::kCsv, Everything(), Records(), true);
  ExpectGolden("report.csv", text);
  ExpectNoControlCharacters(text, true);
  const auto rows = ParseCsv(text);
  ASSERT_EQ(rows.size(), 9u);
  for (const auto& row : rows) EXPECT_EQ(row.size(), 12u);
  EXPECT_EQ(rows[1][2], "yara");
  EXPECT_EQ(rows[4][0], "'-\\n\\x1b]0;\\xff name, \"odd\"");
  EXPECT_EQ(rows[4][11], "LQobXTA7/yBuYW1lLCAib2RkIg==");
  EXPECT_EQ(rows[7][1], "interrupted");
}

TEST(JsonValuesTest, AreValid) {
  DatabaseSummary summary;
  summary.sources = {{"s\n", "MIT", 2}};
  summary.rules = {{"ns", "r", {"t"}, "s", true, false, "me"}};
  summary.parts = {{"atoms", 5}};
  const auto list = nlohmann::json::parse(SummaryToJson(summary));
  EXPECT_EQ(list["sources"][0]["name"], "s\n");
  EXPECT_EQ(list["rules"][0]["private"], true);
  ExplainAnswer answer;
  answer.rule = "r";
  answer.lines = {{1, "$a", "true", "at 5"}};
  EXPECT_EQ(nlohmann::json::parse(ExplainToJson(answer))["terms"][0]["detail"], "at 5");
  DiagnosticLine line;
  line.code = "E102";
  const auto check =
      nlohmann::json::parse(DiagnosticsToJson({line}, {.files = 1, .rules = 2, .errors = 1, .warnings = 0}));
  EXPECT_EQ(check["diagnostics"][0]["severity"], "error");
  EXPECT_EQ(check["errors"], 1);
}

TEST(WriterTest, EveryDocumentSaysThatThereWereNoWalls) {
  for (const Format format : {Format::kJson, Format::kJsonLines, Format::kSarif, Format::kCsv}) {
    for (const bool without : {false, true}) {
      const auto writer = MakeWriter(format, {.all = true, .without_walls = without, .version = "1"});
      std::string out;
      writer->Begin(out);
      FileRecord record;
      record.path = "a";
      writer->Write(record, out);
      Summary summary;
      summary.without_walls = without;
      writer->End(summary, out);
      EXPECT_EQ(out.find("sandbox") != std::string::npos, without) << out;
    }
  }
}

}  // namespace
}  // namespace dl::report
