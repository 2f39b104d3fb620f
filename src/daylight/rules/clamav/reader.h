// Readers: one line of a signature file, or one file, as values.
//
//   class Collector : public clamav::Sink { ... };
//   clamav::ReadSettings settings;
//   const clamav::FileOutcome outcome = clamav::ReadFile("daily.ndb", bytes, settings, sink);
//
// A malformed line is a problem with its number and goes on with the next;
// clamscan would refuse the whole file. What cannot be used here is counted
// with its reason. No state; any number of threads.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "daylight/base/error.h"
#include "daylight/bytes/bytes.h"
#include "daylight/rules/clamav/signature.h"

namespace dl::clamav {

struct SigningKeys;  // cvd.h

// The functionality level of clamscan 1.4.6, whose meaning is followed.
inline constexpr std::uint32_t kFunctionalityLevel = 216;

struct ReadSettings {
  bool pua = false;             // Files whose names end in u.
  bool allow_unsigned = false;  // A .cvd or .cld without a good signature.
  // Whose signatures count: ClamAV's, unless a test has keys of its own. Borrowed.
  const SigningKeys* keys = nullptr;
};

// Takes what a file holds, in the order of its lines. `line` is the line as it
// stands there (for .ign2's digests of lines and for diagnostics).
class Sink {
 public:
  virtual ~Sink() = default;
  virtual void AddLogical(FileKind from, std::string_view line, LogicalSignature signature) = 0;
  // `name` is borrowed.
  virtual void AddDigest(FileKind from, std::string_view line, std::string_view name,
                         const DigestSignature& digest) = 0;
  virtual void AddContainer(FileKind from, std::string_view line, ContainerSignature signature) = 0;
  // .ftm, .idb, .pdb, .gdb, .wdb, .pwdb, .crb, .cat: lines whose functionality
  // level fits, as they are; the room that knows the format parses them.
  virtual Status AddLine(FileKind from, std::string_view line) = 0;
  // .ign and .ign2: `line_md5` is empty or 32 hexadecimal digits.
  virtual void AddIgnored(std::string_view name, std::string_view line_md5) = 0;
  // .yar, .yara: the whole file.
  virtual void AddYara(std::string_view file, std::string_view text) = 0;
  // `reason`: "functionality level", "bytecode is never executed", "malformed"...
  virtual void Skip(FileKind from, std::string_view reason) = 0;
  virtual void Warn(std::string_view file, std::uint32_t line, std::string_view message) = 0;
};

struct FileOutcome {
  std::uint64_t lines = 0;  // Signatures, loaded or not; no comments and empty lines.
  std::uint64_t malformed = 0;
  std::string error;  // Not empty: nothing of the file may be used.
  // A container whose signature was verified: ClamAV's makers vouch for all that was read.
  bool is_signed = false;
};

FileKind KindOf(std::string_view file_name);
std::string_view KindName(FileKind kind);  // "ndb"

// `name`: base name of the file; decides how it is read. Opens .cvd, .cld and
// .cud: their members are read as files of their own.
FileOutcome ReadFile(std::string_view name, Bytes file, const ReadSettings& settings, Sink& sink);

// One body pattern, without modifiers: "aabb??[1-3]cc*dd{4-20}(ee|ff)".
Result<Pattern> ParsePattern(std::string_view text);

}  // namespace dl::clamav
