// What `policy check` and `inventory` have in common: which targets to look at, and how.
//
//   SurveyTargets targets;
//   targets.AddTo(app);
//   if (const auto exit = Parse(app, arguments, SurveyTargets::kPositionals, paths)) return *exit;
//   if (!targets.Resolve(paths)) return kExitTrouble;
//   for (const survey::Target& target : targets.targets()) …
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "command_line.h"
#include "daylight/survey/survey.h"

namespace dl::cli {

class SurveyTargets {
 public:
  static Positionals Usage();
  void AddTo(CLI::App& app);
  // Says what is wrong, and gives back false. `paths`: the arguments that are no options; with none and no
  // --root, this machine.
  bool Resolve(const std::vector<std::string>& paths);

  const std::vector<survey::Target>& targets() const { return targets_; }
  // As it is shown: what the user wrote, or "this machine".
  static std::string NameOf(const survey::Target& target);
  // For one target; with a line of progress where standard error is a terminal.
  enum class Wanted : std::uint8_t { kEverything, kInstalled };
  survey::Options OptionsFor(const survey::Target& target, Wanted wanted) const;

 private:
  std::optional<std::string> root_;
  std::vector<std::string> exclude_;
  bool deep_ = false;
  bool one_file_system_ = false;
  std::uint32_t threads_ = 0;
  std::string timeout_ = "10m";
  std::vector<survey::Target> targets_;
  survey::Options options_;
};

}  // namespace dl::cli
