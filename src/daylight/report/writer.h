// Writer turns reports into the text a user asked for, one file at a time.
//
//   const auto writer = report::MakeWriter(Format::kJsonLines, options);
//   writer->Begin(out);
//   writer->Write({"/srv/a.zip", report}, out);
//   writer->End(summary, out);
//
// Appends to a string that the caller empties when it likes, so memory stays
// bounded by one record. However the scan ends, End() makes the document whole.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "daylight/report/profile.h"
#include "daylight/report/report.h"

namespace dl::report {

enum class Format : std::uint8_t { kText, kJson, kJsonLines, kSarif, kCsv };
// "text", "json", "jsonl", "sarif", "csv".
std::optional<Format> FormatFromName(std::string_view name);

struct WriterOptions {
  bool list_strings = false;   // --matches
  bool all = false;            // Clean files in text, SARIF and CSV too.
  bool quiet = false;          // Nothing but detections.
  bool without_walls = false;  // --unsafe-no-sandbox: every record and the summary say so.
  std::string version;         // Of the program.
};

struct FileRecord {
  std::string path;  // As it was walked; any bytes.
  ObjectReport report;
};

struct Summary {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  std::uint64_t detected = 0;  // Files.
  std::uint64_t detections = 0;
  std::uint64_t incomplete = 0;  // Files with anything unread, detected ones included.
  std::uint64_t failed = 0;
  std::uint64_t workers_lost = 0;  // Processes that died or had to be ended.
  std::uint64_t skipped = 0;       // Links, devices and the like.
  std::uint64_t cached = 0;        // Files that were not opened: unchanged since they were found clean.
  double seconds = 0;
  bool interrupted = false;
  bool without_walls = false;
  const FullProfile* profile = nullptr;  // With --profile. Borrowed.
};

class Writer {
 public:
  virtual ~Writer() = default;
  virtual void Begin(std::string& out) = 0;
  virtual void Write(const FileRecord& record, std::string& out) = 0;
  virtual void End(const Summary& summary, std::string& out) = 0;
};

std::unique_ptr<Writer> MakeWriter(Format format, WriterOptions options);

// What to show for a detection's object: the file's path, and behind it the way
// into it ("/srv/a.zip//b.doc").
std::string ObjectPath(std::string_view path, std::string_view object);

std::string HexDigest(const std::array<std::uint8_t, 32>& digest);

}  // namespace dl::report
