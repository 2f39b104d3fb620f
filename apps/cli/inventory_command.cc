// `daylight inventory`: the installed software of targets, for other tools to go on with.
#include <CLI/CLI.hpp>
#include <chrono>

#include "commands.h"
#include "daylight/inventory/inventory.h"
#include "daylight/os/io.h"
#include "daylight/report/software_protocol.h"
#include "daylight/survey/survey.h"
#include "messages.h"
#include "report_file.h"
#include "signals.h"
#include "survey_targets.h"

namespace dl::cli {

namespace {

inventory::TargetKind KindOf(const survey::Target& target, const survey::Looked& looked) {
  if (target.kind == survey::TargetKind::kMachine) return inventory::TargetKind::kMachine;
  if (looked.kind == "root" || looked.kind == "folder") return inventory::TargetKind::kFolder;
  if (looked.kind == "image") return inventory::TargetKind::kImage;
  if (looked.kind == "package") return inventory::TargetKind::kPackage;
  if (looked.kind == "disk image") return inventory::TargetKind::kDisk;
  if (looked.kind == "sbom") return inventory::TargetKind::kSbom;
  return inventory::TargetKind::kFile;
}

// All of it is held until it is written, and some of it is what strangers say: more than this nobody has installed.
constexpr std::uint64_t kMaxFacts = 2'000'000;
constexpr std::uint64_t kMaxFactBytes = std::uint64_t{512} << 20;
constexpr std::uint64_t kMaxWarnings = 1000;

class Room {
 public:
  // Whether there is room for these too; once there is none there is none for anything.
  bool Take(report::SoftwareFacts& facts) {
    facts_ += facts.roots.size() + facts.packages.size() + facts.operating_systems.size() + facts.images.size() +
              facts.components.size() + facts.unread.size();
    report::SurveyFactsMessage message{std::move(facts), false};
    bytes_ += report::Encode(message).size();
    facts = std::move(message.facts);
    return facts_ <= kMaxFacts && bytes_ <= kMaxFactBytes;
  }

 private:
  std::uint64_t facts_ = 0;
  std::uint64_t bytes_ = 0;
};

// Files and programs are not what an inventory lists.
report::SoftwareFacts Listed(report::SoftwareFacts&& facts) {
  facts.files.clear();
  facts.programs.clear();
  facts.mentions.clear();
  return std::move(facts);
}

}  // namespace

int InventoryCommand(const Arguments& arguments) {
  SurveyTargets targets;
  std::string format = "text";
  std::string output_path;
  std::vector<std::string> paths;
  CLI::App app(
      "Lists the installed software of a machine, another system's root, container images, package files and SBOMs: "
      "packages of dpkg, rpm, apk, pacman, flatpak and snap, with their origin. On a machine and below --root only "
      "what package managers have installed is listed; with --deep also what package files and images there hold. "
      "Exit 0, or 2 when something could not be read.",
      "daylight inventory");
  targets.AddTo(app);
  AddChoice(app, "--format", format, {"text", "cyclonedx", "spdx"}, "text, cyclonedx (1.5, JSON) or spdx (2.3, JSON)");
  app.add_option("-o,--output", output_path, "write there instead of standard output")->type_name("FILE");
  if (const auto exit = Parse(app, arguments, SurveyTargets::Usage(), paths)) return *exit;
  if (!targets.Resolve(paths)) return kExitTrouble;
  auto output = ReportFile::Open(output_path);
  if (!output) {
    Say(output_path + ": " + os::Describe(output.error()));
    return kExitTrouble;
  }
  bool good = true;
  bool is_full = false;
  Room room;
  std::uint64_t warnings = 0;
  inventory::Inventory inventory;
  for (const survey::Target& target : targets.targets()) {
    if (StopFlag()) break;
    // What kind it is shows while it is looked at; what it holds comes after that name.
    std::vector<report::SoftwareFacts> pieces;
    survey::Survey survey(targets.OptionsFor(target, SurveyTargets::Wanted::kInstalled),
                          [&](report::SoftwareFacts&& facts) {
                            for (const report::UnreadFact& unread : facts.unread) {
                              good = false;
                              if (++warnings > kMaxWarnings) continue;
                              Warn(SurveyTargets::NameOf(target) + ": " + unread.place.path + ": " + unread.reason +
                                   (unread.detail.empty() ? "" : " (" + unread.detail + ")"));
                            }
                            report::SoftwareFacts listed = Listed(std::move(facts));
                            if (room.Take(listed)) {
                              pieces.push_back(std::move(listed));
                            } else {
                              is_full = true;
                            }
                          });
    const survey::Looked looked = survey.Run(target);
    if (!looked.failure.empty()) {
      Say(SurveyTargets::NameOf(target) + ": " + looked.failure);
      good = false;
      continue;
    }
    inventory.BeginTarget(SurveyTargets::NameOf(target), KindOf(target, looked));
    for (report::SoftwareFacts& piece : pieces) inventory.Add(std::move(piece));
  }
  if (warnings > kMaxWarnings) Warn(std::to_string(warnings - kMaxWarnings) + " more could not be read");
  if (is_full) Say("this is not all: there is more than an inventory lists");
  if (StopFlag()) Say("interrupted: this is not all");
  const inventory::Sink sink = [&](std::string_view piece) { return output->Write(piece); };
  inventory::WriteOptions options;
  options.version = DAYLIGHT_VERSION;
  options.at = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  const inventory::Contents contents = inventory.Finish();
  if (format == "cyclonedx") {
    inventory::WriteCycloneDx(contents, options, sink);
  } else if (format == "spdx") {
    inventory::WriteSpdx(contents, options, sink);
  } else {
    inventory::WriteText(contents, sink);
  }
  if (const Status written = output->Commit(); !written) {
    Say(output->name() + ": " + os::Describe(written.error()));
    return kExitTrouble;
  }
  return good && !is_full && !StopFlag() ? kExitClean : kExitTrouble;
}

}  // namespace dl::cli
