// Forged rule sets: the input overwrites parts of the sections of a sound one,
// whose checksums are then right again. Opening, listing, scanning and
// explaining may give any answer, but read only what is theirs and end.
#include <algorithm>
#include <string>
#include <vector>

#include "daylight/scan/scan_testing.h"

namespace {

using namespace dl;

struct Section {
  database::SectionKind kind;
  std::vector<std::byte> bytes;
};

const std::vector<Section>& SoundSections() {
  static const std::vector<Section> sections = [] {
    report::CompileJob job;
    job.source_name = "fuzz";
    job.warnings = false;
    job.files.push_back({"f.yar",
                         R"(import "pe" import "math" import "string" import "console" import "dotnet" import "elf"
rule a : t1 t2 { meta: author = "me" n = 1 strings: $a = "abc" $b = /x[yz]+w?/ wide ascii $c = { 01 ?2 [1-3] 04 }
  condition: ($a or #b > 1 or @c[1] < 5) and filesize < 1000 }
private rule b { strings: $m = "MZ" condition: $m at 0 and pe.number_of_sections < 3 and for any s in pe.sections : (s.name matches /te/i) }
rule c { strings: $x = "q" nocase $y = "abcd" base64 $z = "k" xor
  condition: for any of them : ($ at 1 or # > 2) or any of them in (0..filesize) or 50% of ($x, $y) }
rule d { condition: for all i in (1..3) : (uint8(i) ^ 0x20 != i + 1) and a and not b and math.entropy(0, filesize) > 0.5 }
rule e { condition: any of (a, c, d) or console.log("x") or string.length("abc") == 3 or entrypoint == 7 }
rule f { condition: for any x in elf.sections : (x.size > 1) or elf.sections[0].name contains "x" }
global rule g { condition: filesize >= 0 and dotnet.is_dotnet != 7 or true }
)",
                         "default", ""});
    const report::CompileAnswer answer = scan::Compile(job, nullptr);
    for (const auto& line : answer.diagnostics) std::fputs(line.text.c_str(), stderr);
    DL_CHECK(!answer.database.empty());
    const Bytes bytes = AsBytes(answer.database);
    const auto database = database::Database::FromBytes(std::vector<std::byte>(bytes.begin(), bytes.end()));
    DL_CHECK(database.has_value());
    std::vector<Section> out;
    for (const auto& info : (*database)->sections()) {
      const auto section = (*database)->Section(info.kind, info.unit);
      DL_CHECK(section.has_value());
      out.push_back({info.kind, {section->begin(), section->end()}});
    }
    return out;
  }();
  return sections;
}

class Feed {
 public:
  Feed(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
  unsigned Next() { return at_ < size_ ? data_[at_++] : 0; }
  bool empty() const { return at_ >= size_; }

 private:
  const std::uint8_t* data_;
  std::size_t size_;
  std::size_t at_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Feed feed(data, std::min<std::size_t>(size, 256));
  std::vector<Section> sections = SoundSections();
  while (!feed.empty()) {
    std::vector<std::byte>& bytes = sections[feed.Next() % sections.size()].bytes;
    const unsigned change = feed.Next();
    if (bytes.empty()) continue;
    const std::size_t at = (feed.Next() << 8 | feed.Next()) % bytes.size();
    if (change % 16 == 0) {
      bytes.resize(at);
    } else if (change % 16 == 1) {
      bytes.resize(bytes.size() + feed.Next());
    } else if (change % 16 < 8) {
      // A whole little-endian number, often a small one.
      const std::size_t word = at / 4 * 4;
      const unsigned value = feed.Next();
      for (std::size_t i = 0; i < 4 && word + i < bytes.size(); ++i) {
        bytes[word + i] = static_cast<std::byte>(i == 0 ? value : value == 255 ? 255 : 0);
      }
    } else {
      bytes[at] = static_cast<std::byte>(feed.Next());
    }
  }
  database::Writer writer;
  for (const Section& section : sections) writer.AddSection(section.kind, 0, section.bytes);
  const auto database = database::Database::FromBytes(writer.Finish());
  DL_CHECK(database.has_value());
  static_cast<void>(scan::Summarize(**database));
  const auto engine = scan::Engine::Open({*database});
  if (!engine) return 0;
  report::ScanSettings settings;
  settings.list_strings = true;
  scan::Scanner scanner(*engine, settings);
  scanner.LimitConditions(100'000);  // Forged loops end by this; that they end is the same with more.
  for (const bool gated : {true, false}) {
    scanner.UseGates(gated);
    for (const std::string_view object : {std::string_view("MZ abc xyxz xyz \x01\x02\x03\x04 qQ", 24),
                                          std::string_view("\x7f"
                                                           "ELF\0abc\0q",
                                                           10),
                                          std::string_view()}) {
      MemorySource source(AsBytes(object));
      const report::ObjectReport report = scanner.Scan(source, {});
      DL_CHECK(report.verdict != report::Verdict::kFailed && report.size == object.size());
      DL_CHECK(report.verdict != report::Verdict::kClean || report.incomplete.empty());
    }
  }
  MemorySource source(AsBytes(std::string_view("MZ abc")));
  scanner.Explain(source, {}, "c");
  return 0;
}
