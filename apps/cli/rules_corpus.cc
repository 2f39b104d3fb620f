#include "rules_corpus.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <thread>

#include "daylight/report/escape.h"
#include "daylight/sandbox/scan_session.h"
#include "messages.h"
#include "scan_feed.h"
#include "signals.h"
#include "values.h"

namespace dl::cli {

namespace {

constexpr std::uint64_t kStdinLimitBytes = std::uint64_t{1} << 30;
// As `scan` has them.
constexpr std::uint32_t kTimeoutMs = 120'000;

void AppendWarnings(std::string& out, const std::vector<report::ProfileLine>& lines, const report::Profile& profile,
                    std::uint64_t whole, const char* of_what, const char* hint) {
  for (const report::ProfileLine& line : lines) {
    if (!report::IsSlow(line, profile)) continue;
    char numbers[96];
    const double bytes = static_cast<double>(std::max<std::uint64_t>(1, profile.bytes));
    std::snprintf(numbers, sizeof numbers, "takes %.1f %% of the time for %s, %.2f s a GB",
                  report::Share(line.ns, whole), of_what, static_cast<double>(line.ns) / bytes);
    out += "warning: slow: " + report::EscapeLine(report::ProfileLineName(line)) + " " + numbers + "; " + hint + "\n";
  }
}

}  // namespace

std::optional<report::CorpusCosts> MeasureOnCorpus(const sandbox::WorkerProgram& worker_program,
                                                   const std::vector<int>& databases,
                                                   const std::vector<std::string>& folders,
                                                   const ContentOptions& content) {
  if (databases.empty() || databases.size() > report::kMaxDatabases) {
    Say(databases.empty() ? "--corpus: there is no rule to measure"
                          : "--corpus: more than " + std::to_string(report::kMaxDatabases) + " sources of rules");
    return std::nullopt;
  }
  for (const std::string& folder : folders) {
    if (::access(folder.c_str(), R_OK) != 0) {
      Say("--corpus " + folder + ": " + std::strerror(errno));
      return std::nullopt;
    }
  }
  os::WalkOptions walk;
  walk.helper.stop = &StopFlag();
  ScanFeed feed(walk, folders, kStdinLimitBytes);
  sandbox::SessionOptions options;
  options.worker_program = worker_program;
  options.workers = std::max(1u, std::thread::hardware_concurrency());
  options.settings.profile = true;
  options.settings.now = std::time(nullptr);
  options.settings.budget.timeout_ms = kTimeoutMs;
  options.settings.externals = content.values;
  options.stop = &StopFlag();
  sandbox::ScanSession session(std::move(options), databases);
  report::CorpusCosts costs;
  sandbox::SessionEnd end = session.Run([&] { return feed.Next(); },
                                        [&](const report::FileRecord& record) {
                                          ++costs.files;
                                          costs.bytes += record.report.size;
                                          if (record.report.verdict == report::Verdict::kFailed) {
                                            Say(record.path + ": " + record.report.failure);
                                            ++costs.failed;
                                          } else if (!record.report.incomplete.empty()) {
                                            ++costs.failed;
                                          }
                                        });
  if (!end.failure.empty()) Say(end.failure);
  if (end.interrupted) Say("interrupted");
  if (!end.failure.empty() || end.interrupted) return std::nullopt;
  costs.profile = end.profile.Take();
  if (costs.profile.objects == 0) {
    Say("--corpus: no file was read");
    return std::nullopt;
  }
  return costs;
}

std::string CorpusText(const report::CorpusCosts& costs) {
  const report::Profile& profile = costs.profile;
  std::string out =
      "corpus: " + std::to_string(costs.files) + (costs.files == 1 ? " file, " : " files, ") + SizeText(costs.bytes);
  if (costs.failed != 0) out += ", " + std::to_string(costs.failed) + " not read to the end";
  out += "\n" + report::CostliestText(profile);
  AppendWarnings(out, profile.strings, profile, profile.search_ns, "the search",
                 "a longer or rarer text without wildcards in it makes it cheaper");
  AppendWarnings(out, profile.rules, profile, report::ConditionsAlone(profile), "conditions",
                 "tests of the object's first bytes or size, put first, spare it");
  return out;
}

}  // namespace dl::cli
