// Text of Windows files as UTF-8. What cannot be decoded becomes U+FFFD, so
// the result is always valid UTF-8, whatever the bytes (bytes/utf16.h does the same
// for text of two bytes a character).
//
//   facts.label = ReplaceInvalidUtf8(bytes);
#pragma once

#include <string>

#include "daylight/bytes/bytes.h"

namespace dl::formats {

// Each maximal part that could have begun a valid sequence is one U+FFFD
// (Unicode 15, 3.9, "U+FFFD Substitution of Maximal Subparts").
std::string ReplaceInvalidUtf8(Bytes bytes);

// The bytes before the first NUL, or all of them.
Bytes BeforeNul(Bytes bytes);

}  // namespace dl::formats
