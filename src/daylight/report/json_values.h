// The answers of `daylight rules` as JSON documents.
#pragma once

#include <string>
#include <vector>

#include "daylight/report/jobs.h"
#include "daylight/report/profile.h"

namespace dl::report {

std::string SummaryToJson(const DatabaseSummary& summary);
std::string ExplainToJson(const ExplainAnswer& answer);
// `rules check`: the diagnostics and their numbers.
struct CheckCounts {
  std::uint64_t files = 0;
  std::uint64_t rules = 0;
  std::uint64_t signatures = 0;  // ClamAV's.
  std::uint64_t errors = 0;
  std::uint64_t warnings = 0;
};
// `corpus`: null without --corpus.
std::string DiagnosticsToJson(const std::vector<DiagnosticLine>& lines, const CheckCounts& counts,
                              const CorpusCosts* corpus = nullptr);

}  // namespace dl::report
