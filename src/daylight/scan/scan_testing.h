// Rule text to a scanner, and one object as each kind of source, for tests.
//
//   ScanHarness harness("rule a { strings: $a = \"x\" condition: $a }");
//   const report::ObjectReport report = harness.Memory("axe");
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>

#include "daylight/base/check.h"
#include "daylight/scan/compile.h"
#include "daylight/scan/compile_clamav.h"
#include "daylight/scan/scanner.h"

namespace dl::scan {

// What the compiler said of the rules that did not compile.
inline std::string& LastDiagnostics() {
  static std::string text;
  return text;
}

inline Result<std::shared_ptr<const Engine>> CompileEngine(std::string_view rules, bool yara_x = false,
                                                           std::vector<report::ExternalValue> externals = {}) {
  report::CompileJob job;
  job.source_name = "tests";
  job.licence = "MIT";
  job.yara_x = yara_x;
  job.warnings = false;
  job.externals = std::move(externals);
  job.files.push_back({"test.yar", std::string(rules), "default", ""});
  const report::CompileAnswer answer = Compile(job, nullptr);
  LastDiagnostics().clear();
  for (const auto& line : answer.diagnostics) LastDiagnostics() += line.text;
  if (answer.database.empty()) return Fail(ErrorCode::kMalformed, "the rules do not compile");
  const Bytes bytes = AsBytes(answer.database);
  DL_TRY(auto database, database::Database::FromBytes(std::vector<std::byte>(bytes.begin(), bytes.end())));
  return Engine::Open({database});
}

// The database of one file of ClamAV signatures, named like "x.ldb".
inline std::vector<std::byte> CompileSignatures(const std::string& file, std::string_view text) {
  ClamavJob job;
  job.source_name = "tests";
  job.files.push_back({file, AsBytes(text)});
  database::Writer writer;
  const ClamavAnswer answer = CompileClamav(job, writer);
  DL_CHECK(!answer.failed && answer.diagnostics.empty());
  return writer.Finish();
}

inline std::shared_ptr<const Engine> EngineOf(std::vector<std::byte> bytes) {
  auto database = database::Database::FromBytes(std::move(bytes));
  DL_CHECK(database.has_value());
  auto engine = Engine::Open({*database});
  DL_CHECK(engine.has_value());
  return *engine;
}

inline StreamSource MakeStream(std::string_view object, std::size_t chunk, StreamSource::Limits limits) {
  return StreamSource(
      [object, chunk, at = std::size_t{0}](std::span<std::byte> out) mutable -> Result<std::size_t> {
        const std::size_t n = std::min({chunk, out.size(), object.size() - at});
        std::copy_n(AsBytes(object).begin() + static_cast<std::ptrdiff_t>(at), n, out.begin());
        at += n;
        return n;
      },
      limits);
}

inline int MemoryFile(std::string_view text) {
  const int fd = ::memfd_create("object", 0);
  DL_CHECK(fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  return fd;
}

// What a report says, on one line for each thing, without what the kind of source may change.
inline std::string Summary(const report::ObjectReport& report) {
  std::string out = std::string(report::VerdictName(report.verdict)) + "\n";
  for (const report::Detection& detection : report.detections) {
    out += detection.rule;
    for (const report::MatchedString& string : detection.strings) {
      out += " " + string.id + "@" + std::to_string(string.offset) + "+" + std::to_string(string.length);
    }
    out += "\n";
  }
  for (const report::Incomplete& gap : report.incomplete) out += "incomplete " + gap.reason + ": " + gap.detail + "\n";
  for (const std::string& line : report.warnings) out += "warning " + line + "\n";
  return out;
}

}  // namespace dl::scan
