// Compile turns one source's rule text into a database of one unit.
//
//   IncludeResolver& includes = ...;          // asks the trusted side
//   const report::CompileAnswer answer = Compile(job, &includes);
//
// and Summarize says what is inside a database.
#pragma once

#include "daylight/database/database.h"
#include "daylight/report/jobs.h"
#include "daylight/rules/yara/parser.h"

namespace dl::scan {

report::CompileAnswer Compile(const report::CompileJob& job, yara::IncludeResolver* includes);

Result<report::DatabaseSummary> Summarize(const database::Database& database);

}  // namespace dl::scan
