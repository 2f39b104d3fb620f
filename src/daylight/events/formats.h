// The formats of others, one file each; format.h chooses.
#pragma once

#include <string>

#include "daylight/events/format.h"

namespace dl::events {

// Elastic Common Schema 8.17.
void AppendEcs(const Event& event, const Source& source, std::string& out);
// Open Cybersecurity Schema Framework 1.5.0.
void AppendOcsf(const Event& event, const Source& source, std::string& out);
// ArcSight's Common Event Format, version 0.
void AppendCef(const Event& event, const Source& source, std::string& out);

}  // namespace dl::events
