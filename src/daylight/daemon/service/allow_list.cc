#include "daylight/daemon/service/allow_list.h"

#include <algorithm>

#include "daylight/os/glob.h"

namespace dl::daemon {

std::string DetectionName(const report::Detection& detection) {
  return detection.engine == "clamav" ? detection.rule : "YARA." + detection.rule;
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
        return os::GlobMatches(entry.name, detection.rule) || os::GlobMatches(entry.name, DetectionName(detection));
      });
    }
    if (report.detections.size() == before) continue;
    if (!by.empty()) by += "; ";
    by += entry.who + ": " + entry.why;
  }
  return by;
}

}  // namespace dl::daemon
