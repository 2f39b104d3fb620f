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

}  // namespace dl::report
