// Jobs are what the trusted side asks of a worker, as plain values: everything
// a worker may know comes with its job, since it opens no path, reads no clock but
// the one that runs out for its object, and asks no service. How they travel is in
// protocol.h.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "daylight/report/report.h"

namespace dl::report {

// The value of an external variable (--define).
struct ExternalValue {
  enum class Kind : std::uint8_t { kInteger, kFloat, kBoolean, kString };
  std::string name;
  Kind kind = Kind::kInteger;
  std::int64_t integer = 0;  // Also for booleans.
  double real = 0;
  std::string text;
};

struct ModuleDataValue {
  std::string module;
  std::string bytes;
};

struct RuleText {
  std::string name;  // As the user named it; shown in diagnostics.
  std::string text;
  std::string name_space;
  std::string identity;  // Given back with an include request.
};

// Compile one source into a database of one unit.
struct CompileJob {
  std::string source_name;
  std::string licence;  // May be empty.
  std::vector<RuleText> files;
  std::vector<ExternalValue> externals;
  bool yara_x = false;        // --dialect yara-x
  bool skip_invalid = false;  // Leave out what does not compile.
  bool warnings = true;
  // ClamAV signatures will be sought too: rules are laid out so that one pass finds both.
  bool beside_signatures = false;
};

// A diagnostic as it crosses to the trusted side, already laid out for people,
// and in parts for programs.
struct DiagnosticLine {
  bool is_error = true;
  std::string code;
  std::string file;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  std::string message;
  std::string rule;
  std::string text;  // The whole layout, several lines.
};

struct CompileAnswer {
  std::vector<DiagnosticLine> diagnostics;
  std::uint32_t rules = 0;          // In the database.
  std::uint32_t skipped_rules = 0;  // Left out because of errors.
  std::string database;             // Empty when there were errors and not skip_invalid.
};

// One object's own values of the variables that are always there.
struct ObjectNames {
  std::string object;  // How detections name it.
  std::string filename;
  std::string filepath;
  std::string extension;  // With its dot.
  std::string filetype;
  std::string owner;
};

struct BudgetValues {
  std::uint64_t max_object_bytes = 0;  // 0: no limit.
  std::uint64_t max_total_bytes = 0;
  std::uint32_t max_depth = 0;
  std::uint32_t max_children = 0;
  std::uint32_t timeout_ms = 0;
  bool operator==(const BudgetValues&) const = default;
};

// What holds for all objects of a session; the databases come as descriptors.
struct ScanSettings {
  bool list_strings = false;             // --matches
  std::uint32_t max_strings = 1000;      // Of each identifier; 0: all.
  std::uint32_t max_string_bytes = 256;  // Of each match; 0: all.
  bool hash_all = false;                 // --hash
  bool profile = false;                  // --profile: a Profile comes with the reports.
  bool pua = false;                      // --pua
  std::int64_t now = 0;                  // Seconds since 1970.
  BudgetValues budget;
  std::vector<ExternalValue> externals;  // Defined by the user: they win over the object's own.
  std::vector<ModuleDataValue> module_data;
  std::vector<std::string> passwords;  // --password: what to try on what is encrypted.
};

// `rules list`.
struct DatabaseSummary {
  struct Source {
    std::string name;
    std::string licence;
    std::uint32_t rules = 0;
  };
  struct RuleLine {
    std::string name_space;
    std::string rule;
    std::vector<std::string> tags;
    std::string source;
    bool is_private = false;
    bool is_global = false;
    std::string author;
  };
  struct Part {
    std::string name;
    std::uint64_t bytes = 0;
  };
  // A unit of ClamAV signatures.
  struct SignatureSource {
    std::string name;
    std::string licence;
    std::string path;                                    // Where the files were; empty when that is not known.
    std::optional<std::array<std::uint8_t, 32>> digest;  // Of the files, see sandbox/clamav_pack.h.
    struct Count {
      std::string kind;    // "ndb"
      std::string reason;  // Why they are left out; empty for what is loaded.
      std::uint64_t count = 0;
    };
    std::vector<Count> loaded;
    std::vector<Count> skipped;
  };
  // What else than an object's bytes and the settings its verdicts depend on.
  struct Unit {
    bool uses_names = false;  // The object's own filename, filepath, extension or owner.
    bool varies = false;      // The time, what the machine has installed; or it says more than a verdict (console).
  };
  std::vector<Unit> units;  // In order, as ScanObject::skip_units counts them.
  std::vector<Source> sources;
  std::vector<SignatureSource> signature_sources;
  std::vector<RuleLine> rules;
  std::vector<Part> parts;  // Size on disk by part.
  std::uint32_t patterns = 0;
  std::uint64_t bytes = 0;
};

// `rules explain`: the condition's terms, outermost first.
struct ExplainLine {
  std::uint32_t depth = 0;
  std::string text;    // The term as written.
  std::string result;  // "true", "false", "undefined", "12", "not evaluated".
  std::string detail;  // E.g. offsets of matches, why a gate closed.
};
struct ExplainAnswer {
  bool found = false;  // There is such a rule.
  bool matched = false;
  std::string rule;
  std::string gate;  // What must hold before the rule's strings are sought; may be empty.
  std::vector<ExplainLine> lines;
};

}  // namespace dl::report
