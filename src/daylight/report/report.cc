#include "daylight/report/report.h"

namespace dl::report {

std::string_view VerdictName(Verdict verdict) {
  switch (verdict) {
    case Verdict::kClean: return "clean";
    case Verdict::kDetected: return "detected";
    case Verdict::kIncomplete: return "incomplete";
    case Verdict::kFailed: return "failed";
  }
  return "unknown";
}

bool IsOnlyClean(const ObjectReport& report) {
  return report.verdict == Verdict::kClean && report.detections.empty() && report.incomplete.empty() &&
         report.failure.empty() && report.warnings.empty() && report.log.empty();
}

}  // namespace dl::report
