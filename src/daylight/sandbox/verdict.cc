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

void SettleObjects(report::ObjectReport& report, const std::string& own) {
  const auto settle = [&](std::string& object) {
    const bool is_own =
        object.starts_with(own) && (object.size() == own.size() || object.compare(own.size(), 2, "//") == 0);
    if (!is_own || object.empty()) object = own;
  };
  for (report::Detection& detection : report.detections) settle(detection.object);
  for (report::Incomplete& incomplete : report.incomplete) settle(incomplete.object);
}

namespace {

std::size_t TextsBytes(const std::vector<std::string>& texts) {
  std::size_t bytes = 0;
  for (const std::string& text : texts) bytes += sizeof text + text.capacity();
  return bytes;
}

}  // namespace

// Whatever is left out here a worker could make us hold without end.
std::size_t ReportBytes(const report::ObjectReport& report) {
  std::size_t bytes = sizeof report + report.failure.capacity() + TextsBytes(report.log) + TextsBytes(report.warnings);
  for (const auto& detection : report.detections) {
    bytes += sizeof detection + TextsBytes(detection.tags);
    for (const std::string* text : {&detection.engine, &detection.rule, &detection.name_space, &detection.source,
                                    &detection.licence, &detection.object}) {
      bytes += text->capacity();
    }
    for (const auto& meta : detection.metas) bytes += sizeof meta + meta.key.capacity() + meta.text.capacity();
    for (const auto& match : detection.strings) bytes += sizeof match + match.id.capacity() + match.data.capacity();
  }
  for (const auto& incomplete : report.incomplete) {
    bytes +=
        sizeof incomplete + incomplete.object.capacity() + incomplete.reason.capacity() + incomplete.detail.capacity();
  }
  return bytes;
}

}  // namespace dl::sandbox
