// The kinds of signature files, and how each is read. Internal to this room.
//
//   const FileType* type = FindFileType("daily.ldu");
//   // type->kind == FileKind::kLdb, type->is_pua
#pragma once

#include <cstdint>
#include <string_view>

#include "daylight/rules/clamav/line_reader.h"

namespace dl::clamav {

// As long as clamscan's buffers allow, the line's end not counted.
inline constexpr std::size_t kMaxLineBytes = 8190;
inline constexpr std::size_t kMaxLogicalLineBytes = 32767;

struct FileType {
  std::string_view suffix;  // In small letters, with its dot.
  FileKind kind = FileKind::kUnknown;
  bool is_pua = false;
  Verdict (*read_line)(const LineContext& context, std::string_view line) = nullptr;  // Null: not made of lines.
  bool may_be_empty = false;                                                          // No line at all is no error.
  bool may_have_empty_lines = false;                                                  // For clamscan, too.
  std::string_view skipped;          // Not empty: each line is counted as not loaded, for this reason.
  bool must_hold_something = false;  // Nothing but skipped lines is an error.
};

// By the end of the name, without regard to case; nullptr for what is no
// signature file.
const FileType* FindFileType(std::string_view name);

// A container: .cvd, .cld, .cud.
bool IsContainerName(std::string_view name);

// A file that is no container, or a container's member; warnings call it `shown`.
FileOutcome ReadPlainFile(std::string_view name, std::string_view shown, Bytes file, const ReadSettings& settings,
                          Sink& sink);

}  // namespace dl::clamav
