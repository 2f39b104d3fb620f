// Joins databases into one file by copying their sections, each unit under a
// new number. Knows nothing of what sections mean.
//
//   DL_TRY(const std::vector<std::byte> file, sandbox::Join({a, b}));
#pragma once

#include <memory>
#include <vector>

#include "daylight/database/database.h"

namespace dl::sandbox {

// Every page is checked on the way. kMalformed also for a database that has two
// sections of one kind in one unit.
Result<std::vector<std::byte>> Join(const std::vector<std::shared_ptr<const database::Database>>& databases);

}  // namespace dl::sandbox
