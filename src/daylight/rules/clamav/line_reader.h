// One line of each kind of signature file: what ReadFile() calls. Internal to
// this room.
//
//   const Verdict verdict = ReadDigestLine(context, line);
//   if (verdict.outcome == Verdict::kMalformed) sink.Warn(name, number, verdict.what);
//
// A line reader hands what it made to the sink. No state, any number of threads.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "daylight/rules/clamav/reader.h"

namespace dl::clamav {

struct LineContext {
  FileKind kind = FileKind::kUnknown;
  bool is_pua = false;
  Sink& sink;
};

struct Verdict {
  enum Outcome : std::uint8_t { kTaken, kSkipped, kMalformed } outcome = kTaken;
  std::string_view what;  // A literal: the reason of what was not taken.
  int subsignature = -1;  // Which one is malformed, of a logical signature.

  static Verdict Skipped(std::string_view what) { return {kSkipped, what, -1}; }
  static Verdict Malformed(std::string_view what, int subsignature = -1) { return {kMalformed, what, subsignature}; }
};

inline constexpr std::string_view kSkippedForLevel = "functionality level";

// .hdb .hsb .fp .sfp .mdb .msb .imp
Verdict ReadDigestLine(const LineContext& context, std::string_view line);
// .db
Verdict ReadOldBodyLine(const LineContext& context, std::string_view line);
// .ndb .sdb
Verdict ReadBodyLine(const LineContext& context, std::string_view line);
// .ldb
Verdict ReadLogicalLine(const LineContext& context, std::string_view line);
// .cdb
Verdict ReadContainerLine(const LineContext& context, std::string_view line);
// .zmd .rmd
Verdict ReadArchiveLine(const LineContext& context, std::string_view line);
// .ign .ign2
Verdict ReadIgnoreLine(const LineContext& context, std::string_view line);
// Checked here, parsed by the room that knows the format:
// .ftm
Verdict ReadFileTypeLine(const LineContext& context, std::string_view line);
// .idb
Verdict ReadIconLine(const LineContext& context, std::string_view line);
// .pdb .gdb .wdb
Verdict ReadPhishingLine(const LineContext& context, std::string_view line);
// .pwdb
Verdict ReadPasswordLine(const LineContext& context, std::string_view line);
// .crb
Verdict ReadCertificateLine(const LineContext& context, std::string_view line);

// The whole file: .ioc. Signatures are named after `name`; warnings call the
// file `shown`.
FileOutcome ReadOpenIoc(std::string_view name, std::string_view shown, Bytes file, const LineContext& context);

// Is this one of clamscan's names of file types ("CL_TYPE_ZIP")?
bool IsFileType(std::string_view name);

// The second field of .ldb and .pwdb lines. nullopt: for another engine, or
// with an attribute that clamscan does not know; `why` says which.
struct Attributes {
  std::uint32_t target = 0;
  std::optional<Range> file_size;
  std::optional<Range> entry_point;
  std::optional<Range> sections;
  std::string_view container;
  std::vector<std::string> intermediates;
  std::string_view icon_group_1;
  std::string_view icon_group_2;
  std::string_view handler_type;
};
Result<std::optional<Attributes>> ParseAttributes(std::string_view text, std::string_view& why);

// The `index`th subsignature of a signature called `name`.
Result<Subsignature> ParseSubsignature(std::string_view text, std::uint32_t index, std::uint32_t target,
                                       std::string_view name);

}  // namespace dl::clamav
