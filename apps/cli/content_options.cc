#include "content_options.h"

#include <CLI/CLI.hpp>

#include "command_line.h"
#include "daylight/os/io.h"
#include "messages.h"
#include "signals.h"
#include "values.h"

namespace dl::cli {

namespace {

constexpr std::uint64_t kMaxModuleDataBytes = 64u << 20;

}  // namespace

void AddRuleTextOptions(CLI::App& app, ContentOptions& options) {
  AddList(app, "--define,-d", options.defines,
          "An external variable, typed as yara does: 12 is an integer, 1.5 a float, true and false boolean, the rest a "
          "string. filename, filepath, extension, filetype and owner are always there; this overrides them")
      ->type_name("NAME=VALUE");
  AddList(app, "--include-dir", options.include_folders,
          "Where an include may read besides the rule file's own folder and below; nothing else is ever read")
      ->type_name("DIR");
  AddChoice(app, "--dialect", options.dialect, {"yara", "yara-x"},
            "Whose meaning counts where the two differ: yara or yara-x");
  app.add_flag("--unsafe-no-sandbox", options.unsafe,
               "Read rules and files in workers without walls: what takes over a worker can do what you can");
}

void AddClamavOptions(CLI::App& app, ContentOptions& options) {
  AddList(app, "--clamav", options.clamav,
          "ClamAV signatures: one file, or a folder such as /var/lib/clamav (repeatable). They are compiled when they "
          "are first used, and kept in the user's cache until a file changes")
      ->type_name("PATH");
  app.add_flag("--allow-unsigned-clamav", options.allow_unsigned_clamav,
               "Take .cvd, .cld and .cud files too that are not signed");
}

void AddContentOptions(CLI::App& app, ContentOptions& options) {
  AddList(app, "--db", options.databases, "A compiled database (repeatable)")->type_name("FILE");
  AddList(
      app, "--rules", options.rules,
      "YARA rules: a file, or a folder searched for *.yar and *.yara, hidden names left out (repeatable). Each file "
      "is its own namespace, called by its stem, or `default` when it is the only one")
      ->type_name("PATH");
  AddClamavOptions(app, options);
  app.add_flag("--default-content", options.default_content,
               "The built-in content and /var/lib/clamav too, when other content is named");
  app.add_flag("--no-default-content", options.no_default_content, "Never the built-in content and /var/lib/clamav");
  app.add_flag("--skip-invalid", options.skip_invalid,
               "Go on with the content that compiles; what does not is a warning");
  AddRuleTextOptions(app, options);
  AddList(app, "--module-data,-x", options.module_data, "Data for a module, such as cuckoo=report.json")
      ->type_name("NAME=FILE");
}

bool FinishContentOptions(ContentOptions& options) {
  for (const std::string& text : options.defines) {
    auto value = ParseDefine(text);
    if (!value) {
      Say("--define " + text + ": not NAME=VALUE with a name as in rules, or a number past 64 bits");
      return false;
    }
    options.values.push_back(std::move(*value));
  }
  for (const std::string& text : options.module_data) {
    const auto pair = ParseModuleData(text);
    if (!pair) {
      Say("--module-data " + text + ": not NAME=FILE");
      return false;
    }
    auto bytes = os::ReadFile(pair->second, kMaxModuleDataBytes);
    if (!bytes) {
      Say(pair->second + ": " + os::Describe(bytes.error()));
      return false;
    }
    options.data.push_back({pair->first, std::move(*bytes)});
  }
  return true;
}

std::optional<sandbox::WorkerProgram> FindWorker(bool unsafe) {
  auto found = sandbox::FindWorkerProgram();
  if (!found) {
    Say(found.error().what);
    return std::nullopt;
  }
  if (unsafe) {
    found->walls = 0;
    Warn("--unsafe-no-sandbox: there are no walls around what reads hostile bytes");
  }
  return std::move(*found);
}

sandbox::CompileOptions MakeCompileOptions(const ContentOptions& options) {
  sandbox::CompileOptions compile;
  compile.include_folders = options.include_folders;
  compile.defines = options.values;
  compile.yara_x = options.dialect == "yara-x";
  compile.skip_invalid = options.skip_invalid;
  compile.beside_signatures = !options.clamav.empty() || options.default_content;
  compile.stop = &StopFlag();
  return compile;
}

}  // namespace dl::cli
