// What the trusted side and a worker say to each other, as bytes.
//
//   const std::string payload = report::Encode(job);
//   DL_TRY(const CompileMessage job, report::Decode<CompileMessage>(payload));
//
// Neither side believes the other: Decode() checks every length against what is
// there and against the field's own limit before it allocates, refuses numbers
// that name nothing, refuses what would take many times more memory than bytes
// came, and refuses bytes left over, so one value has one encoding.
// Encode() cuts texts and lists at the same limits. Descriptors travel beside
// the bytes (see frame.h), from the broker to the worker only.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "daylight/base/error.h"
#include "daylight/bytes/bytes.h"
#include "daylight/report/frame.h"
#include "daylight/report/jobs.h"
#include "daylight/report/profile.h"
#include "daylight/report/report.h"
#include "daylight/report/walls.h"

namespace dl::report {

inline constexpr std::uint32_t kProtocolVersion = 1;
inline constexpr std::uint32_t kMaxBatchObjects = 253;  // One descriptor each.
inline constexpr std::uint32_t kMaxDatabases = 250;
// Of all rule text of one job, and of all of its includes.
inline constexpr std::uint64_t kMaxRuleTextBytes = 256u << 20;
// Of the files of one source of ClamAV signatures.
inline constexpr std::uint64_t kMaxClamavBytes = std::uint64_t{2} << 30;
inline constexpr std::uint32_t kMaxClamavFiles = 4096;
inline constexpr std::uint64_t kMaxDatabaseBytes = std::uint64_t{4} << 30;

// The largest report of one object, in bytes: more is taken in only when every
// match was asked for. The worker leaves matches out rather than exceed it.
std::uint32_t MaxReportBytes(const ScanSettings& settings);

struct HelloMessage {
  std::uint32_t version = kProtocolVersion;
};

// Before the first job, with the walls up.
struct ReadyMessage {
  std::uint32_t version = kProtocolVersion;
  WallsHeld walls;
};

// Of `daylight audit sandbox`: what a worker that is taken over would try.
struct AttemptMessage {
  std::string name;
  // Where to try it: all of these are there and can be reached without walls.
  std::uint32_t tcp_port = 0;   // Of a listener on 127.0.0.1.
  std::string abstract_socket;  // Name of a listener, without its leading zero.
  std::string socket_path;      // Of a listener in the file system.
  std::string readable_file;
  std::string writable_folder;
  std::int64_t parent = 0;  // Process numbers, as the trusted side sees them.
  std::int64_t sibling = 0;
};
enum class AttemptOutcome : std::uint8_t {
  kSucceeded,
  kRefused,      // An error; `error` says which.
  kUnsupported,  // There is no such thing on this kernel or machine.
};
struct AttemptAnswerMessage {
  AttemptOutcome outcome = AttemptOutcome::kRefused;
  std::int64_t error = 0;  // errno
  std::string detail;
};

struct ForkEndedMessage {
  std::uint32_t status = 0;  // Of wait().
};

struct OpenDatabasesMessage {
  ScanSettings settings;
};
struct DatabasesOpenedMessage {
  bool ok = false;
  std::string problem;
};

// A rule file within the descriptor that holds the text of all.
struct RuleTextPlace {
  std::string name;
  std::string name_space;
  std::string identity;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};
// Descriptors: all rule text, then an empty writable file for the database.
struct CompileMessage {
  std::string source_name;
  std::string licence;
  std::vector<RuleTextPlace> files;
  std::vector<ExternalValue> externals;
  bool yara_x = false;
  bool skip_invalid = false;
  bool warnings = true;
  bool beside_signatures = false;
};

// A signature file within the descriptor that holds all of them.
struct ClamavFilePlace {
  std::string name;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};
// Descriptors: all files, then an empty writable file for the database.
struct CompileClamavMessage {
  std::string source_name;
  std::string source_path;
  std::string licence;
  std::optional<std::array<std::uint8_t, 32>> source_digest;
  std::vector<ClamavFilePlace> files;
  bool allow_unsigned = false;
  bool skip_invalid = false;
};

// To kCompile and kCompileClamav.
struct CompileAnswerMessage {
  std::vector<DiagnosticLine> diagnostics;
  std::uint32_t rules = 0;
  std::uint32_t skipped_rules = 0;
  std::uint64_t signatures = 0;      // ClamAV's.
  std::uint64_t database_bytes = 0;  // Written into the broker's file; 0: none.
};

struct IncludeRequestMessage {
  std::string path;
  std::string from_identity;
};
enum class IncludeOutcome : std::uint8_t { kFound, kNotFound, kNotAllowed, kTooLarge };
// Descriptor: the text, when kFound.
struct IncludeAnswerMessage {
  IncludeOutcome outcome = IncludeOutcome::kNotFound;
  std::string identity;
  std::string name;
};

struct ScanObject {
  std::uint64_t sequence = 0;  // Of its kObjectReport.
  std::uint64_t size = 0;      // In bytes, by fstat.
  ObjectNames names;
  std::uint64_t skip_units = 0;  // Bit n: not with unit n of all databases, in order.
};
// Where a worker leaves an object's descriptor when its report is done and waits
// to be sent with others. The offset is the one thing that both sides see of a
// descriptor, so what a worker had done that was lost is known; it is not used for
// reading. Untrusted like its reports: it only says which of them is missing.
inline constexpr std::int64_t kReportWaits = 1;

// Descriptors: one for each object, in order.
struct ScanBatchMessage {
  std::vector<ScanObject> objects;
  std::int64_t now = 0;  // Seconds since 1970, for all of them; 0: as the settings say.
};

// Descriptor: the object.
struct ExplainMessage {
  std::string rule;
  ScanObject object;
};
struct VerifyAnswerMessage {
  bool ok = false;
  std::string problem;
};

// Defined for every message above, and for ObjectReport, DatabaseSummary,
// ExplainAnswer and Profile.
template <typename T>
std::string Encode(const T& value);
template <typename T>
Result<T> Decode(Bytes bytes);

}  // namespace dl::report
