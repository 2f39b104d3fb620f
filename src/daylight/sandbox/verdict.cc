#include "daylight/sandbox/verdict.h"

namespace dl::sandbox {

void SettleVerdict(report::ObjectReport& report, std::uint64_t size) {
  report.size = size;
  if (!report.detections.empty()) {
    report.verdict = report::Verdict::kDetected;
  } else if (report.verdict == report::Verdict::kFailed || !report.failure.empty()) {
    report.verdict = report::Verdict::kFailed;
    if (report.failure.empty()) report.failure = "the worker gave no reason";
  } else if (!report.incomplete.empty()) {
    report.verdict = report::Verdict::kIncomplete;
  } else if (report.verdict != report::Verdict::kClean) {
    // Called incomplete or detected, with nothing listed: not to be called clean.
    report.verdict = report::Verdict::kIncomplete;
    report.incomplete.push_back({"", "unknown", "the worker gave no reason"});
  }
}

std::size_t ReportBytes(const report::ObjectReport& report) {
  std::size_t bytes = sizeof report;
  for (const auto& detection : report.detections) {
    bytes += sizeof detection + detection.object.size();
    for (const auto& meta : detection.metas) bytes += sizeof meta + meta.text.size();
    for (const auto& match : detection.strings) bytes += sizeof match + match.data.size();
  }
  for (const auto& incomplete : report.incomplete) bytes += sizeof incomplete + incomplete.object.size();
  for (const auto& line : report.log) bytes += sizeof line + line.size();
  for (const auto& line : report.warnings) bytes += sizeof line + line.size();
  return bytes;
}

}  // namespace dl::sandbox
