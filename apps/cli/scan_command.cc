#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>

#include "clamav_loader.h"
#include "command_line.h"
#include "commands.h"
#include "content_loader.h"
#include "daylight/base/stopwatch.h"
#include "daylight/os/io.h"
#include "daylight/report/escape.h"
#include "daylight/sandbox/scan_session.h"
#include "messages.h"
#include "output.h"
#include "progress.h"
#include "scan_cache.h"
#include "scan_feed.h"
#include "scan_options.h"
#include "signals.h"
#include "values.h"

namespace dl::cli {

namespace {

constexpr std::uint64_t kStdinLimitBytes = std::uint64_t{1} << 30;
// What a worker copies whole. It reads one file after the other, while those behind
// it are on their way from the disk.
constexpr std::uint64_t kReadAheadBytes = 16u << 20;
constexpr std::uint64_t kMaxFileListBytes = std::uint64_t{1} << 30;

Progress* shown_progress = nullptr;
void EraseProgress() {
  if (shown_progress != nullptr) shown_progress->Erase();
}

// Every file in hand holds a descriptor.
void RaiseDescriptorLimit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, 65536);
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

// The paths of --files-from behind those of the command line.
bool AddFileList(ScanArguments& arguments) {
  if (arguments.files_from.empty()) return true;
  // Not OpenRegular(): `--files-from <(find ...)` is a pipe.
  os::Fd file;
  int fd = STDIN_FILENO;
  if (arguments.files_from != "-") {
    file = os::Fd(::open(arguments.files_from.c_str(), O_RDONLY | O_CLOEXEC));
    fd = file.get();
    if (fd < 0) {
      Say(arguments.files_from + ": " + std::strerror(errno));
      return false;
    }
  }
  const auto text = os::ReadAll(fd, kMaxFileListBytes);
  if (!text) {
    Say(arguments.files_from + ": " + os::Describe(text.error()));
    return false;
  }
  for (std::string& path : SplitFileList(*text)) {
    // In a list, `-` is a file's name like any other.
    arguments.paths.push_back(path == "-" ? "./-" : std::move(path));
  }
  return true;
}

report::ScanSettings MakeSettings(const ScanArguments& arguments) {
  report::ScanSettings settings;
  settings.list_strings = !arguments.matches.empty();
  if (arguments.matches == "all") {
    settings.max_strings = 0;
    settings.max_string_bytes = 0;
  }
  settings.hash_all = arguments.hash;
  settings.profile = arguments.profile;
  settings.pua = arguments.pua;
  settings.passwords = arguments.passwords;
  settings.now = std::time(nullptr);
  settings.budget = arguments.budget;
  settings.externals = arguments.content.values;
  settings.module_data = arguments.content.data;
  return settings;
}

class Scan {
 public:
  Scan(const ScanArguments& arguments, Output& output, Progress& progress)
      : arguments_(arguments),
        output_(output),
        progress_(progress),
        writer_(report::MakeWriter(arguments.format, {.list_strings = !arguments.matches.empty(),
                                                      .all = arguments.all,
                                                      .quiet = arguments.quiet,
                                                      .without_walls = arguments.content.unsafe,
                                                      .version = DAYLIGHT_VERSION})) {
    writer_->Begin(output_.text());
  }

  void Print(const report::FileRecord& record) {
    if (!output_.status()) return;  // Nobody reads any more.
    const Stopwatch watch(Spent(&report::TrustedProfile::print_ns));
    Count(record.report);
    const std::size_t before = output_.text().size();
    writer_->Write(record, output_.text());
    if (output_.terminal() && output_.text().size() != before) progress_.Erase();
    output_.Offer();
    if (!arguments_.quiet) Comment(record);
  }

  // Where to add up the time that the trusted side spends; null without --profile.
  std::uint64_t* Spent(std::uint64_t report::TrustedProfile::*stage) {
    return arguments_.profile ? &(profile_.trusted.*stage) : nullptr;
  }

  void End(std::uint64_t skipped, sandbox::SessionEnd& end) {
    if (arguments_.profile) {
      profile_.trusted.wait_ns = end.wait_ns;
      profile_.workers = end.profile.Take();
      summary_.profile = &profile_;
    }
    summary_.skipped = skipped;
    summary_.interrupted = end.interrupted;
    summary_.workers_lost = end.workers_lost;
    summary_.without_walls = arguments_.content.unsafe;
    summary_.seconds = progress_.seconds();
    progress_.Erase();
    writer_->End(summary_, output_.text());
    output_.Flush();
  }

  void PrintSummary() const {
    const double rate = summary_.seconds > 0 ? static_cast<double>(summary_.bytes) / summary_.seconds : 0;
    std::string text = "\nfiles:      " + std::to_string(summary_.files) + "\nbytes:      " + SizeText(summary_.bytes) +
                       "\ntime:       " + TimeText(summary_.seconds) +
                       "\nrate:       " + SizeText(static_cast<std::uint64_t>(rate)) + "/s" +
                       "\ndetections: " + std::to_string(summary_.detections);
    if (summary_.detected > 0) text += " in " + std::to_string(summary_.detected) + " files";
    if (summary_.cached > 0)
      text += "\ncached:     " + std::to_string(summary_.cached) + " (clean before, and unchanged)";
    text += "\nincomplete: " + std::to_string(summary_.incomplete) + "\nfailed:     " + std::to_string(summary_.failed);
    if (summary_.without_walls) text += "\nsandbox:    none (--unsafe-no-sandbox)";
    if (summary_.workers_lost > 0)
      text += "\nworkers lost: " + std::to_string(summary_.workers_lost) + " (died, or had to be ended)";
    if (summary_.skipped > 0)
      text += "\nskipped:    " + std::to_string(summary_.skipped) + " (links, devices and the like)";
    Show(text);
  }

  void PrintProfile() const {
    if (arguments_.profile) Show("\n" + report::ProfileText(profile_));
  }

  const report::Summary& summary() const { return summary_; }
  // Some report says that a database is damaged, or nothing could be scanned with them.
  bool may_be_damaged() const { return met_damage_ || (summary_.failed > 0 && summary_.failed == summary_.files); }

 private:
  void Count(const report::ObjectReport& report) {
    ++summary_.files;
    if (report.cached) ++summary_.cached;
    summary_.bytes += report.size;
    summary_.detections += report.detections.size();
    if (report.verdict == report::Verdict::kDetected) ++summary_.detected;
    if (report.verdict == report::Verdict::kFailed) ++summary_.failed;
    if (!report.incomplete.empty()) ++summary_.incomplete;
    for (const report::Incomplete& gap : report.incomplete) met_damage_ = met_damage_ || gap.reason == "database";
    progress_.Add(report.size);
  }

  // What is not a detection is said beside the output.
  void Comment(const report::FileRecord& record) const {
    if (record.report.verdict == report::Verdict::kFailed) Say(record.path + ": " + record.report.failure);
    if (arguments_.format != report::Format::kText) return;
    for (const report::Incomplete& incomplete : record.report.incomplete) {
      std::string text = report::ObjectPath(record.path, incomplete.object) + ": incomplete: " + incomplete.reason;
      if (!incomplete.detail.empty()) text += " (" + incomplete.detail + ")";
      Say(text);
    }
    for (const std::string& warning : record.report.warnings) Warn(record.path + ": " + warning);
    for (const std::string& line : record.report.log) Show(report::EscapeLine(line));
  }

  const ScanArguments& arguments_;
  Output& output_;
  Progress& progress_;
  std::unique_ptr<report::Writer> writer_;
  report::Summary summary_;
  report::FullProfile profile_;
  bool met_damage_ = false;
};

// Fewer walls than there could be are no reason not to scan, but to be told.
void SayMissingWalls(const sandbox::WorkerProgram& program, const report::WallsHeld& walls) {
  const report::WallSet missing = program.walls & ~walls.held;
  if (walls.held == 0 || missing == 0) return;  // No worker was needed, or none of its walls was wanted.
  std::string text = "fewer walls than usual around what reads hostile bytes; missing: " + report::WallNames(missing);
  for (const std::string& note : walls.notes) {
    for (const report::Wall wall : report::kWalls) {
      if ((missing & Bit(wall)) != 0 && note.starts_with(report::WallName(wall))) text += "; " + note;
    }
  }
  Warn(text);
}

int ExitCode(const ScanArguments& arguments, const report::Summary& summary, bool failed) {
  if (summary.interrupted) return kExitTrouble;
  if (summary.detections > 0) return kExitDetected;
  if (failed || summary.failed > 0) return kExitTrouble;
  if (summary.incomplete > 0 && arguments.on_incomplete == "fail") return kExitTrouble;
  return kExitClean;
}

int Run(const ScanArguments& arguments, const sandbox::WorkerProgram& worker_program, const LoadedContent& content) {
  auto output = Output::Open(arguments.output);
  if (!output) {
    Say(arguments.output + ": " + os::Describe(output.error()));
    return kExitTrouble;
  }
  os::WalkOptions walk;
  walk.follow = arguments.follow;
  walk.one_file_system = arguments.one_file_system;
  walk.exclude = arguments.exclude;
  walk.read_ahead_bytes = kReadAheadBytes;
  walk.helper.stop = &StopFlag();
  const report::ScanSettings settings = MakeSettings(arguments);
  std::unique_ptr<ScanCache> cache;
  if (arguments.cache && arguments.hash) {
    Warn("--hash reads every file, so --cache has no use");
  } else if (arguments.cache) {
    cache = ScanCache::Open({settings, worker_program, DAYLIGHT_VERSION}, content);
  }
  ScanFeed feed(walk, arguments.paths,
                arguments.budget.max_object_bytes != 0 ? arguments.budget.max_object_bytes : kStdinLimitBytes,
                cache.get());
  const bool watched = ::isatty(STDERR_FILENO) == 1 && !arguments.quiet;
  Progress progress(watched, walk, arguments.paths);
  shown_progress = &progress;
  SetBeforeMessage(&EraseProgress);
  Scan scan(arguments, *output, progress);

  sandbox::SessionOptions options;
  options.worker_program = worker_program;
  options.workers = arguments.threads;
  options.isolate_objects = arguments.isolation == "object";
  options.max_worker_bytes = arguments.max_worker_bytes;
  options.settings = settings;
  if (cache) options.keep = [&](const sandbox::VerdictRecord& record) { cache->Keep(record); };
  options.stop = &StopFlag();
  options.tick = [&] {
    output->Flush();
    progress.Draw();
  };
  sandbox::ScanSession session(std::move(options), content.descriptors());
  bool broken = false;
  std::optional<Stopwatch> watch(std::in_place, scan.Spent(&report::TrustedProfile::total_ns));
  sandbox::SessionEnd end = session.Run(
      [&]() -> std::optional<sandbox::ScanItem> {
        // Nobody reads any more, or the disk is full: no use in going on.
        if (!output->status()) {
          broken = true;
          return std::nullopt;
        }
        const Stopwatch walking(scan.Spent(&report::TrustedProfile::walk_ns));
        return feed.Next();
      },
      [&](const report::FileRecord& record) { scan.Print(record); });
  watch.reset();
  if (cache) cache->End();
  scan.End(feed.skipped(), end);
  shown_progress = nullptr;
  if (!end.failure.empty()) Say(end.failure);
  if (scan.may_be_damaged() || !end.failure.empty()) DropDamagedEntries(content);
  if (!arguments.quiet) SayMissingWalls(worker_program, end.walls);
  if (end.interrupted) Say("interrupted");
  if (!output->status()) {
    if (output->status().error().offset != EPIPE) {
      Say((arguments.output.empty() ? "standard output" : arguments.output) + ": " +
          os::Describe(output->status().error()));
    }
    return kExitTrouble;
  }
  if (arguments.format == report::Format::kText && !arguments.quiet && (watched || output->terminal()))
    scan.PrintSummary();
  scan.PrintProfile();
  return ExitCode(arguments, scan.summary(), broken || !end.failure.empty());
}

}  // namespace

int ScanCommand(const Arguments& command_line) {
  ScanArguments arguments;
  CLI::App app("Scans files and folders.", "daylight scan");
  AddScanOptions(app, arguments);
  if (const auto exit =
          Parse(app, command_line,
                {"PATH...", "PATH: files and folders; `-` reads standard input (./- is a file of that name)."},
                arguments.paths))
    return *exit;
  if (!FinishScanArguments(arguments) || !AddFileList(arguments)) return kExitTrouble;
  RaiseDescriptorLimit();
  const auto worker_program = FindWorker(arguments.content.unsafe);
  if (!worker_program) return kExitTrouble;
  const auto content = LoadContent(arguments.content, *worker_program, false);
  if (!content) return kExitTrouble;
  return Run(arguments, *worker_program, *content);
}

}  // namespace dl::cli
