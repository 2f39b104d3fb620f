// report_tool FORMAT NAME: writes a report of one of the assessments of reports_testing.h, for tests from outside.
#include <cstdio>
#include <string>
#include <string_view>

#include "daylight/policy/reports/reports.h"
#include "daylight/policy/reports/reports_testing.h"

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const std::string_view format = argv[1];
  const dl::policy::Assessment assessment = dl::policy::AssessmentOf(argv[2]);
  std::string text;
  if (format == "text") {
    text = dl::policy::WriteText(assessment, {.terminal = false, .width = 100});
  } else if (format == "json") {
    text = dl::policy::WriteJson(assessment);
  } else if (format == "html") {
    text = dl::policy::WriteHtml(assessment);
  } else if (format == "sarif") {
    text = dl::policy::WriteSarif(assessment);
  } else if (format == "csv") {
    text = dl::policy::WriteCsv(assessment);
  } else {
    return 2;
  }
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0 ? 0 : 1;
}
