#include "survey_targets.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <thread>

#include "daylight/os/io.h"
#include "daylight/os/open.h"
#include "messages.h"
#include "signals.h"
#include "values.h"

namespace dl::cli {

namespace {

constexpr char kEraseLine[] = "\r\x1b[K";
bool progress_is_drawn = false;

void EraseProgress() {
  if (progress_is_drawn) static_cast<void>(os::WriteAll(STDERR_FILENO, kEraseLine));
  progress_is_drawn = false;
}

}  // namespace

Positionals SurveyTargets::Usage() {
  return {"[TARGET...]",
          "a folder, a container image (OCI layout, docker save), a package file, a disk image, an SBOM (CycloneDX, "
          "SPDX), any file; none: this machine"};
}

void SurveyTargets::AddTo(CLI::App& app) {
  app.add_option("--root", root_, "the root of another system: a mounted disk, a chroot, an unpacked image")
      ->type_name("DIR");
  AddList(app, "--exclude", exclude_, "leave out what matches, as for `daylight scan` (repeatable)")->type_name("GLOB");
  app.add_flag("--deep", deep_,
               "on a machine or below --root look into every archive, package file, image and disk, too");
  app.add_flag("--one-file-system", one_file_system_, "do not go into what is mounted below a target");
  app.add_option("--threads", threads_, "workers that read files (default: one for each core)")->type_name("N");
  app.add_option("--timeout", timeout_, "for one file with all that is in it")->type_name("T")->default_str(timeout_);
}

bool SurveyTargets::Resolve(const std::vector<std::string>& paths) {
  // `--root "$ROOT"` without a ROOT does not mean this machine.
  if (root_ && root_->empty()) {
    Say("--root: its name is empty");
    return false;
  }
  if (root_) targets_.push_back({survey::TargetKind::kRoot, *root_});
  for (const std::string& path : paths) targets_.push_back({survey::TargetKind::kPath, path});
  if (targets_.empty()) targets_.push_back({survey::TargetKind::kMachine, "/"});
  const auto timeout = ParseDuration(timeout_);
  if (!timeout) {
    Say("--timeout: " + timeout_ + " is no time (e.g. 90s, 10m)");
    return false;
  }
  // 0 is no limit.
  options_.timeout = *timeout == 0 ? std::chrono::hours(24 * 365) : std::chrono::milliseconds(*timeout);
  auto program = sandbox::FindWorkerProgram();
  if (!program) {
    Say("cannot find daylight-worker: " + os::Describe(program.error()));
    return false;
  }
  options_.worker_program = std::move(*program);
  options_.workers = threads_ > 0 ? threads_ : std::max(1u, std::thread::hardware_concurrency());
  options_.stop = &StopFlag();
  options_.exclude = exclude_;
  options_.one_file_system = one_file_system_;
  return true;
}

std::string SurveyTargets::NameOf(const survey::Target& target) {
  return target.kind == survey::TargetKind::kMachine ? "this machine" : target.path;
}

survey::Options SurveyTargets::OptionsFor(const survey::Target& target, Wanted wanted) const {
  survey::Options options = options_;
  // What somebody names is meant; of a whole system most archives are nobody's concern, and there are many.
  const bool all = deep_ || target.kind == survey::TargetKind::kPath;
  options.archives = all ? survey::Archives::kAll : survey::Archives::kImages;
  options.contents = all || wanted == Wanted::kEverything;
  if (::isatty(STDERR_FILENO) == 1) {
    SetBeforeMessage(&EraseProgress);
    options.tick = [name = NameOf(target)](std::uint64_t files) {
      constexpr std::uint64_t kEvery = 16 * 1024;
      if (files % kEvery != 0) return;
      static_cast<void>(os::WriteAll(STDERR_FILENO, kEraseLine + std::to_string(files) + " files"));
      progress_is_drawn = true;
    };
  }
  return options;
}

}  // namespace dl::cli
