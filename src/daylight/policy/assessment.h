// Assessment is what `daylight policy check` has to say: what was looked at, what was
// found, what each clause says of it on that day. Plain values, made by Judge (judge.h)
// and written by the writers (report_*.h).
//
//   const policy::Assessment assessment = judge.Finish();
//   return assessment.forbidden() ? 1 : assessment.complete() ? 0 : 2;
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daylight/report/software.h"

namespace dl::policy {

// From weakest to strongest.
enum class Grade : std::uint8_t {
  kMention,  // A name that anyone could have written: a text, a folder's name, version information without a signature.
  kRemnant,  // Left behind: data, settings, a package kept for later, what an image's layer still holds.
  kEmbedded,  // The vendor's code within something else.
  kInstalled,
  kRunning,
};
std::string_view Name(Grade grade);  // "running"

// A day of the calendar: days since 1970-01-01.
struct Date {
  std::int32_t days = 0;
  auto operator<=>(const Date&) const = default;
};

struct Evidence {
  Grade grade = Grade::kMention;  // What this alone would come to.
  // "package", "path", "unit", "process", "module", "signer", "version-information", "engine", "image", "component",
  // "text"
  std::string kind;
  std::string root;    // Which root it is in: empty for the target itself, else "srv/app.tar//layer…".
  std::string path;    // Relative to that root, without a leading slash; may be empty (a process without a program).
  std::string detail;  // For people: "kesl 12.1.0-1274 (amd64), installed".
  std::string sha256;  // Of the file, lowercase hexadecimal; empty where there is none.
};

enum class Nature : std::uint8_t { kBanOfSale, kBanOfUse, kBanOfProcurement, kAdvice, kReported };
std::string_view Name(Nature nature);  // "ban_of_sale"

enum class Standing : std::uint8_t {
  kForbids,     // In force on that day, for that role: this is what makes exit code 1.
  kAdvises,     // Advice, in force.
  kReported,    // Known from reports only; nothing follows from it.
  kNotYet,      // Takes effect later.
  kEnded,       // No longer in force.
  kNotBound,    // Binds others than the role that was given.
  kOutOfScope,  // Does not reach this grade: embedded code, remnants.
};
std::string_view Name(Standing standing);  // "forbids"

// What one clause of one instrument says of a finding.
struct ClauseVerdict {
  Standing standing = Standing::kOutOfScope;
  std::string instrument;  // Its identifier: "us-commerce-kaspersky-2024"
  std::string title;
  std::string jurisdiction;  // "US"
  std::string citation;
  std::string url;
  Date as_of;
  bool verified = false;
  bool secondary_source = false;
  Nature nature = Nature::kAdvice;
  std::string clause;              // Its identifier within the instrument.
  std::string what;                // What it says.
  std::string required;            // What it asks of whom it binds; may be empty.
  std::vector<std::string> binds;  // Roles.
  Date effective;
  std::optional<Date> until;        // The last day; empty: until further notice.
  std::vector<std::string> exempt;  // What it does not cover, for people.
  std::string reason;               // Why this standing: "takes effect on 2024-07-20".
};

struct Finding {
  Grade grade = Grade::kMention;  // The strongest of its evidence.
  std::string product;            // Identifier: "kaspersky-endpoint-security-linux"
  std::string product_name;
  std::string entity;  // Identifier: "kaspersky"
  std::string entity_name;
  std::string target;                  // As the user named it.
  std::string root;                    // As in Evidence.
  std::vector<Evidence> evidence;      // Strongest first.
  std::uint64_t more_evidence = 0;     // That is not listed.
  std::vector<ClauseVerdict> clauses;  // Those that forbid first; of the jurisdictions that were asked about.
  bool forbidden() const;
};

struct TargetLooked {
  std::string name;  // As the user named it.
  std::string
      kind;  // "this machine", "root", "folder"; "image", "package", "disk image", "archive", "sbom", "program", "file"
  std::string host;  // Of this machine: its name.
  std::string operating_system;
  std::string sha256;  // Of a file.
  // What was looked at, for people and programs: "files" 300000, "packages (dpkg)" 2314, "systemd units" 210, ….
  std::map<std::string, std::uint64_t> counts;
};

struct Unread {
  std::string target;
  std::string root;
  std::string path;
  std::string reason;
  std::string detail;
};

struct PolicyVersion {
  std::string digest;  // SHA-256 over all policy files, lowercase hexadecimal.
  Date as_of;          // The latest of all instruments.
  std::uint32_t instruments = 0;
  std::uint32_t products = 0;
  std::vector<std::string> files;
};

struct Assessment {
  std::string program;  // "daylight 0.7.0"
  PolicyVersion policy;
  std::int64_t at = 0;                     // When it was made, seconds since 1970.
  Date on;                                 // For which day.
  std::vector<std::string> jurisdictions;  // Empty: all.
  std::string role;                        // Empty: whoever any clause binds.
  std::vector<std::string> only;           // Products and vendors that findings are about; empty: all.
  std::optional<Grade> fail_on;            // Asked besides: is anything there in this grade or a stronger one?
  std::vector<TargetLooked> targets;
  std::vector<Finding> findings;  // Strongest first, then by target and root.
  std::vector<Unread> unread;
  std::uint64_t more_unread = 0;
  std::vector<std::string> warnings;
  std::vector<std::string> failures;  // Targets that could not be looked at at all.

  bool forbidden() const;
  // By fail_on, whatever a law says of it.
  bool found() const;
  bool complete() const { return unread.empty() && more_unread == 0 && failures.empty(); }
};

}  // namespace dl::policy
