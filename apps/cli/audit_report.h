// An audit of the sandbox, as text and as JSON.
#pragma once

#include <string>

#include "daylight/sandbox/audit.h"

namespace dl::cli {

std::string AuditText(const sandbox::Audit& audit);
std::string AuditJson(const sandbox::Audit& audit);

}  // namespace dl::cli
