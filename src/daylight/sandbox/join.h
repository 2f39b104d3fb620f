// Joins databases into one file by copying their sections, each unit under a
// new number. Knows nothing of what sections mean.
//
//   DL_TRY(const database::Writer writer, sandbox::Join({a, b}));
//   DL_TRY(const std::uint64_t bytes, writer.WriteTo(fd));
#pragma once

#include <memory>
#include <vector>

#include "daylight/database/database.h"

namespace dl::sandbox {

// The databases are borrowed until the file is written. Every page is checked on
// the way. kMalformed also for a database that has two sections of one kind in
// one unit.
Result<database::Writer> Join(const std::vector<std::shared_ptr<const database::Database>>& databases);

}  // namespace dl::sandbox
