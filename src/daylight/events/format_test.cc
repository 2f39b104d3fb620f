#include "daylight/events/format.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "daylight/events/syslog_format.h"
#include "daylight/events/test_event.h"
#include "daylight/report/escape.h"

// Goldens are in goldens/; DAYLIGHT_UPDATE_GOLDENS=1 writes them anew, to be
// read before they are committed.
namespace dl::events {
namespace {

using nlohmann::json;

constexpr Format kAllFormats[] = {Format::kText, Format::kJson, Format::kEcs, Format::kOcsf, Format::kCef};

const Source kSource{"mail1", "0.1.0"};

std::string Line(Format format, const Event& event) {
  std::string out;
  AppendEvent(format, event, kSource, out);
  return out;
}

// One of each kind, with what such an event usually has.
std::vector<Event> EventsOfAllKinds() {
  std::vector<Event> events;
  for (std::size_t i = 0; i < kEventKinds; ++i) {
    Event event;
    event.kind = static_cast<EventKind>(i);
    event.time_ns = 1'796'045'405'000'000'000 + static_cast<std::int64_t>(i) * 1'000'000'000;
    event.id = "01a22ca5-fbc3-7000-8000-0000000000" + std::to_string(10 + i);
    switch (event.kind) {
      case EventKind::kDetection: {
        const Event full = FullEvent();
        event = full;
        break;
      }
      case EventKind::kIncomplete:
        event.verdict = report::Verdict::kIncomplete;
        event.path = "/srv/a.zip";
        event.incomplete = {{"a.zip//b", "encrypted", ""}, {"a.zip//c", "budget", "depth"}};
        break;
      case EventKind::kFailed:
        event.verdict = report::Verdict::kFailed;
        event.path = "/srv/b";
        event.text = "Permission denied";
        break;
      case EventKind::kBlocked:
      case EventKind::kQuarantined:
        event.verdict = report::Verdict::kDetected;
        event.path = "/home/u/\xc3\xa4.exe";
        event.detections = {{"yara", "Rule_A", "local", "MIT", "\xc3\xa4.exe"}};
        event.action = event.kind == EventKind::kBlocked ? Action::kBlocked : Action::kQuarantined;
        event.protocol = "on-access";
        event.client = {"", 0, 1, "/usr/bin/cat"};
        break;
      case EventKind::kAllowed:
      case EventKind::kAllowListed:
        event.verdict = report::Verdict::kDetected;
        event.path = "/opt/tool";
        event.detections = {{"yara", "Rule_A", "local", "", "tool"}};
        event.action = Action::kAllowed;
        event.why = "allow list: by alice: our own tool";
        event.protocol = "clamd";
        event.client = {"[2001:db8::7]:4310", std::nullopt, std::nullopt, ""};
        break;
      case EventKind::kDefaultDecision:
        event.path = "/opt/slow";
        event.action = Action::kBlocked;
        event.protocol = "on-access";
        break;
      case EventKind::kGap:
        event.from_ns = event.time_ns - 5'000'000'000;
        event.until_ns = event.time_ns;
        break;
      case EventKind::kScanStarted:
      case EventKind::kScanPaused:
      case EventKind::kScanResumed:
        event.schedule = "nightly";
        event.protocol = "schedule";
        break;
      case EventKind::kScanFinished:
        event.schedule = "nightly";
        event.protocol = "schedule";
        event.totals = {1000, 123456789, 2, 3, 1};
        break;
      case EventKind::kRestored:
      case EventKind::kDeleted:
        event.path = "/srv/in/a";
        event.why = "by alice";
        event.client.uid = 1000;
        break;
      case EventKind::kDifference:
        event.verdict = report::Verdict::kDetected;
        event.path = "/srv/in/a.bin";
        event.size = 28;
        event.sha256.emplace().fill(0x5a);
        event.detections = {{"yara", "Rule_A", "local", "", "a.bin"}};
        event.theirs = {"clamd", report::Verdict::kIncomplete, {"Heuristics.Encrypted.Zip", "Other"}};
        event.protocol = "clamd";
        event.client = {"", 1000, 4711, ""};
        break;
      default: event.text = "as it happens"; break;
    }
    events.push_back(event);
  }
  return events;
}

void ExpectGolden(const std::string& name, const std::string& text) {
  const std::string path = std::string(DAYLIGHT_SOURCE_DIR) + "/src/daylight/events/goldens/" + name;
  if (std::getenv("DAYLIGHT_UPDATE_GOLDENS") != nullptr) std::ofstream(path, std::ios::binary) << text;
  std::ifstream file(path, std::ios::binary);
  const std::string expected{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(text, expected) << name;
}

std::string AllLines(Format format) {
  std::string out;
  for (const Event& event : EventsOfAllKinds()) out += Line(format, event) + "\n";
  return out;
}

// What strangers may choose.
const std::vector<std::string>& HostileStrings() {
  static const std::vector<std::string> strings = {
      "",
      "a\nb",
      "a\r\nb",
      "]",
      "\"",
      "\\",
      "\\n",
      "a=b|c",
      "key=value src=6.6.6.6",
      "\xff\xfe invalid",
      std::string("nul\0inside", 10),
      "\x1b[31mred\x1b[0m\x07",
      "\xe2\x80\xae"
      "gpj.exe",
      "\xef\xbb\xbf bom",
      "] [evil@1 a=\"b\"] injected",
      "<34>1 2003-10-11T22:14:15.003Z host app - - - fake",
      "\xf0\x9f\x98\x80 emoji",
      "\xed\xa0\x80 surrogate",
      "{\"a\":1}",
      "</script>",
      std::string(100'000, 'x'),
  };
  return strings;
}

Event HostileEvent(const std::string& text) {
  Event event = FullEvent();
  event.path = "/" + text;
  event.object = text;
  event.why = event.text = event.database = event.schedule = event.protocol = text;
  event.client.address = event.client.exe = text;
  event.detections = {{text, text, text, text, text}};
  event.incomplete = {{text, text, text}};
  event.theirs = {text, report::Verdict::kDetected, {text, text}};
  return event;
}

void ExpectOnePrintableLine(const std::string& text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    ASSERT_TRUE(byte >= 0x20 && byte != 0x7f) << static_cast<int>(byte);
  }
  EXPECT_TRUE(report::IsUtf8(text));
  EXPECT_EQ(text.find("\xe2\x80\xae"), std::string::npos);
}

class GoldenTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ::setenv("TZ", "UTC", 1);
    ::tzset();
  }
};

TEST_F(GoldenTest, EachFormat) {
  ExpectGolden("events.txt", AllLines(Format::kText));
  ExpectGolden("events.jsonl", AllLines(Format::kJson));
  ExpectGolden("ecs.jsonl", AllLines(Format::kEcs));
  ExpectGolden("ocsf.jsonl", AllLines(Format::kOcsf));
  ExpectGolden("cef.txt", AllLines(Format::kCef));
}

TEST_F(GoldenTest, Syslog) {
  std::string out;
  SyslogForm form;
  form.proc_id = "812";
  for (const Event& event : EventsOfAllKinds()) out += SyslogMessage(event, kSource, form) + "\n";
  form.format = Format::kEcs;
  out += SyslogMessage(FullEvent(), kSource, form) + "\n";
  form.format = Format::kCef;
  out += SyslogMessage(FullEvent(), kSource, form) + "\n";
  ExpectGolden("syslog.txt", out);
}

TEST(FormatTest, HostileStringsStayInOneLine) {
  for (const std::string& text : HostileStrings()) {
    const Event event = HostileEvent(text);
    for (const Format format : kAllFormats) {
      const std::string line = Line(format, event);
      ExpectOnePrintableLine(line);
      if (format == Format::kJson || format == Format::kEcs || format == Format::kOcsf) {
        EXPECT_TRUE(json::parse(line, nullptr, false).is_object()) << line.substr(0, 300);
      }
    }
  }
}

std::string Unbase64(const std::string& text) {
  std::string out;
  std::uint32_t bits = 0;
  int count = 0;
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (const char c : text) {
    const std::size_t digit = kDigits.find(c);
    if (digit == kDigits.npos) continue;
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    if ((count += 6) >= 8) out += static_cast<char>(bits >> (count -= 8) & 0xff);
  }
  return out;
}

TEST(FormatTest, JsonLosesNoByteOfAPath) {
  for (const std::string& text : HostileStrings()) {
    const Event event = HostileEvent(text);
    const json line = json::parse(Line(Format::kJson, event));
    const std::string path = line.contains("path_b64") ? Unbase64(line["path_b64"]) : line["path"].get<std::string>();
    EXPECT_EQ(path, event.path);
  }
}

// Elastic's words for kind, category, type and outcome, as of 8.17.
TEST(FormatTest, EcsUsesAllowedValuesOnly) {
  const std::map<std::string, std::set<std::string>> types = {
      {"malware", {"info"}},
      {"file", {"access", "change", "creation", "deletion", "info"}},
      {"intrusion_detection", {"allowed", "denied", "info"}},
      {"process", {"access", "change", "end", "info", "start"}},
      {"configuration", {"access", "change", "creation", "deletion", "info"}}};
  for (const Event& event : EventsOfAllKinds()) {
    const json line = json::parse(Line(Format::kEcs, event));
    EXPECT_EQ(line["ecs"]["version"], "8.17.0");
    EXPECT_TRUE(line["event"]["kind"] == "alert" || line["event"]["kind"] == "event");
    std::set<std::string> expected;
    for (const auto& category : line["event"]["category"]) {
      ASSERT_TRUE(types.count(category)) << category;
      expected.insert(types.at(category).begin(), types.at(category).end());
    }
    EXPECT_FALSE(line["event"]["type"].empty());
    for (const auto& type : line["event"]["type"]) EXPECT_TRUE(expected.count(type)) << line["event"];
    const std::string outcome = line["event"]["outcome"];
    EXPECT_TRUE(outcome == "success" || outcome == "failure" || outcome == "unknown");
  }
}

TEST(FormatTest, EcsOfADetection) {
  const json line = json::parse(Line(Format::kEcs, FullEvent()));
  EXPECT_EQ(line["@timestamp"], "2026-11-30T13:30:05.123456789Z");
  EXPECT_EQ(line["file"]["extension"], "zip");
  EXPECT_EQ(line["file"]["directory"], "/srv/in");
  EXPECT_EQ(line["file"]["hash"]["sha256"], line["related"]["hash"][0]);
  EXPECT_EQ(line["rule"]["name"], "Win.Test.Marker-1");
  EXPECT_EQ(line["client"]["ip"], "192.0.2.7");
  EXPECT_EQ(line["client"]["port"], 50312);
  EXPECT_EQ(line["user"]["id"], "1000");
}

// The attributes that OCSF 1.5.0 requires of each class and object that is used.
TEST(FormatTest, OcsfHasWhatIsRequired) {
  const auto has = [](const json& object, std::initializer_list<const char*> keys) {
    for (const char* key : keys) EXPECT_TRUE(object.contains(key)) << key << " in " << object.dump().substr(0, 200);
  };
  for (const Event& event : EventsOfAllKinds()) {
    const json line = json::parse(Line(Format::kOcsf, event));
    has(line, {"activity_id", "category_uid", "class_uid", "type_uid", "time", "severity_id", "metadata", "device"});
    has(line["metadata"], {"version", "product"});
    has(line["metadata"]["product"], {"name", "vendor_name"});
    has(line["device"], {"type_id"});
    const int class_uid = line["class_uid"];
    EXPECT_EQ(line["type_uid"], class_uid * 100 + line["activity_id"].get<int>());
    EXPECT_EQ(line["category_uid"], class_uid / 1000);
    EXPECT_TRUE(line["time"].is_number_integer());
    if (class_uid == 2004) {
      has(line, {"finding_info", "action_id", "disposition_id", "status_id", "is_alert"});
      has(line["finding_info"], {"uid", "title"});
      if (line["finding_info"].contains("analytic")) has(line["finding_info"]["analytic"], {"type_id", "name"});
      for (const auto& malware : line.value("malware", json::array())) has(malware, {"classification_ids", "name"});
      for (const auto& evidence : line.value("evidences", json::array())) {
        EXPECT_TRUE(evidence.contains("file") || evidence.contains("actor") || evidence.contains("src_endpoint"));
        if (!evidence.contains("file")) continue;
        has(evidence["file"], {"name", "type_id"});
        for (const auto& hash : evidence["file"].value("hashes", json::array())) has(hash, {"algorithm_id", "value"});
      }
    } else if (class_uid == 6002) {
      has(line, {"app"});
    } else if (class_uid == 6007) {
      has(line, {"scan"});
      has(line["scan"], {"type_id", "name"});
    } else {
      EXPECT_EQ(class_uid, 0);
    }
  }
}

// Reads CEF as its standard says: the header by `|`, the extension by ` KEY=`.
std::map<std::string, std::string> ParseCef(const std::string& line, std::vector<std::string>& header) {
  std::size_t i = 0;
  std::string field;
  header.clear();
  for (; i < line.size() && header.size() < 7; ++i) {
    if (line[i] == '\\' && i + 1 < line.size()) {
      field += line[++i];
    } else if (line[i] == '|') {
      header.push_back(field);
      field.clear();
    } else {
      field += line[i];
    }
  }
  std::map<std::string, std::string> extension;
  std::string key;
  std::string value;
  std::size_t last_space = 0;
  bool in_value = false;
  std::string raw = line.substr(i);
  for (std::size_t k = 0; k < raw.size(); ++k) {
    if (raw[k] == '\\' && k + 1 < raw.size()) {
      value += raw[++k];
    } else if (raw[k] == '=') {
      if (in_value) {
        extension[key] = value.substr(0, last_space);
        key = value.substr(last_space + 1);
      } else {
        key = value;
      }
      in_value = true;
      value.clear();
    } else {
      if (raw[k] == ' ') last_space = value.size();
      value += raw[k];
    }
  }
  if (in_value) extension[key] = value;
  return extension;
}

TEST(FormatTest, CefReadsBackAndNothingIsInjected) {
  for (const std::string& text : HostileStrings()) {
    const Event event = HostileEvent(text);
    std::vector<std::string> header;
    const auto extension = ParseCef(Line(Format::kCef, event), header);
    ASSERT_EQ(header.size(), 7u);
    EXPECT_EQ(header[0], "CEF:0");
    EXPECT_EQ(header[4], "detection");
    EXPECT_EQ(header[6], "8");
    EXPECT_EQ(extension.count("src"), 0u) << text;
    EXPECT_EQ(extension.count("key"), 0u);
    const std::string path = report::EscapeLine(event.path);
    if (path.size() <= 1023) {
      EXPECT_EQ(extension.at("filePath"), path);
    } else {
      EXPECT_TRUE(extension.at("filePath").ends_with("..."));
      EXPECT_LE(extension.at("filePath").size(), 1023u);
    }
    EXPECT_EQ(extension.at("externalId"), event.id);
  }
}

TEST(FormatTest, Addresses) {
  const auto ip = [](std::string_view text) {
    return SplitAddress(text).ip + "," + std::to_string(SplitAddress(text).port);
  };
  EXPECT_EQ(ip("192.0.2.7:80"), "192.0.2.7,80");
  EXPECT_EQ(ip("192.0.2.7"), "192.0.2.7,0");
  EXPECT_EQ(ip("[2001:db8::1]:65535"), "2001:db8::1,65535");
  EXPECT_EQ(ip("2001:db8::1"), "2001:db8::1,0");
  EXPECT_EQ(ip("192.0.2.7:65536"), "192.0.2.7,0");
  for (const char* text : {"", "unix", "[", "[]", "]:1", "host:80", "1.2.3", ":", "[::1", "1.2.3.4:5:6"})
    EXPECT_EQ(SplitAddress(text).ip, "") << text;
}

TEST(SyslogFormatTest, NoMessageIsLongerThanAllowed) {
  for (const std::string& text : HostileStrings()) {
    for (const Format format : kAllFormats) {
      for (const std::size_t most : {std::size_t{480}, std::size_t{1024}, std::size_t{2048}, std::size_t{8192}}) {
        SyslogForm form;
        form.format = format;
        form.max_bytes = most;
        form.proc_id = "4194304";
        const std::string message = SyslogMessage(HostileEvent(text), {std::string(255, 'h'), "0.1.0"}, form);
        EXPECT_LE(message.size(), most);
        EXPECT_TRUE(message.starts_with("<27>1 2026-11-30T13:30:05.123456Z "));
        EXPECT_NE(message.find(FullEvent().id), std::string::npos) << message;
        ExpectOnePrintableLine(message);
      }
    }
  }
}

TEST(SyslogFormatTest, ByteOrderMarkOnlyBeforeWhatNeedsIt) {
  Event event;
  event.kind = EventKind::kTrouble;
  event.text = "plain";
  constexpr std::string_view kBom = "\xef\xbb\xbf";
  SyslogForm json_form;
  json_form.format = Format::kJson;
  EXPECT_EQ(SyslogMessage(event, kSource, {}).find(kBom), std::string::npos);
  event.text = "\xc3\xa4";
  EXPECT_NE(SyslogMessage(event, kSource, {}).find("] " + std::string(kBom) + "trouble: "), std::string::npos);
  // JSON is ASCII instead.
  event.text = "\xc3\xa4 \xf0\x9f\x98\x80";
  const std::string message = SyslogMessage(event, kSource, json_form);
  EXPECT_EQ(message.find(kBom), std::string::npos);
  EXPECT_NE(message.find("\\u00e4 \\ud83d\\ude00"), std::string::npos);
  EXPECT_EQ(json::parse(message.substr(message.find('{')))["text"], event.text);
}

TEST(SyslogFormatTest, HeaderFieldsAreWords) {
  Event event;
  SyslogForm form;
  form.app_name.clear();
  const std::string message = SyslogMessage(event, {"a host\n", "1"}, form);
  EXPECT_NE(message.find("Z a_host_ - - detection [daylight@32473 "), std::string::npos) << message;
  EXPECT_TRUE(IsSdName("daylight@32473"));
  for (const char* name : {"", "a b", "a]b", "a=b", "a\"b", "\xc3\xa4", "123456789012345678901234567890123"})
    EXPECT_FALSE(IsSdName(name)) << name;
}

}  // namespace
}  // namespace dl::events
