// The options that say with which content a command works: --db, --rules and
// what belongs to them.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daylight/report/jobs.h"
#include "daylight/sandbox/compiler.h"

namespace CLI {
class App;
}

namespace dl::cli {

struct ContentOptions {
  std::vector<std::string> databases;
  std::vector<std::string> rules;
  std::vector<std::string> clamav;
  std::vector<std::string> include_folders;
  std::vector<std::string> defines;      // As written.
  std::vector<std::string> module_data;  // As written.
  std::string dialect = "yara";
  bool skip_invalid = false;
  bool default_content = false;
  bool no_default_content = false;
  bool unsafe = false;
  bool allow_unsigned_clamav = false;
  bool use_cache = true;  // Of compiled signatures; no option.

  // By FinishContentOptions.
  std::vector<report::ExternalValue> values;
  std::vector<report::ModuleDataValue> data;
};

// --define, --include-dir, --dialect and --unsafe-no-sandbox: for rule text.
void AddRuleTextOptions(CLI::App& app, ContentOptions& options);
// --clamav and --allow-unsigned-clamav.
void AddClamavOptions(CLI::App& app, ContentOptions& options);
// Those, and --rules, --db, --skip-invalid, --module-data, default content.
void AddContentOptions(CLI::App& app, ContentOptions& options);
// Reads the values. False when one is wrong; said on standard error.
bool FinishContentOptions(ContentOptions& options);

// The worker to start, with walls or, if asked, without. Nothing when there is
// none; said on standard error.
std::optional<sandbox::WorkerProgram> FindWorker(bool unsafe);

sandbox::CompileOptions MakeCompileOptions(const ContentOptions& options);

}  // namespace dl::cli
