// What the trusted side makes of a worker's report: a verdict follows from what
// is listed, whatever the worker called it.
#pragma once

#include "daylight/report/report.h"

namespace dl::sandbox {

// Sets the verdict: detected when there is a detection, else failed when the
// worker says so, else incomplete when anything stayed unread, else clean.
// `size`: the file's, by fstat.
void SettleVerdict(report::ObjectReport& report, std::uint64_t size);

// Whatever a worker says of an object can only be about the one it was given:
// names that are neither `own` nor on a way that begins there ("own//member")
// become `own`, as do empty ones.
void SettleObjects(report::ObjectReport& report, const std::string& own);

// About what a report takes in memory, in bytes.
std::size_t ReportBytes(const report::ObjectReport& report);

}  // namespace dl::sandbox
