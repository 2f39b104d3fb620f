// Compiling rule text and signature files, each source in a worker of its own, so that a hostile
// rule file can do nothing to another's content.
//
//   const CompiledSource compiled = sandbox::CompileSource(program, source, options);
//
// The database that comes out was written by a worker: it is sealed, and its
// header and section table are checked, before anybody else sees it.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "daylight/database/database.h"
#include "daylight/os/fd.h"
#include "daylight/report/jobs.h"
#include "daylight/sandbox/clamav_pack.h"
#include "daylight/sandbox/clamav_source.h"
#include "daylight/sandbox/rule_source.h"
#include "daylight/sandbox/worker_process.h"

namespace dl::sandbox {

struct CompileOptions {
  std::vector<std::string> include_folders;
  std::vector<report::ExternalValue> defines;
  bool yara_x = false;
  bool skip_invalid = false;
  bool warnings = true;
  bool beside_signatures = false;  // See report::CompileJob.
  std::uint32_t timeout_ms = 0;    // Without a word from the worker; 0: for ever.
  const std::atomic<bool>* stop = nullptr;
};

struct CompiledSource {
  std::string failure;  // Why there is no answer at all; empty when there is one.
  std::vector<report::DiagnosticLine> diagnostics;
  std::uint32_t rules = 0;
  std::uint32_t skipped_rules = 0;
  std::uint64_t signatures = 0;  // ClamAV's.
  os::Fd file;                   // The database, sealed; invalid when there is none.
  std::shared_ptr<const database::Database> database;
};

CompiledSource CompileSource(const WorkerProgram& worker_program, const RuleSource& source,
                             const CompileOptions& options);

struct ClamavOptions {
  bool allow_unsigned = false;
  bool skip_invalid = false;  // Leave out files that cannot be used.
  const std::atomic<bool>* stop = nullptr;
};

// ClamAV's signature files, read already.
CompiledSource CompileClamav(const WorkerProgram& worker_program, const ClamavSource& source,
                             const PackedClamav& packed, const ClamavOptions& options);
// What a compiled source depends on, as hexadecimal digits: the same key, the
// same database. `build`: of this program.
std::string ClamavKey(const WorkerProgram& worker_program, const ClamavSource& source, const ClamavOptions& options,
                      std::string_view build);

// The variables that rules may always use, with the user's own values where
// the names are the same.
std::vector<report::ExternalValue> AllExternals(const std::vector<report::ExternalValue>& defines);
bool IsObjectVariable(std::string_view name);

}  // namespace dl::sandbox
