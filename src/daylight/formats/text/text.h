// Text as ClamAV's ASCII signatures (target 7) see it.
//
//   dl::text::NormaliseText(AsBytes("Hello,\r\n\tWORLD\x01")) == "hello, world"
//
// Upper case becomes lower case, a run of white space one blank; other control
// characters, NUL and bytes above 0x7f vanish.
#pragma once

#include <string>

#include "daylight/bytes/bytes.h"

namespace dl::text {

// What clamscan leaves as it is: longer text is not normalised
// (--max-scriptnormalize).
inline constexpr std::size_t kMaxNormalisedBytes = 20 * 1024 * 1024;

// clamscan fills a buffer of 131,072 bytes at a time and begins each without a
// memory of the last blank: white space across a border gives two. Which
// border that is depends on its database (`longest_pattern` of the target's
// signatures); with `longest_pattern` of 0 this is what --leave-temps shows
// without any.
std::string NormaliseText(Bytes text, std::size_t longest_pattern = 0);

}  // namespace dl::text
