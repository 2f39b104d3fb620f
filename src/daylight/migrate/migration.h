// Migrate turns the settings of other scanners into a configuration of Daylight, and says of
// each setting what became of it.
//
//   const Migration migration = Migrate({{"kesl.ini", facts}});
//   migration.config            // daylightd.toml, each taken setting with where it came from
//   migration.report.lines      // each setting of each file, exactly once
//
// The facts are what workers read from files (extract/settings) and are believed nothing:
// what a value says is checked before it is written, and texts are written as TOML strings.
// The same files in the same order give the same bytes. Where two of them say different
// things of one setting, the first counts, and the report says so of the second. Pure; any
// thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "daylight/report/settings.h"

namespace dl::migrate {

enum class Product : std::uint8_t { kUnknown, kKaspersky, kClamd, kFreshclam, kMaldet, kMaldetList };

enum class Outcome : std::uint8_t {
  kTaken,             // It means the same.
  kTakenDifferently,  // `why` says what differs.
  kNotTaken,          // `why` says why.
};

struct Source {
  std::string name;  // As the user named it.
  report::SettingsFacts facts;
};

struct ReportLine {
  std::string file;
  std::uint32_t line = 0;  // 0: not known.
  std::string section;
  std::string key;  // Empty for a line that is not understood; `value` is empty then.
  std::string value;
  Outcome outcome = Outcome::kNotTaken;
  std::string to;   // "[scan] max_size"; empty when nothing was written for it.
  std::string why;  // Empty for kTaken, unless there is something to know.
};

struct FileLine {
  std::string name;
  Product product = Product::kUnknown;
  bool unknown = false;  // It is not what any of these products writes.
  bool cut = false;      // It has more settings than were read.
};

struct MigrationReport {
  std::vector<FileLine> files;
  std::vector<ReportLine> lines;  // In the order of the files and their lines.
  std::size_t Count(Outcome outcome) const;
  // All files were understood and read whole.
  bool complete() const;
};

struct Migration {
  std::string config;
  MigrationReport report;
};

Migration Migrate(const std::vector<Source>& sources);

std::string_view ProductName(Product product);
std::string_view OutcomeName(Outcome outcome);  // "taken", "taken-differently", "not-taken"

// For people: every line, counts, what to do next. One line each, escaped.
std::string ReportText(const MigrationReport& report);
// One JSON document. `config`: added to it when not null.
std::string ReportJson(const MigrationReport& report, const std::string* config);

}  // namespace dl::migrate
