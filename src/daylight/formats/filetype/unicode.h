// clamscan's two ways of making ASCII of Unicode text, both lossy.
//
//   FoldUtf16Pairs(bytes) == "<html>"   // from "<\0h\0t\0m\0l\0>\0"
#pragma once

#include <optional>
#include <string>

#include "daylight/bytes/bytes.h"

namespace dl::filetype {

// Each pair of bytes becomes one: the first plus sixteen times the second. An
// odd last byte is ignored.
std::string FoldUtf16Pairs(Bytes bytes);

// The encoding that the first four bytes show is UTF-16 or UCS-4: units of
// UTF-16, each folded to one byte (sixteen times the upper plus the lower),
// without zeros. Nothing when there is no such mark, or fewer than four bytes.
std::optional<std::string> DecodeByMark(Bytes bytes);

// For HTML files: the name of a wide encoding by its mark, empty for none.
enum class WideEncoding : std::uint8_t { kNone, kUtf16Le, kUtf16Be, kUcs4Le, kUcs4Be, kUcs4Mixed };
WideEncoding DetectWideEncoding(Bytes bytes);

}  // namespace dl::filetype
