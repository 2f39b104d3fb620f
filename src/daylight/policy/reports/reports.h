// The reports of a policy check: what an Assessment says, for people and for programs.
//
//   std::fputs(policy::WriteText(assessment, {.terminal = isatty(1) == 1, .width = 100}).c_str(), stdout);
//   const std::string statement = policy::WriteJson(assessment);  // What statement.h signs.
//
// Every writer is a function of its arguments: the same assessment gives the same bytes. What strangers chose (paths,
// packages' names, an SBOM's words) is escaped for the format it goes into, whatever it holds. Any thread.
//
// docs/policy-reports.md describes the formats.
#pragma once

#include <cstddef>
#include <string>

#include "daylight/policy/assessment.h"

namespace dl::policy {

struct TextStyle {
  bool terminal = false;  // Bold and colours. Without: no control characters but newlines.
  std::size_t width = 0;  // Columns; 0: lines are as long as they are. Paths and digests are never cut.
};

std::string WriteText(const Assessment& assessment, TextStyle style = {});
// docs/schemas/policy-assessment.schema.json.
std::string WriteJson(const Assessment& assessment);
// One file that needs no other: no script, no request, readable on a phone and on paper.
std::string WriteHtml(const Assessment& assessment);
// SARIF 2.1.0: a rule for each clause, a result for each finding and clause.
std::string WriteSarif(const Assessment& assessment);
// RFC 4180: a row for each finding and clause, then what was looked at and what was not.
std::string WriteCsv(const Assessment& assessment);

}  // namespace dl::policy
