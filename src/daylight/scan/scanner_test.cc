#include "daylight/scan/scanner.h"

#include <gtest/gtest.h>

#include "daylight/scan/scan_testing.h"

namespace dl::scan {
namespace {

std::shared_ptr<const Engine> MustCompile(std::string_view rules, bool yara_x = false,
                                          std::vector<report::ExternalValue> externals = {}) {
  auto engine = CompileEngine(rules, yara_x, std::move(externals));
  EXPECT_TRUE(engine) << LastDiagnostics();
  return engine ? *engine : *CompileEngine("rule none { condition: false }");
}

report::ObjectReport ScanText(Scanner& scanner, std::string_view object) {
  MemorySource source(AsBytes(object));
  report::ObjectNames names;
  names.object = "object";
  names.filename = "object.bin";
  names.extension = ".bin";
  return scanner.Scan(source, names);
}

report::ObjectReport ScanText(std::string_view rules, std::string_view object, report::ScanSettings settings = {}) {
  Scanner scanner(MustCompile(rules), std::move(settings));
  return ScanText(scanner, object);
}

constexpr std::string_view kRules =
    "rule text { strings: $a = \"needle\" fullword condition: $a }\n"
    "rule regexp { strings: $a = /ne+dle[0-9]{0,30}x/ condition: #a == 1 and @a > 0 }\n"
    "rule chain { strings: $a = { 6e 65 65 64 [0-40] 78 79 } condition: $a }\n"
    "rule jump { strings: $a = { 6e 65 65 64 [100-2000] 7a 7a } condition: $a }\n"
    "rule wide_text { strings: $a = \"needle\" wide nocase condition: $a }\n"
    "rule at_start { strings: $a = \"MZ\" condition: $a at 0 }\n"
    "rule magic { condition: uint32be(8) == 0x6d616769 }\n"
    "rule size { condition: filesize > 100 and not magic }\n"
    "rule many { strings: $a = \"e\" condition: #a > 3 and !a == 1 and #a in (0..50000) > 1 }\n";

std::string AsEachSource(std::string_view rules, const std::string& object, std::size_t window) {
  report::ScanSettings settings;
  settings.list_strings = true;
  settings.hash_all = true;
  const auto engine = MustCompile(rules);
  Scanner scanner(engine, settings);
  const report::ObjectReport whole = ScanText(scanner, object);
  report::ObjectNames names;
  names.object = "object";
  const int fd = MemoryFile(object);
  GrowingBuffer scratch;
  const auto same = [&](ObjectSource& source, const char* what) {
    const report::ObjectReport other = scanner.Scan(source, names);
    EXPECT_EQ(Summary(other), Summary(whole)) << what << " " << window << " " << object.size();
    EXPECT_EQ(other.sha256, whole.sha256) << what;
    EXPECT_EQ(other.size, object.size()) << what;
  };
  DescriptorSource copied(fd, object.size(), scratch, {});
  same(copied, "copied");
  DescriptorSource windows(fd, object.size(), scratch, {.copy_limit_bytes = 0, .window_bytes = window});
  same(windows, "windows");
  StreamSource stream =
      MakeStream(object, window / 3 + 1, {.window_bytes = window, .head_bytes = 5000, .tail_bytes = 16});
  same(stream, "stream");
  Scanner slow(engine, settings);
  slow.UseGates(false);
  EXPECT_EQ(Summary(ScanText(slow, object)), Summary(whole)) << "gates";
  ::close(fd);
  return Summary(whole);
}

TEST(ScannerTest, RulesThatHoldWithoutAMatchAreFoundBehindTheirGates) {
  // Each has a part that needs a match, and one that needs none but a magic.
  const std::string rules =
      "import \"pe\"\n"
      "rule a { strings: $a = \"needle\" condition: $a or uint32be(0) == 0x01020304 }\n"
      "rule b { strings: $a = \"needle\" condition: a and not $a }\n"
      "rule c { strings: $a = \"needle\" $b = \"needles\" condition: #a > #b or $b at 2 }\n"
      "rule d { strings: $a = \"needle\" condition: 2 of them or (#a > 1 or uint16(4) == 0x6161) or pe.is_pe }\n";
  const auto found = [&](const std::string& object) {
    std::string names;
    for (const std::size_t window : {std::size_t{3000}, std::size_t{5000}}) {
      const std::string one = AsEachSource(rules, object + std::string(10'000, '.'), window);
      if (names.empty()) names = one;
      EXPECT_EQ(names, one);
    }
    std::string short_names;
    for (const char* name : {"a", "b", "c", "d"}) {
      const std::string line = std::string("\n") + name;
      if (names.find(line + "\n") != std::string::npos || names.find(line + " ") != std::string::npos) {
        short_names += name;
      }
    }
    return short_names;
  };
  EXPECT_EQ(found("needle"), "ac");
  EXPECT_EQ(found(std::string("\x01\x02\x03\x04", 4)), "ab");
  EXPECT_EQ(found(std::string("\x01\x02\x03\x04 needle", 11)), "ac");
  EXPECT_EQ(found("..needles"), "ac");
  EXPECT_EQ(found("1234aa"), "d");
  EXPECT_EQ(found("nothing"), "");
}

TEST(ScannerTest, SkippedUnitsAreNotAsked) {
  std::vector<std::shared_ptr<const database::Database>> databases;
  for (const char* name : {"a", "b", "c"}) {
    report::CompileJob job;
    job.source_name = name;
    const std::string rule =
        std::string("rule ") + name + " { strings: $a = \"needle\" condition: $a and filesize < 10 }";
    job.files.push_back({"test.yar", rule, "default", ""});
    const report::CompileAnswer answer = Compile(job, nullptr);
    const Bytes bytes = AsBytes(answer.database);
    databases.push_back(*database::Database::FromBytes(std::vector<std::byte>(bytes.begin(), bytes.end())));
  }
  Scanner scanner(*Engine::Open(databases), {});
  for (std::uint64_t skip = 0; skip < 8; ++skip) {
    MemorySource source(AsBytes("a needle"));
    std::string found;
    for (const auto& detection : scanner.Scan(source, {}, skip | ~std::uint64_t{7}).detections) found += detection.rule;
    std::string expected;
    for (std::uint64_t unit = 0; unit < 3; ++unit) {
      if ((skip >> unit & 1) == 0) expected += "abc"[unit];
    }
    EXPECT_EQ(found, expected);
  }
}

TEST(ScannerTest, SummariesSayWhatVerdictsDependOn) {
  const auto need = [](std::string_view rules) {
    report::CompileJob job;
    job.source_name = "tests";
    for (const char* name : {"filename", "filepath", "extension", "filetype", "owner"}) {
      job.externals.push_back({.name = name, .kind = report::ExternalValue::Kind::kString, .text = ""});
    }
    job.files.push_back({"test.yar", std::string(rules), "default", ""});
    const report::CompileAnswer answer = Compile(job, nullptr);
    const Bytes bytes = AsBytes(answer.database);
    const auto database = *database::Database::FromBytes(std::vector<std::byte>(bytes.begin(), bytes.end()));
    const auto summary = Summarize(*database);
    EXPECT_TRUE(summary && summary->units.size() == 1);
    return std::string(summary->units[0].uses_names ? "names " : "") + (summary->units[0].varies ? "varies" : "");
  };
  EXPECT_EQ(need("rule a { condition: filesize > 1 }"), "");
  EXPECT_EQ(need("rule a { condition: filetype == \"ELF\" }"), "");
  for (const std::string name : {"filename", "filepath", "extension", "owner"}) {
    EXPECT_EQ(need("rule a { condition: filesize > 1 or " + name + " == \"x\" }"), "names ") << name;
  }
  EXPECT_EQ(need("import \"time\" rule a { condition: time.now() > 1 }"), "varies");
  EXPECT_EQ(need("import \"console\" rule a { condition: console.log(owner) }"), "names varies");
  EXPECT_EQ(need("import \"magic\" rule a { condition: magic.type() == \"x\" }"), "varies");
  EXPECT_EQ(need("import \"pe\" rule a { condition: pe.is_pe }"), "");
}

TEST(ScannerTest, WindowsAndStreamsGiveTheSameReport) {
  for (const std::size_t window : {16u, 1000u, 20'000u}) {
    for (const std::size_t at : {0u, 1u, 990u, 999u, 1000u, 16'380u, 19'995u, 20'000u, 30'000u}) {
      for (const std::string_view needle :
           {std::string_view("needle"), std::string_view("needle012345x"), std::string_view("need......xy"),
            std::string_view("n\0E\0e\0d\0l\0e\0", 12), std::string_view("MZ......magic")}) {
        std::string object(40'000, '.');
        object.replace(at, needle.size(), needle);
        if (at > 500) object.replace(at + 1500, 2, "zz");
        AsEachSource(kRules, object, window);
      }
    }
  }
}

TEST(ScannerTest, PlantedMatchesAreFound) {
  std::string object(40'000, '.');
  object.replace(19'996, 13, "needle012345x");
  EXPECT_EQ(AsEachSource(kRules, object, 20'000), "detected\nregexp $a@19996+13\nsize\n");
  EXPECT_EQ(AsEachSource(kRules, "", 100), "clean\n");
  EXPECT_EQ(AsEachSource(kRules, "MZ......magic", 100), "detected\nat_start $a@0+2\nmagic\n");
}

// A gate looks further than the first window reaches.
TEST(ScannerTest, GatesPastTheFirstWindow) {
  std::string object(10'000, '.');
  object.replace(4000, 4, "ABCD");
  EXPECT_EQ(AsEachSource("rule r { condition: uint32be(4000) == 0x41424344 }", object, 100), "detected\nr\n");
}

TEST(ScannerTest, WhatAStreamDidNotKeepMakesItIncomplete) {
  Scanner scanner(MustCompile("rule r { condition: uint8(5000) == 1 }"), {});
  const std::string object(10'000, '.');
  StreamSource stream = MakeStream(object, 100, {.window_bytes = 100, .head_bytes = 64, .tail_bytes = 16});
  const auto report = scanner.Scan(stream, {});
  EXPECT_EQ(report.verdict, report::Verdict::kIncomplete);
  ASSERT_EQ(report.incomplete.size(), 1u);
  EXPECT_EQ(report.incomplete[0].reason, "window");
}

TEST(ScannerTest, LargerThanTheBudget) {
  report::ScanSettings settings;
  settings.budget.max_object_bytes = 1000;
  Scanner scanner(MustCompile("rule r { condition: true }"), settings);
  EXPECT_EQ(Summary(ScanText(scanner, std::string(1000, '.'))), "detected\nr\n");
  EXPECT_EQ(Summary(ScanText(scanner, std::string(1001, '.'))),
            "incomplete\nincomplete max-size: larger than --max-size\n");
  // The size of a stream is known too late: it is not read for ever.
  std::uint64_t pulled = 0;
  StreamSource endless(
      [&](std::span<std::byte> out) -> Result<std::size_t> {
        if (pulled > 1'000'000) return Fail(ErrorCode::kIo, "pulled for ever");
        std::fill(out.begin(), out.end(), std::byte{'.'});
        pulled += out.size();
        return out.size();
      },
      {.window_bytes = 100, .head_bytes = 64, .tail_bytes = 16});
  EXPECT_EQ(Summary(scanner.Scan(endless, {})), "incomplete\nincomplete max-size: larger than --max-size\n");
}

// The patterns that matter for the first size are not those for the last.
TEST(ScannerTest, AnObjectThatShrinksIsIncomplete) {
  Scanner scanner(MustCompile("rule r { strings: $a = \"needle\" condition: $a and filesize < 5000 }"), {});
  const int fd = MemoryFile("needle" + std::string(3000, '.'));
  GrowingBuffer scratch;
  DescriptorSource source(fd, 100'000, scratch, {.copy_limit_bytes = 0, .window_bytes = 1000});
  const auto report = scanner.Scan(source, {});
  EXPECT_EQ(report.verdict, report::Verdict::kIncomplete);
  ASSERT_FALSE(report.incomplete.empty());
  EXPECT_EQ(report.incomplete[0].reason, "changed");
  // Copied at once it has one size.
  DescriptorSource copied(fd, 100'000, scratch, {});
  EXPECT_EQ(Summary(scanner.Scan(copied, {})), "detected\nr\n");
  ::close(fd);
}

TEST(ScannerTest, WhatCannotBeReadFails) {
  Scanner scanner(MustCompile("rule r { condition: true }"), {});
  GrowingBuffer scratch;
  DescriptorSource source(-1, 100, scratch, {});
  const auto report = scanner.Scan(source, {});
  EXPECT_EQ(report.verdict, report::Verdict::kFailed);
  EXPECT_FALSE(report.failure.empty());
  // And the next object is scanned as if nothing had been.
  EXPECT_EQ(Summary(ScanText(scanner, "x")), "detected\nr\n");
}

TEST(ScannerTest, NothingIsLeftOfTheLastObject) {
  Scanner scanner(
      MustCompile("import \"pe\" rule a { strings: $a = \"aa\" condition: $a } rule b { strings: $b = \"bb\" "
                  "condition: #b == 1 or $b at 0 } rule c { strings: $c = \"cc\" condition: $c at 0 }"),
      {});
  EXPECT_EQ(Summary(ScanText(scanner, "cc aa bb")), "detected\na\nb\nc\n");
  EXPECT_EQ(Summary(ScanText(scanner, "bb")), "detected\nb\n");
  EXPECT_EQ(Summary(ScanText(scanner, "")), "clean\n");
}

TEST(ScannerTest, TheDigestOfWhatWasDetected) {
  const auto detected = ScanText("rule r { condition: filesize == 3 }", "abc");
  ASSERT_TRUE(detected.sha256);
  EXPECT_EQ((*detected.sha256)[0], 0xba);
  EXPECT_EQ((*detected.sha256)[31], 0xad);
  EXPECT_FALSE(ScanText("rule r { condition: filesize == 4 }", "abc").sha256);
  report::ScanSettings settings;
  settings.hash_all = true;
  EXPECT_TRUE(ScanText("rule r { condition: filesize == 4 }", "abc", settings).sha256);
}

TEST(ScannerTest, ExternalsOfTheUserWinOverTheObjects) {
  report::ExternalValue number;
  number.name = "n";
  number.integer = 1;
  report::ExternalValue name;
  name.name = "filename";
  name.kind = report::ExternalValue::Kind::kString;
  const auto engine = MustCompile(
      "rule n2 { condition: n == 2 } rule d { condition: n == 1 } rule f { condition: filename == \"object.bin\" }"
      "rule u { condition: filename == \"mine\" }",
      false, {number, name});
  Scanner plain(engine, {});
  EXPECT_EQ(Summary(ScanText(plain, "")), "detected\nd\nf\n");
  number.integer = 2;
  name.text = "mine";
  report::ScanSettings settings;
  settings.externals = {number, name};
  Scanner defined(engine, settings);
  EXPECT_EQ(Summary(ScanText(defined, "")), "detected\nn2\nu\n");
}

TEST(ScannerTest, ModuleData) {
  report::ScanSettings settings;
  settings.module_data.push_back({"cuckoo", R"({"network": {"http": [{"uri": "http://x/", "method": "GET"}]}})"});
  const std::string_view rules = "import \"cuckoo\" rule r { condition: cuckoo.network.http_request(/x/) }";
  EXPECT_EQ(Summary(ScanText(rules, "abc", settings)), "detected\nr\n");
  EXPECT_EQ(Summary(ScanText(rules, "abc")), "clean\n");
}

TEST(ScannerTest, BudgetsOfConditionsAreReported) {
  const auto report = ScanText("rule r { condition: for all i in (0..0x7fffffffff) : (i >= 0) }", "abc");
  EXPECT_EQ(report.verdict, report::Verdict::kIncomplete);
  ASSERT_EQ(report.incomplete.size(), 1u);
  EXPECT_EQ(report.incomplete[0].reason, "budget");
}

TEST(ScannerTest, ListedStringsAreBounded) {
  report::ScanSettings settings;
  settings.list_strings = true;
  settings.max_strings = 2;
  settings.max_string_bytes = 3;
  const auto report = ScanText("rule r { strings: $a = \"abcde\" $b = \"x\" private condition: $a or $b }",
                               "abcde abcde abcde x", settings);
  ASSERT_EQ(report.detections.size(), 1u);
  EXPECT_TRUE(report.detections[0].strings_truncated);
  ASSERT_EQ(report.detections[0].strings.size(), 2u);
  EXPECT_EQ(report.detections[0].strings[1].data, "abc");
  EXPECT_TRUE(report.detections[0].strings[1].data_truncated);
}

TEST(ScannerTest, WhatIsListedHasABound) {
  report::ScanSettings settings;
  settings.list_strings = true;
  settings.max_strings = 0;
  settings.max_string_bytes = 0;
  std::string object(300'000, 'a');
  object += 'b';
  const auto report = ScanText("rule r { strings: $a = { 61 [300] 61 } condition: $a }", object, settings);
  ASSERT_EQ(report.detections.size(), 1u);
  EXPECT_TRUE(report.detections[0].strings_truncated);
  std::size_t bytes = 0;
  for (const auto& string : report.detections[0].strings) bytes += string.data.size();
  EXPECT_GT(bytes, 1u << 20);
  EXPECT_LT(bytes, 70u << 20);
}

// The search counts up to a million; a rule that asked for more was not answered.
TEST(ScannerTest, CountsPastTheLimitAreNoAnswer) {
  const std::string object(1'100'000, 'a');
  const auto asked = ScanText("rule r { strings: $a = \"a\" condition: #a > 1050000 }", object);
  EXPECT_EQ(asked.verdict, report::Verdict::kIncomplete);
  ASSERT_EQ(asked.incomplete.size(), 1u);
  EXPECT_EQ(asked.incomplete[0].reason, "match-limit");
  EXPECT_EQ(asked.warnings.size(), 1u);
  report::ScanSettings settings;
  settings.list_strings = true;
  const auto existence = ScanText("rule r { strings: $a = \"a\" condition: $a and filesize < 5 }", object, settings);
  EXPECT_EQ(existence.verdict, report::Verdict::kClean);
}

// A string that is compared in place is listed although the condition never asked for it.
TEST(ScannerTest, StringsThatWereNotAskedForAreListed) {
  report::ScanSettings settings;
  settings.list_strings = true;
  EXPECT_EQ(Summary(ScanText("rule r { strings: $a = \"ab\" condition: filesize > 0 or $a at 0 }", "ab", settings)),
            "detected\nr $a@0+2\n");
}

std::string Explained(std::string_view rules, std::string_view object, const std::string& rule) {
  Scanner scanner(MustCompile(rules), {});
  MemorySource source(AsBytes(object));
  const report::ExplainAnswer answer = scanner.Explain(source, {}, rule);
  std::string out =
      answer.rule + (answer.found ? "" : "not found") + (answer.matched ? " matched" : "") + " [" + answer.gate + "]\n";
  for (const report::ExplainLine& line : answer.lines) {
    out += std::string(2 * line.depth, ' ') + line.text + " = " + line.result;
    if (!line.detail.empty()) out += " (" + line.detail + ")";
    out += "\n";
  }
  return out;
}

TEST(ExplainTest, TermByTerm) {
  const std::string_view rules =
      "rule r { strings: $a = \"needle\" $b = \"absent\"\n"
      "condition: uint16(0) == 0x5a4d and filesize < 100 and ($a or $b) and 2 of them }\n"
      "rule never { condition: uint8(0) == 256 }";
  EXPECT_EQ(Explained(rules, "MZ needle needle", "default:r"),
            "default:r [4d 5a at 0 (open), filesize <= 99 (open)]\n"
            "uint16(0) == 0x5a4d and filesize < 100 and ($a or $b) and 2 of them = false\n"
            "  uint16(0) == 0x5a4d = true\n"
            "    uint16(0) = 23117 (0x5a4d)\n"
            "  filesize < 100 = true\n"
            "    filesize = 16 (0x10)\n"
            "  ($a or $b) = true\n"
            "    $a = true ($a found 2 times at 0x3 0xa)\n"
            "    $b = false ($b not found)\n"
            "  2 of them = false ($a found 2 times at 0x3 0xa; $b not found)\n");
  EXPECT_NE(Explained(rules, "PK needle absent", "r").find("(closed)"), std::string::npos);
  EXPECT_NE(Explained(rules, "MZ" + std::string(98, '.'), "r").find("[4d 5a at 0 (open), filesize <= 99 (closed)]"),
            std::string::npos);
  const std::string elf = "import \"elf\" rule r { condition: elf.type == elf.ET_EXEC and filesize > 1KB }";
  EXPECT_NE(Explained(elf, "MZ", "r").find("7f 45 4c 46 at 0"), std::string::npos) << Explained(elf, "MZ", "r");
  EXPECT_NE(Explained(elf, "MZ", "r").find("(closed), filesize >= 1025 (closed)]"), std::string::npos);
  EXPECT_NE(Explained(rules, "", "never").find("[never (closed)"), std::string::npos);
  EXPECT_EQ(Explained(rules, "", "nobody"), "not found []\n");
}

TEST(ExplainTest, EndlessConditionsEnd) {
  const std::string out = Explained(
      "rule r { condition: (for all i in (0..0x7fffffffff) : (i >= 0)) or (for all j in (0..0x7fffffffff) : (j >= 0)) "
      "}",
      "abc", "r");
  EXPECT_NE(out.find("incomplete = budget"), std::string::npos) << out;
}

}  // namespace
}  // namespace dl::scan
