#include "daylight/report/protocol.h"

#include <gtest/gtest.h>

#include "daylight/report/software_protocol.h"

namespace dl::report {
namespace {

ObjectReport FullReport() {
  ObjectReport report;
  report.verdict = Verdict::kDetected;
  report.size = ~std::uint64_t{0};
  report.sha256.emplace();
  report.sha256->fill(0xab);
  Detection detection;
  detection.engine = "yara";
  detection.rule = "R";
  detection.name_space = std::string("n\0s", 3);
  detection.tags = {"a", ""};
  detection.metas = {{"k", MetaValue::Kind::kString, "\xff", 0, 0},
                     {"f", MetaValue::Kind::kFloat, "", 0, -1.5},
                     {"i", MetaValue::Kind::kInteger, "", -7, 0}};
  detection.object = "a//b";
  detection.strings = {{"$a", 5, 7, "data", true}};
  detection.strings_truncated = true;
  report.detections = {detection, detection};
  report.incomplete = {{"a", "budget", "more"}};
  report.log = {"x"};
  report.warnings = {"y", "z"};
  return report;
}

TEST(ProtocolTest, ReportsSurviveTheJourney) {
  const ObjectReport report = FullReport();
  const auto back = Decode<ObjectReport>(AsBytes(Encode(report)));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->size, report.size);
  EXPECT_EQ(back->sha256, report.sha256);
  ASSERT_EQ(back->detections.size(), 2u);
  EXPECT_EQ(back->detections[1].name_space, report.detections[1].name_space);
  EXPECT_EQ(back->detections[1].metas[1].real, -1.5);
  EXPECT_EQ(back->detections[1].metas[2].integer, -7);
  EXPECT_EQ(back->detections[1].strings[0].data, "data");
  EXPECT_TRUE(back->detections[1].strings_truncated);
  EXPECT_EQ(back->incomplete[0].detail, "more");
  EXPECT_EQ(back->warnings.size(), 2u);
  EXPECT_EQ(Encode(*back), Encode(report));
}

// And no shorter one does.
template <typename T>
void ExpectJourney(const T& value) {
  const std::string bytes = Encode(value);
  const auto back = Decode<T>(AsBytes(bytes));
  ASSERT_TRUE(back);
  EXPECT_EQ(Encode(*back), bytes);
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    EXPECT_FALSE(Decode<T>(AsBytes(std::string_view(bytes).substr(0, n)))) << n;
  }
  EXPECT_FALSE(Decode<T>(AsBytes(bytes + "x")));
}

TEST(ProtocolTest, ClamavMessagesSurviveTheJourney) {
  CompileClamavMessage job;
  job.source_name = "clamav";
  job.source_path = "/var/lib/clamav";
  job.licence = "GPL";
  job.source_digest.emplace().fill(0x5a);
  job.files = {{"/var/lib/clamav/a.ndb", 0, 10}, {"b.hdb", 10, ~std::uint64_t{0}}};
  job.skip_invalid = true;
  ExpectJourney(job);
  const auto back = Decode<CompileClamavMessage>(AsBytes(Encode(job)));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->source_digest, job.source_digest);
  EXPECT_EQ(back->files[1].size, job.files[1].size);
  EXPECT_TRUE(back->skip_invalid && !back->allow_unsigned);
  CompileAnswerMessage answer;
  answer.signatures = std::uint64_t{1} << 40;
  ExpectJourney(answer);
  EXPECT_EQ(Decode<CompileAnswerMessage>(AsBytes(Encode(answer)))->signatures, answer.signatures);
  DatabaseSummary summary;
  summary.signature_sources.push_back({"clamav", "GPL", "/d", {}, {{"ndb", "", 3}}, {{"cbc", "never", 1}}});
  ExpectJourney(summary);
  ScanSettings settings;
  settings.pua = true;
  EXPECT_TRUE(Decode<OpenDatabasesMessage>(AsBytes(Encode(OpenDatabasesMessage{settings})))->settings.pua);
}

TEST(ProtocolTest, WhatTheVerdictCacheNeedsSurvivesTheJourney) {
  DatabaseSummary summary;
  summary.units = {{true, false}, {false, true}};
  ExpectJourney(summary);
  EXPECT_TRUE(Decode<DatabaseSummary>(AsBytes(Encode(summary)))->units[1].varies);
  ScanBatchMessage batch;
  batch.objects.resize(1);
  batch.objects[0].skip_units = ~std::uint64_t{1};
  batch.now = -7;
  ExpectJourney(batch);
  EXPECT_EQ(Decode<ScanBatchMessage>(AsBytes(Encode(batch)))->now, -7);
  EXPECT_EQ(Decode<ScanBatchMessage>(AsBytes(Encode(batch)))->objects[0].skip_units, ~std::uint64_t{1});
  ObjectReport report;
  report.cached = true;  // No worker's to say.
  EXPECT_FALSE(Decode<ObjectReport>(AsBytes(Encode(report)))->cached);
}

TEST(ProtocolTest, FilesOfSignaturesHaveALimit) {
  CompileClamavMessage job;
  job.files.resize(kMaxClamavFiles);
  std::string bytes = Encode(job);
  EXPECT_TRUE(Decode<CompileClamavMessage>(AsBytes(bytes)));
  // One more than there may be: the count stands behind three empty texts and no digest.
  const std::size_t count_at = 13;
  bytes[count_at] = static_cast<char>(static_cast<unsigned char>(bytes[count_at]) + 1);
  bytes.insert(bytes.size() - 2, 20, '\0');
  EXPECT_FALSE(Decode<CompileClamavMessage>(AsBytes(bytes)));
}

TEST(ProtocolTest, EveryTruncationIsAnError) {
  const std::string bytes = Encode(FullReport());
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    EXPECT_FALSE(Decode<ObjectReport>(AsBytes(std::string_view(bytes).substr(0, n)))) << n;
  }
  EXPECT_FALSE(Decode<ObjectReport>(AsBytes(bytes + "x")));
}

TEST(ProtocolTest, NumbersThatNameNothingAreErrors) {
  std::string bytes = Encode(ObjectReport{});
  bytes[0] = 4;  // Past kFailed.
  EXPECT_FALSE(Decode<ObjectReport>(AsBytes(bytes)));
  std::string flag = Encode(VerifyAnswerMessage{});
  flag[0] = 2;
  EXPECT_FALSE(Decode<VerifyAnswerMessage>(AsBytes(flag)));
}

TEST(ProtocolTest, CountsAreHeldAgainstWhatIsThere) {
  // A batch that claims 64 objects and has none; then one that claims 65.
  EXPECT_FALSE(Decode<ScanBatchMessage>(AsBytes(std::string_view("\x40\0\0\0", 4))));
  ScanBatchMessage batch;
  batch.objects.resize(kMaxBatchObjects);
  std::string bytes = Encode(batch);
  EXPECT_TRUE(Decode<ScanBatchMessage>(AsBytes(bytes)));
  bytes[0] = 65;
  EXPECT_FALSE(Decode<ScanBatchMessage>(AsBytes(bytes + std::string(64, '\0'))));
}

TEST(ProtocolTest, FieldsHaveLimitsOnBothSides) {
  IncludeRequestMessage request;
  request.path = std::string(5000, 'x');
  const auto cut = Decode<IncludeRequestMessage>(AsBytes(Encode(request)));
  ASSERT_TRUE(cut);
  EXPECT_EQ(cut->path.size(), 4096u);
  std::string forged = Encode(*cut);
  forged[0] = 1;  // 4097 = 0x1001: one past the limit.
  forged += 'x';
  EXPECT_FALSE(Decode<IncludeRequestMessage>(AsBytes(forged)));
}

TEST(ProtocolTest, ListsOfNothingDoNotGrowManyfold) {
  // Four bytes on the way, a whole string in memory.
  ObjectReport empty_lines;
  empty_lines.log.resize(1u << 20);
  EXPECT_FALSE(Decode<ObjectReport>(AsBytes(Encode(empty_lines))));
  // What is really found passes, the smallest of it too.
  ObjectReport matches;
  Detection& detection = matches.detections.emplace_back();
  for (std::uint64_t i = 0; i < 200000; ++i) detection.strings.push_back({"$a", i, 1, "x", false});
  detection.tags.assign(10000, "tag");
  matches.log.assign(100000, "a line");
  EXPECT_TRUE(Decode<ObjectReport>(AsBytes(Encode(matches))));
  ObjectReport few;
  few.log.resize(100);
  EXPECT_TRUE(Decode<ObjectReport>(AsBytes(Encode(few))));
}

TEST(ProtocolTest, ReportsAreLongOnlyWhenAllIsAskedFor) {
  ScanSettings settings;
  EXPECT_EQ(MaxReportBytes(settings), 32u << 20);
  settings.list_strings = true;
  EXPECT_EQ(MaxReportBytes(settings), 32u << 20);
  settings.max_strings = 0;
  EXPECT_EQ(MaxReportBytes(settings), MaxFrameLength(MessageType::kObjectReport));
  settings.list_strings = false;
  EXPECT_EQ(MaxReportBytes(settings), 32u << 20);
}

TEST(ProtocolTest, OtherMessages) {
  CompileMessage job;
  job.source_name = "s";
  job.files = {{"f", "n", "i", 1, 2}};
  ExternalValue value;
  value.name = "v";
  value.kind = ExternalValue::Kind::kFloat;
  value.real = 2.5;
  job.externals = {value};
  job.yara_x = true;
  const auto job_back = Decode<CompileMessage>(AsBytes(Encode(job)));
  ASSERT_TRUE(job_back);
  EXPECT_EQ(job_back->files[0].size, 2u);
  EXPECT_EQ(job_back->externals[0].real, 2.5);
  EXPECT_TRUE(job_back->yara_x);
  EXPECT_FALSE(job_back->skip_invalid);
  OpenDatabasesMessage open;
  open.settings.budget.timeout_ms = 9;
  open.settings.now = -1;
  open.settings.module_data = {{"cuckoo", "{}"}};
  const auto open_back = Decode<OpenDatabasesMessage>(AsBytes(Encode(open)));
  ASSERT_TRUE(open_back);
  EXPECT_EQ(open_back->settings.budget.timeout_ms, 9u);
  EXPECT_EQ(open_back->settings.now, -1);
  EXPECT_EQ(open_back->settings.module_data[0].bytes, "{}");
}

TEST(ProtocolTest, SurveysSurviveTheJourney) {
  SurveyMessage survey;
  survey.kind = SurveyKind::kImageFolder;
  survey.files = {{"index.json", 10}, {"blobs/sha256/00", ~std::uint64_t{0}}};
  survey.words = {"word"};
  survey.open_archives = false;
  survey.max_bytes = 7;
  survey.max_depth = 2;
  ExpectJourney(survey);
  EXPECT_EQ(Decode<SurveyMessage>(AsBytes(Encode(survey)))->files[1].size, ~std::uint64_t{0});
  SettingsFactsMessage settings;
  settings.facts = {SettingsFormat::kIni, {{"S", "k", "v", 3}}, {{4, "what"}}, true};
  ExpectJourney(settings);
}

TEST(ProtocolTest, FactsSurviveTheJourney) {
  SurveyFactsMessage message;
  SoftwareFacts& facts = message.facts;
  const FactPlace place{3, "a/b", Presence::kDeleted};
  facts.roots = {{1, 0, RootKind::kImage, "x.tar", "app:1", "sha256:00", Presence::kDeleted}};
  facts.files = {{place, FileKind::kLink, 5, "target", "layer"}};
  ProgramFact program;
  program.place = place;
  program.kind = ProgramKind::kPe;
  program.sha256.emplace().fill(0x11);
  program.signers = {{"CN", "O", "/CN=CN/O=O", "aa", "/CN=CA", true}};
  program.company = "Company";
  facts.programs = {program};
  PackageFact package;
  package.name = "p";
  package.state = PackageState::kConfigFiles;
  package.installed_at = -1;
  facts.packages = {package};
  facts.units = {{place, "a.service", "A", {"opt/a"}}};
  facts.operating_systems = {{place, "debian", "12", "Debian", ""}};
  ImageFact image;
  image.names = {"app:1"};
  image.layers = 4;
  facts.images = {image};
  ComponentFact component;
  component.cpes = {"cpe:2.3:a:x:y:1:*:*:*:*:*:*:*"};
  component.is_subject = true;
  facts.components = {component};
  facts.mentions = {{place, "w", 3, "text"}};
  facts.unread = {{place, "damaged", "why"}};
  message.last = true;
  ExpectJourney(message);
  const auto back = Decode<SurveyFactsMessage>(AsBytes(Encode(message)));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->facts.files[0].place.presence, Presence::kDeleted);
  EXPECT_TRUE(back->facts.programs[0].signers[0].verified);
  EXPECT_EQ(back->facts.packages[0].installed_at, -1);
  EXPECT_TRUE(back->facts.components[0].is_subject);
}

// Nothing but empty texts is what takes most memory for its bytes.
TEST(ProtocolTest, EmptyFactsAreTakenToo) {
  SurveyFactsMessage message;
  message.facts.components.resize(10'000);
  message.facts.programs.resize(10'000);
  message.facts.packages.resize(10'000);
  message.facts.files.resize(kMaxFactsPerMessage);
  EXPECT_TRUE(Decode<SurveyFactsMessage>(AsBytes(Encode(message))));
  message.facts.files.resize(kMaxFactsPerMessage + 1);  // The last is cut.
  EXPECT_EQ(Decode<SurveyFactsMessage>(AsBytes(Encode(message)))->facts.files.size(), kMaxFactsPerMessage);
}

}  // namespace
}  // namespace dl::report
