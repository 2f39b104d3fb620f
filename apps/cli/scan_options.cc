#include "scan_options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <thread>

#include "command_line.h"
#include "messages.h"
#include "values.h"

namespace dl::cli {

namespace {

void AddOutputOptions(CLI::App& app, ScanArguments& arguments) {
  AddChoice(app, "--format", arguments.format_name, {"text", "json", "jsonl", "sarif", "csv"},
            "text, json, jsonl, sarif or csv");
  app.add_option("-o,--output", arguments.output, "Write there instead of to standard output")->type_name("FILE");
  app.add_flag("--matches", arguments.matches,
               "List the matched strings: up to 1,000 of each and 256 bytes of each; --matches=all: every one, whole")
      ->type_name("[=all]");
  app.add_flag("--hash", arguments.hash, "SHA-256 of every file, not only of those with detections");
  app.add_flag(
      "--profile", arguments.profile,
      "When all is scanned, say on standard error where the time went: by stage, and the 20 strings and the 20 "
      "conditions that cost most; with --format json also as `profile`. Looking at the clock makes the scan "
      "slower");
  app.add_flag("--all", arguments.all, "List clean files too");
  app.add_flag("--quiet,-q", arguments.quiet, "List nothing but detections");
}

void AddWalkOptions(CLI::App& app, ScanArguments& arguments) {
  AddList(app, "--exclude", arguments.exclude,
          "Leave out what the pattern matches (repeatable): `*`, `?`, `[a-z]`. Held against the last name, or against "
          "the whole path as shown when it has a slash; a folder is left out with all in it")
      ->type_name("GLOB");
  app.add_option("--files-from", arguments.files_from,
                 "Scan the paths in this file too: one a line, or ended by NUL bytes if there are any; `-` reads "
                 "standard input")
      ->type_name("FILE");
  app.add_flag("--one-file-system", arguments.one_file_system, "Stay on the file systems of the arguments");
  app.add_flag("--cache,!--no-cache", arguments.cache,
               "Do not open files again that were clean and have not changed since, nor has the content; kept in the "
               "user's cache folder (default: --no-cache)");
  app.add_flag("--follow", arguments.follow, "Follow symbolic links met on the way; each folder is entered once");
}

void AddBudgetOptions(CLI::App& app, ScanArguments& arguments) {
  app.add_option("--max-size", arguments.max_size, "Largest object that is read, such as 100M; 0: no limit")
      ->type_name("SIZE")
      ->capture_default_str();
  app.add_option("--max-total", arguments.max_total, "Most bytes unpacked from one file; 0: no limit")
      ->type_name("SIZE")
      ->capture_default_str();
  app.add_option("--max-depth", arguments.max_depth, "Deepest nesting that is unpacked")
      ->type_name("N")
      ->capture_default_str();
  app.add_option("--max-children", arguments.max_children, "Most objects unpacked from one file")
      ->type_name("N")
      ->capture_default_str();
  app.add_option("--timeout", arguments.timeout, "Longest time for one file, such as 90s, 200ms, 5m; 0: no limit")
      ->type_name("TIME")
      ->capture_default_str();
  app.add_option("--max-memory", arguments.max_memory,
                 "Most memory that a worker process takes for one file; 0: no limit")
      ->type_name("SIZE")
      ->capture_default_str();
  app.add_flag("--no-unpack", arguments.no_unpack, "Scan files as they are");
  app.add_option("--password", arguments.passwords, "A password to try on encrypted containers (repeatable)")
      ->type_name("WORD")
      ->allow_extra_args(false);
}

}  // namespace

void AddScanOptions(CLI::App& app, ScanArguments& arguments) {
  AddContentOptions(app, arguments.content);
  app.add_flag("--pua", arguments.pua, "Detect potentially unwanted applications too (ClamAV's signatures of them)");
  AddOutputOptions(app, arguments);
  AddWalkOptions(app, arguments);
  AddBudgetOptions(app, arguments);
  AddChoice(app, "--on-incomplete", arguments.on_incomplete, {"fail", "pass"},
            "Whether what stayed unread makes exit 2: fail or pass");
  AddChoice(app, "--isolation", arguments.isolation, {"batch", "object"},
            "Whether a worker process sees many files in its life or one: batch or object");
  app.add_option("--threads", arguments.threads, "Worker processes (default: one for each core)")
      ->type_name("N")
      ->check(CLI::Range(1, 1024).description(""));
  app.footer(
      "Exit codes: 0 nothing detected and everything read; 1 something detected; 2 nothing detected, but\n"
      "something failed or stayed unread, or the command could not run.\n\n"
      "Text output has one line a detection: the rule (with its namespace, unless `default`) or\n"
      "the signature, a space, the path.");
}

bool FinishScanArguments(ScanArguments& arguments) {
  if (!FinishContentOptions(arguments.content)) return false;
  if (arguments.paths.empty() && arguments.files_from.empty()) {
    Say("nothing to scan: name a PATH (see daylight scan --help)");
    return false;
  }
  if (!arguments.matches.empty() && arguments.matches != "true" && arguments.matches != "all") {
    Say("--matches=" + arguments.matches + ": only --matches and --matches=all");
    return false;
  }
  const auto max_size = ParseSize(arguments.max_size);
  const auto max_total = ParseSize(arguments.max_total);
  const auto max_memory = ParseSize(arguments.max_memory);
  const auto timeout = ParseDuration(arguments.timeout);
  if (!max_size || !max_total || !max_memory || !timeout) {
    Say(!max_size     ? "--max-size " + arguments.max_size + ": not a size such as 100M"
        : !max_total  ? "--max-total " + arguments.max_total + ": not a size such as 4G"
        : !max_memory ? "--max-memory " + arguments.max_memory + ": not a size such as 2G"
                      : "--timeout " + arguments.timeout + ": not a time such as 90s");
    return false;
  }
  arguments.format = *report::FormatFromName(arguments.format_name);
  arguments.budget = {*max_size, *max_total, arguments.no_unpack ? 0 : arguments.max_depth, arguments.max_children,
                      *timeout};
  arguments.max_worker_bytes = *max_memory;
  if (arguments.threads == 0) arguments.threads = std::max(1u, std::thread::hardware_concurrency());
  return true;
}

}  // namespace dl::cli
