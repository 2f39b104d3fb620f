// `daylight policy check`.
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <map>
#include <optional>

#include "commands.h"
#include "daylight/os/beneath.h"
#include "daylight/os/io.h"
#include "daylight/os/mounts.h"
#include "daylight/os/paths.h"
#include "daylight/policy/date.h"
#include "daylight/policy/judge.h"
#include "daylight/policy/reports/reports.h"
#include "daylight/policy/statement.h"
#include "daylight/survey/survey.h"
#include "messages.h"
#include "policy_sources.h"
#include "report_file.h"
#include "signals.h"
#include "survey_targets.h"

namespace dl::cli {

namespace {

struct Options {
  std::vector<std::string> jurisdictions;
  std::string role;
  std::string on;
  std::string format = "text";
  std::string output;
  std::string key;
  std::vector<std::string> only;
  std::string fail_on;
  PolicySources sources;
};

// No program is larger; a file with a hole in it may be, and costs nothing to make.
constexpr std::uint64_t kMaxHashedBytes = std::uint64_t{4} << 30;

std::int64_t Now() { return std::chrono::system_clock::to_time_t(std::chrono::system_clock::now()); }

// Where the machine is, not in Greenwich.
policy::Date Today(std::int64_t now) {
  const std::time_t time = now;
  std::tm local{};
  if (::localtime_r(&time, &local) == nullptr) return policy::DayOf(now);
  return policy::MakeDate(local.tm_year + 1900, local.tm_mon + 1, local.tm_mday).value_or(policy::DayOf(now));
}

policy::TargetLooked Looked(const survey::Target& target, survey::Looked&& looked) {
  policy::TargetLooked result;
  result.name = SurveyTargets::NameOf(target);
  result.kind = std::move(looked.kind);
  result.host = std::move(looked.host);
  result.operating_system = std::move(looked.operating_system);
  result.sha256 = std::move(looked.sha256);
  result.counts = std::move(looked.counts);
  return result;
}

// What it will most likely turn out to be; EndTarget() says what it was.
std::string KindBefore(const survey::Target& target) {
  switch (target.kind) {
    case survey::TargetKind::kMachine: return "this machine";
    case survey::TargetKind::kRoot: return "root";
    case survey::TargetKind::kPath: break;
  }
  const os::Fd folder(::open(target.path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  return folder.valid() ? "folder" : "file";
}

// "US,DE" and repetitions, in capitals.
std::vector<std::string> Jurisdictions(const std::vector<std::string>& values) {
  std::vector<std::string> all;
  for (const std::string& value : values) {
    for (std::size_t at = 0; at <= value.size();) {
      const std::size_t comma = std::min(value.find(',', at), value.size());
      std::string one = value.substr(at, comma - at);
      std::transform(one.begin(), one.end(), one.begin(),
                     [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
      if (!one.empty()) all.push_back(std::move(one));
      at = comma + 1;
    }
  }
  return all;
}

std::size_t TerminalWidth() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return 0;
  return size.ws_col;
}

std::string Write(const policy::Assessment& assessment, const std::string& format, bool terminal) {
  if (format == "json") return policy::WriteJson(assessment);
  if (format == "html") return policy::WriteHtml(assessment);
  if (format == "sarif") return policy::WriteSarif(assessment);
  if (format == "csv") return policy::WriteCsv(assessment);
  return policy::WriteText(assessment, {.terminal = terminal, .width = terminal ? TerminalWidth() : 0});
}

// Digests of what is evidence and lies in a file system; a file that went meanwhile has none.
void HashEvidence(policy::Judge& judge, const std::vector<survey::Target>& targets) {
  std::map<std::size_t, os::Fd> folders;
  const os::Mounts mounts = os::Mounts::Load();
  const std::string here = os::WorkingFolder().value_or("/");
  for (const policy::FileWanted& file : judge.WantsHash()) {
    if (StopFlag() || file.target >= targets.size()) return;
    const std::string& path = targets[file.target].path;
    auto [folder, is_new] = folders.try_emplace(file.target);
    if (is_new) {
      if (auto opened = os::OpenFolder(path)) folder->second = std::move(*opened);
    }
    if (!folder->second.valid()) continue;
    // A read from what may not answer would hold us here.
    if (mounts.any_remote() && !mounts.RemoteAbove(os::Absolute(os::Join(path, file.path), here)).empty()) continue;
    const auto opened = os::OpenBeneath(folder->second.get(), file.path);
    if (opened) judge.SetHash(file, survey::HashFile(opened->get(), &StopFlag(), kMaxHashedBytes));
  }
}

std::optional<policy::Grade> GradeNamed(const std::string& name) {
  for (const policy::Grade grade : {policy::Grade::kMention, policy::Grade::kRemnant, policy::Grade::kEmbedded,
                                    policy::Grade::kInstalled, policy::Grade::kRunning}) {
    if (policy::Name(grade) == name) return grade;
  }
  return std::nullopt;
}

// Where the report goes, and its signature; all that can fail of them before it is known what they say.
struct Outputs {
  ReportFile report;
  std::optional<ReportFile> signature;
  std::optional<crypto::SigningKey> key;
};

std::optional<Outputs> OpenOutputs(const Options& options) {
  std::optional<crypto::SigningKey> key;
  if (!options.key.empty()) {
    auto loaded = policy::LoadSigningKey(options.key);
    if (!loaded) {
      Say("--sign: " + options.key + ": " + os::Describe(loaded.error()));
      return std::nullopt;
    }
    key = std::move(*loaded);
  }
  auto report = ReportFile::Open(options.output);
  if (!report) {
    Say(options.output + ": " + os::Describe(report.error()));
    return std::nullopt;
  }
  Outputs outputs{std::move(*report), std::nullopt, std::move(key)};
  if (!outputs.key) return outputs;
  const std::string file = options.output + ".sig";
  auto signature = ReportFile::Open(file);
  if (!signature) {
    Say(file + ": " + os::Describe(signature.error()));
    return std::nullopt;
  }
  outputs.signature = std::move(*signature);
  return outputs;
}

// At no time is there a report beside a signature that is not its own: the old one goes first, the new one comes last.
bool WriteOut(Outputs& outputs, const Options& options, const std::string& report) {
  const auto good = [](const Status& status, const std::string& name) {
    if (!status) Say(name + ": " + os::Describe(status.error()));
    return status.has_value();
  };
  outputs.report.Write(report);
  if (!outputs.signature) return good(outputs.report.Commit(), outputs.report.name());
  const std::string file = options.output + ".sig";
  outputs.signature->Write(policy::Sign(report, *outputs.key));
  if (!good(outputs.report.Finish(), outputs.report.name()) || !good(outputs.signature->Finish(), file)) return false;
  ::unlink(file.c_str());
  return good(outputs.report.Commit(), outputs.report.name()) && good(outputs.signature->Commit(), file);
}

}  // namespace

int PolicyCheck(const Arguments& arguments) {
  Options options;
  SurveyTargets targets;
  std::vector<std::string> paths;
  CLI::App app(
      "Finds software that a law forbids, graded by how it is there (running, installed, embedded, remnant, mention), "
      "and says which clause of which law binds whom since when. Exit 0 when nothing is prohibited, 1 when a clause "
      "forbids something that was found on that day to that role, 2 when it could not be checked completely.",
      "daylight policy check");
  AddList(app, "--jurisdiction", options.jurisdictions, "only laws of these: US, DE (repeatable; default: all)")
      ->type_name("CC[,CC]");
  app.add_option("--role", options.role, "who asks: federal-agency, contractor, reseller, operator; see `policy list`")
      ->type_name("ROLE");
  app.add_option("--on", options.on, "the day that counts (default: today)")->type_name("YYYY-MM-DD");
  targets.AddTo(app);
  options.sources.AddTo(app);
  AddChoice(app, "--format", options.format, {"text", "json", "html", "sarif", "csv"},
            "text, json, html (one file, prints well), sarif or csv");
  app.add_option("-o,--output", options.output, "write there instead of standard output")->type_name("FILE");
  app.add_option("--sign", options.key,
                 "sign the report: Ed25519 with this private key (PEM), into FILE.sig beside -o FILE")
      ->type_name("KEY");
  AddList(app, "--only", options.only, "report only this product or vendor, by its name in `policy list` (repeatable)")
      ->type_name("NAME");
  AddChoice(app, "--fail-on", options.fail_on, {"running", "installed", "embedded", "remnant", "mention"},
            "exit 1 when anything is there in this grade or a stronger one, whatever a law says: running, installed, "
            "embedded, remnant or mention. --only kaspersky --fail-on remnant shows that it is gone");
  if (const auto exit = Parse(app, arguments, SurveyTargets::Usage(), paths)) return *exit;
  if (!options.key.empty() && options.output.empty()) {
    Say("--sign needs -o FILE: the signature is written beside it, into FILE.sig");
    return kExitTrouble;
  }
  const auto set = options.sources.Load();
  if (!set) return kExitTrouble;
  policy::Question question;
  question.jurisdictions = Jurisdictions(options.jurisdictions);
  question.role = options.role;
  question.at = Now();
  question.on = Today(question.at);
  question.program = "daylight " DAYLIGHT_VERSION;
  question.only = options.only;
  question.fail_on = GradeNamed(options.fail_on);
  if (!options.on.empty()) {
    const auto on = policy::ParseDate(options.on);
    if (!on) {
      Say("--on: " + options.on + " is no day (YYYY-MM-DD)");
      return kExitTrouble;
    }
    question.on = *on;
  }
  if (const auto problem = policy::Problem(*set, question)) {
    Say(*problem);
    return kExitTrouble;
  }
  if (!targets.Resolve(paths)) return kExitTrouble;
  auto outputs = OpenOutputs(options);
  if (!outputs) return kExitTrouble;
  policy::Judge judge(*set, question);
  std::vector<survey::Target> looked_at;
  for (const survey::Target& target : targets.targets()) {
    if (StopFlag()) break;  // The rest is not even begun.
    survey::Options survey_options = targets.OptionsFor(target, SurveyTargets::Wanted::kEverything);
    survey_options.words = judge.Words();
    policy::TargetLooked before;
    before.name = SurveyTargets::NameOf(target);
    before.kind = KindBefore(target);
    judge.BeginTarget(std::move(before));
    survey::Survey survey(std::move(survey_options),
                          [&](report::SoftwareFacts&& facts) { judge.Add(std::move(facts)); });
    survey::Looked looked = survey.Run(target);
    if (!looked.failure.empty()) judge.AddFailure(SurveyTargets::NameOf(target) + ": " + looked.failure);
    judge.EndTarget(Looked(target, std::move(looked)));
    looked_at.push_back(target);
  }
  HashEvidence(judge, looked_at);
  const bool interrupted = StopFlag();
  if (interrupted) judge.AddFailure("interrupted: not everything was looked at");
  const policy::Assessment assessment = judge.Finish();
  if (!WriteOut(*outputs, options, Write(assessment, options.format, outputs->report.terminal()))) return kExitTrouble;
  for (const std::string& failure : assessment.failures) Say(failure);
  if (interrupted) return kExitTrouble;
  if (assessment.forbidden() || assessment.found()) return kExitDetected;
  return assessment.complete() ? kExitClean : kExitTrouble;
}

}  // namespace dl::cli
