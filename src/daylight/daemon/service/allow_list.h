// AllowList is what the administrator wants to pass although it is detected: local,
// by digest or by name, and each entry says who wants it and why.
//
//   AllowList list(entries);
//   const std::string by = list.Apply(report, now);   // Takes detections out of the report.
//
// A value; one thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "daylight/report/report.h"

namespace dl::daemon {

struct AllowEntry {
  std::optional<std::array<std::uint8_t, 32>> sha256;  // Of the whole file or stream. Or:
  std::string name;        // Of detections: a pattern as in os/glob.h. As in reports, without `.UNOFFICIAL`.
  std::string who;         // Answers for it. Never empty.
  std::string why;         // Never empty.
  std::int64_t until = 0;  // Seconds since 1970; 0: for ever.
  bool operator==(const AllowEntry&) const = default;
};

class AllowList {
 public:
  explicit AllowList(std::vector<AllowEntry> entries = {}) : entries_(std::move(entries)) {}
  // Removes from `report` what is allowed. Gives back the entries it was allowed by, as
  // "who: why"; empty when nothing was removed.
  std::string Apply(report::ObjectReport& report, std::int64_t now) const;

 private:
  std::vector<AllowEntry> entries_;
};

// What a detection is called where there is room for one word: the signature's name,
// or "YARA." and the rule's, as ClamAV calls those.
std::string DetectionName(const report::Detection& detection);

}  // namespace dl::daemon
