// The value of the rule variable `filetype`: a short name by the first bytes,
// in the words that public rule sets compare with ("EXE", "PDF", "Office").
//
//   FileTypeName(head)   // "EXE"; "UNKNOWN" when nothing fits
#pragma once

#include <string>

#include "daylight/bytes/bytes.h"

namespace dl::filetype {

// How much of an object is looked at.
inline constexpr std::size_t kFileTypeHeadBytes = 265;

std::string FileTypeName(Bytes head);

}  // namespace dl::filetype
