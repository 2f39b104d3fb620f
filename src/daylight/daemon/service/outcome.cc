#include "daylight/daemon/service/outcome.h"

namespace dl::daemon {

namespace {

struct KnownKind {
  std::string_view container;  // See report::Incomplete.
  std::string_view name;       // ClamAV's word for it.
};
constexpr KnownKind kEncryptedKinds[] = {
    {"CL_TYPE_ZIP", "Zip"}, {"CL_TYPE_RAR", "RAR"},    {"CL_TYPE_7Z", "7Zip"},   {"CL_TYPE_PDF", "PDF"},
    {"CL_TYPE_ARJ", "Arj"}, {"CL_TYPE_MSOLE2", "Doc"}, {"CL_TYPE_MAIL", "Mail"},
};

// One line for people of the first things that stayed unread.
std::string Problem(const report::ObjectReport& report) {
  std::string text;
  for (const report::Incomplete& gap : report.incomplete) {
    if (!text.empty()) text += "; ";
    if (text.size() > 200) return text + "...";
    if (!gap.object.empty()) text += gap.object + ": ";
    text += gap.reason;
    if (!gap.detail.empty()) text += " (" + gap.detail + ")";
  }
  return text;
}

}  // namespace

std::string HeuristicName(const report::Incomplete& gap) {
  if (gap.reason == "encrypted") {
    for (const KnownKind& kind : kEncryptedKinds) {
      if (gap.container == kind.container) return "Heuristics.Encrypted." + std::string(kind.name);
    }
    return "Heuristics.Encrypted.Container";
  }
  if (gap.reason == "max-size") return "Heuristics.Limits.Exceeded.MaxFileSize";
  if (gap.reason == "max-depth") return "Heuristics.Limits.Exceeded.MaxRecursion";
  if (gap.reason == "max-children") return "Heuristics.Limits.Exceeded.MaxFiles";
  if (gap.reason == "max-total" || gap.reason == "max-ratio" || gap.reason == "budget")
    return "Heuristics.Limits.Exceeded.MaxScanSize";
  if (gap.reason == "timeout") return "Heuristics.Limits.Exceeded.MaxScanTime";
  if (gap.reason == "memory" || gap.reason == "max-memory") return "Heuristics.Limits.Exceeded.MaxMemory";
  if (gap.reason == "damaged") return "Heuristics.Broken.Container";
  return "Heuristics.Daylight.Incomplete";
}

ScanOutcome MakeOutcome(report::ObjectReport report, Protocol protocol, const AllowList& allowed,
                        const IncompletePolicy& policy, std::int64_t now) {
  ScanOutcome outcome;
  outcome.allowed_by = allowed.Apply(report, now);
  if (!outcome.allowed_by.empty() && report.detections.empty() && report.verdict == report::Verdict::kDetected) {
    report.verdict = report.incomplete.empty() ? report::Verdict::kClean : report::Verdict::kIncomplete;
  }
  switch (report.verdict) {
    case report::Verdict::kClean: break;
    case report::Verdict::kDetected:
      outcome.kind = ScanOutcome::Kind::kInfected;
      outcome.blocks = true;
      for (const report::Detection& detection : report.detections) {
        outcome.names.push_back(DetectionName(detection));
        outcome.official.push_back(detection.official);
      }
      break;
    case report::Verdict::kIncomplete:
      outcome.kind = ScanOutcome::Kind::kIncomplete;
      outcome.blocks = policy.Blocks(protocol);
      for (const report::Incomplete& gap : report.incomplete) {
        outcome.names.push_back(HeuristicName(gap));
        outcome.official.push_back(true);
      }
      outcome.problem = Problem(report);
      break;
    case report::Verdict::kFailed:
      // Not less than what was read in part: an object that ends its worker must not pass for that.
      outcome.kind = ScanOutcome::Kind::kFailed;
      outcome.blocks = policy.Blocks(protocol);
      outcome.problem = report.failure;
      break;
  }
  outcome.report = std::move(report);
  return outcome;
}

}  // namespace dl::daemon
