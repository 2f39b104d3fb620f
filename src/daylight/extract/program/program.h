// Programs: who signed them, and what they say of themselves.
//
//   if (IsProgram(head)) ReadProgram(source, place, /*hash=*/true, facts);
//
// Of a PE file no more is looked at than its headers, its version information and
// its signatures, so that thousands of them are quick; of ELF and Mach-O nothing but
// kind, size and hash. Needs crypto::Init() before the walls close. Keeps no state:
// any number of threads.
#pragma once

#include <optional>

#include "daylight/bytes/object_source.h"
#include "daylight/extract/facts.h"

namespace dl::extract {

// What a file has to be begun with to be told: this many bytes, or all it has.
inline constexpr std::size_t kProgramHeadBytes = 64;

// By its first bytes. "MZ" alone is a program: old ones have no more than that.
std::optional<report::ProgramKind> ProgramKindOf(Bytes head);
inline bool IsProgram(Bytes head) { return ProgramKindOf(head).has_value(); }

// The fact without its place, and why it is not the whole of it.
struct ReadProgramResult {
  report::ProgramFact fact;
  std::string_view unread_reason;  // Empty: everything was read.
  std::string_view unread_detail;
};
// `source`: at its beginning or where it can be rewound. PE files of up to
// unpack::kMaxWholeBytes are asked for in memory.
ReadProgramResult DescribeProgram(ObjectSource& source, report::ProgramKind kind, bool hash);

// Adds a ProgramFact, and what stayed unread.
void ReadProgram(ObjectSource& source, const report::FactPlace& place, bool hash, Facts& facts);

}  // namespace dl::extract
