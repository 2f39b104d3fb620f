#include "policy_sources.h"

#include <CLI/CLI.hpp>

#include "daylight/sandbox/content.h"
#include "messages.h"

namespace dl::cli {

void PolicySources::AddTo(CLI::App& app) {
  AddList(app, "--policies", policies_, "policies besides: a TOML file or a folder of them (repeatable)")
      ->type_name("PATH");
  app.add_flag("--no-default-policies", no_default_,
               "only those, not what came with Daylight or is in /etc/daylight/policies");
}

std::unique_ptr<const policy::PolicySet> PolicySources::Load() const {
  std::vector<std::string> paths;
  if (!no_default_) paths = sandbox::DefaultPolicies();
  paths.insert(paths.end(), policies_.begin(), policies_.end());
  if (paths.empty()) {
    Say("there are no policies: none came with this program, and none are named (--policies)");
    return nullptr;
  }
  policy::LoadedPolicies loaded = policy::LoadPolicies(paths);
  for (const std::string& error : loaded.errors) Say(error);
  return std::move(loaded.set);
}

}  // namespace dl::cli
