#include <unistd.h>

#include <CLI/CLI.hpp>

#include "command_line.h"
#include "commands.h"
#include "content_options.h"
#include "daylight/os/io.h"
#include "daylight/report/escape.h"
#include "daylight/report/json_values.h"
#include "daylight/sandbox/rule_source.h"
#include "daylight/sandbox/worker_process.h"
#include "messages.h"

// `daylight rules check`: the diagnostics are what was asked for, so they go to
// standard output.
namespace dl::cli {

namespace {

std::string Counted(std::uint64_t n, std::string_view what) {
  return std::to_string(n) + " " + std::string(what) + (n == 1 ? "" : "s");
}

bool Print(const std::string& text) { return os::WriteAll(STDOUT_FILENO, text).has_value(); }

}  // namespace

int RulesCheck(const Arguments& command_line) {
  ContentOptions content;
  std::vector<std::string> paths;
  std::string format = "text";
  CLI::App app("Compiles rules and reports what is wrong with them. Exit 0, or 2 when there is an error.",
               "daylight rules check");
  AddRuleTextOptions(app, content);
  AddChoice(app, "--format", format, {"text", "json"}, "text or json");
  if (const auto exit = Parse(app, command_line,
                              {"PATH...", "PATH: rule files, and folders searched for *.yar and *.yara.", 1}, paths))
    return *exit;
  if (!FinishContentOptions(content)) return kExitTrouble;
  const auto worker_program = FindWorker(content.unsafe);
  if (!worker_program) return kExitTrouble;

  const sandbox::LoadedSources loaded = sandbox::LoadRuleSources(paths);
  for (const std::string& error : loaded.errors) Say(error);
  for (const std::string& warning : loaded.warnings) Warn(warning);
  bool good = loaded.errors.empty();
  std::vector<report::DiagnosticLine> lines;
  report::CheckCounts counts;
  for (const sandbox::RuleSource& source : loaded.sources) {
    if (source.files.empty()) continue;
    counts.files += source.files.size();
    sandbox::CompiledSource compiled = sandbox::CompileSource(*worker_program, source, MakeCompileOptions(content));
    if (!compiled.failure.empty()) {
      Say(source.path + ": cannot compile: " + compiled.failure);
      good = false;
    }
    counts.rules += compiled.rules;
    for (report::DiagnosticLine& line : compiled.diagnostics) {
      ++(line.is_error ? counts.errors : counts.warnings);
      if (format == "text") {
        std::string text = report::EscapeLayout(line.text);
        if (!text.empty() && text.back() != '\n') text += '\n';
        if (!Print(text)) return kExitTrouble;
      } else {
        lines.push_back(std::move(line));
      }
    }
  }
  const std::string last = format == "json" ? report::DiagnosticsToJson(lines, counts)
                                            : Counted(counts.files, "file") + ", " + Counted(counts.rules, "rule") +
                                                  ", " + Counted(counts.errors, "error") + ", " +
                                                  Counted(counts.warnings, "warning") + "\n";
  return Print(last) && good && counts.errors == 0 ? kExitClean : kExitTrouble;
}

}  // namespace dl::cli
