// Prints what the YARA front end says about rule files, and how many rules it
// takes: for goldens, for comparisons with `yarac`, for timing.
//
//   daylight_front [--yara-x] [--no-warnings] [--quiet] [--define NAME=VALUE]... FILE...
//
// VALUE is an integer, a number with a point, `true`, `false` or a string.
// Includes are read beneath the including file's folder.
#include <chrono>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <string_view>

#include "daylight/rules/yara/parser.h"

namespace {

using dl::yara::External;
using dl::yara::TypeKind;

bool ReadFile(const std::filesystem::path& path, std::string& out) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return false;
  out.assign(std::istreambuf_iterator<char>(file), {});
  return true;
}

External ParseDefine(std::string_view text) {
  External external;
  const std::size_t equals = text.find('=');
  external.name = text.substr(0, equals);
  const std::string value(equals == std::string_view::npos ? "" : text.substr(equals + 1));
  if (value == "true" || value == "false") {
    external.type = TypeKind::kBoolean;
    external.integer = value == "true" ? 1 : 0;
  } else if (!value.empty() && value.find_first_not_of("-0123456789") == std::string::npos) {
    external.integer = std::strtoll(value.c_str(), nullptr, 10);
  } else if (!value.empty() && value.find_first_not_of("-.0123456789") == std::string::npos) {
    external.type = TypeKind::kFloat;
    external.real = std::strtod(value.c_str(), nullptr);
  } else {
    external.type = TypeKind::kString;
    external.text = value;
  }
  return external;
}

class FolderIncludes : public dl::yara::IncludeResolver {
 public:
  Answer Resolve(std::string_view path, std::string_view from_identity) override {
    const std::filesystem::path full = std::filesystem::path(from_identity).parent_path() / path;
    Answer answer;
    if (path.starts_with('/') || path.find("..") != std::string_view::npos) {
      answer.outcome = Outcome::kNotAllowed;
    } else if (ReadFile(full, answer.text)) {
      answer.outcome = Outcome::kFound;
      answer.identity = full.lexically_normal().string();
      answer.name = std::string(path);
    }
    return answer;
  }
};

}  // namespace

int main(int argc, char** argv) {
  dl::yara::ParserOptions options;
  bool quiet = false;
  std::vector<std::string> paths;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--yara-x") {
      options.dialect = dl::yara::Dialect::kYaraX;
    } else if (argument == "--no-warnings") {
      options.warnings = false;
    } else if (argument == "--quiet") {
      quiet = true;
    } else if (argument == "--define" && i + 1 < argc) {
      options.externals.push_back(ParseDefine(argv[++i]));
    } else {
      paths.emplace_back(argument);
    }
  }
  FolderIncludes includes;
  std::vector<std::string> texts(paths.size());
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    if (!ReadFile(paths[i], texts[i])) {
      std::fprintf(stderr, "cannot read %s\n", paths[i].c_str());
      return 2;
    }
    bytes += texts[i].size();
  }
  const std::clock_t cpu_begin = std::clock();
  const auto begin = std::chrono::steady_clock::now();
  dl::yara::Parser parser(options, &includes);
  for (std::size_t i = 0; i < paths.size(); ++i) {
    const std::filesystem::path path = paths[i];
    parser.AddFile(path.filename().string(), texts[i], path.stem().string(), path.lexically_normal().string());
  }
  const dl::yara::Compilation compilation = parser.Finish();
  const auto end = std::chrono::steady_clock::now();
  const double cpu_ms = static_cast<double>(std::clock() - cpu_begin) * 1000.0 / CLOCKS_PER_SEC;
  if (!quiet) {
    for (const auto& diagnostic : parser.diagnostics()) {
      std::fputs(dl::yara::FormatDiagnostic(diagnostic).c_str(), stdout);
    }
  }
  std::size_t errors = 0;
  std::map<std::string, std::size_t> by_code;
  for (const auto& diagnostic : parser.diagnostics()) {
    errors += diagnostic.severity == dl::yara::Severity::kError ? 1 : 0;
    ++by_code[diagnostic.code];
  }
  std::printf("rules %zu, errors %zu, warnings %zu\n", compilation.rules.size(), errors,
              parser.diagnostics().size() - errors);
  if (quiet) {
    for (const auto& [code, count] : by_code) std::printf("%s %zu\n", code.c_str(), count);
    std::printf("%.1f ms, %.1f ms on the processor, for %zu bytes\n",
                std::chrono::duration<double, std::milli>(end - begin).count(), cpu_ms, bytes);
  }
  return errors == 0 ? 0 : 2;
}
