// Text of Windows files as UTF-8. What cannot be decoded becomes U+FFFD, so
// the result is always valid UTF-8, whatever the bytes.
//
//   facts.name = Utf16LeToUtf8(bytes);    // L"a\xD800" gives "a\uFFFD"
//   facts.label = ReplaceInvalidUtf8(bytes);
#pragma once

#include <string>

#include "daylight/bytes/bytes.h"

namespace dl::formats {

// Pairs of bytes, least significant first; an odd last byte is ignored. Each
// surrogate without its partner is one U+FFFD.
std::string Utf16LeToUtf8(Bytes bytes);

// Each maximal part that could have begun a valid sequence is one U+FFFD
// (Unicode 15, 3.9, "U+FFFD Substitution of Maximal Subparts").
std::string ReplaceInvalidUtf8(Bytes bytes);

// The units before the first NUL unit, or all of them.
Bytes BeforeNul16(Bytes bytes);
// The bytes before the first NUL, or all of them.
Bytes BeforeNul(Bytes bytes);

}  // namespace dl::formats
