// Runs conformance cases: one JSON object a line, as tests/conformance/README.md
// describes. Compiles and scans in this process, so a thousand cases take a second.
//
//   daylight_conformance [--dialect yara|yara-x] [--verbose] FILE.jsonl...
#include <cstdio>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>
#include <regex>
#include <string>

#include "daylight/scan/compile.h"
#include "daylight/scan/scanner.h"

namespace dl {
namespace {

using nlohmann::json;

std::string DecodeBase64(const std::string& text) {
  std::string out;
  unsigned bits = 0;
  int count = 0;
  for (const char c : text) {
    unsigned value = 0;
    if (c >= 'A' && c <= 'Z')
      value = static_cast<unsigned>(c - 'A');
    else if (c >= 'a' && c <= 'z')
      value = static_cast<unsigned>(c - 'a') + 26;
    else if (c >= '0' && c <= '9')
      value = static_cast<unsigned>(c - '0') + 52;
    else if (c == '+')
      value = 62;
    else if (c == '/')
      value = 63;
    else
      continue;
    bits = (bits << 6) | value;
    count += 6;
    if (count >= 8) {
      count -= 8;
      out += static_cast<char>((bits >> count) & 0xff);
    }
  }
  return out;
}

report::ExternalValue ToExternal(const std::string& name, const json& value) {
  report::ExternalValue external;
  external.name = name;
  if (value.is_boolean()) {
    external.kind = report::ExternalValue::Kind::kBoolean;
    external.integer = value.get<bool>() ? 1 : 0;
  } else if (value.is_number_integer()) {
    external.integer = value.get<std::int64_t>();
  } else if (value.is_number_float()) {
    external.kind = report::ExternalValue::Kind::kFloat;
    external.real = value.get<double>();
  } else {
    external.kind = report::ExternalValue::Kind::kString;
    external.text = value.get<std::string>();
  }
  return external;
}

std::string LastRule(const std::string& rules) {
  static const std::regex pattern(R"(\brule\s+([A-Za-z_][A-Za-z0-9_]*))");
  std::string name;
  for (std::sregex_iterator at(rules.begin(), rules.end(), pattern), end; at != end; ++at) name = (*at)[1];
  return name;
}

// What was wrong, or nothing.
std::optional<std::string> RunCase(const json& test, bool yara_x) {
  const std::string expect = test.at("expect");
  report::CompileJob job;
  job.source_name = "test";
  job.yara_x = yara_x;
  report::RuleText file;
  file.name = "test.yar";
  file.name_space = "default";
  file.text = test.contains("rules_b64") ? DecodeBase64(test["rules_b64"]) : test.at("rules").get<std::string>();
  job.files.push_back(file);
  if (test.contains("defines")) {
    for (const auto& [name, value] : test["defines"].items()) job.externals.push_back(ToExternal(name, value));
  }
  const report::CompileAnswer answer = scan::Compile(job, nullptr);
  std::string first_error;
  int errors = 0;
  int warnings = 0;
  for (const report::DiagnosticLine& line : answer.diagnostics) {
    if (line.is_error && errors++ == 0) first_error = line.text;
    if (!line.is_error) ++warnings;
  }
  if (expect == "error") {
    if (errors == 0) return "expected an error";
    if (test.contains("code")) {
      for (const report::DiagnosticLine& line : answer.diagnostics) {
        if (line.is_error && line.code == test["code"]) return std::nullopt;
      }
      return "expected error " + test["code"].get<std::string>() + ", got\n" + first_error;
    }
    return std::nullopt;
  }
  if (errors > 0) return "did not compile:\n" + first_error;
  if (expect == "warning" || expect == "nowarning") {
    const int wanted = test.value("min_warnings", 1);
    if (expect == "nowarning" && warnings > 0) return "unexpected warning:\n" + answer.diagnostics[0].text;
    if (expect == "warning" && warnings < wanted) {
      return "expected " + std::to_string(wanted) + " warnings, got " + std::to_string(warnings);
    }
    return std::nullopt;
  }
  const Bytes bytes = AsBytes(answer.database);
  const auto database = database::Database::FromBytes(std::vector<std::byte>(bytes.begin(), bytes.end()));
  if (!database) return "the database does not open: " + std::string(database.error().what);
  const auto engine = scan::Engine::Open({*database});
  if (!engine) return "the engine does not open: " + std::string(engine.error().what);
  if (expect == "ok") return std::nullopt;
  report::ScanSettings settings;
  settings.list_strings = true;
  settings.max_strings = 0;
  settings.max_string_bytes = 0;
  settings.now = 1'700'000'000;
  if (test.contains("module_data")) {
    for (const auto& [name, value] : test["module_data"].items()) {
      settings.module_data.push_back({name, value.get<std::string>()});
    }
  }
  scan::Scanner scanner(*engine, settings);
  const std::string input = test.contains("input_b64") ? DecodeBase64(test["input_b64"]) : std::string();
  MemorySource object(AsBytes(input));
  const report::ObjectReport report = scanner.Scan(
      object,
      {.object = "input", .filename = "input", .filepath = "input", .extension = "", .filetype = "", .owner = ""});

  const std::string last = LastRule(file.text);
  bool matched = false;
  for (const report::Detection& detection : report.detections) matched = matched || detection.rule == last;
  if (test.contains("count") && report.detections.size() != test["count"].get<std::size_t>()) {
    return "expected " + test["count"].dump() + " matching rules, got " + std::to_string(report.detections.size());
  }
  if (expect == "match" && !matched && !test.contains("count")) return "expected a match";
  if (expect == "nomatch" && matched) return "expected no match";
  if (expect == "string") {
    if (!matched) return "expected a match of a string";
    const std::string wanted = DecodeBase64(test["string_b64"]);
    for (const report::Detection& detection : report.detections) {
      for (const report::MatchedString& string : detection.strings) {
        if (string.data == wanted) return std::nullopt;
        if (test.value("first", false)) return "the first match is '" + string.data + "'";
      }
    }
    std::string got;
    for (const report::Detection& detection : report.detections) {
      for (const report::MatchedString& string : detection.strings) got += " '" + string.data + "'";
    }
    return "no string matched as expected; got" + got;
  }
  return std::nullopt;
}

int Main(int argc, char** argv) {
  bool yara_x = false;
  bool verbose = false;
  int passed = 0;
  int failed = 0;
  for (int i = 1; i < argc; ++i) {
    const std::string arg = argv[i];
    if (arg == "--dialect") {
      yara_x = i + 1 < argc && std::string(argv[++i]) == "yara-x";
      continue;
    }
    if (arg == "--verbose") {
      verbose = true;
      continue;
    }
    std::ifstream file(arg);
    std::string line;
    while (std::getline(file, line)) {
      if (line.empty()) continue;
      const json test = json::parse(line);
      if (verbose) std::cerr << test.at("id") << "\n";
      const bool case_yara_x = test.contains("dialect") ? test["dialect"] == "yara-x" : yara_x;
      if (const auto problem = RunCase(test, case_yara_x)) {
        ++failed;
        std::cout << "FAILED " << test.at("id").get<std::string>() << ": " << *problem << "\n";
      } else {
        ++passed;
      }
    }
  }
  std::cout << passed << " passed, " << failed << " failed\n";
  return failed == 0 && passed > 0 ? 0 : 1;
}

}  // namespace
}  // namespace dl

int main(int argc, char** argv) { return dl::Main(argc, argv); }
