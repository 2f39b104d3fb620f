#include "daylight/daemon/service/allow_list.h"

#include <algorithm>

namespace dl::daemon {

std::string DetectionName(const report::Detection& detection) {
  return detection.engine == "clamav" ? detection.rule : "YARA." + detection.rule;
}

bool MatchesPattern(std::string_view pattern, std::string_view text) {
  // Greedy with one place to come back to: linear for a pattern, at most |pattern| * |text|.
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;
  std::size_t resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

std::string AllowList::Apply(report::ObjectReport& report, std::int64_t now) const {
  std::string by;
  for (const AllowEntry& entry : entries_) {
    if (entry.until != 0 && now >= entry.until) continue;
    const std::size_t before = report.detections.size();
    if (before == 0) break;
    if (entry.sha256) {
      if (report.sha256 && *report.sha256 == *entry.sha256) report.detections.clear();
    } else {
      std::erase_if(report.detections, [&](const report::Detection& detection) {
        return MatchesPattern(entry.name, detection.rule) || MatchesPattern(entry.name, DetectionName(detection));
      });
    }
    if (report.detections.size() == before) continue;
    if (!by.empty()) by += "; ";
    by += entry.who + ": " + entry.why;
  }
  return by;
}

}  // namespace dl::daemon
