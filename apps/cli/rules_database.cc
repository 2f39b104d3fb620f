#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <map>

#include "command_line.h"
#include "commands.h"
#include "content_loader.h"
#include "daylight/os/io.h"
#include "daylight/report/escape.h"
#include "daylight/report/json_values.h"
#include "daylight/sandbox/ask.h"
#include "daylight/sandbox/clamav_pack.h"
#include "daylight/sandbox/clamav_source.h"
#include "daylight/sandbox/join.h"
#include "daylight/sandbox/worker_process.h"
#include "messages.h"
#include "signals.h"
#include "values.h"

// The commands about database files: compile, list, verify.
namespace dl::cli {

namespace {

// Under another name first, so that nobody ever sees half a database.
Result<std::uint64_t> WriteDatabase(const std::string& path, const database::Writer& writer) {
  const std::string draft = path + ".new." + std::to_string(::getpid());
  const auto written = [&]() -> Result<std::uint64_t> {
    DL_TRY(const os::Fd fd, os::CreateFile(draft));
    DL_TRY(const std::uint64_t bytes, writer.WriteTo(fd.get()));
    if (::fsync(fd.get()) != 0 || ::rename(draft.c_str(), path.c_str()) != 0) {
      return Fail(ErrorCode::kIo, "cannot write the database", static_cast<std::uint64_t>(errno));
    }
    return bytes;
  }();
  if (!written) ::unlink(draft.c_str());
  return written;
}

// The worker, and the databases that are asked about.
struct Prepared {
  sandbox::WorkerProgram worker_program;
  LoadedContent content;
  sandbox::Question question() const {
    sandbox::Question question;
    question.worker_program = worker_program;
    question.databases = content.descriptors();
    question.stop = &StopFlag();
    return question;
  }
};

std::optional<Prepared> Prepare(const std::vector<std::string>& paths) {
  const auto worker_program = FindWorker(false);
  if (!worker_program) return std::nullopt;
  Prepared prepared{*worker_program, {}};
  for (const std::string& path : paths) {
    if (!AddDatabase(path, prepared.content)) return std::nullopt;
  }
  return prepared;
}

std::string Counted(std::uint64_t n, std::string_view what) {
  return std::to_string(n) + " " + std::string(what) + (n == 1 ? "" : "s");
}
std::string Rules(std::uint64_t n) { return Counted(n, "rule"); }

std::uint64_t Total(const std::vector<report::DatabaseSummary::SignatureSource::Count>& counts) {
  std::uint64_t total = 0;
  for (const auto& one : counts) total += one.count;
  return total;
}

void AppendSignatures(const report::DatabaseSummary::SignatureSource& source, std::string& out) {
  const auto line = [](const std::string& text) { return report::EscapeLine(text); };
  out += "source " + line(source.name) + ": " + Counted(Total(source.loaded), "ClamAV signature") +
         ", licence: " + (source.licence.empty() ? "not stated" : line(source.licence)) + "\n";
  if (!source.path.empty()) out += "  from " + line(source.path) + "\n";
  for (const auto& one : source.loaded) out += "  " + line(one.kind) + ": " + std::to_string(one.count) + "\n";
  for (const auto& one : source.skipped) {
    out += "  not loaded, " + line(one.kind) + ": " + std::to_string(one.count) + " (" + line(one.reason) + ")\n";
  }
}

std::string SummaryText(const report::DatabaseSummary& summary) {
  const auto line = [](const std::string& text) { return report::EscapeLine(text); };
  std::string out;
  for (const auto& source : summary.sources) {
    out += "source " + line(source.name) + ": " + Rules(source.rules) +
           ", licence: " + (source.licence.empty() ? "not stated" : line(source.licence)) + "\n";
  }
  for (const auto& source : summary.signature_sources) AppendSignatures(source, out);
  for (const auto& part : summary.parts) {
    if (part.bytes > 0) out += "part " + line(part.name) + ": " + SizeText(part.bytes) + "\n";
  }
  out += "patterns: " + std::to_string(summary.patterns) + "\n";
  out += "size: " + SizeText(summary.bytes) + "\n";
  out += "rules: " + std::to_string(summary.rules.size()) + "\n";
  for (const auto& rule : summary.rules) {
    out += "  " + line(rule.name_space) + ":" + line(rule.rule);
    if (!rule.tags.empty()) {
      out += " [";
      for (std::size_t i = 0; i < rule.tags.size(); ++i) out += (i == 0 ? "" : ",") + line(rule.tags[i]);
      out += "]";
    }
    if (rule.is_global) out += " global";
    if (rule.is_private) out += " private";
    if (!rule.author.empty()) out += "  by " + line(rule.author);
    out += "\n";
  }
  return out;
}

// Whether the files of a unit are those it was made from. That it says so itself
// is no proof, only an answer to "is this still my folder?".
std::string SourceState(const report::DatabaseSummary::SignatureSource& source) {
  std::string state = "not known where its files were";
  if (!source.path.empty() && source.digest) {
    const sandbox::FoundClamav found = sandbox::FindClamav(source.path);
    if (found.is_missing) {
      state = "not found";
    } else if (!found.problem.empty()) {
      state = "cannot be read";
    } else {
      const auto digest = sandbox::DigestClamav(found.source, &StopFlag());
      state = !digest ? "cannot be read" : *digest == *source.digest ? "unchanged" : "changed since";
    }
  }
  return "  source " + report::EscapeLine(source.name) +
         (source.path.empty() ? "" : ", " + report::EscapeLine(source.path)) + ": " + state + "\n";
}

}  // namespace

int RulesCompile(const Arguments& command_line) {
  ContentOptions content;
  std::string output;
  std::vector<std::string> paths;
  CLI::App app("Writes rules and ClamAV signatures into a database.", "daylight rules compile");
  AddList(app, "--rules", content.rules, "YARA rules: a file, or a folder searched for *.yar and *.yara (repeatable)")
      ->type_name("PATH");
  AddClamavOptions(app, content);
  app.add_option("-o,--output", output, "The database")->type_name("FILE.dldb")->required();
  app.add_flag("--skip-invalid", content.skip_invalid,
               "Go on with the content that compiles; what does not is a warning");
  AddRuleTextOptions(app, content);
  if (const auto exit = Parse(app, command_line, {"[PATH...]", "The same as --rules PATH"}, paths)) return *exit;
  content.rules.insert(content.rules.end(), paths.begin(), paths.end());
  if (content.rules.empty() && content.clamav.empty()) {
    Say("nothing to compile; name rules with --rules PATH or signatures with --clamav PATH");
    return kExitTrouble;
  }
  if (!FinishContentOptions(content)) return kExitTrouble;
  const auto worker_program = FindWorker(content.unsafe);
  if (!worker_program) return kExitTrouble;
  content.no_default_content = true;
  content.use_cache = false;
  const auto loaded = LoadContent(content, *worker_program, true);
  if (!loaded) return kExitTrouble;
  const auto file = sandbox::Join(loaded->databases);
  if (!file) {
    Say(file.error().what);
    return kExitTrouble;
  }
  const auto written = WriteDatabase(output, *file);
  if (!written) {
    Say(output + ": " + os::Describe(written.error()));
    return kExitTrouble;
  }
  std::string what = Rules(loaded->rules);
  if (!content.clamav.empty()) {
    const std::string signatures = Counted(loaded->signatures, "signature");
    what = content.rules.empty() ? signatures : what + ", " + signatures;
  }
  const std::string text = report::EscapeLine(output) + ": " + what + " from " + std::to_string(loaded->files.size()) +
                           (loaded->files.size() == 1 ? " source, " : " sources, ") + SizeText(*written) + "\n";
  return os::WriteAll(STDOUT_FILENO, text) ? kExitClean : kExitTrouble;
}

int RulesList(const Arguments& command_line) {
  std::vector<std::string> paths;
  std::string format = "text";
  CLI::App app("Shows what is inside a database: sources, licences, rules, size by part.", "daylight rules list");
  AddChoice(app, "--format", format, {"text", "json"}, "text or json");
  if (const auto exit = Parse(app, command_line, {"DB...", "", 1}, paths)) return *exit;
  const auto prepared = Prepare(paths);
  if (!prepared) return kExitTrouble;
  const auto answer = sandbox::Summarize(prepared->question());
  if (!answer.value) {
    Say(paths.size() == 1 ? paths.front() + ": " + answer.problem : answer.problem);
    return kExitTrouble;
  }
  const std::string text = format == "json" ? report::SummaryToJson(*answer.value) : SummaryText(*answer.value);
  return os::WriteAll(STDOUT_FILENO, text) ? kExitClean : kExitTrouble;
}

int RulesVerify(const Arguments& command_line) {
  std::vector<std::string> paths;
  CLI::App app(
      "Checks every page of a database, and says whether the ClamAV files that it was made from have changed since. "
      "Exit 0, or 2 when the database is damaged.",
      "daylight rules verify");
  if (const auto exit = Parse(app, command_line, {"DB...", "", 1}, paths)) return *exit;
  bool good = true;
  for (const std::string& path : paths) {
    const auto prepared = Prepare({path});
    if (!prepared) {
      good = false;
      continue;
    }
    const auto answer = sandbox::Verify(prepared->question());
    if (answer.value && answer.value->ok) {
      const auto summary = sandbox::Summarize(prepared->question());
      std::string text = report::EscapeLine(path) + ": good\n";
      if (summary.value) {
        for (const auto& source : summary.value->signature_sources) text += SourceState(source);
      } else {
        Say(path + ": " + summary.problem);
        good = false;
      }
      good = os::WriteAll(STDOUT_FILENO, text) && good;
      continue;
    }
    Say(path + ": " + (answer.value ? answer.value->problem : answer.problem));
    good = false;
  }
  return good ? kExitClean : kExitTrouble;
}

}  // namespace dl::cli
