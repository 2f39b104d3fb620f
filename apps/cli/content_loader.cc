#include "content_loader.h"

#include "clamav_loader.h"
#include "daylight/os/io.h"
#include "daylight/report/protocol.h"
#include "daylight/sandbox/content.h"
#include "daylight/sandbox/rule_source.h"
#include "messages.h"

namespace dl::cli {

namespace {

// A problem that --skip-invalid turns into a warning. False when it does not.
bool Tolerate(const ContentOptions& options, const std::string& problem) {
  if (options.skip_invalid) {
    Warn("skipped: " + problem);
    return true;
  }
  Say(problem);
  return false;
}

void ShowDiagnostics(const ContentOptions& options, const sandbox::CompiledSource& compiled) {
  for (const report::DiagnosticLine& line : compiled.diagnostics) {
    if (line.is_error && options.skip_invalid) {
      std::string place = line.file + ":" + std::to_string(line.line) + ":" + std::to_string(line.column);
      if (!line.rule.empty()) place += ": rule " + line.rule;
      Warn("skipped: " + place + ": " + line.code + ": " + line.message);
    } else {
      Show(line.text);
    }
  }
}

bool HasErrors(const sandbox::CompiledSource& compiled) {
  for (const report::DiagnosticLine& line : compiled.diagnostics) {
    if (line.is_error) return true;
  }
  return false;
}

bool CompileAll(const ContentOptions& options, const sandbox::WorkerProgram& worker_program, bool warnings,
                LoadedContent& content) {
  const sandbox::LoadedSources loaded = sandbox::LoadRuleSources(options.rules);
  bool good = true;
  for (const std::string& error : loaded.errors) good = Tolerate(options, error) && good;
  for (const std::string& warning : loaded.warnings) Warn(warning);
  if (!good) return false;
  sandbox::CompileOptions compile = MakeCompileOptions(options);
  compile.warnings = warnings;
  for (const sandbox::RuleSource& source : loaded.sources) {
    if (source.files.empty()) continue;
    sandbox::CompiledSource compiled = sandbox::CompileSource(worker_program, source, compile);
    ShowDiagnostics(options, compiled);
    if (!compiled.failure.empty()) {
      good = Tolerate(options, source.path + ": cannot compile: " + compiled.failure) && good;
      continue;
    }
    if (HasErrors(compiled) && !options.skip_invalid) {
      good = false;
      continue;
    }
    if (!compiled.file.valid()) {
      good = Tolerate(options, source.path + ": no rule in it compiles") && good;
      continue;
    }
    content.rules += compiled.rules;
    content.databases.push_back(std::move(compiled.database));
    content.files.push_back(std::move(compiled.file));
  }
  return good;
}

}  // namespace

std::vector<int> LoadedContent::descriptors() const {
  std::vector<int> all;
  for (const os::Fd& file : files) all.push_back(file.get());
  return all;
}

bool AddDatabase(const std::string& path, LoadedContent& content) {
  auto fd = os::OpenRegular(path);
  if (!fd) {
    Say(path + ": " + os::Describe(fd.error()));
    return false;
  }
  auto database = database::Database::Open(fd->get());
  if (!database) {
    Say(path + ": " + os::Describe(database.error()));
    return false;
  }
  content.databases.push_back(std::move(*database));
  content.files.push_back(std::move(*fd));
  return true;
}

std::optional<LoadedContent> LoadContent(const ContentOptions& options, const sandbox::WorkerProgram& worker_program,
                                         bool warnings) {
  LoadedContent content;
  bool good = true;
  for (const std::string& path : options.databases) good = AddDatabase(path, content) && good;
  if (!options.rules.empty()) good = CompileAll(options, worker_program, warnings, content) && good;
  for (const std::string& path : options.clamav) good = AddClamav(path, options, worker_program, content) && good;
  if (!good) return std::nullopt;
  const bool named = !options.databases.empty() || !options.rules.empty() || !options.clamav.empty();
  if (!options.no_default_content && (!named || options.default_content)) {
    for (const std::string& path : sandbox::DefaultContent()) {
      if (!AddDatabase(path, content)) return std::nullopt;
    }
    AddDefaultClamav(options, worker_program, content);
  }
  if (content.files.empty()) {
    Say(named ? "nothing is left of the content to scan with"
              : "no content to scan with: name some with --rules, --clamav or --db, or install the built-in content");
    return std::nullopt;
  }
  if (content.files.size() > report::kMaxDatabases) {
    Say("more than " + std::to_string(report::kMaxDatabases) +
        " sources of content; join them with `daylight rules compile`");
    return std::nullopt;
  }
  return content;
}

}  // namespace dl::cli
