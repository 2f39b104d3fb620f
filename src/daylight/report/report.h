// Report is what one scan of one object came to: plain values that cross from
// the contained worker to the trusted side and are printed there.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dl::report {

enum class Verdict : std::uint8_t { kClean, kDetected, kIncomplete, kFailed };
// "clean", "detected", "incomplete", "failed".
std::string_view VerdictName(Verdict verdict);

struct MetaValue {
  enum class Kind : std::uint8_t { kString, kInteger, kBoolean, kFloat };
  std::string key;
  Kind kind = Kind::kString;
  std::string text;          // Bytes; not always UTF-8.
  std::int64_t integer = 0;  // Also for booleans.
  double real = 0;
};

struct MatchedString {
  std::string id;            // "$a"
  std::uint64_t offset = 0;  // In the object.
  std::uint64_t length = 0;
  std::string data;  // The first bytes of it, see data_truncated.
  bool data_truncated = false;
};

struct Detection {
  std::string engine;  // "yara".
  std::string rule;
  std::string name_space;
  std::vector<std::string> tags;
  std::vector<MetaValue> metas;
  std::string source;   // Name of the source that supplied the rule.
  std::string licence;  // Of that source; may be empty.
  std::string object;   // The way to the object, e.g. "a.zip//b.doc"; the file's own name for the file itself.
  std::vector<MatchedString> strings;  // Only when asked for.
  bool strings_truncated = false;      // There were more than are listed.
  // A signature of ClamAV's, from a file that its makers signed, or a heuristic of the engine itself: where clamscan
  // would not put .UNOFFICIAL behind the name.
  bool official = false;
};

struct Incomplete {
  std::string object;
  std::string reason;  // Stable, short: "encrypted", "budget", "timeout", "match-limit", "database", "window", "io"...
  std::string detail;  // For people; may be empty.
  // Of something that stayed closed: the type of what it is in, in ClamAV's words
  // ("CL_TYPE_ZIP"). Else empty.
  std::string container = {};
};

struct ObjectReport {
  Verdict verdict = Verdict::kClean;
  std::uint64_t size = 0;  // In bytes.
  std::optional<std::array<std::uint8_t, 32>> sha256;
  std::vector<Detection> detections;
  std::vector<Incomplete> incomplete;
  std::vector<std::string> log;       // What the rules said through the console module.
  std::string failure;                // For kFailed: why.
  std::vector<std::string> warnings;  // E.g. a string's match limit, by rule.
  bool cached = false;                // Of an earlier scan; never from a worker.
};

// Whether nothing at all is said of the object but that it is clean.
bool IsOnlyClean(const ObjectReport& report);

}  // namespace dl::report
