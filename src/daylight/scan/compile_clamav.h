// CompileClamav turns ClamAV's signature files into a database.
//
//   database::Writer writer;
//   const ClamavAnswer answer = CompileClamav(job, writer);
//   if (!answer.failed) Write(writer);
//
// One unit of signatures and, when YARA rules came with them, one of rules.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "daylight/bytes/bytes.h"
#include "daylight/database/database.h"
#include "daylight/report/jobs.h"

namespace dl::clamav {
struct SigningKeys;
}

namespace dl::scan {

struct ClamavJob {
  std::string source_name;
  std::string licence;
  std::string source_path;  // Where the files were; kept in the unit.
  bool allow_unsigned = false;
  // For tests: whose signatures of containers count instead of ClamAV's. Borrowed.
  const clamav::SigningKeys* signing_keys = nullptr;
  // SHA-256 of all that was read; kept in the unit.
  std::array<std::uint8_t, 32> source_digest{};
  struct File {
    std::string name;  // As diagnostics name it; its base name says what it is.
    Bytes bytes;
  };
  std::vector<File> files;
};

struct ClamavAnswer {
  std::vector<report::DiagnosticLine> diagnostics;
  std::uint64_t signatures = 0;  // In the database.
  bool failed = false;           // Some file cannot be used; nothing was written.
};

ClamavAnswer CompileClamav(const ClamavJob& job, database::Writer& writer);

}  // namespace dl::scan
