#include <unistd.h>

#include <CLI/CLI.hpp>

#include "command_line.h"
#include "commands.h"
#include "content_options.h"
#include "daylight/os/io.h"
#include "daylight/report/escape.h"
#include "daylight/report/json_values.h"
#include "daylight/sandbox/clamav_pack.h"
#include "daylight/sandbox/clamav_source.h"
#include "daylight/sandbox/rule_source.h"
#include "daylight/sandbox/worker_process.h"
#include "messages.h"
#include "rules_corpus.h"
#include "signals.h"

// `daylight rules check`: the diagnostics are what was asked for, so they go to
// standard output.
namespace dl::cli {

namespace {

std::string Counted(std::uint64_t n, std::string_view what) {
  return std::to_string(n) + " " + std::string(what) + (n == 1 ? "" : "s");
}

bool Print(const std::string& text) { return os::WriteAll(STDOUT_FILENO, text).has_value(); }

class Check {
 public:
  Check(const sandbox::WorkerProgram& worker_program, bool is_text)
      : worker_program_(worker_program), is_text_(is_text) {}

  void Rules(const std::vector<std::string>& paths, const sandbox::CompileOptions& options) {
    const sandbox::LoadedSources loaded = sandbox::LoadRuleSources(paths);
    for (const std::string& error : loaded.errors) Problem(error);
    for (const std::string& warning : loaded.warnings) Warn(warning);
    for (const sandbox::RuleSource& source : loaded.sources) {
      if (source.files.empty()) continue;
      counts_.files += source.files.size();
      sandbox::CompiledSource compiled = sandbox::CompileSource(worker_program_, source, options);
      if (compiled.file.valid()) databases_.push_back(std::move(compiled.file));
      Take(source.path, std::move(compiled));
    }
  }

  void Clamav(const std::string& path, const sandbox::ClamavOptions& options) {
    const sandbox::FoundClamav found = sandbox::FindClamav(path);
    for (const std::string& warning : found.warnings) Warn(warning);
    if (!found.problem.empty()) return Problem(found.problem);
    const auto packed = sandbox::PackClamav(found.source, options.stop);
    if (!packed) return Problem(path + ": " + os::Describe(packed.error()));
    for (const std::string& note : packed->notes) Warn(note);
    for (const std::string& error : packed->errors) Problem(error);
    counts_.files += packed->places.size();
    Take(path, sandbox::CompileClamav(worker_program_, found.source, *packed, options));
  }

  // What the rules cost on the files of `folders`.
  void Corpus(const std::vector<std::string>& folders, const ContentOptions& content) {
    if (counts_.errors != 0 || !good_) return Say("--corpus: nothing is measured while there are errors");
    std::vector<int> databases;
    for (const os::Fd& file : databases_) databases.push_back(file.get());
    costs_ = MeasureOnCorpus(worker_program_, databases, folders, content);
    good_ = costs_.has_value();
    if (costs_ && is_text_) good_ = Print(CorpusText(*costs_));
  }

  int End() {
    std::string last = report::DiagnosticsToJson(lines_, counts_, costs_ ? &*costs_ : nullptr);
    if (is_text_) {
      last = Counted(counts_.files, "file") + ", " + Counted(counts_.rules, "rule");
      if (counts_.signatures != 0) last += ", " + Counted(counts_.signatures, "signature");
      last += ", " + Counted(counts_.errors, "error") + ", " + Counted(counts_.warnings, "warning") + "\n";
    }
    return Print(last) && good_ && counts_.errors == 0 ? kExitClean : kExitTrouble;
  }

 private:
  void Problem(const std::string& text) {
    Say(text);
    good_ = false;
  }

  void Take(const std::string& path, sandbox::CompiledSource compiled) {
    if (!compiled.failure.empty()) Problem(path + ": cannot compile: " + compiled.failure);
    counts_.rules += compiled.rules;
    counts_.signatures += compiled.signatures;
    for (report::DiagnosticLine& line : compiled.diagnostics) {
      ++(line.is_error ? counts_.errors : counts_.warnings);
      if (is_text_) {
        std::string text = report::EscapeLayout(line.text);
        if (!text.empty() && text.back() != '\n') text += '\n';
        good_ = Print(text) && good_;
      } else {
        lines_.push_back(std::move(line));
      }
    }
  }

  const sandbox::WorkerProgram& worker_program_;
  bool is_text_;
  bool good_ = true;
  std::vector<report::DiagnosticLine> lines_;
  report::CheckCounts counts_;
  std::vector<os::Fd> databases_;  // Of the rules.
  std::optional<report::CorpusCosts> costs_;
};

}  // namespace

int RulesCheck(const Arguments& command_line) {
  ContentOptions content;
  std::vector<std::string> paths;
  std::vector<std::string> corpus;
  std::string format = "text";
  CLI::App app(
      "Compiles rules and signatures, and reports what is wrong with them. Exit 0, or 2 when there is an error.",
      "daylight rules check");
  AddClamavOptions(app, content);
  AddRuleTextOptions(app, content);
  AddList(app, "--corpus", corpus,
          "Scan the files of this folder with the rules, and name the 20 strings and the 20 conditions that cost most, "
          "with their measured share (repeatable)")
      ->type_name("DIR");
  AddChoice(app, "--format", format, {"text", "json"}, "text or json");
  if (const auto exit = Parse(app, command_line,
                              {"[PATH...]", "PATH: rule files, and folders searched for *.yar and *.yara."}, paths))
    return *exit;
  if (paths.empty() && content.clamav.empty()) {
    Say("nothing to check: name rules, or signatures with --clamav PATH (see daylight rules check --help)");
    return kExitTrouble;
  }
  if (paths.empty() && !corpus.empty()) {
    Say("--corpus: measures rules; name some");
    return kExitTrouble;
  }
  if (!FinishContentOptions(content)) return kExitTrouble;
  const auto worker_program = FindWorker(content.unsafe);
  if (!worker_program) return kExitTrouble;

  Check check(*worker_program, format == "text");
  if (!paths.empty()) check.Rules(paths, MakeCompileOptions(content));
  for (const std::string& path : content.clamav) {
    check.Clamav(path, {.allow_unsigned = content.allow_unsigned_clamav, .stop = &StopFlag()});
  }
  if (!corpus.empty()) check.Corpus(corpus, content);
  return check.End();
}

}  // namespace dl::cli
