// `daylight migrate`: the settings of another scanner as a configuration of Daylight.
#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <optional>

#include "command_line.h"
#include "commands.h"
#include "content_options.h"
#include "daylight/migrate/migration.h"
#include "daylight/os/io.h"
#include "daylight/os/paths.h"
#include "daylight/survey/ask_settings.h"
#include "messages.h"
#include "report_file.h"
#include "signals.h"

namespace dl::cli {

namespace {

constexpr char kUsualOutput[] = "daylightd.toml";

// None with everything said.
std::optional<migrate::Source> ReadSource(const sandbox::WorkerProgram& worker, const std::string& path) {
  const auto file = os::OpenRegular(path);
  if (!file) {
    Say(path + ": " + os::Describe(file.error()));
    return std::nullopt;
  }
  auto settings = survey::ReadSettings(worker, file->get(), std::string(os::BaseName(path)), &StopFlag());
  if (!settings.value) {
    Say(path + ": " + settings.problem);
    return std::nullopt;
  }
  return migrate::Source{path, std::move(*settings.value)};
}

// The whole file or none, and never over another one unless `force`.
bool WriteConfig(const std::string& path, const std::string& text, bool force) {
  // A link, too, wherever it leads; CommitNew() holds it against who makes one meanwhile.
  struct stat info {};
  if (!force && ::lstat(path.c_str(), &info) == 0 && (S_ISREG(info.st_mode) || S_ISLNK(info.st_mode))) {
    Say(path + " is there already (--force replaces it)");
    return false;
  }
  auto file = ReportFile::Open(path);
  Status written = file ? Status() : Forward(file.error());
  if (written) {
    file->Write(text);
    written = force ? file->Commit() : file->CommitNew();
  }
  if (written) return true;
  const Error& error = written.error();
  const bool is_there = error.code == ErrorCode::kIo && error.offset == EEXIST;
  Say(path + (is_there ? " is there already (--force replaces it)" : ": " + os::Describe(error)));
  return false;
}

}  // namespace

int MigrateCommand(const Arguments& arguments) {
  std::string output = kUsualOutput;
  std::string format = "text";
  bool dry_run = false;
  bool force = false;
  std::vector<std::string> paths;
  CLI::App app(
      "Turns settings of other scanners into a configuration of daylightd, and says of each setting what became of it: "
      "exports of kesl-control (--export-settings, INI or JSON), clamd.conf, freshclam.conf, maldet's conf.maldet and "
      "ignore_* lists. Exit 0 when every setting is taken over or explained, 2 when a file could not be read or is not "
      "known; then nothing is written.",
      "daylight migrate");
  app.add_option("-o,--output", output, "the configuration to write")->type_name("FILE")->capture_default_str();
  app.add_flag("--dry-run", dry_run, "print the configuration and the report, and write nothing");
  app.add_flag("--force", force, "replace a file that is there");
  AddChoice(app, "--format", format, {"text", "json"}, "of the report: text or json");
  if (const auto exit = Parse(app, arguments, {"FILE...", "settings of other scanners", 1}, paths)) return *exit;
  const auto worker = FindWorker(false);
  if (!worker) return kExitTrouble;
  std::vector<migrate::Source> sources;
  bool good = true;
  for (const std::string& path : paths) {
    if (auto source = ReadSource(*worker, path)) {
      sources.push_back(std::move(*source));
    } else {
      good = false;
    }
  }
  if (!good || StopFlag()) {
    Say("nothing was written");
    return kExitTrouble;
  }
  const migrate::Migration migration = migrate::Migrate(sources);
  std::string text;
  if (format == "json") {
    text = migrate::ReportJson(migration.report, dry_run ? &migration.config : nullptr);
  } else {
    if (dry_run) text = migration.config + "\n";
    text += migrate::ReportText(migration.report);
  }
  if (const auto printed = os::WriteAll(STDOUT_FILENO, text); !printed) {
    Say("standard output: " + os::Describe(printed.error()));
    return kExitTrouble;
  }
  if (!migration.report.complete()) {
    Say("a file is not known, or too large: nothing was written");
    return kExitTrouble;
  }
  if (dry_run) return kExitClean;
  return WriteConfig(output, migration.config, force) ? kExitClean : kExitTrouble;
}

}  // namespace dl::cli
