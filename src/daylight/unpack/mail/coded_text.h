// Files that are written into texts: uuencode ("begin 644 name", "begin-base64"),
// yEnc ("=ybegin") and BinHex 4.0. They have no type of their own: mail programs
// find them in any body, so this opens any text that has one near its beginning,
// a body that was given as a child as well as a file.
//
//   if (!OpensCodedText(body)) GiveCodedText(body, sink);  // One that begins far behind.
#pragma once

#include <string_view>

#include "daylight/unpack/unpacker.h"

namespace dl::unpack {

extern const Unpacker kCodedText;

namespace mail {

// Looks at the first Probe::kHeadBytes.
bool OpensCodedText(std::string_view text);
// Gives all files that are in the text. False: no more is wanted.
bool GiveCodedText(std::string_view text, Sink& sink);

}  // namespace mail
}  // namespace dl::unpack
